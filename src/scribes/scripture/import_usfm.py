"""Verses out of USFM, the markup most Bible translations are kept in."""

from __future__ import annotations

import re

from scribes.scripture import canon

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    # book number (0 if unknown), chapter, verse, text
    Found = tuple[int, int, int, str]

_MARKER = re.compile(r"\\(\+?[A-Za-z]+[0-9]*(?:-[se])?)(\*?)")
_NUMBER = re.compile(r"\s*(\d{1,3})(?:[a-z])?(?:[-\u2013,]\d{1,3}[a-z]?)*[\u200f\u200e]?\s?")
# Notes, figures, other verse numbers: what stands between these and their end is not the verse.
_NOTES = frozenset(("f", "fe", "ef", "x", "ex", "fig", "va", "vp", "ca", "rq", "pro", "fm", "xt", "jmp"))
# Lines that are not verse text: headings, titles, introductions, remarks. `d` is a psalm's title, which is verse 0.
_HEADINGS = frozenset((
    "id", "ide", "usfm", "sts", "rem", "h", "toc", "toca", "mt", "mte", "s", "sr", "r", "ms", "mr", "sp", "cl",
    "cp", "cd", "imt", "is", "ip", "ipi", "im", "imi", "ipq", "imq", "ipr", "iq", "ib", "ili", "iot", "io",
    "ior", "iex", "imte", "ie", "restore", "lit", "qa", "periph", "cat",
))  # fmt: skip
# Text styles within a line, which come with an end mark; any other mark begins a new line of verse text.
_STYLES = frozenset((
    "add", "bk", "dc", "k", "nd", "ord", "pn", "png", "qt", "sig", "sls", "tl", "wj", "em", "bd", "it", "bdit",
    "no", "sc", "sup", "w", "wg", "wh", "wa", "rb", "ndx", "lik", "liv", "litl", "qs", "qac", "addpn",
))  # fmt: skip
_ATTRIBUTES = re.compile(r"\|[^\\]*")


def verses(text: str) -> Iterator[Found]:
    r"""Yield (book, chapter, verse, text) for each verse in a USFM file; a psalm's title is its verse 0.

    A verse range (`\v 3-4`) is given whole as its first verse.
    """
    reader = _Reader()
    position = 0
    marker = ""
    is_end = False
    for found in _MARKER.finditer(text):
        yield from reader.take(marker, is_end, text[position : found.start()])
        marker, is_end, position = found[1].lstrip("+"), bool(found[2]), found.end()
    yield from reader.take(marker, is_end, text[position:])
    yield from reader.flush()


class _Reader:
    """Where the reader is: book, chapter, verse, the text of the verse so far, and what it is skipping."""

    __slots__ = ("_book", "_chapter", "_parts", "_skipped_line", "_skipped_note", "_verse")

    def __init__(self) -> None:
        self._book = 0
        self._chapter = 0
        self._verse: int | None = None
        self._parts: list[str] = []
        self._skipped_note = ""
        self._skipped_line = False

    def take(self, marker: str, is_end: bool, text: str) -> Iterator[Found]:
        """Yield the verse that this mark ends, if it does, and remember the text behind the mark."""
        if self._skipped_note:
            if is_end and marker == self._skipped_note:
                self._skipped_note = ""
                self._keep(text)
            elif marker in ("c", "v", "id"):
                # A note that was never closed ends here at the latest.
                self._skipped_note = ""
                yield from self.take(marker, is_end, text)
            return
        if is_end:
            self._keep(text)
        elif marker in _NOTES:
            self._skipped_note = marker
        elif marker in ("id", "c", "v"):
            yield from self.flush()
            self._place(marker, text)
        elif marker == "d":
            yield from self.flush()
            self._verse, self._skipped_line = 0, False
            self._keep(text)
        else:
            self._line(marker, text)

    def _line(self, marker: str, text: str) -> None:
        if marker in _STYLES:
            self._keep(_ATTRIBUTES.sub("", text).removeprefix(" ") if text else "")
        elif marker.rstrip("0123456789") in _HEADINGS:
            self._skipped_line = True
        elif marker.endswith(("-s", "-e")):
            # A milestone, with attributes of its own: \qt-s |sid="a"\* and then text.
            self._keep(text.partition("\\*")[2])
        else:
            self._skipped_line = False
            self._keep(" " + text)

    def _place(self, marker: str, text: str) -> None:
        self._skipped_line = False
        self._verse = None
        if marker == "id":
            self._book = canon.book_number(text.split(None, 1)[0]) or 0 if text.strip() else 0
            self._chapter = 0
            self._skipped_line = True
            return
        found = _NUMBER.match(text)
        number = int(found[1]) if found else 0
        if marker == "c":
            self._chapter = number
        elif found and number:
            self._verse = number
            self._keep(text[found.end() :])

    def _keep(self, text: str) -> None:
        if self._verse is not None and not self._skipped_line and text:
            self._parts.append(text.replace("~", " ").replace("//", " ").replace("\\*", ""))

    def flush(self) -> Iterator[Found]:
        """Yield the verse read so far, if there is one."""
        text = " ".join("".join(self._parts).split())
        self._parts.clear()
        if text and self._verse is not None and self._chapter:
            yield self._book, self._chapter, self._verse, text

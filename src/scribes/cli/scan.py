"""`scribes scan`: the references in a text, marked for people, listed for programs."""

from __future__ import annotations

import sys

from ..canonical import encode
from ..errors import InvalidInput, NotFound
from .output import BOLD, CYAN, DIM, YELLOW, line_of, plain, safe, say, style, write, write_json
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, BinaryIO

    from ..scripture.spans import Span
    from .session import Session

NOTHING_FOUND = 3
UNSURE = 0.6


def scan(file: list[str], lines: bool, language: list[str]) -> int:
    """Show the references in a text."""
    session = current()
    if not file and sys.stdin.isatty():
        raise InvalidInput("there is no text to look through", hint="scribes scan FILE, or pbpaste | scribes scan")
    find = _finder(language)
    if lines:
        for name in file or ["-"]:
            _each_line(name, find)
        return 0
    scanned = [(name, text, find(text)) for name, text in ((name, _text(name)) for name in file or ["-"])]
    if session.json:
        several = len(scanned) > 1
        write_json(
            [{"file": name} | data(span) if several else data(span) for name, _, found in scanned for span in found]
        )
    elif session.tty and not session.quiet:
        write(session, [line for one in scanned for line in _marked(session, *one, headed=len(scanned) > 1)])
    else:
        for name, _, found in scanned:
            write(session, [_row(session, name if len(scanned) > 1 else "", span) for span in found])
    if not any(found for _, _, found in scanned):
        say(session, "no reference found")
        return NOTHING_FOUND
    return 0


def data(span: Span) -> dict[str, Any]:
    """A reference as JSON data; `begin` and `end` are code points of the text."""
    return {
        "begin": span.begin,
        "end": span.stop,
        "text": span.text,
        "osis": span.osis,
        "confidence": span.confidence,
        "how": span.how,
    }


def _finder(languages: list[str]) -> Callable[[str], list[Span]]:
    """What finds references in the languages; without one, English."""
    from ..scripture.search import find

    return (lambda text: find(text, languages=languages)) if languages else find


def _each_line(name: str, find: Callable[[str], list[Span]]) -> None:
    """An object a line, each written at once: another program may wait for it."""
    write_bytes = sys.stdout.buffer.write
    flush = sys.stdout.buffer.flush
    sys.stdout.flush()
    for line in _lines(name):
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        # By hand: loading `json` would take longer than many a text.
        found = ", ".join(_object(span) for span in find(text))
        write_bytes(f'{{"references": [{found}]}}\n'.encode())
        flush()


def _object(span: Span) -> str:
    return (
        f'{{"begin": {span.begin}, "end": {span.stop}, "text": {encode(span.text)}, "osis": {encode(span.osis)}, '
        f'"confidence": {span.confidence!r}, "how": {encode(span.how)}}}'
    )


def _lines(name: str) -> Iterator[bytes]:
    with _opened(name) as handle:
        yield from handle


def _text(name: str) -> str:
    with _opened(name) as handle:
        return handle.read().decode("utf-8-sig", "replace")


def _opened(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return open(name, "rb")
    except OSError as e:
        raise NotFound(f"{plain(name)} cannot be read: {(e.strerror or str(e)).lower()}") from e


def _row(session: Session, name: str, span: Span) -> str:
    if session.quiet:
        return span.osis
    cells = [str(span.begin), str(span.stop), span.osis, line_of(session, span.text)]
    return "\t".join([plain(name), *cells] if name else cells)


def _marked(session: Session, name: str, text: str, found: list[Span], *, headed: bool) -> list[str]:
    """The text with its references in colour; what is read from the context says which passage it is."""
    shown = safe(session, text)
    parts, at = [], 0
    for span in found:
        parts.append(shown[at : span.begin])
        colour = YELLOW if span.confidence < UNSURE else CYAN
        # A style ends with its line, so that a pager can begin anywhere.
        parts.append(
            "\n".join(style(session, line, BOLD, colour) for line in shown[span.begin : span.stop].split("\n"))
        )
        if span.how == "context" or not session.color:
            parts.append(style(session, f" [{span.osis}]", DIM))
        at = span.stop
    lines = ("".join(parts) + shown[at:]).rstrip("\n").split("\n")
    return [style(session, plain(name), DIM), *lines, ""] if headed else lines

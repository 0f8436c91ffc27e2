"""Highlights: the ==marked== words of a note, each in the sentence or paragraph it stands in."""

from __future__ import annotations

import re

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN = "[…]"
# Around a highlight a whole paragraph is shown up to this length, and then its sentence alone.
MOST_PARAGRAPH = 320

# Code is no text: fenced blocks and spans in backticks.
_CODE = re.compile(r"^(```+|~~~+).*?(?:^\1|\Z)|(`+)(?!`)[^\n]*?(?<!`)\2(?!`)", re.MULTILINE | re.DOTALL)
_MARKED = re.compile(
    r"(?<![=A-Za-z0-9])==(?![=\s])([^=\n]+(?:(?:\n(?!\s*\n)|=(?!=))[^=\n]+)*)(?<!\s)==(?![=A-Za-z0-9])"
)
_BULLET = re.compile(r"\s*(?:[-*+>]|#+|\d+[.)])\s+")
_BLOCK = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*+>]|#+|\d+[.)])\s)")
_SENTENCE = re.compile(r"(?:(?<=[.!?…])|(?<=[.!?…][\"'”’)\]]))\s+(?=[\"'“‘(\[=]*[A-ZÀ-ÞА-Я\d])|(?<=[。！？])")


@record
class Highlight:
    """Marked words (on one line), what is around them with the words hidden, and the same with them."""

    words: str
    hidden: str
    whole: str


def highlights(text: str) -> list[Highlight]:
    """The highlights of a text, in order; the same words marked twice are one."""
    blank = _CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), text)
    found: dict[str, Highlight] = {}
    for begin, end in _parts(blank, _BLOCK):
        marked = list(_MARKED.finditer(blank, begin, end))
        for match in marked:
            start, stop = _around(blank, begin, end, *match.span())
            within = [one for one in marked if start <= one.start() and one.end() <= stop]
            words = _line(text[slice(*match.span(1))])
            hidden, whole = _told(text, start, stop, within, match), _told(text, start, stop, within, None)
            found.setdefault(words, Highlight(words, hidden, whole))
    return list(found.values())


def _around(text: str, begin: int, end: int, start: int, stop: int) -> tuple[int, int]:
    """The paragraph of a highlight where it is short, else the sentences that its words stand in."""
    if end - begin <= MOST_PARAGRAPH:
        return begin, end
    sentences = [part for part in _parts(text, _SENTENCE, begin, end) if part[0] < stop and start < part[1]]
    return sentences[0][0], sentences[-1][1]


def _parts(text: str, between: re.Pattern[str], begin: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    end = len(text) if end is None else end
    for match in between.finditer(text, begin, end):
        yield begin, match.start()
        begin = match.end()
    yield begin, end


def _told(text: str, start: int, stop: int, marked: list[re.Match[str]], hidden: re.Match[str] | None) -> str:
    """A stretch of text on one line, without the marks of its highlights, and one of them hidden."""
    if bullet := _BULLET.match(text, start, stop):
        start = bullet.end()
    pieces = []
    for match in marked:
        pieces += [text[start : match.start()], HIDDEN if match is hidden else text[slice(*match.span(1))]]
        start = match.end()
    return _line("".join([*pieces, text[start:stop]]))


def _line(text: str) -> str:
    return " ".join(text.split())

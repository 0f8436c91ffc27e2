"""Highlights: the ==marked== words of a note, each in the sentence or paragraph it stands in."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from operator import itemgetter

from ..errors import InvalidInput
from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN, MARK = "[…]", "=="
# Around a highlight a whole paragraph is shown up to this length, and then its sentence alone.
MOST_PARAGRAPH = 320
# Where a sentence has no end, as in a list of names, so much of it is shown on either side.
MOST_BESIDE = 500

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


def highlights(*texts: str, limit: int | None = None) -> list[Highlight]:
    """The highlights of texts, in order, the first so many; the same words marked twice are one."""
    found: dict[str, tuple[_Paragraph, int]] = {}
    for words, paragraph, number in _marks(texts):
        found.setdefault(words, (paragraph, number))
        if len(found) == limit:
            break
    return [paragraph.told(number) for paragraph, number in found.values()]


def highlight(marked: str, *texts: str) -> Highlight | None:
    """The highlight that has these words; None where they are not marked."""
    for words, paragraph, number in _marks(texts):
        if words == marked:
            return paragraph.told(number)
    return None


def places(text: str) -> list[tuple[str, int, int]]:
    """The marked places of a text, in order: the words, and from which to which character they stand, without marks."""
    return [(words, *paragraph.marked[number].span(1)) for words, paragraph, number in _marks((text,))]


def marked(text: str, begin: int, stop: int) -> str:
    """The text with a stretch of it marked; white space at its ends is left outside.

    Raises: InvalidInput, where that cannot be one highlight.
    """
    if not 0 <= begin < stop <= len(text):
        raise InvalidInput(f"{begin} to {stop} is no stretch of the text", hint=f"within 0 to {len(text)}")
    wanted = text[begin:stop]
    begin, stop = begin + len(wanted) - len(wanted.lstrip()), stop - len(wanted) + len(wanted.rstrip())
    found = f"{text[:begin]}=={text[begin:stop]}=={text[stop:]}"
    if not _is_one_more(text, found, begin):
        raise InvalidInput(
            "these words cannot be marked", hint="whole words of one paragraph, outside of code and of other highlights"
        )
    return found


def words_marked(text: str, words: str) -> str:
    """The text with words in it marked, where they stand first and are not marked; white space may be another.

    Raises: InvalidInput, where they do not stand there, or cannot be marked.
    """
    parts = words.split()
    if not parts:
        raise InvalidInput("it is not said which words")
    for match in re.finditer(r"\s+".join(map(re.escape, parts)), text):
        begin, stop = match.span()
        found = f"{text[:begin]}=={text[begin:stop]}=={text[stop:]}"
        if _is_one_more(text, found, begin):
            return found
    raise InvalidInput("these words do not stand in the text so that they can be marked", hint="as they are written")


def words_unmarked(text: str, words: str) -> str:
    """The text without the marks around these words, wherever they are marked."""
    wanted = _line(words)
    for one, begin, stop in reversed(places(text)):
        if one == wanted:
            text = f"{text[: begin - len(MARK)]}{text[begin:stop]}{text[stop + len(MARK) :]}"
    return text


def _is_one_more(before: str, after: str, begin: int) -> bool:
    """Whether a new mark made one highlight more, and left all others as they were."""
    old, new = places(before), places(after)
    return len(new) == len(old) + 1 and any(start == begin + len(MARK) for _, start, _ in new)


def unmarked(text: str) -> str:
    """A text without the marks of its highlights."""
    return _MARKED.sub(lambda match: match[1], text) if "==" in text else text


def _marks(texts: tuple[str, ...]) -> Iterator[tuple[str, _Paragraph, int]]:
    """Each marked place: its words, the paragraph, and which mark of that it is."""
    for text in texts:
        if "==" not in text:
            continue
        blank = _CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), text)
        for begin, end in _parts(blank, _BLOCK, 0, len(blank)):
            paragraph = _Paragraph(text, blank, begin, end)
            for number, match in enumerate(paragraph.marked):
                yield _line(text[slice(*match.span(1))]), paragraph, number


class _Paragraph:
    """A paragraph with marked words. It is parted into sentences once, however many marks it has."""

    def __init__(self, text: str, blank: str, begin: int, end: int) -> None:
        self._text, self._blank, self._begin, self._end = text, blank, begin, end
        self.marked = list(_MARKED.finditer(blank, begin, end))
        self._sentences: list[tuple[int, int]] = []

    def told(self, number: int) -> Highlight:
        """One of the marked places with what is around it."""
        match = self.marked[number]
        start, stop = self._around(*match.span())
        within = self.marked[
            bisect_left(self.marked, start, key=re.Match.start) : bisect_right(self.marked, stop, key=re.Match.end)
        ]
        hidden, whole = (_told(self._text, start, stop, within, one) for one in (match, None))
        return Highlight(_line(self._text[slice(*match.span(1))]), hidden, whole)

    def _around(self, start: int, stop: int) -> tuple[int, int]:
        """The paragraph where it is short, else the sentences that marked words stand in."""
        if self._end - self._begin <= MOST_PARAGRAPH:
            return self._begin, self._end
        if not self._sentences:
            self._sentences = list(_parts(self._blank, _SENTENCE, self._begin, self._end))
        first = bisect_right(self._sentences, start, key=itemgetter(1))
        last = bisect_left(self._sentences, stop, key=itemgetter(0)) - 1
        return self._near(self._sentences[first][0], start, stop, self._sentences[last][1])

    def _near(self, begin: int, start: int, stop: int, end: int) -> tuple[int, int]:
        """What of a stretch is shown around marked words: all, or so much on either side, by whole words and marks."""
        if start - begin > MOST_BESIDE:
            begin = max(start - MOST_BESIDE, self._blank.find(" ", start - MOST_BESIDE, start))
            before = bisect_left(self.marked, begin, key=re.Match.start) - 1
            begin = max(begin, self.marked[before].end()) if before >= 0 else begin
        if end - stop > MOST_BESIDE:
            end = max(stop, self._blank.rfind(" ", stop, stop + MOST_BESIDE))
            after = bisect_right(self.marked, end, key=re.Match.end)
            end = min(end, self.marked[after].start()) if after < len(self.marked) else end
        return begin, end


def _parts(text: str, between: re.Pattern[str], begin: int, end: int) -> Iterator[tuple[int, int]]:
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

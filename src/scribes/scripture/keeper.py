"""Keeping what was read: spans with a confidence, the context they leave, ranges from book to book."""

from __future__ import annotations

from scribes.scripture import canon
from scribes.scripture.context import Context
from scribes.scripture.lexicon import IMPLIED, WEAK
from scribes.scripture.names_in_text import Name, Names
from scribes.scripture.resolve import Element, last_of, resolve
from scribes.scripture.spans import Span
from scribes.scripture.tail import Tail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scribes.scripture.lexicon import Lexicon
    from scribes.scripture.patterns import Patterns
    from scribes.scripture.versification import System

CERTAIN = 0.99  # a full name with chapter and verse
SHORTENED = 0.95  # an abbreviation with chapter and verse
BARE_CHAPTER = 0.85
WEAK_CHAPTER = 0.7  # a bare chapter of a book that is a word or a first name too
GUESSED = 0.75  # a misspelt name
UNNUMBERED = 0.6  # Corinthians without first or second


class Keeper:
    """The spans of one text so far, and what they mean for the numbers that follow."""

    def __init__(self, source: str, text: str, *, lex: Lexicon, pat: Patterns, system: System) -> None:
        self.source = source
        self.text = text
        self.lex = lex
        self.pat = pat
        self.system = system
        self.names = Names(text, lex, pat)
        self.context = Context(text, None)
        self.spans: list[Span] = []
        self.last_verse = system.last_verse
        self.is_canonical = system.name == "eng"
        self.resume = 0
        self.last_book = canon.PROTESTANT_BOOKS
        self.keep_missing = False
        self.joinable: tuple[int, int, int] | None = (
            None  # stop and start ordinal of the last passage; index of its span
        )

    def _tail(self, book: int) -> Tail:
        return Tail(self.text, book, lex=self.lex, pat=self.pat, system=self.system)

    def _any_exists(self, book: int, elements: list[Element]) -> bool:
        return any(resolve(self.system, book, element) for element in elements)

    # -- keeping -----------------------------------------------------------------------------------------------------

    def _keep(self, name: Name, tail: Tail) -> None:
        first = tail.elements[0]
        if name.guessed:
            confidence = GUESSED
        elif name.flags & IMPLIED and not name.numbered:
            confidence = UNNUMBERED
        elif first.is_whole_chapter:
            confidence = BARE_CHAPTER if name.is_strong() and not name.flags & WEAK else WEAK_CHAPTER
        else:
            confidence = CERTAIN if name.is_full else SHORTENED
        if self._joins(name.begin) and self._join(name, first, confidence):
            del tail.elements[0]
        self._keep_elements(tail, name.book, name.begin, confidence)
        self._remember(tail, name.book, name.begin)

    def _remember(self, tail: Tail, book: int, begin: int) -> None:
        if book <= self.last_book and 0 < tail.chapter <= self.system.chapters(book):
            self.context.strong(begin, book, tail.chapter)

    def _keep_elements(self, tail: Tail, book: int, begin: int, confidence: float, *, how: str = "explicit") -> None:
        """Make spans of what was read; the first begins with the name."""
        self.resume = max(self.resume, tail.stop)
        if book > self.last_book:
            return
        for element in tail.elements:
            first = begin if element is tail.elements[0] else element.begin
            passage = resolve(self.system, book, element)
            self.joinable = None
            if passage is None:
                self._keep_missing(book, first, element, how)
                continue
            self._append(first, element.stop, passage, confidence, how)
            if not (element.is_range or element.following):
                self.joinable = element.stop, passage[0], len(self.spans) - 1

    def _append(self, begin: int, stop: int, passage: tuple[int, int], confidence: float, how: str) -> None:
        start, end = passage if self.is_canonical else self.system.canonical(*passage)
        self.spans.append(Span(begin, stop, start, end, self.source[begin:stop], confidence, how, self.system.name))

    def _keep_missing(self, book: int, begin: int, element: Element, how: str) -> None:
        if self.keep_missing:
            start = canon.ordinal(book, element.chapter, max(element.verse, 0))
            end = canon.ordinal(book, element.end_chapter, max(element.end_verse, 0))
            text = self.source[begin : element.stop]
            self.spans.append(Span(begin, element.stop, start, end, text, 0.0, how, self.system.name, exists=False))

    # -- ranges across books -----------------------------------------------------------------------------------------

    def _joins(self, name_begin: int) -> bool:
        """Whether nothing but a dash or "to" stands between the last passage and this name."""
        if self.joinable is None or not 0 < name_begin - self.joinable[0] < 16:
            return False
        if self.text[self.joinable[0]] in ";,.":
            return False
        return bool(self.pat.range.fullmatch(self.text, self.joinable[0], name_begin))

    def _join(self, name: Name, element: Element, confidence: float) -> bool:
        """Stretch the last passage up to this element, where that is forward."""
        if self.joinable is None:
            return False
        _, start, index = self.joinable
        end = last_of(self.system, name.book, element.end_chapter, element.end_verse)
        if end is None or end < start or name.book > self.last_book:
            return False
        before = self.spans[index]
        self.spans[index:] = []
        self._append(before.begin, element.stop, (start, end), min(before.confidence, confidence), before.how)
        self.joinable = None
        return True

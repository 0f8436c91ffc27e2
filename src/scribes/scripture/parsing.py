"""One reference as somebody types it into a search box: more is guessed than in running text."""

from __future__ import annotations

import re

from scribes.errors import InvalidInput
from scribes.scripture import canon
from scribes.scripture.lexicon import BOOK_MASK, plain
from scribes.scripture.patterns import patterns
from scribes.scripture.spans import Span
from scribes.scripture.typography import plain_typography
from scribes.scripture.versification import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from scribes.scripture.lexicon import Lexicon
    from scribes.scripture.versification import System

    _Numbers = tuple[int | None, int | None]

_POINT = (
    r"(?:(ps151|s3y|ps2(?= [0-9])|(?:[1-4] ?)?[^\W\d_][^\d:]*?)[ .]*)?(?:([0-9]{1,3})(?:(?: ?[:.] ?| )([0-9]{1,3}))?)?"
)
_REFERENCE = re.compile(rf"{_POINT}(?: ?-{{1,2}} ?{_POINT})?", re.IGNORECASE)
_ROMAN_NUMBER = re.compile(r"(i{1,3}|[1-4](?:st|nd|rd|th)|first|second|third|fourth) (?=[^\W\d_])", re.IGNORECASE)
_DIGITS = frozenset("1234")
_NUMBERS = {"i": "1", "ii": "2", "iii": "3", "first": "1", "second": "2", "third": "3", "fourth": "4"}
_ARTICLES = re.compile(r"^the (?:book of |gospel of |letter to the )?|\.", re.IGNORECASE)


def parse(text: str, *, languages: Iterable[str] = ("en",), versification: str = "eng") -> Span:
    """Return the one passage a text names: "jn 3 16", "Romans 8", "1cor13:4-7", "genesis", "Rom.8.28-Rom.8.30".

    Raises:
        InvalidInput: no passage is named, or more than one, or there is no such chapter or verse.
    """
    numbering = system(versification)
    languages = (languages,) if isinstance(languages, str) else tuple(languages)
    lex, _ = patterns(languages)
    typed = " ".join(plain_typography(text).split())
    passage = _as_written(typed, lex, numbering)
    if passage:
        start, end = numbering.canonical(*passage)
        return Span(0, len(text), start, end, text, 1.0, "explicit", numbering.name)
    return _as_in_running_text(text, typed, languages, numbering)


def _as_in_running_text(text: str, typed: str, languages: tuple[str, ...], numbering: System) -> Span:
    from scribes.scripture.search import find

    for attempt in (text, typed.title()):
        spans = find(attempt, languages=languages, versification=numbering.name, deuterocanon=True, missing=True)
        existing = [span for span in spans if span.exists]
        if len(spans) > 1 and len(existing) > 1:
            raise InvalidInput(f"{text!r} is more than one passage", hint="ask for one at a time")
        if existing:
            return existing[0]
        if spans:
            raise InvalidInput(f"there is no {text!r}", hint=_how_far(spans[0]))
    raise InvalidInput(f"no passage in {text[:60]!r}", hint='write it as in "John 3:16", "Rom 8" or "1 Cor 13:4-7"')


def _how_far(span: Span) -> str:
    book, chapter, _ = canon.split(span.start)
    last = canon.last_verse(book, chapter)
    if last:
        return f"{canon.LONG[book]} {chapter} has {last} verses"
    return f"{canon.LONG[book]} has {canon.chapters(book)} chapters"


def _as_written(typed: str, lex: Lexicon, numbering: System) -> tuple[int, int] | None:
    """Return the passage of a text that is nothing but a reference, or None."""
    match = _REFERENCE.fullmatch(typed)
    if match is None or not match[1]:
        return None
    book = book_named(match[1], lex)
    last_book = book_named(match[4], lex) if match[4] else book
    if book is None or last_book is None:
        return None
    first, last = _numbers(match[2], match[3]), _numbers(match[5], match[6])
    if last == (None, None):
        last = first if last_book == book and not match[4] else last
    elif not match[4] and first[1] is not None and last[1] is None:
        last = (first[0], last[0])
    start, end = _edge(numbering, book, first, end=False), _edge(numbering, last_book, last, end=True)
    return (start, end) if start is not None and end is not None and start <= end else None


def _numbers(chapter: str | None, verse: str | None) -> _Numbers:
    return int(chapter) if chapter else None, int(verse) if verse else None


def _edge(numbering: System, book: int, numbers: _Numbers, *, end: bool) -> int | None:
    """Return where a passage starts or ends, or None where that is not in the canon."""
    chapter, verse = numbers
    if book == canon.PSALMS and chapter == 151:
        book, chapter = canon.LAST_BOOK, 1
    if chapter is None:
        if not end:
            return canon.whole_book(book)[0]
        chapter = numbering.chapters(book)
    last = numbering.last_verse(book, chapter)
    if verse == 0:
        return canon.ordinal(book, chapter, 0) if canon.has_title(book, chapter) else None
    if last == 0 or (verse or 1) > last:
        return None
    return canon.ordinal(book, chapter, (last if end else 1) if verse is None else verse)


def book_named(name: str, lex: Lexicon) -> int | None:
    """Return the book a name typed on its own means: an id, a name, the beginning of one, or one misspelt."""
    typed = name.strip().lower()
    if (number := canon.book_number(typed)) is not None:
        return number
    typed = _ROMAN_NUMBER.sub(lambda match: _NUMBERS.get(match[1].lower(), match[1][0]) + " ", typed)
    typed = plain(_ARTICLES.sub("", typed)).strip()
    which, word = (int(typed[0]), typed[1:].strip()) if typed[:1] in _DIGITS else (0, typed)
    if which:
        return _numbered(word, which, lex)
    entry = lex.entry(word) & BOOK_MASK or lex.spelling.nearest(word) & BOOK_MASK
    return entry or _beginning(word, lex)


def _numbered(word: str, which: int, lex: Lexicon) -> int | None:
    members = lex.families.get(word)
    if members is None:
        first = lex.spelling.nearest(word, among="numbered")
        starting = {books for name, books in lex.families.items() if name.startswith(word)}
        starting |= {books for books in lex.families.values() if first and books[0] == first}
        members = max(starting, key=len) if len({books[0] for books in starting}) == 1 else None
    return members[which - 1] if members and which <= len(members) else None


def _beginning(word: str, lex: Lexicon) -> int | None:
    """Return the one book of which a word of two letters or more is the beginning."""
    if len(word) < 2:
        return None
    books = {entry & BOOK_MASK for name, entry in lex.names.items() if name.startswith(word)} - {0}
    return books.pop() if len(books) == 1 else None

"""What words mean in the chosen languages: names of books, markers of chapters and verses, counted things."""

from __future__ import annotations

import re
from importlib import import_module

from scribes.errors import InvalidInput
from scribes.scripture import canon
from scribes.scripture.spelling import Spelling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

LANGUAGES = ("en", "es", "fr", "de", "pt", "sw", "zh", "ko")

# An entry of a table of names is a book number with flags above it.
BOOK_MASK = 0xFF
WEAK = 0x100  # an ordinary word or first name as well
VERSE_ONLY = 0x200  # read only with a verse
SHORT = 0x400  # an ordinary short word: never read in lower case
PHRASE = 0x800  # the last word of a name of several words
FAMILY = 0x1000  # one of several books: Samuel, John
PERSON = 0x4000  # a first name as well
IMPLIED = 0x2000  # a family without a book of the bare name: Peter alone is 1 Peter

_ACCENTED = "áàâäãåāéèêëēíìîïīóòôöõōúùûüūñçýß"
_UNACCENTED = "aaaaaaaeeeeeiiiiioooooouuuuuncys"
_TO_PLAIN = str.maketrans(_ACCENTED, _UNACCENTED)

_ROMAN = re.compile(r"(?=[ivxlc])(c{0,3})(xc|xl|l?x{0,3})(ix|iv|v?i{0,3})$")
_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_NUMERALS = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "1": 1, "2": 2, "3": 3, "4": 4}


def plain(word: str) -> str:
    """Return a lower-case word without its accents."""
    return word if word.isascii() else word.translate(_TO_PLAIN)


def roman(word: str) -> int:
    """Return the value of a roman numeral up to 399 in lower case, 0 where the word is none."""
    if not _ROMAN.match(word):
        return 0
    values = [_ROMAN_DIGITS[letter] for letter in word]
    return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))


def alternatives(words: Iterable[str]) -> str:
    """Return a pattern of any of the words, the longest first."""
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(set(words), key=len, reverse=True))


class Lexicon:
    """The tables of one or more languages as one; where two disagree about a name the earlier language is right."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        self.names: dict[str, int] = {}
        self.phrases: dict[str, list[str]] = {}
        self.families: dict[str, tuple[int, ...]] = {}
        self.words: dict[str, set[str]] = {}
        self.evidence: dict[str, set[str]] = {"never": set(), "counted": set(), "verbs": set()}
        self.numbers: dict[str, int] = {}
        self.ordinals: dict[str, int] = dict(_NUMERALS)
        self.codes: set[str] = set()
        self.verse_comma = False
        for language in languages:
            self._add(import_module(f"scribes.scripture.names.{language}"))
        self._add_ids()
        self.chapter_words = frozenset(self.words["chapter"])
        self.verse_words = frozenset(self.words["verse"])
        self.codes = {code for code in self.codes if code.lower() not in self.names}
        self.written_without_spaces = bool({"zh", "ko"} & set(languages))
        self.spelling = Spelling(self.names, self.families, self.evidence["never"])
        self.phrase_heads = [
            (phrase[: -len(last)], last, self.names[phrase] & BOOK_MASK)
            for last, forms in self.phrases.items()
            for phrase in forms
            if len(last) >= 5 and self.names[phrase] & BOOK_MASK <= canon.PROTESTANT_BOOKS
        ]
        self.longest_name = max(map(len, self.names))

    def _add(self, table: object) -> None:
        for name, entry in table.NAMES.items():  # type: ignore[attr-defined]
            here = self.names.get(name, 0)
            self.names[name] = (here or entry) | (entry & PHRASE)
            if here & BOOK_MASK == 0 and entry & BOOK_MASK:
                self.names[name] = here | entry
        for last, forms in table.PHRASES.items():  # type: ignore[attr-defined]
            self.phrases[last] = sorted({*self.phrases.get(last, []), *forms}, key=len, reverse=True)
        self.families = {**table.FAMILIES, **self.families}  # type: ignore[attr-defined]
        for kind, words in table.WORDS.items():  # type: ignore[attr-defined]
            self.words.setdefault(kind, set()).update(words)
        for kind, listed in table.EVIDENCE.items():  # type: ignore[attr-defined]
            self.evidence[kind].update(listed)
        self.numbers = {**table.NUMBERS, **self.numbers}  # type: ignore[attr-defined]
        self.ordinals = {**table.ORDINALS, **self.ordinals}  # type: ignore[attr-defined]
        self.verse_comma = self.verse_comma or table.VERSE_COMMA  # type: ignore[attr-defined]
        self.codes.update(table.CODES)  # type: ignore[attr-defined]

    def _add_ids(self) -> None:
        for book in range(1, canon.LAST_BOOK + 1):
            for id in (canon.OSIS[book].lower(), canon.USFM[book].lower()):
                # An id such as 1JN is met as its number and its letters.
                if id[0].isdigit():
                    family = self.families.get(id[1:])
                    if family is None and book <= canon.PROTESTANT_BOOKS:
                        members = tuple(b for b in range(book, book + 2))
                        self.families[id[1:]] = members
                        self.names.setdefault(id[1:], members[0] | FAMILY | IMPLIED | VERSE_ONLY)
                else:
                    self.names.setdefault(id, book)

    def entry(self, word: str) -> int:
        """Return the entry of a lower-case name, 0 where there is none."""
        return self.names.get(word) or self.names.get(plain(word), 0)


_LEXICONS: dict[tuple[str, ...], Lexicon] = {}


def lexicon(languages: Iterable[str]) -> Lexicon:
    """Return the tables of the languages, made at the first call.

    Raises:
        InvalidInput: there are no names for one of them.
    """
    key = tuple(languages) if not isinstance(languages, str) else (languages,)
    if key not in _LEXICONS:
        for language in key or ("",):
            if language not in LANGUAGES:
                raise InvalidInput(
                    f"no names of books in language {language!r}", hint=f"there are: {', '.join(LANGUAGES)}"
                )
        _LEXICONS[key] = Lexicon(key)
    return _LEXICONS[key]

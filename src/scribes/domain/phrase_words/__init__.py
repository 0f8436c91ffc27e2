"""What the words of a date or rhythm can mean, in all languages at once.

A text becomes tokens, each a letter for its kind and a number. A word may have several readings ("mar" is March, or the
Spanish Tuesday), so a text has several sentences: the likeliest is the first.

    d day from today    w weekday    W weekdays of that name    k Monday to Friday    K Saturday and Sunday
    m month             n number     o which (1 first, -1 last)  y year                u unit, as in UNITS
    c clock in minutes  C clock that needs no am or pm           h hours as minutes: 2h, a clock or a length of time
    p am or pm          z o'clock    T part of the day           q how often, as in UNITS
    D day as ordinal    M day and month, as month * 100 + day    v whenever
    x next   t this   e every   i in, +   a at   f of   s the, on   & and   - to
"""

from __future__ import annotations

import re
import unicodedata

from ...errors import InvalidInput
from .lexemes import HINT, lexemes, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Token = tuple[str, int]
    Tokens = tuple[Token, ...]
    Readings = list[tuple[str, Tokens]]

LANGUAGES = ("en", "de", "es", "fr", "pt")
MINUTE, HOUR, DAY, WEEK, MONTH, YEAR = range(6)
MAX_SENTENCES, LONGEST_PHRASE = 200, 5
_tables: dict[str, dict[str, list[Tokens]]] = {}


def sentences(text: str, languages: Sequence[str] = LANGUAGES) -> Iterator[list[Token]]:
    """The sentences a text can be, the likeliest first: all words in one language, English before others.

    Raises: InvalidInput, which names what is not understood.
    """
    from itertools import product

    places = [_options(place, languages) for place in _places(text, languages)]
    seen = set()

    def chosen() -> Iterator[tuple[Tokens, ...]]:
        for language in languages:
            yield tuple(next((one for name, one in place if name == language), place[0][1]) for place in places)
        yield from product(*(dict.fromkeys(one for _, one in place) for place in places))

    for number, sentence in enumerate(chosen()):
        if number > MAX_SENTENCES:
            return
        if sentence not in seen:
            seen.add(sentence)
            yield [token for tokens in sentence for token in tokens]


def not_understood(text: str) -> InvalidInput:
    """The error for a text whose words are known but say nothing together."""
    return InvalidInput(f"{quoted(text)} is not a date or rhythm that is understood", hint=HINT)


def fold(word: str) -> str:
    """A word without case and accents."""
    return "".join(one for one in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(one))


def words_of(language: str) -> dict[str, list[Tokens]]:
    """The phrases of a language, folded, with what each can mean."""
    if language not in _tables:
        import importlib

        found: dict[str, list[Tokens]] = {}
        for key, phrases in importlib.import_module(f"{__name__}.{language}").TABLE.items():
            tokens = tuple((code[0], int(code[1:])) for code in key.split())
            for phrase in phrases.split(", "):
                # German is typed with ae for ä where the keyboard has none.
                spelt = re.sub("[äöü]", lambda found: {"ä": "ae", "ö": "oe", "ü": "ue"}[found[0]], phrase)
                for one in {fold(phrase), fold(spelt)} if language == "de" else {fold(phrase)}:
                    found.setdefault(one, []).append(tokens)
        _tables[language] = found
    return _tables[language]


def _places(text: str, languages: Sequence[str]) -> Iterator[str | Token]:
    """The text cut into what has a meaning: tokens, and the longest phrases that some language knows."""
    parts = list(lexemes(text))
    at = 0
    while at < len(parts):
        one = parts[at]
        if isinstance(one, str):
            phrase, at = _longest(parts, at, languages)
            if not phrase:
                place = "" if one == text.strip().lower() else f" in {quoted(text)}"
                raise InvalidInput(f"{quoted(one)}{place} is not understood", hint=HINT)
            yield phrase
        else:
            yield one
            at += 1


def _longest(parts: list[str | Token], at: int, languages: Sequence[str]) -> tuple[str, int]:
    """The longest phrase that begins at a word, and where it ends; hyphens within it do not matter."""
    for end in range(min(len(parts), at + LONGEST_PHRASE), at, -1):
        part = parts[at:end]
        words = [fold(word) for word in part if isinstance(word, str)]
        inside = all(isinstance(word, str) or word == ("-", 0) for word in part) and isinstance(part[-1], str)
        phrase = " ".join(words)
        if inside and any(phrase in words_of(language) for language in languages):
            return phrase, end
    return "", at


def _options(place: str | Token, languages: Sequence[str]) -> Readings:
    if not isinstance(place, str):
        return [("", (place,))]
    return [(language, tokens) for language in languages for tokens in words_of(language).get(place, ())]

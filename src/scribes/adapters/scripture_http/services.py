"""The services: what is asked, what a true answer looks like, and what their terms allow to be kept."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from scribes.errors import InvalidInput, Unavailable
from scribes.scripture import canon

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    # book, chapter, first verse, last verse
    Piece = tuple[int, int, int, int]
    Query = tuple[str, dict[str, str], dict[str, str]]

DAY_S = 86_400
_MOST_CHARACTERS = 5_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_KEY = re.compile(r"[\x21-\x7e]{8,200}")
_NUMBERED = re.compile(r"\[(\d{1,3})\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Service(ABC):
    """One translation at one service. A subclass says how to ask and how to read the answer."""

    name = ""
    home = ""
    default_translation = ""
    needs_key = False
    # Chapters are asked for whole where the service gives only whole chapters: the same answer serves every passage.
    gives_chapters = False
    keep_s = 30 * DAY_S
    most_kept = 20_000
    keeps_at_most_half_a_book = False
    credit = ""

    def __init__(self, *, translation: str | None = None, key: str | None = None, base_url: str | None = None) -> None:
        self.translation = translation or self.default_translation
        if not _ID.fullmatch(self.translation):
            raise InvalidInput(f"{self.translation!r} cannot be a translation at {self.name}")
        if self.needs_key and not key:
            raise InvalidInput(f"{self.name} needs a key", hint=f"ask for one at {self.home}")
        if key is not None and not _KEY.fullmatch(key):
            raise InvalidInput(f"the key for {self.name} has characters no key has, or is too short")
        self.key = key or ""
        self.base_url = (base_url or self.home).rstrip("/")

    @abstractmethod
    def query(self, piece: Piece) -> Query:
        """Return (path, parameters, headers) of the request for a piece of a chapter."""

    @abstractmethod
    def verses(self, answer: object, piece: Piece) -> dict[int, str]:
        """Return the verses of an answer by ordinal, only those of the chapter asked for.

        Raises:
            Unavailable: it is not an answer to what was asked.
        """

    def wrong(self, what: str) -> Unavailable:
        """Return the error for an answer that is none."""
        return Unavailable(f"{self.name} answered with {what}", hint="the service may have changed or be out of order")

    def _field(self, answer: object, *path: str) -> object:
        for name in path:
            if not isinstance(answer, dict) or name not in answer:
                raise self.wrong(f"an answer without {'.'.join(path)!r}")
            answer = answer[name]
        return answer

    def _kept(self, piece: Piece, numbered: list[tuple[object, str]]) -> dict[int, str]:
        book, chapter, first, last = piece
        if self.gives_chapters:
            first, last = 1, canon.last_verse(book, chapter)
        verses: dict[int, str] = {}
        for number, text in numbered:
            body = " ".join(_CONTROL.sub("", text).split())
            if not isinstance(number, int) or isinstance(number, bool) or len(body) > _MOST_CHARACTERS:
                raise self.wrong("a verse that is none")
            ordinal = canon.ordinal(book, chapter, number)
            if first <= number <= last and body and ordinal not in verses:
                verses[ordinal] = body
        return verses

    def _bracketed(self, text: object, piece: Piece) -> dict[int, str]:
        if not isinstance(text, str):
            raise self.wrong("an answer without text")
        parts = _NUMBERED.split(text)
        return self._kept(piece, [(int(parts[n]), parts[n + 1]) for n in range(1, len(parts) - 1, 2)])


class Helloao(Service):
    """The Free Use Bible API: whole chapters as JSON, over a thousand free translations, no key, no limits of use."""

    name = "helloao"
    home = "https://bible.helloao.org"
    default_translation = "BSB"
    gives_chapters = True
    credit = "bible.helloao.org"

    def query(self, piece: Piece) -> Query:
        """Return the request for the chapter."""
        return f"/api/{self.translation}/{canon.USFM[piece[0]]}/{piece[1]}.json", {}, {}

    def verses(self, answer: object, piece: Piece) -> dict[int, str]:
        """Return the verses of the chapter."""
        if self._field(answer, "book", "id") != canon.USFM[piece[0]]:
            raise self.wrong("another book than was asked for")
        if self._field(answer, "chapter", "number") != piece[1]:
            raise self.wrong("another chapter than was asked for")
        content = self._field(answer, "chapter", "content")
        if not isinstance(content, list):
            raise self.wrong("a chapter without content")
        blocks = [block for block in content if isinstance(block, dict) and block.get("type") == "verse"]
        return self._kept(piece, [(block.get("number"), self._text(block.get("content"))) for block in blocks])

    def _text(self, content: object) -> str:
        if not isinstance(content, list):
            raise self.wrong("a verse without content")
        # A part is text, or an object: text with its style, a note, a heading, a line break; only text is the verse.
        texts = [
            part if isinstance(part, str) else part.get("text") for part in content if isinstance(part, (str, dict))
        ]
        return " ".join(text for text in texts if isinstance(text, str))


class Esv(Service):
    """The English Standard Version at Crossway: with a key, and at most 500 verses or half a book kept."""

    name = "esv"
    home = "https://api.esv.org"
    default_translation = "ESV"
    needs_key = True
    keep_s = 7 * DAY_S
    most_kept = 500
    keeps_at_most_half_a_book = True
    credit = "Scripture quotations are from the ESV® Bible, © 2001 by Crossway. Used by permission. www.esv.org"

    def query(self, piece: Piece) -> Query:
        """Return the request for the verses, as plain text with nothing but verse numbers."""
        switched_off = ("passage-references", "footnotes", "footnote-body", "headings", "short-copyright")
        parameters = {f"include-{name}": "false" for name in switched_off}
        parameters |= {"q": "{:08d}-{:08d}".format(*_ends(piece)), "include-verse-numbers": "true"}
        parameters |= {"include-first-verse-numbers": "true", "indent-paragraphs": "0", "indent-poetry": "false"}
        return "/v3/passage/text/", parameters, {"Authorization": f"Token {self.key}"}

    def verses(self, answer: object, piece: Piece) -> dict[int, str]:
        """Return the verses asked for."""
        passages = self._field(answer, "passages")
        if not isinstance(passages, list):
            raise self.wrong("an answer without passages")
        if not passages:
            return {}
        parsed = self._field(answer, "parsed")
        if not isinstance(parsed, list) or parsed != [list(_ends(piece))]:
            raise self.wrong("another passage than was asked for")
        return self._bracketed(passages[0], piece)


class ApiBible(Service):
    """api.bible: many translations, with a key; what is kept has to be fetched anew after 30 days at most."""

    name = "api.bible"
    home = "https://rest.api.bible"
    # The World English Bible there; each Bible has an id of its own.
    default_translation = "9879dbb7cfe39e4d-01"
    needs_key = True
    keep_s = 29 * DAY_S
    most_kept = 500
    credit = "API.Bible"

    def query(self, piece: Piece) -> Query:
        """Return the request for the verses, as plain text with nothing but verse numbers."""
        book, chapter, first, last = piece
        place = f"{canon.USFM[book]}.{chapter}"
        parameters = {f"include-{name}": "false" for name in ("notes", "titles", "chapter-numbers", "verse-spans")}
        parameters |= {"include-verse-numbers": "true", "content-type": "text"}
        path = f"/v1/bibles/{self.translation}/passages/{place}.{first}-{place}.{last}"
        return path, parameters, {"api-key": self.key}

    def verses(self, answer: object, piece: Piece) -> dict[int, str]:
        """Return the verses asked for."""
        if self._field(answer, "data", "bibleId") != self.translation:
            raise self.wrong("another translation than was asked for")
        place = self._field(answer, "data", "id")
        if not isinstance(place, str) or not place.startswith(f"{canon.USFM[piece[0]]}.{piece[1]}."):
            raise self.wrong("another passage than was asked for")
        return self._bracketed(self._field(answer, "data", "content"), piece)


class BibleApi(Service):
    """bible-api.com: some free translations, whole chapters, no key, few requests a minute."""

    name = "bible-api.com"
    home = "https://bible-api.com"
    default_translation = "web"
    gives_chapters = True
    credit = "bible-api.com"

    def query(self, piece: Piece) -> Query:
        """Return the request for the chapter."""
        return f"/data/{self.translation}/{canon.USFM[piece[0]]}/{piece[1]}", {}, {}

    def verses(self, answer: object, piece: Piece) -> dict[int, str]:
        """Return the verses of the chapter."""
        listed = self._field(answer, "verses")
        if not isinstance(listed, list):
            raise self.wrong("a chapter without verses")
        numbered: list[tuple[object, str]] = []
        for verse in listed:
            text = self._field(verse, "text")
            if self._field(verse, "book_id") != canon.USFM[piece[0]] or self._field(verse, "chapter") != piece[1]:
                raise self.wrong("another chapter than was asked for")
            if not isinstance(text, str):
                raise self.wrong("a verse without text")
            numbered.append((self._field(verse, "verse"), text))
        return self._kept(piece, numbered)


def _ends(piece: Piece) -> tuple[int, int]:
    book, chapter, first, last = piece
    return canon.ordinal(book, chapter, first), canon.ordinal(book, chapter, last)


KNOWN: dict[str, Callable[..., Service]] = {service.name: service for service in (Helloao, Esv, ApiBible, BibleApi)}

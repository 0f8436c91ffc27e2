"""Verses out of OSIS XML; document types and entities are refused, so nothing can be expanded or fetched."""

from __future__ import annotations

import re

from scribes.errors import InvalidInput
from scribes.scripture import canon

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from scribes.scripture.import_usfm import Found

_OSIS_ID = re.compile(r"(?:[\w.]+:)?([1-4]?[A-Za-z]+)\.(\d{1,3})\.(\d{1,3})")
_SKIPPED = frozenset(("note", "header", "rdg", "speaker", "figure", "work", "catchWord"))
_BREAKS = frozenset(("l", "lb", "lg", "p", "div", "chapter", "item", "list", "row", "cell", "table"))
_MOST_DEPTH = 200


def verses(data: bytes) -> Iterator[Found]:
    """Yield (book, chapter, verse, text) for each verse of an OSIS document; a psalm's title is its verse 0.

    Raises:
        InvalidInput: it is no well-formed XML, or has a document type or an entity of its own.
    """
    from xml.parsers import expat

    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as e:
        raise InvalidInput(f"it is not well-formed XML: line {e.lineno}, {expat.errors.messages[e.code]}") from e
    reader.flush()
    yield from reader.found


def _refuse(*_: object) -> None:
    raise InvalidInput(
        "it declares a document type or entities, which are not read",
        hint="remove <!DOCTYPE ...> if you trust the file",
    )


class _Reader:
    """What expat tells it, gathered into verses."""

    __slots__ = ("_depth", "_is_container", "_parts", "_place", "_skip_depth", "_title", "found")

    def __init__(self) -> None:
        self.found: list[Found] = []
        self._place: tuple[int, int, int] | None = None
        self._is_container = False
        self._parts: list[str] = []
        self._title: list[str] | None = None
        self._depth = 0
        self._skip_depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise InvalidInput(f"its elements are more than {_MOST_DEPTH} deep")
        if self._skip_depth:
            return
        name = name.rpartition(":")[2]
        if name in _SKIPPED or (name == "title" and attributes.get("type") != "psalm"):
            self._skip_depth = self._depth
        elif name == "title":
            self._title = []
        elif name == "verse":
            self._verse(attributes)
        elif name in _BREAKS:
            self.text(" ")

    def _verse(self, attributes: dict[str, str]) -> None:
        if "eID" in attributes:
            self.flush()
            return
        self.flush()
        found = _OSIS_ID.match(attributes.get("osisID") or attributes.get("sID") or "")
        if found:
            self._place = (canon.book_number(found[1]) or 0, int(found[2]), int(found[3]))
            self._is_container = "sID" not in attributes

    def end(self, name: str) -> None:
        """Take the end of an element."""
        if self._skip_depth:
            if self._skip_depth == self._depth:
                self._skip_depth = 0
        elif name.rpartition(":")[2] == "title" and self._title is not None:
            self._keep_title()
        elif name.rpartition(":")[2] == "verse" and self._is_container:
            self.flush()
        elif name.rpartition(":")[2] in _BREAKS:
            self.text(" ")
        self._depth -= 1

    def _keep_title(self) -> None:
        title = " ".join("".join(self._title or ()).split())
        self._title = None
        # Before its first verse the psalm is not known yet; its title is kept for the verse to come.
        self._parts = [] if self._place is None else self._parts
        if title:
            self.found.append((canon.PSALMS, -1 if self._place is None else self._place[1], 0, title))

    def text(self, text: str) -> None:
        """Take text."""
        if self._skip_depth:
            return
        if self._title is not None:
            self._title.append(text)
        elif self._place is not None:
            self._parts.append(text)

    def flush(self) -> None:
        """End the verse read so far."""
        text = " ".join("".join(self._parts).split())
        self._parts = []
        place, self._place = self._place, None
        if place is None:
            return
        # A title that came before this verse belongs to its chapter.
        if self.found and self.found[-1][1] == -1:
            title = self.found.pop()
            if place[0] == canon.PSALMS:
                self.found.append((canon.PSALMS, place[1], 0, title[3]))
        if text:
            self.found.append((*place, text))

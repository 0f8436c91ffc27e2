"""Texts of Scripture and what belongs to them, as plain data."""

from __future__ import annotations

from ..records import record


@record
class VerseText:
    """A verse of a text: which, and its words."""

    osis: str
    ordinal: int
    text: str


@record
class Reading:
    """A passage in one translation. `credit` has to be shown beside the text; "" where nothing has to be."""

    osis: str
    start: int
    end: int
    translation: str
    name: str
    credit: str
    verses: tuple[VerseText, ...]


@record
class VerseHit:
    """A verse that was found, and why: it has some of the `words`; it is so near in `meaning` (a cosine)."""

    osis: str
    ordinal: int
    text: str
    score: float
    words: bool
    meaning: float | None


@record
class Linked:
    """A passage that belongs to another: how strongly (weights order one table), why, and its first words."""

    osis: str
    start: int
    end: int
    weight: int
    reason: str
    text: str = ""


@record
class TopicCount:
    """A topic and how many passages it has."""

    name: str
    passages: int


@record
class Place:
    """A passage: as OSIS writes it, and the ordinals of its first and last verse."""

    osis: str
    start: int
    end: int


@record
class TopicLine:
    """A line of a topic: how deep it stands below the topic, its heading, its passages."""

    depth: int
    heading: str
    passages: tuple[Place, ...]


@record
class Translation:
    """A Bible text at hand: its code, name, language, licence, number of verses, and whether it came with Scribes."""

    code: str
    name: str
    language: str
    licence: str
    verses: int
    bundled: bool


@record
class TextAdded:
    """A text that was added: its code, what there is of it, and what was left out or came twice."""

    code: str
    verses: int
    books: int
    unknown: int
    repeated: int
    beyond: int

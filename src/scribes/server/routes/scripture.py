"""Bible texts and what belongs to them; the passages that notes name."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Query
from pydantic import Field

from ...errors import TooLarge
from ...models.notes import NoteTopic
from ...models.passages import PassageHit, Reference
from ...models.scripture import Linked, Reading, TopicCount, TopicLine, Translation, VerseHit
from ..access import Me, Writer
from ..once import once
from ..paging import Limit
from ..shapes import shape
from ..texts import Code, Passage, PassagePath, Sound, Words

router = APIRouter(prefix="/v1", tags=["scripture"])

# The longest book has fewer.
MOST_VERSES, MOST_CHARACTERS = 3_000, 100_000
Name = Annotated[str, Path(min_length=1, max_length=200), Sound]
Typed = Annotated[str, Field(min_length=1, max_length=200), Sound]
A_TEXT = {"sermon": {"summary": "English", "value": {"text": "We read Romans 8:28-30 and v. 31", "languages": ["en"]}}}
A_PIN = {"pin": {"summary": "A passage", "value": {"passage": "Rom 8:28"}}}
A_DISMISSAL = {"none": {"summary": "No passage", "value": {"text": "Job 1"}}}
A_CHOICE = {"correct": {"summary": "It means another", "value": {"text": "v. 28", "passage": "Rom 8:28"}}}


@shape
class Text:
    """A text in which references are looked for, and the languages in which they are written: English alone, where
    none is named.
    """

    text: Annotated[str, Field(max_length=MOST_CHARACTERS), Sound]
    languages: Annotated[tuple[str, ...], Field(min_length=1, max_length=4)] = field(default=("en",))


@shape
class Pin:
    """A passage that a note is about."""

    passage: Typed


@shape
class Correction:
    """What stands in a note, and the passage that it means."""

    text: Typed
    passage: Typed


@shape
class Dismissal:
    """What stands in a note and names no passage."""

    text: Typed


@router.get("/scripture/passages/{ref}", summary="The text of a passage")
def read_passage(ref: PassagePath, me: Me, translation: Code = "web") -> Reading:
    """The verses of a passage in a translation, and what has to be shown beside them."""
    found = me.scripture.read(ref, translation=translation)
    if len(found.verses) > MOST_VERSES:
        raise TooLarge(f"{found.osis} has {len(found.verses)} verses", hint="a book at a time")
    return found


@router.get("/scripture/translations", summary="The texts at hand")
def list_translations(me: Me) -> list[Translation]:
    """The Bible texts that this server has, the default first."""
    return me.scripture.translations()


@router.get("/scripture/search", summary="Find verses")
def search_verses(
    q: Words, me: Me, *, by: Literal["both", "words", "meaning"] = "both", translation: Code = "web", limit: Limit = 20
) -> list[VerseHit]:
    """The verses that fit best, by their words and by what they mean."""
    return me.scripture.find_verses(q, translation=translation, limit=limit, by=by)


@router.get("/scripture/crossrefs/{ref}", summary="Passages linked with a passage")
def list_linked(ref: PassagePath, me: Me, translation: Code = "", limit: Limit = 20) -> list[Linked]:
    """The passages that belong to a passage, the strongest first; with a translation, with their words."""
    return me.scripture.crossrefs(ref, limit=limit, translation=translation)


@router.get("/scripture/topics", summary="Topics by name")
def list_scripture_topics(q: Words, me: Me, limit: Limit = 20) -> list[TopicCount]:
    """Topics of Scripture: the very name, names that begin so, then names that have all the words."""
    return me.scripture.topics(q, limit=limit)


@router.get("/scripture/topics/{name}", summary="What Scripture says on a topic")
def get_scripture_topic(name: Name, me: Me) -> list[TopicLine]:
    """A topic, line by line, with the passages of each."""
    return me.scripture.topic(name)


@router.get("/scripture/topics-of/{ref}", summary="The topics of a passage")
def list_topics_of(ref: PassagePath, me: Me, limit: Limit = 20) -> list[TopicCount]:
    """The topics under which a passage stands, the closest first."""
    return me.scripture.topics_of(ref, limit=limit)


@router.post("/scripture/parse", summary="References in a text")
def parse_text(asked: Annotated[Text, Body(openapi_examples=A_TEXT)], me: Me) -> list[Reference]:
    """The passages that a text names, in order; nothing is kept."""
    found = me.scripture.find(asked.text, languages=asked.languages)
    return [
        Reference(one.osis, one.start, one.end, one.text, one.begin, one.stop, one.confidence, one.how)
        for one in found
        if one.exists
    ]


@router.get("/refs", summary="Notes on a passage")
def list_on_passage(passage: Passage, me: Me, limit: Limit = 20) -> list[PassageHit]:
    """The notes that name something of a passage: the very passage and a few verses of it first, whole chapters and
    longer ranges behind.
    """
    return me.passages.on(passage, limit=limit)


@router.get("/notes/{id}/refs", summary="The passages of a note")
def list_refs(id: str, me: Me) -> list[Reference]:
    """The passages that a note names: pinned ones, those of its title, then those of its text, in order."""
    return me.passages.of(id)


@router.post("/notes/{id}/refs", summary="Pin a passage to a note")
@once
def pin_ref(id: str, pin: Annotated[Pin, Body(openapi_examples=A_PIN)], me: Writer) -> list[Reference]:
    """The passages of a note, now with this one, whether its text names it or not."""
    return me.passages.pin(id, pin.passage)


@router.post("/notes/{id}/refs/correct", summary="Say what a reference means")
@once
def correct_ref(id: str, said: Annotated[Correction, Body(openapi_examples=A_CHOICE)], me: Writer) -> list[Reference]:
    """The passages of a note, with what was read from a text meaning this passage."""
    return me.passages.correct(id, said.text, said.passage)


@router.post("/notes/{id}/refs/dismiss", summary="Say that something is no reference")
@once
def dismiss_ref(id: str, said: Annotated[Dismissal, Body(openapi_examples=A_DISMISSAL)], me: Writer) -> list[Reference]:
    """The passages of a note, without those read from a text; a pinned passage is pinned no more."""
    return me.passages.dismiss(id, said.text)


@router.delete("/notes/{id}/refs", summary="Take all choices about references back")
def reset_refs(id: str, me: Writer) -> list[Reference]:
    """The passages of a note as they are read from its text."""
    return me.passages.reset(id)


@router.get("/topics", summary="Topics of one's notes")
def list_topics(me: Me, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> list[NoteTopic]:
    """The topics in use, the most used first."""
    return me.notes.topics(limit=limit)

"""Texts of Scripture and what belongs to them: read, search, cross references, topics. No vault is needed."""

from __future__ import annotations

import os

from ..errors import InvalidInput, NotFound, Unavailable
from ..models.scripture import (
    Linked,
    Place,
    Reading,
    TextAdded,
    TopicCount,
    TopicLine,
    Translation,
    VerseHit,
    VerseText,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from ..ports import Embedder
    from ..scripture.spans import Span
    from ..scripture.texts import Verse

    Passage = str | tuple[int, int]

    class RemoteText(Protocol):
        """A translation at a service."""

        @property
        def credit(self) -> str:
            """What has to be shown beside the text."""

        def read(self, start: int, end: int) -> list[Verse]:
            """The verses of a passage."""

        def close(self) -> None:
            """Close the connections."""

    Connect = Callable[[str], RemoteText]

DEFAULT = "web"
VERSES = 31_000
# The 66 books: what Jews and Christians have in common is asked, for more verses would hide half of it.
BOOKS = (1_001_001, 66_999_999)
# How many verses each way of looking brings.
CANDIDATES, NEAREST = 100, 300


class Scripture:
    """Bible texts, cross references and topics. A passage is a text as typed or a pair of verse ordinals.

    Added texts and imported tables lie in `folder`. `connect` opens a text of the service in the settings; None where
    there is none. `embedder` gives the one that the verses were embedded by, None where meaning is switched off.
    """

    def __init__(
        self, folder: str, *, connect: Connect | None = None, embedder: Callable[[], Embedder | None] = lambda: None
    ) -> None:
        self.folder = folder
        self._connect = connect
        self._embedder = embedder

    def parse(self, text: str) -> Span:
        """The one passage that a text as typed names.

        Raises: InvalidInput.
        """
        from .passages import named

        return named(text)

    def find(
        self, text: str, *, context: tuple[int, int] | None = None, languages: Sequence[str] = ("en",)
    ) -> list[Span]:
        """The references in a text, in order.

        Raises: InvalidInput, for an unknown language.
        """
        from ..scripture.search import find

        return find(text, context=context, languages=languages)

    def read(self, passage: Passage, *, translation: str = DEFAULT) -> Reading:
        """A passage in a translation at hand or, where a service is configured, in one of that service.

        Raises: InvalidInput; NotFound, for an unknown translation or a passage it lacks; Unavailable.
        """
        from ..scripture import texts
        from ..scripture.formatting import format_passage

        start, end = self._ordinals(passage)
        about = self._about(translation)
        credit = ""
        if about is None:
            name = translation
            found, credit = self._remote(translation, start, end)
        else:
            name = about.name
            found = texts.read(start, end, translation=about.code, folder=self.folder)
        if not found:
            raise NotFound(
                f"{name} has no {format_passage(start, end, 'long')}",
                hint="scribes bible list shows the texts at hand"
                if translation == DEFAULT
                else "scribes read --in web",
            )
        verses = tuple(VerseText(_verse_osis(verse.ordinal), verse.ordinal, verse.text) for verse in found)
        return Reading(format_passage(start, end), start, end, translation.lower(), name, credit, verses)

    def search(
        self, words: str, *, translation: str = DEFAULT, limit: int = 20, within: Passage | None = None
    ) -> list[VerseText]:
        """The verses of a translation at hand that fit the words best; words in double quotes stand side by side.

        Raises: NotFound, InvalidInput.
        """
        from ..scripture import texts

        place = self._ordinals(within) if within is not None else None
        found = texts.search(words, translation=translation, limit=limit, within=place, folder=self.folder)
        return [VerseText(_verse_osis(verse.ordinal), verse.ordinal, verse.text) for verse in found]

    def find_verses(
        self, words: str, *, translation: str = DEFAULT, limit: int = 20, by: str = "both"
    ) -> list[VerseHit]:
        """The verses of the 66 books that fit words by letters and by meaning, best first, in a translation at hand.

        Meaning is that of the World English Bible, worked out here: no service is asked. `by` is `both`, `words` or
        `meaning`.

        Raises: InvalidInput, for a text without a word; NotFound; Unavailable, where meaning is switched off.
        """
        from ..domain import ranking
        from ..scripture import texts

        if not any(map(str.isalnum, words)):
            raise InvalidInput(f"no word to look for in {words!r}", hint='scribes find --verses "unearned kindness"')
        weights: dict[int, float] = {}
        having_all: set[int] = set()
        if by != "meaning":
            weights, having_all = texts.weighed(
                words, limit=CANDIDATES, translation=translation, within=BOOKS, folder=self.folder
            )
        cosines = {} if by == "words" else self._near(words, list(weights), needed=by == "meaning")
        least = ranking.chance(VERSES)
        best = ranking.ordered_verses(weights, having_all, cosines, len(words.split()), least)
        hits: list[VerseHit] = []
        for ordinal, score in best:
            for verse in texts.read(ordinal, ordinal, translation=translation, folder=self.folder):
                near = cosines.get(ordinal, 0.0)
                meaning = near if near >= least else None
                hits.append(VerseHit(_verse_osis(ordinal), ordinal, verse.text, score, ordinal in weights, meaning))
            if len(hits) >= limit:
                break
        return hits

    def _near(self, words: str, others: Sequence[int], *, needed: bool) -> dict[int, float]:
        """The cosines of the verses nearest in meaning, and of some others; what stands beside them counts too."""
        from ..domain import ranking
        from ..vectors import verses

        embedder = self._embedder()
        if embedder is None and not needed:
            return {}
        if embedder is None:
            raise Unavailable("meaning is switched off", hint="the setting embedder, or --words")
        asked = embedder.embed_query(words)
        found = [verse for verse, _ in verses.nearest(asked, NEAREST, within=BOOKS)]
        wanted = {*found, *others}
        known = dict(verses.cosines(asked, sorted({verse + step for verse in wanted for step in (-1, 0, 1)})))
        return {verse: ranking.with_beside(known, verse) for verse in wanted if verse in known}

    def crossrefs(self, passage: Passage, *, limit: int = 20, translation: str = "") -> list[Linked]:
        """The passages linked with a passage, the strongest first; with the words of each in a translation, if asked.

        An imported table (`import_crossrefs`) is asked in the place of the bundled one.

        Raises: InvalidInput, NotFound.
        """
        from ..scripture import crossrefs, texts

        start, end = self._ordinals(passage)
        found = crossrefs.of(start, end, limit=limit, path=self._imported_table())
        linked = []
        for one in found:
            text = ""
            if translation:
                verses = texts.read(one.start, one.end, translation=translation, folder=self.folder)
                text = " ".join(verse.text for verse in verses)
            linked.append(Linked(_verse_osis(one.start, one.end), one.start, one.end, one.weight, one.reason, text))
        return linked

    def topics(self, words: str, *, limit: int = 20) -> list[TopicCount]:
        """Topics by name: the very name, names that begin so, then names that have all the words."""
        from ..scripture import topics

        return [TopicCount(topic.name, topic.passages) for topic in topics.find(words, limit=limit)]

    def topics_of(self, passage: Passage, *, limit: int = 20) -> list[TopicCount]:
        """The topics a passage stands under, the closest first.

        Raises: InvalidInput.
        """
        from ..scripture import topics

        start, end = self._ordinals(passage)
        return [TopicCount(topic.name, topic.passages) for topic in topics.of(start, end, limit=limit)]

    def topic(self, name: str) -> list[TopicLine]:
        """What a topic says, line by line, with the passages of each.

        Raises: NotFound.
        """
        from ..scripture import topics

        return [
            TopicLine(line.depth, line.heading, tuple(Place(_verse_osis(*place), *place) for place in line.passages))
            for line in topics.lines(name)
        ]

    def translations(self) -> list[Translation]:
        """The texts at hand, the default first."""
        from ..scripture import texts

        return [
            Translation(text.code, text.name, text.language, text.licence, text.verses, text.is_bundled)
            for text in texts.available(self.folder)
        ]

    def is_at_hand(self, translation: str) -> bool:
        """Whether a text lies on this machine."""
        from ..scripture import texts

        return texts.named(translation, self.folder) is not None

    def add(self, path: str, *, code: str = "", name: str = "", language: str = "", licence: str = "") -> TextAdded:
        """A text added from a file of USFM, OSIS XML or tab-separated lines, alone or in a zip.

        Raises: NotFound, InvalidInput, StorageFull.
        """
        from ..files import private_folder
        from ..scripture import texts_import

        private_folder(self.folder)
        added = texts_import.add(
            os.path.expanduser(path), self.folder, code=code or None, name=name or None, language=language,
            licence=licence,
        )  # fmt: skip
        return TextAdded(added.code, added.verses, added.books, added.unknown, added.repeated, added.beyond)

    def import_crossrefs(self, path: str) -> tuple[int, int]:
        """How many rows of OpenBible.info's cross references were taken, and how many could not be read.

        Raises: NotFound, InvalidInput, StorageFull.
        """
        from ..files import private_folder
        from ..scripture import openbible

        private_folder(self.folder)
        report = openbible.import_file(os.path.expanduser(path), self.folder)
        return report.rows, report.bad

    def _ordinals(self, passage: Passage) -> tuple[int, int]:
        from .passages import passage_of

        return passage_of(passage)

    def _about(self, translation: str) -> Translation | None:
        """What is known of a text at hand; None for one that only a service may have.

        Raises: NotFound.
        """
        from ..scripture import texts

        known = texts.named(translation, self.folder)
        if known is not None:
            return Translation(known.code, known.name, known.language, known.licence, known.verses, known.is_bundled)
        if self._connect is None:
            codes = ", ".join(text.code for text in self.translations())
            raise NotFound(
                f"there is no text {translation!r}",
                hint=f"texts at hand: {codes}; scribes bible add FILE adds one; a service, in the settings, has more",
            )
        return None

    def _remote(self, translation: str, start: int, end: int) -> tuple[list[Verse], str]:
        if self._connect is None:
            raise InvalidInput("no service for texts is configured", hint="the setting scripture_service")
        remote = self._connect(translation)
        try:
            return remote.read(start, end), remote.credit
        finally:
            remote.close()

    def _imported_table(self) -> str | None:
        from ..scripture import crossrefs

        path = os.path.join(self.folder, crossrefs.IMPORTED)
        return path if os.path.exists(path) else None


def _verse_osis(start: int, end: int | None = None) -> str:
    """A range as OSIS; what a table or a text has beyond the canon is written as it is."""
    from ..scripture import canon
    from ..scripture.formatting import format_passage

    end = start if end is None else end
    try:
        return format_passage(start, end)
    except InvalidInput:
        points = [canon.split(point) for point in dict.fromkeys((start, end))]
        return "-".join(f"{canon.OSIS[book]}.{chapter}.{verse}" for book, chapter, verse in points)

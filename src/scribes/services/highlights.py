"""Highlights of notes: listed, set and taken away. They are part of the text, so each is an edit of the note."""

from __future__ import annotations

from ..domain import highlights as rules
from ..errors import InvalidInput, NotFound
from ..ids import to_text
from ..models.highlights import Marked
from ..models.notes import heading_of
from ..records import replaced
from ..storage import notes
from .edits import Edits
from .rows import find_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..domain.notes import Content
    from ..models.sync import Edited
    from ..ports import Tx
    from ..storage.notes import Stored
    from .context import Context

BATCH = 50


class Highlights:
    """The ==marked== words of notes."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def of(self, ref: str) -> list[Marked]:
        """The highlights of a note, those of its title first.

        Raises: NotFound, Ambiguous.
        """
        with self._context.engine.read() as tx:
            return list(_in_note(find_in(tx, ref, self._context)))

    def recent(self, *, limit: int = 20, skip: int = 0) -> list[Marked]:
        """The highlights of all notes outside the trash, those of the latest note first."""
        found: list[Marked] = []
        with self._context.engine.read() as tx:
            for stored in self._with_marks(tx):
                found += _in_note(stored)
                if len(found) >= skip + limit:
                    break
        return found[skip : skip + limit]

    def add(self, ref: str, *, words: str = "", begin: int = -1, stop: int = -1, base: str = "") -> Edited:
        """The note with words of its body marked: where they stand first, or from one character to another of what the
        body was at the revision `base`.

        Raises: NotFound, Ambiguous, Forbidden; InvalidInput, where they do not stand there or cannot be marked.
        """
        is_by_place = begin >= 0 or stop >= 0
        if bool(words) == is_by_place:
            raise InvalidInput("say which words to mark", hint="`words`, or `begin` and `stop`")

        def change(content: Content) -> Content:
            body = content.body
            marked = rules.marked(body, begin, stop) if is_by_place else rules.words_marked(body, words)
            return replaced(content, body=marked)

        return Edits(self._context).rewrite(ref, change, base=base)

    def remove(self, ref: str, words: str, *, base: str = "") -> Edited:
        """The note without the marks around these words.

        Raises: NotFound, also where they are not marked; Ambiguous, InvalidInput, Forbidden.
        """

        def change(content: Content) -> Content:
            title, body = (rules.words_unmarked(text, words) for text in (content.title, content.body))
            if (title, body) == (content.title, content.body):
                raise NotFound("these words are not marked in this note")
            return replaced(content, title=title, body=body)

        return Edits(self._context).rewrite(ref, change, base=base)

    def _with_marks(self, tx: Tx) -> Iterator[Stored]:
        skip = 0
        while page := notes.marked(tx, visible_to=self._context.visible_to, limit=BATCH, skip=skip):
            yield from page
            skip += len(page)


def _in_note(stored: Stored) -> Iterator[Marked]:
    note, content = to_text(stored.id), stored.content
    heading = heading_of(rules.unmarked(content.title), rules.unmarked(content.body))
    around = {one.words: one.whole for one in rules.highlights(content.title, content.body)}
    for words, _, _ in rules.places(content.title):
        yield Marked(note, heading, words, -1, -1, around[words])
    for words, begin, stop in rules.places(content.body):
        yield Marked(note, heading, words, begin, stop, around[words])

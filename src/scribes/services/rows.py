"""From a note's row to the note that people see: all that reading and searching need of notes."""

from __future__ import annotations

from ..domain.dates import from_us
from ..ids import to_text
from ..models.notes import Note
from ..storage import notes, spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Tx
    from ..storage.notes import Stored
    from .context import Context


def find_in(tx: Tx, ref: str, context: Context) -> Stored:
    """A note's row by id or handle.

    Raises: NotFound, Ambiguous.
    """
    id = notes.resolve(tx, ref, visible_to=context.visible_to)
    return notes.get(tx, id, visible_to=context.visible_to)


def to_note(tx: Tx, stored: Stored, context: Context) -> Note:
    """The note that people see, from its row."""
    content = stored.content
    return Note(
        id=to_text(stored.id),
        handle=notes.handle(tx, stored.id, visible_to=context.visible_to),
        title=content.title,
        body=content.body,
        occurred_at=from_us(content.occurred_us, offset_minutes=content.occurred_offset),
        speaker=content.speaker,
        venue=content.venue,
        series=content.series,
        tags=content.tags,
        topics=content.topics,
        created_at=from_us(stored.created_us),
        changed_at=from_us(stored.changed_us),
        deleted_at=None if content.deleted_us is None else from_us(content.deleted_us),
        revision=stored.heads.hex(),
        circle=circle_name(tx, stored.space, context),
    )


def circle_name(tx: Tx, space: int, context: Context) -> str:
    """The name of the circle that something lies in; "" for the person's own, for which nothing is looked up."""
    if space == context.me.space:
        return ""
    found = spaces.get(tx, space)
    return found.name or found.id.hex()[:8]

"""Drafts: what is typed in an editor, kept encrypted until it is saved."""

from __future__ import annotations

from ..domain.dates import from_us
from ..ids import from_text, to_text
from ..models.notes import Draft
from ..storage import drafts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Row
    from .context import Context


class Drafts:
    """Texts that were typed and not saved yet."""

    def __init__(self, context: Context) -> None:
        self._engine = context.engine

    def begin(self, text: str, *, note_id: str | None = None, revision: str | None = None) -> int:
        """A new draft, of a note at a revision or of a new one; its number."""
        with self._engine.write() as tx:
            return drafts.add(tx, note_id=from_text(note_id) if note_id else None, revision=revision, text=text)

    def keep(self, number: int, text: str) -> None:
        """What the editor holds now, on disk when this returns."""
        with self._engine.write() as tx:
            drafts.put(tx, number, text)

    def get(self, number: int) -> Draft:
        """A draft.

        Raises: NotFound.
        """
        with self._engine.read() as tx:
            return _draft(drafts.get(tx, number))

    def recent(self, *, limit: int = 20) -> list[Draft]:
        """Drafts, the last touched first."""
        with self._engine.read() as tx:
            return [_draft(row) for row in drafts.recent(tx, limit=limit)]

    def discard(self, number: int) -> None:
        """Forget a draft.

        Raises: NotFound.
        """
        with self._engine.write() as tx:
            drafts.get(tx, number)
            drafts.remove(tx, number)


def _draft(row: Row) -> Draft:
    number, note_id, revision, text, started_us, changed_us = row
    return Draft(
        number, to_text(note_id) if note_id else None, revision, text, from_us(started_us), from_us(changed_us)
    )

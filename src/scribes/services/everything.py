"""All that one person has, as plain data: notes with their history, and every other item, in the trash or not."""

from __future__ import annotations

from ..domain.changes import replay
from ..domain.dates import from_us
from ..domain.notes import KIND, content_at
from ..errors import NotFound
from ..ids import to_text
from ..records import as_data
from ..storage import changes, forgetting, hosted, items
from .kinds import kind_of
from .rows import to_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..ports import Tx
    from ..storage.items import Stored
    from .context import Context

# Things at once; notes come with the texts of their whole history.
BATCH, NOTES = 200, 5
# What devices and circles are called is said where these are shown.
SECTIONS = {
    "notes": KIND, "reminders": "reminder", "prayers": "prayer", "prayed": "prayed", "cards": "card",
    "reviews": "review", "comments": "comment",
}  # fmt: skip


class Everything:
    """What a person can take along."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._engine = context.engine

    def each(self, section: str) -> Iterator[dict[str, Any]]:
        """Every thing of one of SECTIONS, oldest first, in flat memory.

        Raises: NotFound, once the person is gone: what is kept under their keys then is somebody else's.
        """
        kind, after = SECTIONS[section], 0
        while True:
            with self._engine.read() as tx:
                seen = self._seen(tx)
                found, after = self._notes(tx, seen, after) if kind == KIND else self._items(tx, seen, kind, after)
            if not found:
                return
            yield from found

    def _seen(self, tx: Tx) -> tuple[int, ...]:
        """What the person may still see: whoever reads slowly may have left a circle meanwhile, or the server."""
        if hosted.get(tx, self._context.hosted).device_id != self._context.me.device_id:
            raise NotFound("there is no such account")
        roles = hosted.roles(tx, self._context.hosted)
        return tuple(space for space in self._context.visible_to if roles.get(space))

    def _notes(self, tx: Tx, seen: tuple[int, ...], after: int) -> tuple[list[dict[str, Any]], int]:
        found = forgetting.notes_after(tx, after, visible_to=seen, limit=NOTES)
        said = []
        for stored in found:
            note = as_data(to_note(tx, stored, self._context))
            note["history"] = [
                {"at": from_us(state.changed_us).isoformat(), "content": as_data(content_at(state))}
                for state in replay(changes.of_item(tx, stored.id, KIND))
            ]
            said.append(note)
        return said, found[-1].n if found else after

    def _items(self, tx: Tx, seen: tuple[int, ...], name: str, after: int) -> tuple[list[dict[str, Any]], int]:
        found = items.select(tx, kind_of(name), "n > ?", (after,), visible_to=seen, order="n", limit=BATCH)
        return [_item(one) for one in found], found[-1].n if found else after


def _item(stored: Stored) -> dict[str, Any]:
    return {
        "id": to_text(stored.id),
        "created_at": from_us(stored.created_us).isoformat(),
        "changed_at": from_us(stored.changed_us).isoformat(),
        **as_data(stored.content),
    }

"""Writing items: each write is a change in the history, the row beside it, and what follows from it."""

from __future__ import annotations

from ..domain.changes import new_change, replay, split_ids
from ..domain.items import DELETED, content_at, fields_between
from ..domain.reminders import job_key
from ..errors import Conflict
from ..ids import new_id, to_text
from ..records import replaced
from ..storage import changes, items, jobs, operations
from . import kinds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..domain.changes import Change
    from ..domain.items import Kind
    from ..ports import Tx
    from ..storage.items import Stored
    from .context import Context


def add_in(tx: Tx, context: Context, kind: Kind, content: Any, operation: int, *, id: bytes | None = None) -> Stored:
    """A new item in a transaction; `id` where it follows from the content, so that two devices make the same."""
    id = id or new_id(tx.now_us)
    change = _append(tx, context, kind, id, (), fields_between(kind, None, content), operation)
    stored = items.insert(tx, kind, id=id, space=context.me.space, heads=change.id, at_us=tx.now_us, content=content)
    kinds.after(tx, context, kind, stored)
    return stored


def write_in(tx: Tx, context: Context, kind: Kind, stored: Stored, after: Any, operation: int) -> Stored:
    """New content of an item in a transaction; nothing where it is the same."""
    if after == stored.content:
        return stored
    fields = fields_between(kind, stored.content, after)
    change = _append(tx, context, kind, stored.id, split_ids(stored.heads), fields, operation)
    written = items.update(tx, kind, stored, heads=change.id, at_us=tx.now_us, content=after)
    kinds.after(tx, context, kind, written)
    return written


def revert(tx: Tx, context: Context, kind: Kind, item: bytes, *, before: bytes, after: bytes, operation: int) -> None:
    """Write the state before an operation over the state after it; a new item is deleted.

    Raises: Conflict, when it was changed since in another way.
    """
    stored = items.get(tx, kind, item, visible_to=context.visible_to)
    states = {state.head: content_at(kind, state) for state in replay(changes.of_item(tx, item))}
    if states[after] != stored.content:
        raise Conflict(f"a {kind.table} was changed since, by something else")
    target = states[before] if before in states else replaced(stored.content, **{DELETED: tx.now_us})
    write_in(tx, context, kind, stored, target, operation)


def is_as_written(tx: Tx, context: Context, kind: Kind, item: bytes) -> bool:
    """Whether an item's row says what its changes say.

    Raises: Damaged, Conflict.
    """
    state = replay(changes.of_item(tx, item))[-1]
    stored = items.find(tx, kind, item, visible_to=context.visible_to)
    if stored is None or (stored.heads, stored.changed_us) != (state.head, state.changed_us):
        return False
    return bool(stored.content == content_at(kind, state))


def rebuild(tx: Tx, context: Context, kind: Kind) -> None:
    """Make the rows of a kind anew from the history."""
    items.clear(tx, kind)
    for item in changes.items(tx, kind.name):
        state = replay(changes.of_item(tx, item))[-1]
        content = content_at(kind, state)
        space = changes.space_of(tx, item)
        made = items.insert(tx, kind, id=item, space=space, heads=state.head, at_us=state.created_us, content=content)
        made = items.update(tx, kind, made, heads=state.head, at_us=state.changed_us, content=content)
        kinds.after(tx, context, kind, made)


def forget_what_quotes(tx: Tx, note: str) -> None:
    """Remove for good, with their histories, the reminders and cards of a note: they hold its words."""
    reminder, card, review = (kinds.kind_of(name) for name in ("reminder", "card", "review"))
    for id in items.ids_where(tx, reminder, "about", note):
        jobs.remove(tx, job_key(id))
        _forget(tx, reminder, id)
    for id in items.ids_where(tx, card, "source", note):
        for answer in items.ids_where(tx, review, "card", to_text(id)):
            _forget(tx, review, answer)
        _forget(tx, card, id)


def _forget(tx: Tx, kind: Kind, id: bytes) -> None:
    operations.blank(tx, id)
    changes.forget_item(tx, id)
    items.forget(tx, kind, id)


def _append(
    tx: Tx,
    context: Context,
    kind: Kind,
    item: bytes,
    parents: tuple[bytes, ...],
    fields: dict[str, Any],
    operation: int,
) -> Change:
    change = new_change(
        item=item,
        kind=kind.name,
        parents=parents,
        device=context.me.device_id,
        at_us=tx.now_us,
        edits=[],
        fields=fields,
    )
    changes.append(tx, change, space=context.me.space, device=context.me.device, operation=operation)
    return change

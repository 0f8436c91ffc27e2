"""Writing items: each write is a change in the history, the row beside it, and what follows from it."""

from __future__ import annotations

from ..domain.changes import new_change
from ..domain.graph import Graph
from ..domain.items import DELETED, content_at, fields_between
from ..domain.reminders import job_key
from ..errors import Conflict
from ..ids import new_id, to_text
from ..records import replaced
from ..storage import changes, items, jobs, operations
from . import kinds
from .writing import state_on, write_change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..domain.items import Kind
    from ..ports import Tx
    from ..storage.items import Stored
    from .context import Context


def add_in(
    tx: Tx,
    context: Context,
    kind: Kind,
    content: Any,
    operation: int | None,
    *,
    id: bytes | None = None,
    space: int | None = None,
) -> Stored:
    """A new item in a transaction; `id` where it follows from the content, so that two devices make the same; `space`
    where that is not the personal one.
    """
    if id is not None:
        # Made anew after it was removed for good: what other devices have of it is taken in again.
        changes.unpurge(tx, id)
    id, space = id or new_id(tx.now_us), context.me.space if space is None else space
    change = new_change(
        item=id,
        kind=kind.name,
        parents=(),
        device=context.me.device_id,
        at_us=tx.now_us,
        edits=[],
        fields=fields_between(kind, None, content),
    )
    changes.append(tx, change, space=space, device=context.me.device, operation=operation)
    stored = items.insert(tx, kind, id=id, space=space, heads=change.id, at_us=tx.now_us, content=content)
    kinds.after(tx, context, kind, stored)
    return stored


def write_in(tx: Tx, context: Context, kind: Kind, stored: Stored, after: Any, operation: int | None) -> Stored:
    """New content of an item in a transaction; nothing where it is the same.

    Raises: Forbidden, NewerFormat.
    """
    if after == stored.content:
        return stored
    fields = fields_between(kind, stored.content, after)
    change = write_change(tx, context, stored, kind.name, fields=fields, old_text="", text="", operation=operation)
    written = items.update(tx, kind, stored, heads=change.id, at_us=tx.now_us, content=after)
    if len(stored.heads) > len(change.id):
        from .clashes import settle_in

        settle_in(tx, stored.id, kind.name, stored.space)
    kinds.after(tx, context, kind, written)
    return written


def revert(tx: Tx, context: Context, kind: Kind, item: bytes, *, before: bytes, after: bytes, operation: int) -> None:
    """Write the state before an operation over the state after it; a new item is deleted.

    Raises: Conflict, when it was changed since in another way.
    """
    stored = items.get(tx, kind, item, visible_to=context.visible_to)
    history = changes.of_item(tx, item, kind.name)
    if content_at(kind, state_on(history, after)) != stored.content:
        raise Conflict(f"a {kind.table} was changed since, by something else")
    then = content_at(kind, state_on(history, before)) if before else None
    write_in(tx, context, kind, stored, then or replaced(stored.content, **{DELETED: tx.now_us}), operation)


def is_as_written(tx: Tx, kind: Kind, item: bytes) -> bool:
    """Whether an item's row says what its changes say; one of which nothing can be read yet has none.

    Raises: Damaged.
    """
    graph = Graph(changes.of_item(tx, item, kind.name))
    stored = items.find_anywhere(tx, kind, item)
    if stored is None or not graph.heads:
        return stored is None and not graph.heads
    state = graph.state()
    if (stored.heads, stored.changed_us) != (state.head, state.changed_us):
        return False
    return bool(stored.content == content_at(kind, state))


def rebuild(tx: Tx, context: Context, kind: Kind) -> None:
    """Make the rows of a kind anew from the history."""
    from .arrivals import put_item

    items.clear(tx, kind)
    for item in list(changes.items(tx, kind.name)):
        graph, space = Graph(changes.of_item(tx, item, kind.name)), changes.space_of(tx, item, kind.name)
        put_item(tx, context, kind, item, graph, space=space)


def forget_what_quotes(tx: Tx, context: Context, note: str) -> None:
    """Remove for good, with their histories, the person's reminders and cards of a note: they hold its words."""
    visible_to = context.visible_to
    reminder, card, review = (kinds.kind_of(name) for name in ("reminder", "card", "review"))
    for id in items.ids_where(tx, reminder, "about", note, visible_to=visible_to):
        jobs.remove(tx, job_key(id))
        _forget(tx, reminder, id)
    for id in items.ids_where(tx, card, "source", note, visible_to=visible_to):
        for answer in items.ids_where(tx, review, "card", to_text(id), visible_to=visible_to):
            _forget(tx, review, answer)
        _forget(tx, card, id)


def _forget(tx: Tx, kind: Kind, id: bytes) -> None:
    operations.blank(tx, id)
    changes.forget_item(tx, id)
    items.forget(tx, kind, id)

"""A change on top of what an item is now: the one way in which notes and other items are written."""

from __future__ import annotations

from ..domain.changes import ID_BYTES, Change, new_change, split_ids
from ..domain.diff import diff
from ..errors import Forbidden, NewerFormat
from ..storage import changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..domain.changes import State
    from ..ports import Tx
    from ..storage import items as item_rows
    from ..storage import notes as note_rows
    from .context import Context

    # A row of a note or another item.
    Standing = note_rows.Stored | item_rows.Stored


def write_change(
    tx: Tx,
    context: Context,
    stored: Standing,
    kind: str,
    *,
    fields: dict[str, Any],
    old_text: str,
    text: str,
    operation: int | None,
) -> Change:
    """A change that sets fields and makes `text` of `old_text`, in the history. Where several versions stand side by
    side it names them all, and so brings them together.

    Raises: Forbidden, where the item's space may not be written in; NewerFormat.
    """
    if stored.space != context.me.space:
        check_may_write(tx, context, stored.space, kind)
    parents = split_ids(stored.heads)
    edits: Any = []
    if len(stored.heads) > ID_BYTES:
        fields, edits = _on_first(tx, stored, kind, fields, text if kind == "note" else "")
    elif text != old_text:
        edits = diff(old_text, text)
    change = new_change(
        item=stored.id,
        kind=kind,
        parents=parents,
        device=context.me.device_id,
        at_us=tx.now_us,
        edits=edits,
        fields=fields,
    )
    changes.append(tx, change, space=stored.space, device=context.me.device, operation=operation)
    return change


def state_on(history: Sequence[Change], heads: bytes) -> State:
    """The state on changes that stand side by side: what was seen when no other had come.

    Raises: Damaged.
    """
    from ..domain.graph import Graph

    return Graph(below(history, heads)).state()


def below(history: Sequence[Change], heads: bytes) -> list[Change]:
    """Those of some changes that stand side by side as `heads`, and all that they stand on."""
    known = {change.id: change for change in history}
    waiting, found = list(split_ids(heads)), {}
    while waiting:
        id = waiting.pop()
        if id in known and id not in found:
            found[id] = known[id]
            waiting += known[id].parents
    return list(found.values())


def check_may_write(tx: Tx, context: Context, space: int, kind: str) -> None:
    """Refuse to write in a space where the person's role does not allow it.

    Raises: Forbidden.
    """
    from ..domain import access
    from . import own_spaces

    if space not in context.visible_to:
        raise Forbidden("this lies in a space of somebody else")
    found = own_spaces.get(tx, context, space)
    access.check(found.role, access.KINDS.get(kind, "write"), where=found.name or "the circle")


def _on_first(tx: Tx, stored: Standing, kind: str, fields: dict[str, Any], text: str) -> tuple[dict[str, Any], Any]:
    """Fields and edits as seen from the first of several heads, on which a change's content stands (SYNC.md: never on
    a merge, which another program may make in another way).
    """
    from ..domain.graph import Graph

    history = changes.of_item(tx, stored.id, kind)
    graph = Graph(history)
    if graph.heads != split_ids(stored.heads) and not graph.waiting:
        # Written by somebody who has not seen the others yet: on what they had before them.
        graph = Graph(below(history, stored.heads))
    if graph.waiting and any(change.schema > 1 for change in graph.waiting):
        raise NewerFormat("this was written by a newer Scribes, and can only be read here", hint="update Scribes")
    first, wanted = graph.state_at(graph.heads[0]), {**graph.state().fields, **fields}
    gone = {name: None for name in first.fields if name not in wanted}
    changed = {name: value for name, value in wanted.items() if first.fields.get(name) != value}
    return {**gone, **changed}, diff(first.text, text)

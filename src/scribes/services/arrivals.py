"""What comes from a log becomes rows: the state of each item it touches is made anew from all its changes."""

from __future__ import annotations

from ..domain import items as item_rules
from ..domain.changes import ID_BYTES
from ..domain.graph import Graph
from ..domain.notes import KIND, MOVED, content_at
from ..domain.passages import references_of
from ..errors import Damaged
from ..records import record
from ..storage import changes, clashes, items, notes
from . import kinds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ..domain.changes import Change
    from ..domain.items import Kind
    from ..domain.merge import Clash
    from ..ports import Tx
    from .context import Context

    Item = tuple[bytes, str]


@record
class Settled:
    """What became of items: how many notes are new, were merged, went to the trash, and how many could not be read."""

    added: int = 0
    merged: int = 0
    removed: int = 0
    unread: int = 0

    def and_(self, other: Settled) -> Settled:
        """Both together."""
        return Settled(
            self.added + other.added,
            self.merged + other.merged,
            self.removed + other.removed,
            self.unread + other.unread,
        )


def settle(
    tx: Tx, context: Context, touched: Collection[Item], *, space: int, whole: dict[Item, list[Change]]
) -> Settled:
    """Bring the rows of items (by id and kind) in step with their changes. `whole` has all the changes of
    those that were not here before.
    """
    settled = Settled()
    # In the order of kinds: what a hook looks at comes before it.
    order = {name: place for place, name in enumerate((KIND, *kinds.HOMES))}
    for item, name in sorted(touched, key=lambda one: (order.get(one[1], len(order)), one[0])):
        if name not in order:
            # Of a newer Scribes: kept, sent on, and shown by that.
            continue
        history = whole.get((item, name))
        graph = Graph(changes.of_item(tx, item, name) if history is None else history)
        try:
            if name == KIND:
                settled = settled.and_(put_note(tx, item, graph, space=space, own_space=context.me.space))
            else:
                put_item(tx, context, kinds.kind_of(name), item, graph, space=space)
        except Damaged:
            settled = settled.and_(Settled(unread=1))
    return settled


def put_note(tx: Tx, item: bytes, graph: Graph, *, space: int, own_space: int = 0) -> Settled:
    """Bring a note's row in step with its changes; none where not even its first change can be read yet. `own_space`
    is the personal one.

    Raises: Damaged, where its changes say what no note can be.
    """
    if not graph.heads:
        return Settled()
    state = graph.state()
    content = content_at(state)
    stored = notes.find(tx, item)
    if stored is None:
        notes.insert(
            tx,
            id=item,
            space=space,
            heads=state.head,
            created_us=state.created_us,
            changed_us=state.changed_us,
            content=content,
            references=references_of(content),
        )
        _put_clashes(tx, item, KIND, space, state.clashes, new=True)
        return Settled(added=1)
    # What went into a circle is not thrown away.
    is_shared = space == own_space and bool(state.fields.get(MOVED))
    removed = stored.content.deleted_us is None and content.deleted_us is not None and not is_shared
    if stored.heads != state.head or stored.content != content:
        notes.update(tx, stored, heads=state.head, at_us=state.changed_us, content=content, created_us=state.created_us)
    _put_clashes(tx, item, KIND, stored.space, state.clashes, new=False)
    return Settled(merged=int(len(state.head) > ID_BYTES), removed=int(removed))


def put_item(tx: Tx, context: Context, kind: Kind, item: bytes, graph: Graph, *, space: int) -> None:
    """Bring the row of another item in step with its changes.

    Raises: Damaged.
    """
    if not graph.heads:
        return
    state = graph.state()
    content = item_rules.content_at(kind, state)
    stored, new = items.find_anywhere(tx, kind, item), False
    if stored is None:
        new = True
        stored = items.insert(tx, kind, id=item, space=space, heads=state.head, at_us=state.created_us, content=content)
    written = items.update(tx, kind, stored, heads=state.head, at_us=state.changed_us, content=content)
    items.set_created(tx, kind, written, state.created_us)
    _put_clashes(tx, item, kind.name, stored.space, state.clashes, new=new)
    kinds.after(tx, context, kind, written)


def resettle(tx: Tx, context: Context, item: bytes, kind: str, *, space: int) -> None:
    """Bring one item in step with its changes, all of which are here."""
    settle(tx, context, [(item, kind)], space=space, whole={})


def _put_clashes(tx: Tx, item: bytes, kind: str, space: int, found: Iterable[Clash], *, new: bool) -> None:
    found = tuple(found)
    if found or not new:
        clashes.put(tx, item, kind=kind, space=space, clashes=found)

"""A change: one edit of one item, naming its parent changes. The set of changes is the history of everything.

The state of an item is a pure function of its changes (domain/graph.py). Text is kept as edits on the text of the
first parent, fields as the values that this change sets. The id is the hash of the content, so nothing in a history
can be altered unnoticed. (docs/reference/file-format.md has the format, tests/vectors/changes.json golden vectors.)
"""

from __future__ import annotations

from ..canonical import blake2b, encode
from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from .merge import Clash

SCHEMA = 1
ID_BYTES = 16


@record
class Change:
    """One change. Ids are 16 bytes; `at_us` is the writer's wall clock: it breaks ties and never orders.

    `content` is the canonical JSON of what it changes: `b`, the edits, and `f`, the fields; and whatever a newer
    Scribes put beside them, which is kept.
    """

    id: bytes
    item: bytes
    kind: str
    parents: tuple[bytes, ...]
    device: bytes
    at_us: int
    content: str
    edits: Sequence[Sequence[int | str]]
    fields: dict[str, Any]
    schema: int = SCHEMA


@record
class State:
    """What an item is after some of its changes: its fields, its text, and the change it stands on.

    Of several changes side by side, `head` is their ids one behind the other, ascending by (at_us, id); `clashes` are
    the places where they could not both simply be taken, until somebody settles them.
    """

    fields: dict[str, Any]
    text: str
    head: bytes
    created_us: int
    changed_us: int
    clashes: tuple[Clash, ...] = ()


def new_change(
    *,
    item: bytes,
    kind: str,
    parents: tuple[bytes, ...],
    device: bytes,
    at_us: int,
    edits: Sequence[Sequence[int | str]],
    fields: dict[str, Any],
) -> Change:
    """A change with its id."""
    content = encode({"b": edits, "f": fields})
    id = change_id(content, item=item, kind=kind, parents=parents, device=device, at_us=at_us, schema=SCHEMA)
    return Change(id, item, kind, parents, device, at_us, content, edits, fields)


def change_id(
    content: str, *, item: bytes, kind: str, parents: tuple[bytes, ...], device: bytes, at_us: int, schema: int
) -> bytes:
    """The id a change must have: BLAKE2b-128 of its content and, behind it, the canonical JSON of all about it."""
    about = {
        "i": item.hex(),
        "k": kind,
        "p": [parent.hex() for parent in parents],
        "s": schema,
        "t": at_us,
        "u": device.hex(),
    }
    return blake2b(f"{content}{encode(about)}".encode(), digest_size=ID_BYTES).digest()


def split_ids(packed: bytes) -> tuple[bytes, ...]:
    """Ids that are stored side by side, one by one."""
    return tuple(packed[at : at + ID_BYTES] for at in range(0, len(packed), ID_BYTES))


def is_genuine(change: Change) -> bool:
    """Whether a change's content is what its id was made of."""
    return change.id == change_id(
        change.content,
        item=change.item,
        kind=change.kind,
        parents=change.parents,
        device=change.device,
        at_us=change.at_us,
        schema=change.schema,
    )


def replay(changes: Iterable[Change]) -> list[State]:
    """The state after each change of one item by itself, in the order of causes; Graph merges those side by side.

    Raises: Damaged, when no change has all its ancestors.
    """
    from .graph import Graph

    graph = Graph(changes)
    if not graph.heads:
        graph.state()
    return graph.states()

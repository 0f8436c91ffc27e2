"""The present state of items: rows in and out, for every kind alike."""

from __future__ import annotations

from ..canonical import encode
from ..errors import Damaged, NotFound
from ..records import fields, record
from . import handles
from .visible import beside, in_spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..domain.items import Kind
    from ..ports import Row, Tx, Value
    from .visible import Spaces

ABOUT = "n, id, heads, created_us, changed_us, space_id"


@record
class Stored:
    """An item's row: its key, id, heads (change ids side by side), times, the key of its space, and its content."""

    n: int
    id: bytes
    heads: bytes
    created_us: int
    changed_us: int
    space: int
    content: Any


def insert(tx: Tx, kind: Kind, *, id: bytes, space: int, heads: bytes, at_us: int, content: Any) -> Stored:
    """A new item's row."""
    names = ("id", "space_id", "heads", "created_us", "changed_us", *kind.columns)
    marks = ", ".join("?" * len(names))
    values = (id, space, heads, at_us, at_us, *_values(content))
    n = tx.run(f"INSERT INTO {kind.table} ({', '.join(names)}) VALUES ({marks})", values)
    return Stored(n, id, heads, at_us, at_us, space, content)


def update(tx: Tx, kind: Kind, stored: Stored, *, heads: bytes, at_us: int, content: Any) -> Stored:
    """New content in an item's row."""
    names = ", ".join(f"{name} = ?" for name in ("heads", "changed_us", *kind.columns))
    tx.run(f"UPDATE {kind.table} SET {names} WHERE n = ?", (heads, at_us, *_values(content), stored.n))
    return Stored(stored.n, stored.id, heads, stored.created_us, at_us, stored.space, content)


def find(tx: Tx, kind: Kind, id: bytes, *, visible_to: Spaces) -> Stored | None:
    """An item by its id, deleted or not; None where there is none."""
    found = select(tx, kind, "id = ?", (id,), visible_to=visible_to, order="n", limit=1)
    return found[0] if found else None


def find_anywhere(tx: Tx, kind: Kind, id: bytes) -> Stored | None:
    """An item by its id in whatever space: for what brings rows in step with the history."""
    space = tx.value(f"SELECT space_id FROM {kind.table} WHERE id = ?", (id,))
    return None if space is None else find(tx, kind, id, visible_to=(space,))


def set_created(tx: Tx, kind: Kind, stored: Stored, created_us: int) -> None:
    """An item turns out to be older than was known."""
    if stored.created_us != created_us:
        tx.run(f"UPDATE {kind.table} SET created_us = ? WHERE n = ?", (created_us, stored.n))


def get(tx: Tx, kind: Kind, id: bytes, *, visible_to: Spaces) -> Stored:
    """An item by its id, deleted or not.

    Raises: NotFound.
    """
    found = find(tx, kind, id, visible_to=visible_to)
    if found is None:
        raise NotFound(
            f"there is no {kind.table} {id[handles.HANDLE_FROM :].hex()[:8]}", hint=handles.HINTS.get(kind.table)
        )
    return found


def select(
    tx: Tx, kind: Kind, where: str, values: Sequence[Value] = (), *, visible_to: Spaces, order: str, limit: int
) -> list[Stored]:
    """Items by a condition on their table. For the storage modules of the kinds: both texts are SQL."""
    sql = (
        f"SELECT {ABOUT}, {', '.join(kind.columns)} FROM {kind.table}"
        f" WHERE {in_spaces(visible_to, table=kind.table)} AND {where} ORDER BY {order} LIMIT ?"
    )
    lists = kind.lists
    return [_stored(kind, lists, row) for row in tx.rows(sql, (*values, limit))]


def resolve(tx: Tx, kind: Kind, ref: str, *, visible_to: Spaces) -> bytes:
    """The id of the item whose handle, or whole id, starts with `ref`.

    Raises: NotFound, Ambiguous, InvalidInput.
    """
    return handles.resolve(tx, ref, table=kind.table, visible_to=visible_to)


def handle(tx: Tx, kind: Kind, id: bytes, *, visible_to: Spaces) -> str:
    """The shortest start of an item's handle, at least four digits, that no other of its kind shares."""
    return handles.shortest(tx, id, table=kind.table, visible_to=visible_to)


def count(tx: Tx, kind: Kind) -> int:
    """How many rows there are, deleted or not."""
    return int(tx.value(f"SELECT count(*) FROM {kind.table}"))


def clear(tx: Tx, kind: Kind) -> None:
    """Empty the table, to make it anew from the history."""
    tx.run(f"DELETE FROM {kind.table}")


def ids_where(tx: Tx, kind: Kind, column: str, value: Value, *, visible_to: Spaces | None = None) -> list[bytes]:
    """The ids of all items, deleted or not, that have a value in a column (which is our own text)."""
    # No value asked for is empty: said here too, for an index that leaves out empty ones.
    sql = f"SELECT id FROM {kind.table} WHERE {column} = ? AND {column} != ''"
    if visible_to is not None:
        sql += f" AND {beside(visible_to, table=kind.table)}"
    return [row[0] for row in tx.rows(sql, (value,))]


def forget(tx: Tx, kind: Kind, id: bytes) -> None:
    """Remove an item's row for good."""
    tx.run(f"DELETE FROM {kind.table} WHERE id = ?", (id,))


def _values(content: Any) -> list[Value]:
    return [encode(list(value)) if isinstance(value, tuple) else value for value in fields(content).values()]


def _stored(kind: Kind, lists: frozenset[str], row: Row) -> Stored:
    values = dict(zip(kind.columns, row[6:], strict=True))
    for name in lists:
        values[name] = _list(values[name])
    return Stored(row[0], row[1], row[2], row[3], row[4], row[5], kind.content(**values))


def _list(text: str) -> tuple[str, ...]:
    if text == "[]":
        return ()
    import json

    try:
        return tuple(json.loads(text))
    except ValueError as e:
        raise Damaged("a list in the vault cannot be read", hint="scribes doctor --fix") from e

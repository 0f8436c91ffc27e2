"""The table of changes: append and read the history graph."""

from __future__ import annotations

from ..domain.changes import Change, split_ids
from .coding import pack, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..ports import Row, Tx

CHUNK = 500
COLUMNS = "change.id, item_id, kind, parents, device.id, at_us, schema, body"


def append(
    tx: Tx,
    change: Change,
    *,
    space: int,
    device: int,
    operation: int | None,
    packed: bytes | None = None,
    seq: int | None = None,
) -> None:
    """Put a change into the history; one that is there already stays. `packed` is its content, if packed before; `seq`
    the entry of a log that brought it.
    """
    tx.run(
        "INSERT INTO change (id, space_id, item_id, kind, parents, device_id, at_us, schema, operation, seq, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (
            change.id,
            space,
            change.item,
            change.kind,
            b"".join(change.parents),
            device,
            change.at_us,
            change.schema,
            operation,
            seq,
            packed or pack(change.content),
        ),
    )


def of_item(tx: Tx, item: bytes, kind: str) -> list[Change]:
    """All changes of one item, in the order they came here. Those of another kind, which somebody who means ill can put
    under the same id, are of another item.
    """
    sql = (
        f"SELECT {COLUMNS} FROM change JOIN device ON device.n = device_id"
        " WHERE item_id = ? AND kind = ? ORDER BY change.n"
    )
    return [change_from(row) for row in tx.rows(sql, (item, kind))]


def of_operation(tx: Tx, operation: int) -> list[tuple[str, bytes, bytes, bytes]]:
    """What an operation changed: (kind, item, its heads before as ids side by side, its last change), by item."""
    rows = tx.rows("SELECT kind, item_id, parents, id FROM change WHERE operation = ? ORDER BY n", (operation,))
    spans: dict[bytes, tuple[str, bytes, bytes, bytes]] = {}
    for kind, item, parents, change in rows:
        before = spans[item][2] if item in spans else parents
        spans[item] = (kind, item, before, change)
    return list(spans.values())


def latest_in(tx: Tx, space: int, kinds: Sequence[str], *, before: int, limit: int) -> list[tuple[int, Change]]:
    """The last changes of some kinds in a space that came before a number, with their numbers, the last first."""
    marks = ", ".join("?" * len(kinds))
    sql = (
        f"SELECT change.n, {COLUMNS} FROM change JOIN device ON device.n = device_id"
        f" WHERE change.space_id = ? AND change.n < ? AND kind IN ({marks}) ORDER BY change.n DESC LIMIT ?"
    )
    return [(row[0], change_from(row[1:])) for row in tx.rows(sql, (space, before, *kinds, limit))]


def next_in(tx: Tx, space: int, kinds: Sequence[str], *, after: int, limit: int) -> list[tuple[int, Change]]:
    """The first changes of some kinds in a space that came behind a number, with their numbers."""
    marks = ", ".join("?" * len(kinds))
    sql = (
        f"SELECT change.n, {COLUMNS} FROM change JOIN device ON device.n = device_id"
        f" WHERE change.space_id = ? AND change.n > ? AND kind IN ({marks}) ORDER BY change.n LIMIT ?"
    )
    return [(row[0], change_from(row[1:])) for row in tx.rows(sql, (space, after, *kinds, limit))]


def devices_by_change(tx: Tx, item: bytes) -> dict[bytes, str]:
    """The name of the device behind each change of an item."""
    sql = "SELECT change.id, device.name FROM change JOIN device ON device.n = device_id WHERE item_id = ?"
    return dict(tx.rows(sql, (item,)))


def writers(tx: Tx, item: bytes) -> dict[bytes, bytes]:
    """The id of the device behind each change of an item."""
    sql = "SELECT change.id, device.id FROM change JOIN device ON device.n = change.device_id WHERE item_id = ?"
    return dict(tx.rows(sql, (item,)))


def items(tx: Tx, kind: str) -> Iterator[bytes]:
    """The ids of all items of a kind."""
    for (item,) in tx.rows("SELECT DISTINCT item_id FROM change WHERE kind = ?", (kind,)):
        yield item


def known(tx: Tx, ids: Sequence[bytes]) -> dict[bytes, int | None]:
    """Which of some changes are here, and the entry of a log that each is in."""
    return dict(_of_some(tx, "SELECT id, seq FROM change WHERE id", ids))


def spaces_of(tx: Tx, items: Sequence[bytes]) -> dict[tuple[bytes, str], int]:
    """The space of each of some items, by id and kind, that has a change here."""
    found = _of_some(tx, "SELECT item_id, kind, space_id FROM change WHERE item_id", items)
    return {(item, kind): space for item, kind, space in found}


def purged(tx: Tx, items: Sequence[bytes]) -> set[bytes]:
    """Those of some items that were removed for good here."""
    return {row[0] for row in _of_some(tx, "SELECT item_id FROM purged WHERE item_id", items)}


def unpurge(tx: Tx, item: bytes) -> None:
    """An item that was removed for good is made anew."""
    tx.run("DELETE FROM purged WHERE item_id = ?", (item,))


def _of_some(tx: Tx, select: str, values: Sequence[bytes]) -> list[Row]:
    found: list[Row] = []
    for start in range(0, len(values), CHUNK):
        some = values[start : start + CHUNK]
        found += tx.rows(f"{select} IN ({', '.join('?' * len(some))})", some)
    return found


def count_rows_without(tx: Tx, table: str, kind: str) -> int:
    """How many rows of a table of items have no change that they come from."""
    sql = f"SELECT count(*) FROM {table} WHERE id NOT IN (SELECT item_id FROM change WHERE kind = ?)"
    return int(tx.value(sql, (kind,)))


def last(tx: Tx) -> int:
    """The number of the last change that came here: where it is the same, nothing has changed."""
    return int(tx.value("SELECT max(n) FROM change") or 0)


def space_of(tx: Tx, item: bytes, kind: str) -> int:
    """The key of the space an item lives in."""
    return int(tx.value("SELECT space_id FROM change WHERE item_id = ? AND kind = ? LIMIT 1", (item, kind)))


def forget_item(tx: Tx, item: bytes) -> None:
    """Remove an item's whole history. This cannot be undone."""
    tx.run("DELETE FROM change WHERE item_id = ?", (item,))
    tx.run("INSERT INTO purged (item_id) VALUES (?) ON CONFLICT DO NOTHING", (item,))


def change_from(row: Row) -> Change:
    """A row of COLUMNS as a change."""
    id, item, kind, parents, device, at_us, schema, body = row
    text, content = unpack(body)
    return Change(
        id, item, kind, split_ids(parents), device, at_us, text, content.get("b", []), content.get("f", {}), schema
    )

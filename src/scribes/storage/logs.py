"""What this device knows of the logs of its spaces: entries, how far they were read, keys, what is not sent yet."""

from __future__ import annotations

from ..canonical import encode
from ..domain.changes import Change
from ..records import record, replaced
from . import changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from ..crypto.envelope import Entry
    from ..ports import Tx

IN, REFUSED, FOLDED, GONE = "in", "refused", "folded", "gone"


@record
class LogState:
    """How far a log was read, what was told of it to others, and when the remote last had everything."""

    generation: str = ""
    cursor: str = ""
    seen: str = "{}"
    synced_us: int | None = None


@record
class Known:
    """An entry that was seen: its key, number, SHA-256, that of the one before it, its type and what became of it."""

    n: int
    number: int
    hash: bytes
    prev: bytes
    type: int
    state: str


def state(tx: Tx, space: int) -> LogState:
    """How far the log of a space was read."""
    row = tx.row("SELECT generation, cursor, seen, synced_us FROM log_state WHERE space_id = ?", (space,))
    return LogState(*row) if row else LogState()


def put_state(tx: Tx, space: int, state: LogState) -> None:
    """Keep how far the log of a space was read."""
    tx.run(
        "INSERT INTO log_state (space_id, generation, cursor, seen, synced_us) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (space_id) DO UPDATE SET generation = excluded.generation, cursor = excluded.cursor,"
        " seen = excluded.seen, synced_us = excluded.synced_us",
        (space, state.generation, state.cursor, state.seen, state.synced_us),
    )


def find(tx: Tx, space: int, device: bytes, number: int) -> Known | None:
    """An entry by its place in the chain of its device."""
    row = tx.row(
        "SELECT n, number, hash, prev, type, state FROM log_entry WHERE space_id = ? AND device = ? AND number = ?",
        (space, device, number),
    )
    return Known(*row) if row else None


def add(tx: Tx, space: int, entry: Entry, *, state: str) -> int:
    """Take note of an entry; its key. One of the same place gives way, and what only that brought is unsent again."""
    header = entry.header
    device, number = header.device, header.number
    before = find(tx, space, device, number)
    if before is not None and before.hash != entry.id:
        unmark(tx, [before.n])
    tx.run(
        "INSERT INTO log_entry (space_id, device, number, hash, prev, type, state, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (space_id, device, number) DO UPDATE SET hash = excluded.hash, prev = excluded.prev,"
        " type = excluded.type, state = excluded.state, raw = excluded.raw",
        (space, device, number, entry.id, header.previous, header.type, state, entry.raw),
    )
    sql = "SELECT n FROM log_entry WHERE space_id = ? AND device = ? AND number = ?"
    return int(tx.value(sql, (space, device, number)))


def set_state(tx: Tx, n: int, state: str) -> None:
    """What became of an entry."""
    tx.run("UPDATE log_entry SET state = ? WHERE n = ?", (state, n))


def fold(tx: Tx, space: int, device: bytes, *, up_to: int, hash: bytes) -> None:
    """Bundles that a snapshot stands for; control entries stay as they are. What the snapshot left out of them is
    unsent again.
    """
    tx.run(
        "INSERT INTO log_entry (space_id, device, number, hash, prev, type, state)"
        " VALUES (?, ?, ?, ?, ?, 1, 'folded') ON CONFLICT DO NOTHING",
        (space, device, up_to, hash, b""),
    )
    # Where a control entry is the last one, which stays, the bundle before it that never came here is the end of these.
    tx.run(
        "INSERT INTO log_entry (space_id, device, number, hash, prev, type, state)"
        " SELECT space_id, device, number - 1, prev, ?4, 1, 'folded' FROM log_entry AS next WHERE space_id = ?1"
        " AND device = ?2 AND number BETWEEN 2 AND ?3 AND state != 'folded' AND NOT EXISTS (SELECT 1 FROM log_entry"
        " WHERE space_id = ?1 AND device = ?2 AND number = next.number - 1) ORDER BY number DESC LIMIT 1"
        " ON CONFLICT DO NOTHING",
        (space, device, up_to, b""),
    )
    tx.run(
        "UPDATE change SET seq = NULL WHERE seq IN"
        " (SELECT n FROM log_entry WHERE space_id = ? AND device = ? AND number <= ? AND type = 1)",
        (space, device, up_to),
    )
    tx.run(
        "UPDATE log_entry SET state = 'folded', raw = NULL"
        " WHERE space_id = ? AND device = ? AND number <= ? AND type = 1 AND state IN ('in', 'gone')",
        (space, device, up_to),
    )


def heads(tx: Tx, space: int) -> dict[bytes, tuple[int, bytes]]:
    """The last entry of each device's chain: its number and SHA-256."""
    rows = tx.rows(
        "SELECT log_entry.device, log_entry.number, hash FROM log_entry JOIN"
        " (SELECT device, max(number) AS number FROM log_entry WHERE space_id = ?1 GROUP BY device) AS last"
        " ON space_id = ?1 AND last.device = log_entry.device AND last.number = log_entry.number",
        (space,),
    )
    return {device: (number, hash) for device, number, hash in rows}


def lost(tx: Tx, space: int) -> list[tuple[int, bytes]]:
    """Entries that the log lost and whose bytes are kept, in the order in which they came, with their keys."""
    sql = "SELECT n, raw FROM log_entry WHERE space_id = ? AND state = 'gone' AND raw IS NOT NULL ORDER BY n"
    return [(n, raw) for n, raw in tx.rows(sql, (space,))]


def raw_of(tx: Tx, n: int) -> bytes:
    """The bytes of an entry, where they are kept."""
    return bytes(tx.value("SELECT raw FROM log_entry WHERE n = ?", (n,)) or b"")


def give_up(tx: Tx, n: int) -> None:
    """The log does not take back an entry it lost: what only that brought is to be sent as changes of one's own."""
    unmark(tx, [n])
    tx.run("UPDATE log_entry SET raw = NULL WHERE n = ?", (n,))


def folded_ends(tx: Tx, space: int) -> dict[bytes, tuple[int, bytes]]:
    """The last bundle of each chain that a snapshot stands for: its number and SHA-256."""
    rows = tx.rows(
        "SELECT log_entry.device, log_entry.number, hash FROM log_entry JOIN (SELECT device, max(number) AS number"
        " FROM log_entry WHERE space_id = ?1 AND state = 'folded' GROUP BY device) AS last"
        " ON space_id = ?1 AND last.device = log_entry.device AND last.number = log_entry.number",
        (space,),
    )
    return {device: (number, hash) for device, number, hash in rows}


def controls(tx: Tx, space: int) -> list[bytes]:
    """The control entries of a space, in their order."""
    return [row[0] for row in tx.rows("SELECT entry FROM control WHERE space_id = ? ORDER BY number", (space,))]


def count_controls(tx: Tx, space: int) -> int:
    """How many control entries of a space are kept."""
    return int(tx.value("SELECT count(*) FROM control WHERE space_id = ?", (space,)))


def put_control(tx: Tx, space: int, number: int, raw: bytes) -> None:
    """Keep a control entry."""
    tx.run(
        "INSERT INTO control (space_id, number, entry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (space, number, raw)
    )


def forget_members(tx: Tx, space: int) -> None:
    """Forget who belongs to a space, and its keys, to read them anew from its log; what only entries that the log lost
    brought is unsent again.
    """
    unmark(tx, [row[0] for row in tx.rows("SELECT n FROM log_entry WHERE space_id = ? AND state = 'gone'", (space,))])
    tx.run("DELETE FROM log_entry WHERE space_id = ? AND (state IN ('gone', 'refused') OR type = 2)", (space,))
    tx.run("DELETE FROM control WHERE space_id = ?", (space,))
    tx.run("DELETE FROM epoch_key WHERE space_id = ?", (space,))
    forget_alerts(tx, space, ("members", "rollback"))


def keys(tx: Tx, space: int) -> dict[int, bytes]:
    """The keys of a space by epoch."""
    return dict(tx.rows("SELECT epoch, key FROM epoch_key WHERE space_id = ?", (space,)))


def put_keys(tx: Tx, space: int, keys: dict[int, bytes]) -> None:
    """Keep keys by epoch."""
    tx.run_many(
        "INSERT INTO epoch_key (space_id, epoch, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(space, epoch, key) for epoch, key in keys.items()],
    )


def unsent(tx: Tx, space: int, *, limit: int, after: int = 0) -> list[tuple[int, Change]]:
    """Changes that no log has, in the order in which they came here, with their keys."""
    sql = (
        f"SELECT change.n, {changes.COLUMNS} FROM change JOIN device ON device.n = device_id"
        " WHERE space_id = ? AND seq IS NULL AND change.n > ? ORDER BY change.n LIMIT ?"
    )
    return [(row[0], changes.change_from(row[1:])) for row in tx.rows(sql, (space, after, limit))]


def count_unsent(tx: Tx, space: int) -> int:
    """How many changes no log has."""
    return int(tx.value("SELECT count(*) FROM change WHERE space_id = ? AND seq IS NULL", (space,)))


def mark_sent(tx: Tx, ids: Iterable[bytes], entry: int) -> None:
    """Changes are in the log, by an entry; those of another space are not."""
    sql = "UPDATE change SET seq = ? WHERE id = ? AND space_id = (SELECT space_id FROM log_entry WHERE n = ?)"
    tx.run_many(sql, ((entry, id, entry) for id in ids))


def unmark(tx: Tx, entries: Sequence[int]) -> None:
    """The log lost some entries: what only they brought has to be sent again."""
    tx.run_many("UPDATE change SET seq = NULL WHERE seq = ?", [(n,) for n in entries])


def each_change(tx: Tx, space: int, *, after: int, limit: int) -> list[tuple[int, Change]]:
    """All changes of a space, in the order in which they came here, with their keys."""
    sql = (
        f"SELECT change.n, {changes.COLUMNS} FROM change JOIN device ON device.n = device_id"
        " WHERE space_id = ? AND change.n > ? ORDER BY change.n LIMIT ?"
    )
    return [(row[0], changes.change_from(row[1:])) for row in tx.rows(sql, (space, after, limit))]


def count_changes(tx: Tx, space: int) -> int:
    """How many changes a space has."""
    return int(tx.value("SELECT count(*) FROM change WHERE space_id = ?", (space,)))


def alert(tx: Tx, space: int, kind: str, about: str) -> bool:
    """Keep that a remote did something it must not do; whether that is new."""
    if tx.value("SELECT 1 FROM alert WHERE space_id = ? AND kind = ? AND about = ?", (space, kind, about)):
        return False
    tx.run("INSERT INTO alert (space_id, kind, about, at_us) VALUES (?, ?, ?, ?)", (space, kind, about, tx.now_us))
    return True


def alerts(tx: Tx, space: int) -> list[tuple[str, str, int]]:
    """(kind, about, when) of what a remote did that it must not do."""
    sql = "SELECT kind, about, at_us FROM alert WHERE space_id = ? ORDER BY n"
    return [(kind, about, at_us) for kind, about, at_us in tx.rows(sql, (space,))]


def forget_claims(tx: Tx, space: int) -> None:
    """Forget what others say they have seen; what they say from now on counts."""
    import json

    state_now = state(tx, space)
    put_state(tx, space, replaced(state_now, seen=encode({**json.loads(state_now.seen), "claimed": {}})))


def forget_alerts(tx: Tx, space: int, kinds: Sequence[str] = ()) -> None:
    """Forget alerts: those of some kinds, or all."""
    for kind in kinds:
        tx.run("DELETE FROM alert WHERE space_id = ? AND kind = ?", (space, kind))
    if not kinds:
        tx.run("DELETE FROM alert WHERE space_id = ?", (space,))


def lose(tx: Tx, space: int, device: bytes, *, after: int) -> int:
    """The log ends earlier than it did: what came after that is gone; how many entries that are."""
    where = "space_id = ? AND device = ? AND number > ? AND state IN ('in', 'refused')"
    lost = int(tx.value(f"SELECT count(*) FROM log_entry WHERE {where}", (space, device, after)))
    tx.run(f"UPDATE log_entry SET state = 'gone' WHERE {where}", (space, device, after))
    return lost


def newest(tx: Tx) -> int:
    """The key of the entry that was noted last, of whatever space."""
    return int(tx.value("SELECT max(n) FROM log_entry") or 0)


def lose_but(tx: Tx, space: int, seen: Collection[bytes], *, up_to: int) -> int:
    """The log was read from its first entry on: what is not among those seen is gone, of what was noted before that
    (up to a key); how many entries that are.
    """
    sql = "SELECT n, hash FROM log_entry WHERE space_id = ? AND state = 'in' AND n <= ?"
    rows = tx.rows(sql, (space, up_to))
    lost = [(n,) for n, hash in rows if hash not in seen]
    tx.run_many("UPDATE log_entry SET state = 'gone' WHERE n = ?", lost)
    return len(lost)


def holes(tx: Tx, space: int) -> list[tuple[bytes, int]]:
    """Entries that must be there, as later ones are, and are not: (device, number), the first of each chain."""
    found = []
    for device, (end, _) in heads(tx, space).items():
        where = "space_id = ? AND device = ? AND number > ?"
        sql = "SELECT max(number) FROM log_entry WHERE space_id = ? AND device = ? AND state = 'folded'"
        base = int(tx.value(sql, (space, device)) or 0)
        if int(tx.value(f"SELECT count(*) FROM log_entry WHERE {where}", (space, device, base))) != max(0, end - base):
            here = {row[0] for row in tx.rows(f"SELECT number FROM log_entry WHERE {where}", (space, device, base))}
            found.append((device, next(number for number in range(base + 1, end + 1) if number not in here)))
    return found


def whole_up_to(tx: Tx, space: int, device: bytes) -> int:
    """The last entry of a device before which none is missing."""
    hole = next((number for one, number in holes(tx, space) if one == device), None)
    return hole - 1 if hole is not None else heads(tx, space).get(device, (0, b""))[0]


def count_bundles(tx: Tx, space: int) -> int:
    """How many bundles the log has that no snapshot stands for."""
    return int(tx.value("SELECT count(*) FROM log_entry WHERE space_id = ? AND type = 1 AND state = 'in'", (space,)))

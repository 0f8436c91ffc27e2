"""The logs that this vault keeps for others: entries in the order in which they came, and letters between devices."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ports import Tx

CONTROL = 2
MOST = (1 << 63) - 1


def position(tx: Tx, space: bytes) -> tuple[int, int]:
    """(generation, number of the last entry) of a log; (1, 0) before there is one."""
    row = tx.row("SELECT generation, seq FROM relay_space WHERE id = ?", (space,))
    return (row[0], row[1]) if row else (1, 0)


def set_position(tx: Tx, space: bytes, generation: int, seq: int) -> None:
    """Move on: the generation and the number of the last entry."""
    tx.run(
        "INSERT INTO relay_space (id, generation, seq) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET generation = excluded.generation, seq = excluded.seq",
        (space, generation, seq),
    )


def hold(tx: Tx, space: bytes) -> None:
    """Let nobody else write into a log until this transaction ends: on SQLite nobody does anyway."""
    tx.run(
        "INSERT INTO relay_space (id, generation, seq) VALUES (?, 1, 0) ON CONFLICT (id) DO UPDATE SET seq ="
        " relay_space.seq",
        (space,),
    )


def heads(tx: Tx, space: bytes, *, up_to: int = MOST) -> dict[bytes, tuple[int, bytes]]:
    """The last entry of each device's chain: its number and SHA-256; of those up to a place in the log."""
    rows = tx.rows(
        "SELECT relay_entry.device, relay_entry.number, hash FROM relay_entry JOIN"
        " (SELECT device, max(number) AS number FROM relay_entry WHERE space_id = ?1 AND seq <= ?2 GROUP BY device)"
        " AS last ON space_id = ?1 AND last.device = relay_entry.device AND last.number = relay_entry.number",
        (space, up_to),
    )
    return {device: (number, hash) for device, number, hash in rows}


def hash_of(tx: Tx, space: bytes, device: bytes, number: int) -> bytes | None:
    """The SHA-256 of an entry by its place in its device's chain."""
    sql = "SELECT hash FROM relay_entry WHERE space_id = ? AND device = ? AND number = ?"
    found: bytes | None = tx.value(sql, (space, device, number))
    return found


def add(
    tx: Tx, space: bytes, seq: int, *, device: bytes, number: int, hash: bytes, type: int, raw: bytes | None
) -> None:
    """One more entry; without its bytes where nobody has them any more."""
    tx.run(
        "INSERT INTO relay_entry (space_id, seq, device, number, hash, type, raw) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (space, seq, device, number, hash, type, raw),
    )


def after(tx: Tx, space: bytes, seq: int, *, limit: int, up_to: int = MOST) -> list[tuple[int, bytes]]:
    """Entries behind a number, in order, with their numbers; those that a snapshot stands for are left out."""
    sql = (
        "SELECT seq, raw FROM relay_entry WHERE space_id = ? AND seq > ? AND seq <= ? AND raw IS NOT NULL"
        " ORDER BY seq LIMIT ?"
    )
    return [(number, raw) for number, raw in tx.rows(sql, (space, seq, up_to, limit))]


def controls(tx: Tx, space: bytes) -> list[bytes]:
    """The control entries of a log, in order."""
    return [raw for _, raw in placed_controls(tx, space)]


def placed_controls(tx: Tx, space: bytes) -> list[tuple[int, bytes]]:
    """The control entries of a log, in order, with their places in it."""
    sql = "SELECT seq, raw FROM relay_entry WHERE space_id = ? AND type = 2 ORDER BY seq"
    return [(seq, raw) for seq, raw in tx.rows(sql, (space,))]


def last_control(tx: Tx, space: bytes) -> tuple[int, bytes]:
    """How many control entries a log has, and the SHA-256 of the last one."""
    number = int(tx.value("SELECT count(*) FROM relay_entry WHERE space_id = ? AND type = 2", (space,)))
    sql = "SELECT hash FROM relay_entry WHERE space_id = ? AND type = 2 ORDER BY seq DESC LIMIT 1"
    return number, bytes(tx.value(sql, (space,)) or b"")


def size_bytes(tx: Tx, space: bytes) -> int:
    """How many bytes the entries of a log have."""
    return int(tx.value("SELECT coalesce(sum(length(raw)), 0) FROM relay_entry WHERE space_id = ?", (space,)))


def drop(tx: Tx, space: bytes, device: bytes, numbers: Sequence[int]) -> None:
    """Let go of the bytes of bundles that a snapshot stands for; their hashes stay, as the chain needs them."""
    tx.run_many(
        "UPDATE relay_entry SET raw = NULL WHERE space_id = ? AND device = ? AND number = ? AND type = 1",
        [(space, device, number) for number in numbers],
    )


def bundles_up_to(tx: Tx, space: bytes, device: bytes, number: int) -> list[int]:
    """The numbers of a device's bundles, up to one, whose bytes are still here."""
    sql = (
        "SELECT number FROM relay_entry WHERE space_id = ? AND device = ? AND number <= ? AND type = 1"
        " AND raw IS NOT NULL"
    )
    return [row[0] for row in tx.rows(sql, (space, device, number))]


def put_mail(tx: Tx, slot: bytes, message: bytes) -> None:
    """Keep a letter in a slot; a later one takes its place."""
    tx.run(
        "INSERT INTO relay_mail (slot, bytes, at_us) VALUES (?, ?, ?)"
        " ON CONFLICT (slot) DO UPDATE SET bytes = excluded.bytes, at_us = excluded.at_us",
        (slot, message, tx.now_us),
    )


def mail(tx: Tx, slot: bytes) -> bytes | None:
    """The letter in a slot, or None."""
    found: bytes | None = tx.value("SELECT bytes FROM relay_mail WHERE slot = ?", (slot,))
    return found


def drop_mail(tx: Tx, slot: bytes) -> None:
    """Take a letter out."""
    tx.run("DELETE FROM relay_mail WHERE slot = ?", (slot,))

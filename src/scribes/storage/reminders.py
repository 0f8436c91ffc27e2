"""Reminders as rows: what is due, what is coming, and what was told here."""

from __future__ import annotations

from ..domain.reminders import REMINDER, Told
from ..records import record
from . import items
from .visible import in_spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Tx
    from .items import Stored
    from .visible import Spaces


@record
class Clockwork:
    """What is derived of a reminder: when it fires next, what was told here, what fired and waits, and if late."""

    next_us: int | None
    told: Told
    open_us: int | None
    late: bool


def clockwork(tx: Tx, n: int) -> Clockwork:
    """What is derived of a reminder."""
    sql = "SELECT next_us, told_us, slept_us, open_us, late FROM reminder WHERE n = ?"
    row = tx.row(sql, (n,)) or (None, None, None, None, 0)
    return Clockwork(row[0], Told(row[1], row[2]), row[3], bool(row[4]))


def set_clockwork(tx: Tx, n: int, derived: Clockwork) -> None:
    """Keep what is derived of a reminder."""
    tx.run(
        "UPDATE reminder SET next_us = ?, told_us = ?, slept_us = ?, open_us = ?, late = ? WHERE n = ?",
        (derived.next_us, derived.told.told_us, derived.told.slept_us, derived.open_us, int(derived.late), n),
    )


def due(tx: Tx, now_us: int, *, visible_to: Spaces, limit: int) -> list[Stored]:
    """Reminders that fired and wait to be dealt with, or whose moment has come; the earliest first."""
    # Two indexes, one after the other: an OR over both would read the whole table.
    own = in_spaces(visible_to, table="reminder")
    open_or_due = (
        f"SELECT n FROM reminder WHERE open_us IS NOT NULL AND {own}"
        f" UNION SELECT n FROM reminder WHERE next_us <= ? AND {own}"
    )
    where = f"deleted_us IS NULL AND n IN ({open_or_due})"
    order = "coalesce(open_us, next_us), n"
    return items.select(tx, REMINDER, where, (now_us,), visible_to=visible_to, order=order, limit=limit)


def coming(tx: Tx, *, after_us: int, until_us: int, visible_to: Spaces, limit: int) -> list[Stored]:
    """Reminders that fire between two moments, the earliest first."""
    where = "deleted_us IS NULL AND next_us > ? AND next_us <= ?"
    return items.select(
        tx, REMINDER, where, (after_us, until_us), visible_to=visible_to, order="next_us, n", limit=limit
    )


def listed(tx: Tx, *, over: bool, visible_to: Spaces, limit: int) -> list[Stored]:
    """Reminders that are not over, what is due first and then what comes first; with `over`, those too, at the end.

    One query a kind, each in the order of an index: a sort over all would read the whole table.
    """
    kinds = [
        ("open_us IS NOT NULL", "open_us, n"),
        ("next_us IS NOT NULL AND open_us IS NULL", "next_us, n"),
        *([("next_us IS NULL AND open_us IS NULL", "n DESC")] if over else []),
    ]
    found: list[Stored] = []
    for state, order in kinds:
        left = limit - len(found)
        if left > 0:
            where = f"deleted_us IS NULL AND {state}"
            found += items.select(tx, REMINDER, where, visible_to=visible_to, order=order, limit=left)
    return found


def told_beyond(tx: Tx, now_us: int, *, visible_to: Spaces, limit: int) -> list[Stored]:
    """Recurring reminders of which something was told, dealt with or begun at a moment that has not come."""
    where = "deleted_us IS NULL AND rule != '' AND (told_us > ?1 OR done_us > ?1 OR created_us > ?1)"
    return items.select(tx, REMINDER, where, (now_us,), visible_to=visible_to, order="n", limit=limit)


def active(tx: Tx, *, after: int, visible_to: Spaces, limit: int) -> list[Stored]:
    """Reminders that go on, by ascending key: a way through all of them in flat memory."""
    where = "deleted_us IS NULL AND state = 'active' AND n > ?"
    return items.select(tx, REMINDER, where, (after,), visible_to=visible_to, order="n", limit=limit)


def over(tx: Tx, *, after: int, visible_to: Spaces, limit: int) -> list[Stored]:
    """Reminders that are done or cancelled, likewise."""
    where = "deleted_us IS NULL AND state != 'active' AND n > ?"
    return items.select(tx, REMINDER, where, (after,), visible_to=visible_to, order="n", limit=limit)


def waiting(tx: Tx) -> list[bytes]:
    """The ids of reminders that fire some time."""
    return [row[0] for row in tx.rows("SELECT id FROM reminder WHERE next_us IS NOT NULL")]

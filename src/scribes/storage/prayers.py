"""Prayer points and the log of prayers as rows: what is open, what was prayed when, and what follows from it."""

from __future__ import annotations

from ..domain.prayers import ANSWERED, OPEN, PRAYED, PRAYER
from . import items
from .visible import beside, in_spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Tx
    from .items import Stored
    from .visible import Spaces

ORDERS = {OPEN: "n DESC", ANSWERED: "answered_on DESC, n DESC"}


def listed(tx: Tx, *, state: str, visible_to: Spaces, limit: int) -> list[Stored]:
    """Prayers of a state, or of all where it is empty: the last written first, answered ones the last answered."""
    order = ORDERS.get(state, "n DESC")
    where, values = ("state = ? AND deleted_us IS NULL", (state,)) if state else ("deleted_us IS NULL", ())
    return items.select(tx, PRAYER, where, values, visible_to=visible_to, order=order, limit=limit)


def with_answer(tx: Tx, *, visible_to: Spaces, limit: int) -> list[Stored]:
    """Answered prayers, those put away since too: the last answered first."""
    where = "state != 'open' AND answered_on != '' AND deleted_us IS NULL"
    return items.select(tx, PRAYER, where, visible_to=visible_to, order=ORDERS[ANSWERED], limit=limit)


def open_ones(tx: Tx, *, visible_to: Spaces, limit: int) -> list[tuple[bytes, int, str]]:
    """Of the open prayers the id, when each was written, and its rhythm: the last written first."""
    sql = (
        "SELECT id, created_us, rhythm FROM prayer"
        f" WHERE state = 'open' AND deleted_us IS NULL AND {in_spaces(visible_to, table='prayer')}"
        " ORDER BY n DESC LIMIT ?"
    )
    return tx.rows(sql, (limit,))


def prayed_between(tx: Tx, first: str, last: str, *, visible_to: Spaces) -> list[tuple[str, str]]:
    """The log between two days, both within it: which prayer on which day, each once, the last day first."""
    sql = (
        "SELECT DISTINCT day, prayer FROM prayed WHERE day BETWEEN ? AND ? AND deleted_us IS NULL"
        f" AND {in_spaces(visible_to, table='prayed')} ORDER BY day DESC"
    )
    return [(prayer, day) for day, prayer in tx.rows(sql, (first, last))]


def log(tx: Tx, prayer: str, *, visible_to: Spaces, limit: int) -> list[Stored]:
    """When a prayer was prayed, the last time first."""
    where = "prayer = ? AND deleted_us IS NULL"
    return items.select(tx, PRAYED, where, (prayer,), visible_to=visible_to, order="at_us DESC, n DESC", limit=limit)


def tally(tx: Tx, prayer: str, *, visible_to: Spaces) -> tuple[int | None, int]:
    """When a prayer was prayed last, and how often, as this person's log says: a prayer of a circle is prayed by many,
    each by themselves. So it stands in no column (`prayed_us` and `times` of the table are from before circles).
    """
    own = beside(visible_to, table="prayed")
    sql = f"SELECT max(at_us), count(*) FROM prayed WHERE prayer = ? AND deleted_us IS NULL AND {own}"
    row = tx.row(sql, (prayer,)) or (None, 0)
    return row[0], int(row[1])


def times_prayed(tx: Tx, *, visible_to: Spaces) -> int:
    """How often somebody prayed, for prayers that are not in the trash."""
    sql = (
        "SELECT count(*) FROM prayed JOIN prayer ON prayer.id = unhex(prayed.prayer, '-')"
        f" WHERE prayed.deleted_us IS NULL AND {in_spaces(visible_to, table='prayed')}"
        f" AND prayer.deleted_us IS NULL AND {in_spaces(visible_to, table='prayer')}"
    )
    return int(tx.value(sql))

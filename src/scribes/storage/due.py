"""What is due, in one look: for the line that any command may add to what it says."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Tx

DAY_US = 86_400_000_000
MOST = 100


def count(tx: Tx) -> tuple[int, int]:
    """How many reminders and how many cards are due, each 100 at most.

    A reminder that fired counts for a day: after that the person has let it be.
    """
    open_only = "open_us > ?3 AND coalesce(next_us, ?1 + 1) > ?1"
    sql = (
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM reminder WHERE next_us <= ?1 LIMIT ?2)) +"
        f" (SELECT count(*) FROM (SELECT 1 FROM reminder WHERE {open_only} LIMIT ?2)),"
        " (SELECT count(*) FROM (SELECT 1 FROM card WHERE due_us <= ?1 AND reviews > 0 LIMIT ?2))"
    )
    row = tx.row(sql, (tx.now_us, MOST, tx.now_us - DAY_US)) or (0, 0)
    return min(int(row[0]), MOST), int(row[1])

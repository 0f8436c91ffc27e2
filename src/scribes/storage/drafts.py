"""What was typed in an editor and not yet saved."""

from __future__ import annotations

from ..errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Row, Tx

COLUMNS = "n, note_id, revision, text, started_us, changed_us"


def add(tx: Tx, *, note_id: bytes | None, revision: str | None, text: str) -> int:
    """A new draft; its number."""
    return tx.run(
        "INSERT INTO draft (note_id, revision, text, started_us, changed_us) VALUES (?, ?, ?, ?, ?)",
        (note_id, revision, text, tx.now_us, tx.now_us),
    )


def put(tx: Tx, n: int, text: str) -> None:
    """What the editor holds now."""
    tx.run("UPDATE draft SET text = ?, changed_us = ? WHERE n = ?", (text, tx.now_us, n))


def get(tx: Tx, n: int) -> Row:
    """A draft by its number.

    Raises: NotFound.
    """
    row = tx.row(f"SELECT {COLUMNS} FROM draft WHERE n = ?", (n,))
    if row is None:
        raise NotFound(f"there is no draft {n}", hint="scribes drafts shows them")
    return row


def recent(tx: Tx, *, limit: int) -> list[Row]:
    """Drafts, the last touched first."""
    return tx.rows(f"SELECT {COLUMNS} FROM draft ORDER BY changed_us DESC LIMIT ?", (limit,))


def remove(tx: Tx, n: int) -> None:
    """Forget a draft."""
    tx.run("DELETE FROM draft WHERE n = ?", (n,))

"""Operations: one a command that changed something, so that `undo` can take it back."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Tx


@record
class Operation:
    """A command that changed something; `undoes` is the operation it took back, if it was an undo."""

    n: int
    command: str
    at_us: int


def begin(tx: Tx, command: str, *, undoes: int | None = None) -> int:
    """A new operation, which the changes of this transaction name."""
    if undoes is not None:
        tx.run("UPDATE operation SET undone = 1 WHERE n = ?", (undoes,))
    return tx.run("INSERT INTO operation (command, at_us, undoes) VALUES (?, ?, ?)", (command, tx.now_us, undoes))


def last_standing(tx: Tx) -> Operation | None:
    """The last operation that is neither undone nor an undo."""
    row = tx.row("SELECT n, command, at_us FROM operation WHERE undone = 0 AND undoes IS NULL ORDER BY n DESC LIMIT 1")
    return Operation(*row) if row else None


def blank(tx: Tx, item: bytes) -> None:
    """Forget the words of the commands that changed an item, which may hold its text; their first word stays."""
    tx.run(
        "UPDATE operation SET command = substr(command, 1, instr(command || ' ', ' ') - 1)"
        " WHERE n IN (SELECT operation FROM change WHERE item_id = ?)",
        (item,),
    )


def close(tx: Tx, n: int) -> None:
    """Count an operation as undone, because nothing of it is left to take back."""
    tx.run("UPDATE operation SET undone = 1 WHERE n = ?", (n,))


def was_undo(tx: Tx, change: bytes) -> bool:
    """Whether a change was made by `undo`."""
    sql = "SELECT undoes IS NOT NULL FROM change JOIN operation ON operation.n = change.operation WHERE change.id = ?"
    return bool(tx.value(sql, (change,)))

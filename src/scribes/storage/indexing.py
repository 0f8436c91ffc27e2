"""The notes that wait to be embedded and linked anew. A change writes its note here in its own transaction."""

from __future__ import annotations

from .notes import COLUMNS, stored_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Tx
    from .notes import Stored


def waiting(tx: Tx) -> int:
    """How many notes wait."""
    return int(tx.value("SELECT count(*) FROM to_index"))


def is_waiting(tx: Tx) -> bool:
    """Whether any note waits."""
    return tx.value("SELECT 1 FROM to_index LIMIT 1") is not None


def forgotten(tx: Tx) -> int:
    """How many notes with a letter in their title are neither embedded, in whatever space, nor waiting for it."""
    sql = (
        "SELECT count(*) FROM note WHERE deleted_us IS NULL AND glob('*[a-zA-Z]*', title)"
        " AND n NOT IN (SELECT note_n FROM to_index)"
        " AND NOT EXISTS (SELECT 1 FROM piece WHERE piece.note_n = note.n)"
    )
    return int(tx.value(sql))


def queue_missing(tx: Tx, space_n: int) -> bool:
    """Let the notes wait that are embedded in another space and not in this one; whether there were any."""
    missing = (
        "SELECT DISTINCT note_n FROM piece WHERE space_n != ?1"
        " AND NOT EXISTS (SELECT 1 FROM piece AS here WHERE here.note_n = piece.note_n AND here.space_n = ?1)"
    )
    if tx.value(f"{missing} LIMIT 1", (space_n,)) is None:
        return False
    tx.run(f"INSERT INTO to_index (note_n) {missing} ON CONFLICT DO NOTHING", (space_n,))
    return True


def next_notes(tx: Tx, *, limit: int) -> list[Stored]:
    """The newest notes that wait, of all spaces and the trash: what was written last is looked for first."""
    sql = f"SELECT {COLUMNS} FROM to_index JOIN note ON note.n = to_index.note_n ORDER BY to_index.note_n DESC LIMIT ?"
    return [stored_from(row) for row in tx.rows(sql, (limit,))]


def is_as_read(tx: Tx, stored: Stored) -> bool:
    """Whether a note is still as it was when it was read."""
    return bool(tx.value("SELECT heads = ? FROM note WHERE n = ?", (stored.heads, stored.n)))


def queue_all(tx: Tx) -> None:
    """Let every note wait for its turn."""
    tx.run("INSERT INTO to_index (note_n) SELECT n FROM note WHERE true ON CONFLICT DO NOTHING")


def done(tx: Tx, n: int) -> None:
    """A note waits no more."""
    tx.run("DELETE FROM to_index WHERE note_n = ?", (n,))

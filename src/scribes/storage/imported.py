"""Which file a note came from, so that importing a folder again adds nothing twice."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Row, Tx


def find(tx: Tx, source: str) -> Row | None:
    """(note id, digest of the file, the note's heads after the import) of a file imported earlier, or None."""
    return tx.row("SELECT note_id, digest, heads FROM imported WHERE source = ?", (source,))


def put(tx: Tx, source: str, *, note_id: bytes, digest: bytes, heads: bytes) -> None:
    """Remember where a note came from."""
    tx.run(
        "INSERT INTO imported (source, note_id, digest, heads) VALUES (?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET"
        " note_id = excluded.note_id, digest = excluded.digest, heads = excluded.heads",
        (source, note_id, digest, heads),
    )


def forget(tx: Tx, note_id: bytes) -> None:
    """Forget where a note came from, when it is removed for good."""
    tx.run("DELETE FROM imported WHERE note_id = ?", (note_id,))

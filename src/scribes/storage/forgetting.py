"""Removing a whole space, with everything that was ever written in it. This cannot be undone."""

from __future__ import annotations

from . import notes
from .visible import in_spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Tx
    from .notes import Stored
    from .visible import Spaces

# Every table whose rows belong to a space (a test holds it), in an order in which nothing names what is gone.
OF_A_SPACE = (
    "clash", "alert", "log_entry", "log_state", "control", "epoch_key", "reminder", "prayer", "prayed", "card",
    "review", "comment", "device_name", "member_name", "circle_name", "membership", "change", "note",
)  # fmt: skip
# And those of its log, by its id.
OF_A_LOG = ("relay_entry",)
MERGED_PAGES = 500


def notes_after(tx: Tx, n: int, *, visible_to: Spaces, limit: int) -> list[Stored]:
    """Notes by ascending key, those in the trash too."""
    sql = f"SELECT {notes.COLUMNS} FROM note WHERE n > ? AND {in_spaces(visible_to)} ORDER BY n LIMIT ?"
    return [notes.stored_from(row) for row in tx.rows(sql, (n, limit))]


def forget_notes(tx: Tx, found: list[Stored]) -> None:
    """Notes with their words, their history and where they came from."""
    # Their words leave the index at once, and not when it is merged: ten times as slow, so for this alone.
    tx.run("INSERT INTO note_text (note_text, rank) VALUES ('secure-delete', 1)")
    for stored in found:
        tx.run("DELETE FROM imported WHERE note_id = ?", (stored.id,))
        tx.run("DELETE FROM change WHERE item_id = ?", (stored.id,))
        notes.forget(tx, stored)
    tx.run("INSERT INTO note_text (note_text, rank) VALUES ('secure-delete', 0)")


def merge_words(tx: Tx, *, is_first: bool) -> None:
    """Merge a part of the index of words: what edits took out of a text stands in it until that is done."""
    pages = -MERGED_PAGES if is_first else MERGED_PAGES
    tx.run("INSERT INTO note_text (note_text, rank) VALUES ('merge', ?)", (pages,))


def forget_space(tx: Tx, space: int, id: bytes) -> dict[str, int]:
    """How many rows of each table went with a space whose notes are gone, and its log. The space itself goes, too."""
    mine = "SELECT id FROM reminder WHERE space_id = ?"
    tx.run(f"DELETE FROM delivery WHERE reminder IN ({mine})", (space,))
    removed = counts(tx, space, id)
    for table in OF_A_SPACE:
        tx.run(f"DELETE FROM {table} WHERE space_id = ?", (space,))
    forget_log(tx, id)
    tx.run("DELETE FROM hosted_space WHERE space_n = ?", (space,))
    tx.run("UPDATE hosted SET space_n = NULL WHERE space_n = ?", (space,))
    tx.run("DELETE FROM space WHERE n = ?", (space,))
    return removed


def forget_log(tx: Tx, id: bytes) -> int:
    """How many entries a log had that is gone."""
    number = int(tx.value("SELECT count(*) FROM relay_entry WHERE space_id = ?", (id,)))
    tx.run("DELETE FROM relay_entry WHERE space_id = ?", (id,))
    tx.run("DELETE FROM relay_space WHERE id = ?", (id,))
    return number


def counts(tx: Tx, space: int, id: bytes) -> dict[str, int]:
    """How many rows each table has of a space, and of its log; those that have none are left out."""
    found = {table: tx.value(f"SELECT count(*) FROM {table} WHERE space_id = ?", (space,)) for table in OF_A_SPACE}
    found |= {table: tx.value(f"SELECT count(*) FROM {table} WHERE space_id = ?", (id,)) for table in OF_A_LOG}
    return {table: number for table, number in found.items() if number}


def is_there(tx: Tx, space: int) -> bool:
    """Whether there is such a space."""
    return tx.value("SELECT 1 FROM space WHERE n = ?", (space,)) is not None


def reminder_ids(tx: Tx, space: int) -> list[bytes]:
    """The reminders of a space, deleted or not."""
    return [row[0] for row in tx.rows("SELECT id FROM reminder WHERE space_id = ?", (space,))]

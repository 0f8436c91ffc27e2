"""Whether the full-text index agrees with the notes, and making it anew."""

from __future__ import annotations

from . import links

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Tx


def check_index(tx: Tx) -> None:
    """Compare the index with the notes.

    Raises: Damaged, where they differ.
    """
    tx.run("INSERT INTO note_text (note_text, rank) VALUES ('integrity-check', 1)")


def rebuild_index(tx: Tx) -> None:
    """Make the index anew from the notes."""
    tx.run("INSERT INTO note_text (note_text) VALUES ('rebuild')")


def clear_state(tx: Tx) -> None:
    """Empty the tables that are made from the history."""
    tx.run("INSERT INTO note_text (note_text) VALUES ('delete-all')")
    tx.run("DELETE FROM note_label")
    tx.run("DELETE FROM note_ref")
    tx.run("DELETE FROM note")
    tx.run("DELETE FROM clash WHERE kind = 'note'")
    # Notes get other keys: nothing that names the old ones may stay.
    links.reset(tx)

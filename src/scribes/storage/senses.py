"""What notes are about: the view of a space, and the senses of its notes on pages."""

from __future__ import annotations

from ..domain.links import A_PAGE, SQUARE_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..ports import Tx

    # Centre, directions, made of how many notes.
    Parts = tuple[bytes, bytes, int]


def view(tx: Tx, space_n: int) -> Parts | None:
    """The parts of the view of a space, if it has one."""
    row = tx.row("SELECT centre, directions, notes FROM link_view WHERE space_n = ?", (space_n,))
    return None if row is None else (row[0], row[1], row[2])


def is_stale(tx: Tx, space_n: int) -> bool:
    """Whether the view of a space has to be made, or made anew: there are twice or half as many notes as it is of."""
    row = tx.row("SELECT notes, embedded FROM link_view WHERE space_n = ?", (space_n,))
    if row is None:
        return tx.value("SELECT 1 FROM piece WHERE space_n = ? LIMIT 1", (space_n,)) is not None
    notes, embedded = row
    return bool(embedded >= 2 * max(notes, 1) or 2 * embedded < notes)


def put_all(tx: Tx, space_n: int, parts: Parts, pages: Iterable[tuple[int, bytes]], *, embedded: int) -> None:
    """Keep a view and the senses of all notes."""
    clear(tx)
    centre, directions, notes = parts
    tx.run(
        "INSERT INTO link_view (space_n, notes, embedded, centre, directions) VALUES (?, ?, ?, ?, ?)",
        (space_n, notes, embedded, centre, directions),
    )
    tx.run_many("INSERT INTO link_sense (page, rows) VALUES (?, ?)", pages)


def page(tx: Tx, number: int) -> bytes | None:
    """A page of senses."""
    found: bytes | None = tx.value("SELECT rows FROM link_sense WHERE page = ?", (number,))
    return found


def is_on_page(rows: bytes | None, place: int, dimensions: int) -> bool:
    """Whether a note has a sense at a place on a page."""
    at = A_PAGE * dimensions + place * SQUARE_BYTES
    return rows is not None and any(rows[at : at + SQUARE_BYTES])


def put_page(tx: Tx, space_n: int, number: int, rows: bytes, *, more: int) -> None:
    """Keep a page, on which there are so many senses more than before."""
    tx.run(
        "INSERT INTO link_sense (page, rows) VALUES (?, ?) ON CONFLICT (page) DO UPDATE SET rows = excluded.rows",
        (number, rows),
    )
    tx.run("UPDATE link_view SET embedded = embedded + ? WHERE space_n = ?", (more, space_n))


def pages(tx: Tx) -> list[tuple[int, bytes]]:
    """All pages in their order."""
    return [(number, rows) for number, rows in tx.rows("SELECT page, rows FROM link_sense ORDER BY page")]


def clear(tx: Tx) -> None:
    """Forget views and senses."""
    tx.run("DELETE FROM link_view")
    tx.run("DELETE FROM link_sense")

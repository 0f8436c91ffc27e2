"""Which rows somebody may see, said once: those of the spaces handed in as `visible_to`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Spaces = Sequence[int]


def in_spaces(visible_to: Spaces, *, table: str = "note") -> str:
    """The SQL condition on a table's `space_id`. Keys are integers, so nothing can be smuggled in."""
    if len(visible_to) == 1:
        return f"{table}.space_id = {int(visible_to[0])}"
    # A list that is empty is no SQL everywhere, and no space has the key 0.
    return f"{table}.space_id IN ({', '.join(str(int(space)) for space in visible_to) or '0'})"


def beside(visible_to: Spaces, *, table: str) -> str:
    """The same condition for rows that something else finds, such as their card: SQLite knows not how many rows a space
    has, and would take an index that begins with the space for as good.
    """
    return in_spaces(visible_to, table=f"+{table}")


def own_notes(visible_to: Spaces, *, trash: bool = False) -> str:
    """A statement for the keys of the notes in these spaces, outside the trash or in it: read from an index alone, so
    that among many people's notes those of one are picked out before anything is ranked or cut off.
    """
    return f"SELECT note.n FROM note WHERE {in_spaces(visible_to)} AND note.deleted_us IS {'NOT ' if trash else ''}NULL"

"""Places where two edits met and a person may choose: made from the changes, as the rows of items are."""

from __future__ import annotations

from ..domain.merge import Clash
from ..records import record
from .visible import in_spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ports import Tx
    from .visible import Spaces


@record
class Waiting:
    """A clash, and the item it is in: its id and kind."""

    item: bytes
    kind: str
    clash: Clash


def put(tx: Tx, item: bytes, *, kind: str, space: int, clashes: Sequence[Clash]) -> None:
    """Make these the clashes of an item."""
    tx.run("DELETE FROM clash WHERE item_id = ?", (item,))
    tx.run_many(
        "INSERT INTO clash (item_id, id, kind, space_id, field, base, ours, theirs, merged, ours_by, theirs_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                item,
                one.id,
                kind,
                space,
                one.field,
                one.base,
                one.ours,
                one.theirs,
                one.merged,
                one.ours_by,
                one.theirs_by,
            )
            for one in clashes
        ],
    )


def waiting(tx: Tx, *, visible_to: Spaces, item: bytes | None = None) -> list[Waiting]:
    """Clashes that nobody has chosen in, by item."""
    rows = tx.rows(
        "SELECT item_id, kind, field, base, ours, theirs, merged, ours_by, theirs_by FROM clash"
        f" WHERE {in_spaces(visible_to, table='clash')} AND (item_id = ?1 OR ?1 IS NULL) ORDER BY item_id, id",
        (item,),
    )
    return [Waiting(row[0], row[1], Clash(*row[2:])) for row in rows]


def count(tx: Tx, *, visible_to: Spaces) -> int:
    """How many clashes wait."""
    return int(tx.value(f"SELECT count(*) FROM clash WHERE {in_spaces(visible_to, table='clash')}"))

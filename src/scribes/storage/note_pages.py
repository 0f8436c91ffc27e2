"""Listings of notes by filter and order, a page at a time. A page begins behind a place, so none is shown twice."""

from __future__ import annotations

from .notes import COLUMNS, stored_from
from .visible import in_spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..models.notes import NoteFilter
    from ..ports import Tx, Value
    from .notes import Stored
    from .visible import Spaces

# What notes can be ordered by, and the column of each.
ORDERS = {"occurred": "occurred_us", "created": "created_us", "changed": "changed_us", "title": "title"}
# The text of a page, once there are more notes on it than a few: somebody may have many of many megabytes.
PAGE_BYTES, FEW = 8 * 1024 * 1024, 2
LABEL = "EXISTS (SELECT 1 FROM note_label WHERE note_n = note.n AND kind = '{kind}' AND name = ?)"


def page(
    tx: Tx,
    wanted: NoteFilter,
    *,
    visible_to: Spaces,
    order: str,
    descending: bool,
    after: tuple[Value, bytes] | None,
    limit: int,
) -> list[Stored]:
    """Notes that a filter lets through, behind the place of one: what it is ordered by, and its id. They are fewer
    than `limit`, though there are more, where their texts are large.
    """
    column, direction, sign = ORDERS[order], "DESC" if descending else "ASC", "<" if descending else ">"
    conditions, values = _conditions(wanted)
    if after is not None:
        conditions.append(f"({column}, id) {sign} (?, ?)")
        values += after
    where = " AND ".join([in_spaces(visible_to), *conditions])
    behind = f"FROM note WHERE {where} ORDER BY {column} {direction}, id {direction} LIMIT ?"
    if limit > FEW:
        limit = _fitting(row[0] for row in tx.rows(f"SELECT octet_length(body) {behind}", (*values, limit)))
    return [stored_from(row) for row in tx.rows(f"SELECT {COLUMNS} {behind}", (*values, limit))]


def _fitting(sizes: Iterable[int]) -> int:
    """How many notes are read at once: no more than make a page of PAGE_BYTES, and the one behind it."""
    number = total = 0
    for size in sizes:
        number += 1
        total += size
        if total > PAGE_BYTES and number > FEW:
            break
    return number


def is_large(found: Sequence[Stored]) -> bool:
    """Whether notes are as many as fit on a page, and perhaps not all."""
    return sum(len(one.content.body.encode("utf-8", "surrogatepass")) for one in found) > PAGE_BYTES


def place_of(stored: Stored, order: str) -> tuple[Value, bytes]:
    """The place of a note in an order."""
    content = stored.content
    values: dict[str, Value] = {
        "occurred": content.occurred_us,
        "created": stored.created_us,
        "changed": stored.changed_us,
        "title": content.title,
    }
    return values[order], stored.id


def _conditions(wanted: NoteFilter) -> tuple[list[str], list[Value]]:
    conditions = ["deleted_us IS NOT NULL" if wanted.trash else "deleted_us IS NULL"]
    values: list[Value] = []
    for kind, name in (("tag", wanted.tag), ("topic", wanted.topic.casefold())):
        if name:
            conditions.append(LABEL.format(kind=kind))
            values.append(name)
    for column, text in (("speaker", wanted.speaker), ("venue", wanted.venue), ("series", wanted.series)):
        if text:
            conditions.append(f"{column} = ?")
            values.append(text)
    for condition, at_us in (
        ("occurred_us >= ?", wanted.since_us),
        ("occurred_us < ?", wanted.until_us),
        ("changed_us >= ?", wanted.changed_since_us),
    ):
        if at_us is not None:
            conditions.append(condition)
            values.append(at_us)
    return conditions, values

"""What is counted over days, weeks and books: aggregates over indexes, so that they stay quick in large vaults."""

from __future__ import annotations

from itertools import pairwise

from . import notes
from .visible import beside, in_spaces, own_notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ports import Tx
    from .notes import Stored
    from .visible import Spaces

MINUTE_US, DAY_US = 60_000_000, 86_400_000_000
BOOK_UNIT = 1_000_000
# A note is kept in UTC with its own offset, which is less than a day.
MOST_OFFSET_US = DAY_US


def notes_of_days(tx: Tx, begin_us: int, stop_us: int, *, visible_to: Spaces, limit: int) -> list[Stored]:
    """Notes whose own local time lies between two instants, both read as local: the latest first."""
    where = f"AND occurred_us BETWEEN ? AND ? AND occurred_us + occurred_offset * {MINUTE_US} BETWEEN ? AND ?"
    values = (begin_us - MOST_OFFSET_US, stop_us + MOST_OFFSET_US, begin_us, stop_us - 1)
    return notes.recent(tx, visible_to=visible_to, limit=limit, where=where, values=values)


def first_note_us(tx: Tx, *, visible_to: Spaces) -> int | None:
    """When the earliest note was heard; None where there is none."""
    sql = f"SELECT min(occurred_us) FROM note WHERE {in_spaces(visible_to)} AND deleted_us IS NULL"
    found: int | None = tx.value(sql)
    return found


def notes_between(tx: Tx, bounds: Sequence[int], *, visible_to: Spaces) -> list[int]:
    """How many notes were heard from each instant to the next one."""
    sql = (
        "SELECT count(*) FROM note INDEXED BY note_recent"
        f" WHERE {in_spaces(visible_to)} AND deleted_us IS NULL AND occurred_us >= ? AND occurred_us < ?"
    )
    return [int(tx.value(sql, pair)) for pair in pairwise(bounds)]


def notes_by_book(tx: Tx, *, visible_to: Spaces, is_among_many: bool = False) -> dict[int, int]:
    """How many notes name something of each book, by the book in which the reference begins. `is_among_many`: most
    notes here are other people's; else it is quicker to leave out the few that are not to be seen.
    """
    hidden = f"SELECT n FROM note WHERE deleted_us IS NULL AND NOT {in_spaces(visible_to)}"
    which = f"IN ({own_notes(visible_to)})" if is_among_many else f"NOT IN ({hidden})"
    sql = f"SELECT start / {BOOK_UNIT} AS book, count(DISTINCT note_n) FROM note_ref WHERE note_n {which} GROUP BY book"
    return dict(tx.rows(sql))


def answers_by_day(tx: Tx, first: str, *, visible_to: Spaces) -> list[tuple[str, int, int]]:
    """For each day since one: how many cards that were known were answered, and how many of them well.

    A card is known when it was answered on an earlier day; of a day only its first answer says what was remembered.
    """
    others = beside(visible_to, table="b")
    other = (
        f"SELECT 1 FROM review b WHERE b.card = r.card AND b.deleted_us IS NULL AND {others} AND b.at_us < r.at_us AND"
    )
    sql = (
        "SELECT day, count(*), count(*) FILTER (WHERE rating > 1) FROM review r"
        f" WHERE day >= ? AND deleted_us IS NULL AND {in_spaces(visible_to, table='r')}"
        f" AND EXISTS ({other} b.day < r.day)"
        f" AND NOT EXISTS ({other} b.at_us > r.at_us - {2 * DAY_US} AND b.day = r.day) GROUP BY day"
    )
    return tx.rows(sql, (first,))


def prayers_by_state(tx: Tx, *, visible_to: Spaces) -> dict[str, int]:
    """How many prayers are in each state."""
    spaces = in_spaces(visible_to, table="prayer")
    sql = f"SELECT state, count(*) FROM prayer WHERE deleted_us IS NULL AND {spaces} GROUP BY state"
    return dict(tx.rows(sql))


def answered(tx: Tx, *, visible_to: Spaces) -> list[tuple[int, str]]:
    """When each answered prayer, put away since or not, was written down, and the day of its answer."""
    spaces = in_spaces(visible_to, table="prayer")
    return tx.rows(
        "SELECT created_us, answered_on FROM prayer"
        f" WHERE state != 'open' AND answered_on != '' AND deleted_us IS NULL AND {spaces}"
    )


def has_prayed_on(tx: Tx, day: str, *, visible_to: Spaces) -> bool:
    """Whether somebody prayed on a day."""
    spaces = in_spaces(visible_to, table="prayed")
    sql = f"SELECT EXISTS (SELECT 1 FROM prayed WHERE day = ? AND deleted_us IS NULL AND {spaces})"
    return bool(tx.value(sql, (day,)))


def cards_and_reviews(tx: Tx, *, visible_to: Spaces) -> tuple[int, int]:
    """How many cards there are, and how many answers in the log."""
    numbers = [
        int(tx.value(f"SELECT count(*) FROM {table} WHERE deleted_us IS NULL AND {in_spaces(visible_to, table=table)}"))
        for table in ("card", "review")
    ]
    return numbers[0], numbers[1]

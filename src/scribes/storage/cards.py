"""Cards and reviews as rows: what is due, the log of a card, and what is derived from it."""

from __future__ import annotations

from ..domain.reviews import CARD, REVIEW, Answer, CardState, Rules
from . import hosted, items, meta
from .visible import beside, in_spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Row, Tx
    from .items import Stored
    from .visible import Spaces

RETENTION, PARAMETERS = "review_retention", "review_parameters"
DAY_US = 86_400_000_000
PER_CENT = 100
_LIVE = "deleted_us IS NULL AND rating BETWEEN 1 AND 4"
_ANSWER = "at_us, id, rating, created_us"
_STATE = "phase, step, stability, difficulty, reviewed_us, reviews, lapses"

# What comes up, in this order: what is being learned and waits since today, what is known, what is new.
LEARNING = f"reviews > 0 AND due_us <= ?1 AND due_us > ?1 - {DAY_US} AND phase != 2"
SEEN = "reviews > 0 AND due_us <= ?1"
UNSEEN = "reviews = 0 AND due_us <= ?1"


def rules(tx: Tx, person: int) -> Rules:
    """By which rules the derived columns are made: of a vault (`person` is 0), or of somebody on a server."""
    if person:
        retention, _, parameters = hosted.review_rules(tx, person).partition(" ")
    else:
        retention, parameters = str(meta.get(tx, RETENTION) or ""), str(meta.get(tx, PARAMETERS) or "")
    numbers = tuple(float(number) for number in parameters.split())
    return Rules(int(retention) / PER_CENT, numbers) if retention else Rules(parameters=numbers)


def put_rules(tx: Tx, person: int, rules: Rules) -> None:
    """Keep by which rules the derived columns are made."""
    retention, parameters = round(rules.retention * PER_CENT), " ".join(map(repr, rules.parameters))
    if person:
        hosted.put_review_rules(tx, person, f"{retention} {parameters}".strip())
        return
    meta.put(tx, RETENTION, retention)
    meta.put(tx, PARAMETERS, parameters)


def state(tx: Tx, n: int) -> CardState:
    """What is derived of a card; a card that does not come has `due_us` 0."""
    row = tx.row(f"SELECT coalesce(due_us, 0), {_STATE} FROM card WHERE n = ?", (n,))
    return CardState(*row) if row else CardState(0)


def set_state(tx: Tx, n: int, state: CardState, *, comes: bool) -> None:
    """Keep what is derived of a card."""
    tx.run(
        "UPDATE card SET due_us = ?, phase = ?, step = ?, stability = ?, difficulty = ?, reviewed_us = ?, reviews = ?,"
        " lapses = ? WHERE n = ?",
        (
            state.due_us if comes else None, state.phase, state.step, state.stability, state.difficulty,
            state.reviewed_us, state.reviews, state.lapses, n,
        ),
    )  # fmt: skip


def answers(tx: Tx, card: str, *, space: int) -> list[Answer]:
    """The answers to a card that stand, in their order. `space` is that of the card: nobody answers for others."""
    own = beside((space,), table="review")
    rows = tx.rows(f"SELECT {_ANSWER} FROM review WHERE card = ? AND {_LIVE} AND {own} ORDER BY at_us, id", (card,))
    return [Answer(*row) for row in rows]


def last_answer(tx: Tx, card: str, *, space: int) -> tuple[Answer | None, int]:
    """The last answer to a card that stands, and how many there are; `space` is that of the card."""
    of_card = f"FROM review WHERE card = ? AND {_LIVE} AND {beside((space,), table='review')}"
    row = tx.row(f"SELECT {_ANSWER} {of_card} ORDER BY at_us DESC, id DESC LIMIT 1", (card,))
    number = int(tx.value(f"SELECT count(*) {of_card}", (card,)))
    return (Answer(*row) if row else None), number


def last_review(tx: Tx, *, visible_to: Spaces) -> Stored | None:
    """The review of all that stand which came here last, whatever clocks and zones say."""
    found = items.select(tx, REVIEW, "deleted_us IS NULL", visible_to=visible_to, order="n DESC", limit=1)
    return found[0] if found else None


def coming_up(tx: Tx, what: str, now_us: int, *, visible_to: Spaces, limit: int, skip: int) -> list[Stored]:
    """Cards of one of the three sorts that are due, the longest due first."""
    spaces = in_spaces(visible_to, table="card")
    sql = f"SELECT n FROM card WHERE {what} AND {spaces} ORDER BY due_us, n LIMIT ?2 OFFSET ?3"
    keys = [row[0] for row in tx.rows(sql, (now_us, limit, skip))]
    if not keys:
        return []
    marks = ", ".join("?" * len(keys))
    return items.select(tx, CARD, f"n IN ({marks})", keys, visible_to=visible_to, order="due_us, n", limit=len(keys))


def count_due(tx: Tx, what: str, now_us: int, *, visible_to: Spaces) -> list[tuple[str, str, int]]:
    """How many cards of a sort are due, for each kind and translation."""
    spaces = in_spaces(visible_to, table="card")
    sql = f"SELECT source_kind, translation, count(*) FROM card WHERE {what} AND {spaces} GROUP BY 1, 2"
    return [(kind, translation, number) for kind, translation, number in tx.rows(sql, (now_us,))]


def without_note(tx: Tx, what: str, now_us: int, *, visible_to: Spaces, limit: int) -> tuple[int, list[Stored]]:
    """Of the due cards of a sort: how many have no note that can be seen, or one in the trash; and highlights of notes
    changed since.
    """
    is_gone = "(note.n IS NULL OR note.deleted_us IS NOT NULL)"
    sql = (
        f"SELECT card.n, {is_gone}"
        f" FROM card LEFT JOIN note ON note.id = unhex(card.source, '-') AND {in_spaces(visible_to)}"
        f" WHERE {what} AND {in_spaces(visible_to, table='card')} AND source_kind IN ('note', 'highlight')"
        f" AND ({is_gone} OR (source_kind = 'highlight' AND note.changed_us >= card.created_us))"
    )
    rows = tx.rows(sql, (now_us,))
    doubtful = [n for n, gone in rows if not gone][:limit]
    if not doubtful:
        return len(rows), []
    marks = ", ".join("?" * len(doubtful))
    found = items.select(tx, CARD, f"n IN ({marks})", doubtful, visible_to=visible_to, order="n", limit=limit)
    return sum(gone for _, gone in rows), found


def count(tx: Tx, *, visible_to: Spaces) -> tuple[int, int]:
    """How many cards there are, and how many of them are known."""
    spaces = in_spaces(visible_to, table="card")
    row = tx.row(f"SELECT count(*), count(*) FILTER (WHERE phase = 2) FROM card WHERE deleted_us IS NULL AND {spaces}")
    return (int(row[0]), int(row[1])) if row else (0, 0)


def listed(tx: Tx, *, visible_to: Spaces, limit: int) -> list[Stored]:
    """Cards, those that come first at the top and those that do not come at the end."""
    return items.select(
        tx, CARD, "deleted_us IS NULL", visible_to=visible_to, order="due_us IS NULL, due_us, n", limit=limit
    )


def with_reviews(tx: Tx, after: int, *, visible_to: Spaces, limit: int) -> list[tuple[int, bytes, int, int, bool]]:
    """Cards that were reviewed, in the order of their keys: key, id, space, when they were made, whether they come."""
    sql = (
        "SELECT n, id, space_id, created_us, suspended = 0 AND deleted_us IS NULL FROM card"
        f" WHERE reviews > 0 AND n > ? AND {in_spaces(visible_to, table='card')} ORDER BY n LIMIT ?"
    )
    return [(n, id, space, created, bool(comes)) for n, id, space, created, comes in tx.rows(sql, (after, limit))]


def next_us(tx: Tx, now_us: int, *, visible_to: Spaces) -> int | None:
    """When the next card comes that is not due yet."""
    sql = f"SELECT due_us FROM card WHERE reviews > 0 AND due_us > ? AND {in_spaces(visible_to, table='card')}"
    found: int | None = tx.value(f"{sql} ORDER BY due_us LIMIT 1", (now_us,))
    return found


def due_times(tx: Tx, until_us: int, *, visible_to: Spaces) -> list[int]:
    """When the cards that were seen before come, up to a moment."""
    spaces = in_spaces(visible_to, table="card")
    return [row[0] for row in tx.rows(f"SELECT due_us FROM card WHERE reviews > 0 AND due_us < ? AND {spaces}",
                                      (until_us,))]  # fmt: skip


def introduced(tx: Tx, day: str, *, visible_to: Spaces) -> int:
    """How many cards were seen for the first time on a day."""
    own, before_it = in_spaces(visible_to, table="r"), beside(visible_to, table="b")
    before = f"SELECT 1 FROM review b WHERE b.card = r.card AND b.day < r.day AND b.deleted_us IS NULL AND {before_it}"
    sql = (
        f"SELECT count(DISTINCT card) FROM review r WHERE day = ? AND deleted_us IS NULL AND {own}"
        f" AND NOT EXISTS ({before})"
    )
    return int(tx.value(sql, (day,)))


def answered_on(tx: Tx, day: str, *, visible_to: Spaces) -> tuple[int, int]:
    """How many answers were given on a day, and how many of them were right."""
    own = in_spaces(visible_to, table="review")
    sql = f"SELECT count(*), count(*) FILTER (WHERE rating > 1) FROM review WHERE day = ? AND {_LIVE} AND {own}"
    row = tx.row(sql, (day,))
    return (int(row[0]), int(row[1])) if row else (0, 0)


def has_answers_on(tx: Tx, day: str, *, visible_to: Spaces) -> bool:
    """Whether anything was reviewed on a day."""
    own = in_spaces(visible_to, table="review")
    return tx.value(f"SELECT 1 FROM review WHERE day = ? AND {_LIVE} AND {own} LIMIT 1", (day,)) is not None


def recalled_since(tx: Tx, day: str, *, visible_to: Spaces) -> tuple[int, int]:
    """Of the cards asked again on a later day, since a day: how many were asked, and how many were remembered."""
    own, others = in_spaces(visible_to, table="r"), beside(visible_to, table="b")
    other = f"SELECT 1 FROM review b WHERE b.card = r.card AND b.deleted_us IS NULL AND {others} AND"
    sql = (
        f"SELECT count(*), count(*) FILTER (WHERE rating > 1) FROM review r WHERE day >= ? AND {_LIVE} AND {own}"
        f" AND EXISTS ({other} b.day < r.day)"
        f" AND NOT EXISTS ({other} b.day = r.day AND (b.at_us, b.id) < (r.at_us, r.id))"
    )
    row = tx.row(sql, (day,))
    return (int(row[0]), int(row[1])) if row else (0, 0)


def log(tx: Tx, *, visible_to: Spaces) -> list[Row]:
    """The whole log: (card, when, rating), card by card, each in its order."""
    own = in_spaces(visible_to, table="review")
    at = "CASE WHEN at_us < created_us THEN at_us ELSE created_us END"
    sql = f"SELECT card, {at}, rating FROM review WHERE {_LIVE} AND {own} ORDER BY card, review.at_us, id"
    return tx.rows(sql)

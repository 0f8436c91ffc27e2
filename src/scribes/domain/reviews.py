"""What a card and a review are, and when a card comes back: a pure rule over the log of its reviews."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from ..canonical import blake2b, encode
from ..records import record, replaced
from .items import Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from fsrs import Scheduler

AGAIN, HARD, GOOD, EASY = RATINGS = (1, 2, 3, 4)
NOTE, HIGHLIGHT, VERSE = SOURCES = ("note", "highlight", "verse")
# The numbers of the phases are those of `fsrs`, but for cards it has not seen.
NEW, LEARNING, KNOWN, RELEARNING = (0, 1, 2, 3)
LEAST_RETENTION, MOST_RETENTION = 70, 97

DAY_US = 86_400_000_000
# Who reviews at 7:30 one day and at 7:00 some days later does both in the morning: a card whose interval is counted in
# days comes up so much before they are full, and what is left of the last day counts as the whole.
EARLY_US = 8 * 3_600_000_000
MOST_DAYS = 36_500
# The last moment that counts, in the year 9694: a hundred years more are still a date.
LAST_US = 7_730 * 365 * DAY_US
LEAST_SPREAD_DAYS = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@record
class CardContent:
    """What comes up for review: a note, marked words of a note (`text`), or a passage in a translation.

    `source` is the id of the note, or the passage in OSIS.
    """

    source_kind: str = ""
    source: str = ""
    text: str = ""
    translation: str = ""
    suspended: int = 0
    deleted_us: int | None = None


@record
class ReviewContent:
    """An answer to a card. `day` is the day it was where the person was; an answer taken back has `deleted_us`."""

    card: str = ""
    at_us: int = 0
    day: str = ""
    rating: int = 0
    took_ms: int = 0
    mode: str = ""
    deleted_us: int | None = None


CARD = Kind("card", "card", CardContent)
REVIEW = Kind("review", "review", ReviewContent)


@record
class Rules:
    """What the person may set: the share they want to remember, and the parameters of FSRS; none are its defaults."""

    retention: float = 0.9
    parameters: tuple[float, ...] = ()


@record
class Answer:
    """What of a review counts for the schedule. Reviews are in the order of `at_us`, then `id`.

    `written_us` is what the clock said. It is earlier than `at_us` where an answer before was given by a clock that was
    ahead: the order is kept, and time is told by the clock.
    """

    at_us: int
    id: bytes
    rating: int
    written_us: int | None = None

    @property
    def moment_us(self) -> int:
        """From when on the time to the next review is counted; what no clock says is brought into bounds."""
        moment_us = self.at_us if self.written_us is None else min(self.at_us, self.written_us)
        return max(0, min(moment_us, LAST_US))


@record
class CardState:
    """Where a card stands: when it comes back, its phase and step, what FSRS knows of the memory, and counts."""

    due_us: int
    phase: int = NEW
    step: int | None = None
    stability: float | None = None
    difficulty: float | None = None
    reviewed_us: int | None = None
    reviews: int = 0
    lapses: int = 0


def card_id(content: CardContent) -> bytes:
    """The id of a card, which follows from what it is about: two devices that add the same have one card.

    Source: RFC 9562 section 5.8, a UUIDv8.
    """
    named = encode([content.source_kind, content.source, content.text, content.translation])
    raw = bytearray(blake2b(named.encode(), digest_size=16, person=b"scribes card").digest())
    raw[6] = 0x80 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return bytes(raw)


def schedule(card: bytes, answers: Iterable[Answer], *, created_us: int, rules: Rules) -> CardState:
    """Where a card stands after a set of answers, in whatever order they are handed in."""
    state = CardState(created_us)
    for answer in sorted(answers, key=lambda one: (one.at_us, one.id)):
        state = after(card, state, answer, rules)
    return state


def after(card: bytes, state: CardState, answer: Answer, rules: Rules) -> CardState:
    """Where a card stands after one answer more, which must be the latest."""
    return _answered(card, state, answer, rules)[0]


def intervals_us(card: bytes, state: CardState, at_us: int, rules: Rules) -> tuple[int, int, int, int]:
    """How long the card would stay away after each of the four answers, in microseconds."""
    again, hard, good, easy = (_answered(card, state, Answer(at_us, b"", rating), rules)[1] for rating in RATINGS)
    return again, hard, good, easy


def elapsed_days(state: CardState, at_us: int) -> int:
    """The days since the last review as they count for memory; none where the clock was set back."""
    if state.reviewed_us is None:
        return 0
    return min(max(0, at_us - state.reviewed_us + EARLY_US) // DAY_US, MOST_DAYS)


def spread(days: int, card: bytes, reviews: int) -> int:
    """The days moved a little, so that cards added together part: for one card and count of reviews always alike.

    More days never become fewer than less days do, so a better answer still comes back no sooner.
    """
    if days < LEAST_SPREAD_DAYS:
        return days
    digest = blake2b(card + reviews.to_bytes(8, "big"), digest_size=8, person=b"scribes spread").digest()
    fraction = int.from_bytes(digest, "big") / 2**63 - 1
    return min(round(days + fraction * (0.5 + days / 20)), MOST_DAYS)


def _answered(card: bytes, state: CardState, answer: Answer, rules: Rules) -> tuple[CardState, int]:
    """Where the card stands after an answer, and how long it stays away."""
    from fsrs import Card, Rating, State

    # Only the days between two reviews count, so any two instants with as many will do: no clock can overflow them.
    now = EPOCH + timedelta(days=elapsed_days(state, answer.moment_us))
    before = Card(
        card_id=1,  # without an id each card waits a millisecond to get one
        state=State(state.phase or LEARNING),
        step=state.step,
        stability=state.stability,
        difficulty=state.difficulty,
        due=EPOCH,
        last_review=None if state.reviewed_us is None else EPOCH,
    )
    seen, _ = _scheduler(rules).review_card(before, Rating(answer.rating), now)
    interval_us = (seen.due - now) // timedelta(microseconds=1)
    early_us = 0
    if seen.state is State.Review:
        interval_us, early_us = spread(interval_us // DAY_US, card, state.reviews) * DAY_US, EARLY_US
    return replaced(
        state,
        due_us=answer.moment_us + interval_us - early_us,
        phase=int(seen.state),
        step=seen.step,
        stability=min(seen.stability or 0.0, float(MOST_DAYS)),
        difficulty=seen.difficulty,
        reviewed_us=answer.moment_us,
        reviews=state.reviews + 1,
        lapses=state.lapses + (state.phase == KNOWN and answer.rating == AGAIN),
    ), interval_us


@lru_cache(maxsize=8)
def _scheduler(rules: Rules) -> Scheduler:
    from fsrs import Scheduler
    from fsrs.scheduler import DEFAULT_PARAMETERS

    return Scheduler(
        rules.parameters or DEFAULT_PARAMETERS,
        desired_retention=rules.retention,
        maximum_interval=MOST_DAYS,
        enable_fuzzing=False,
    )

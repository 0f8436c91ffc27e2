"""Cards and their reviews, as plain data."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date, datetime


@record
class Card:
    """A card: a `note`, a `highlight` of one or a `verse`, what it is called, and where it stands.

    `state` is new, learning, known, relearning or suspended; `due_at` is None where it does not come. A card
    `is_passed_over` while its note is in the trash, or the highlight is no longer in the note.
    """

    id: str
    handle: str
    kind: str
    source: str
    translation: str
    title: str
    state: str
    due_at: datetime | None
    reviews: int
    lapses: int
    created_at: datetime
    is_passed_over: bool


@record
class ReviewCard:
    """A card that comes up, its two sides, and after how many seconds it comes back for each of the four answers."""

    card: Card
    front: str
    back: str
    intervals_s: tuple[int, int, int, int]


@record
class Answered:
    """An answer that was kept: of which card, the rating (1 again to 4 easy), and when the card comes back."""

    review: str
    card: Card
    rating: int
    interval_s: int


@record
class Status:
    """How reviewing goes. `new` are the cards never seen that still come today; `retention` is what was remembered of
    the known cards in the last 30 days, None where none was asked; `next_at` is when the next card comes.
    """

    due: int
    new: int
    cards: int
    learned: int
    reviewed_today: int
    right_today: int
    streak_days: int
    retention: float | None
    next_at: datetime | None


@record
class ForecastDay:
    """How many cards come on a day: those that were seen before, and new ones."""

    day: date
    due: int
    new: int


@record
class Fitted:
    """What fitting brought: from how many reviews, how far off the memory was foretold before and after (log loss on
    the reviews held back), and whether the fitted parameters are now in use.
    """

    reviews: int
    before: float
    after: float
    is_used: bool
    parameters: tuple[float, ...]

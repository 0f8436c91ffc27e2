"""Fitting the schedule to how a person remembers: from the log of reviews to parameters that foretell it better."""

from __future__ import annotations

from itertools import groupby

from ..domain.reviews import CardState, elapsed_days
from ..errors import InvalidInput
from ..models.reviews import Fitted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..domain.reviews import Rules
    from ..ports import Row

LEAST_REVIEWS, LEAST_HELD_BACK = 400, 20
# More reviews tell little more.
MOST_REVIEWS = 20_000
HELD_BACK = 5


def fit(log: Sequence[Row], rules: Rules) -> Fitted:
    """What fitting to a log of (card, when, rating), card by card, brings, measured on its latest fifth.

    Raises: InvalidInput, where there are too few reviews.
    """
    if len(log) < LEAST_REVIEWS:
        raise InvalidInput(
            f"there are {len(log)} reviews yet", hint=f"from {LEAST_REVIEWS} on they tell how you remember"
        )
    from fsrs.scheduler import DEFAULT_PARAMETERS, LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS

    from .. import fitting

    times = sorted(at_us for _, at_us, _ in log)
    packed = fitting.packed(_histories(log, held_us=times[-(len(times) // HELD_BACK)]))
    if min(fitting.count(packed, is_held_back=held) for held in (False, True)) < LEAST_HELD_BACK:
        raise InvalidInput(
            "too few of the reviews are a day and more after the one before", hint="go on reviewing for some weeks"
        )
    now = rules.parameters or DEFAULT_PARAMETERS
    found = fitting.fitted(packed, DEFAULT_PARAMETERS, LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS)
    before, after = (fitting.mean_loss(packed, parameters, is_held_back=True) for parameters in (now, found))
    return Fitted(len(log), before, after, after < before, found if after < before else tuple(now))


def _histories(log: Sequence[Row], *, held_us: int) -> list[list[tuple[int, int, bool]]]:
    """Each card's days between reviews, ratings, and what is held back.

    Of a long log some cards stand for all: their ids, by which the log is in order, are as good as drawn by lot.
    """
    histories, number = [], 0
    for _, rows in groupby(log, key=lambda row: row[0]):
        history: list[tuple[int, int, bool]] = []
        before: int | None = None
        for _, at_us, rating in rows:
            history.append((elapsed_days(CardState(0, reviewed_us=before), at_us), rating, at_us >= held_us))
            before = at_us
        histories.append(history)
        number += len(history)
        if number >= MOST_REVIEWS:
            break
    return histories

"""Asking a service again: when, and after how long. What only a failed call needs is imported when one fails."""

from __future__ import annotations

from .errors import Unavailable

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0
LONGEST_RETRY_AFTER_S = 20.0
# A whole answer may take this many times the time limit of one step, so that a dripping server does not hold us.
WHOLE_ANSWER = 3
# The statuses that may be gone at the next try.
PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))


class Again(Exception):
    """A try that failed and may be tried again, after `wait_s` if the service said how long."""

    def __init__(self, error: Unavailable, wait_s: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.wait_s = wait_s


def wait_s(attempt: int) -> float:
    """Return how long to wait after a failed try: twice as long each time, and never at the same moment as others.

    Source: exponential backoff with full jitter.
    """
    import random

    spread = random.uniform(0.1, 1.0)  # noqa: S311 - when to ask again is no secret
    return spread * min(LONGEST_WAIT_S, FIRST_WAIT_S * (1 << attempt))


def retry_after_s(header: str) -> float | None:
    """Return the seconds that a Retry-After header asks for, as a number or a date; None where it asks for nothing."""
    header = header.strip()
    if header.isdecimal() and len(header) < 8:
        return float(header)
    if not header:
        return None
    import time
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, float(parsedate_to_datetime(header).timestamp()) - time.time())
    except (ValueError, OverflowError, TypeError):
        return None

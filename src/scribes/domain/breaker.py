"""When a channel that keeps failing is left alone, and when it is tried again."""

from __future__ import annotations

from ..records import record, replaced

FAILURES_TO_OPEN = 5
FIRST_US = 5 * 60 * 1_000_000
LONGEST_US = 6 * 60 * 60 * 1_000_000


@record
class Breaker:
    """How often a channel failed in a row, until when it is left alone, and how long that is at first and at most."""

    failures: int = 0
    open_until_us: int = 0
    first_us: int = FIRST_US
    longest_us: int = LONGEST_US


def may_try(breaker: Breaker, now_us: int) -> bool:
    """Return whether to try now.

    Who would have to wait longer than the wait was when it began has a clock that stepped back, and need not wait.
    """
    return not 0 < breaker.open_until_us - now_us <= _wait_us(breaker)


def failed(breaker: Breaker, now_us: int) -> Breaker:
    """Return the breaker after a try that failed: open from the fifth on, twice as long each time up to a limit."""
    after = replaced(breaker, failures=breaker.failures + 1)
    wait_us = _wait_us(after)
    return replaced(after, open_until_us=now_us + wait_us) if wait_us else after


def succeeded(breaker: Breaker) -> Breaker:
    """Return the breaker after a try that succeeded."""
    return replaced(breaker, failures=0, open_until_us=0)


def _wait_us(breaker: Breaker) -> int:
    if breaker.failures < FAILURES_TO_OPEN:
        return 0
    # 2 ** 7 times the first wait is longer than the longest.
    return min(breaker.longest_us, breaker.first_us << min(breaker.failures - FAILURES_TO_OPEN, 7))

"""When a channel that keeps failing is left alone, and when it is tried again."""

from __future__ import annotations

from ..records import record, replaced

FAILURES_TO_OPEN = 5
FIRST_US = 5 * 60 * 1_000_000
LONGEST_US = 6 * 60 * 60 * 1_000_000


@record
class Breaker:
    """How often a channel failed in a row, and until when it is left alone."""

    failures: int = 0
    open_until_us: int = 0


def may_try(breaker: Breaker, now_us: int) -> bool:
    """Return whether to try now.

    Who would have to wait longer than the wait was when it began has a clock that stepped back, and need not wait.
    """
    return not 0 < breaker.open_until_us - now_us <= _wait_us(breaker.failures)


def failed(breaker: Breaker, now_us: int) -> Breaker:
    """Return the breaker after a try that failed: open from the fifth on, twice as long each time, at most 6 hours."""
    failures = breaker.failures + 1
    wait_us = _wait_us(failures)
    return Breaker(failures, now_us + wait_us) if wait_us else replaced(breaker, failures=failures)


def succeeded(breaker: Breaker) -> Breaker:
    """Return the breaker after a try that succeeded."""
    return replaced(breaker, failures=0, open_until_us=0)


def _wait_us(failures: int) -> int:
    if failures < FAILURES_TO_OPEN:
        return 0
    # 2 ** 7 times the first wait is longer than the longest.
    return min(LONGEST_US, FIRST_US << min(failures - FAILURES_TO_OPEN, 7))

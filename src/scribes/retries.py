"""How long to wait before a service is asked again. Its time is when a call fails, so nothing is imported before."""

from __future__ import annotations

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0


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

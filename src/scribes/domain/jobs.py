"""When a job is tried again, and when it is given to a person to look at."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SECOND_US = 1_000_000
# A runner that has not finished by then is taken for dead where no lock tells (docs/decisions/0025).
LEASE_US = 600 * SECOND_US
FIRST_WAIT_US, LONGEST_WAIT_US = 30 * SECOND_US, 6 * 3600 * SECOND_US
# About a day of trying: 30 s, 1 min, 2, 4, 8, 16, 32 min, 1 h, 2, 4, 6, 6 h.
MOST_ATTEMPTS = 12
# A clock that is behind the last run by more than this was set back; less is a correction of its drift.
STEP_US = 120 * SECOND_US
PARKED_US = 2**63 - 1


@record
class Job:
    """A job that a runner has taken. `attempts` counts this one too; `claims` tells it from any other time it was."""

    run_us: int
    id: bytes
    kind: str
    key: str | None
    once: bool
    payload: dict[str, Any]
    attempts: int
    claims: int


class Later(Exception):
    """A job that cannot be tried now, through no fault of its own: it waits until `until_us`, without an attempt."""

    def __init__(self, until_us: int, why: str) -> None:
        super().__init__(why)
        self.until_us = until_us
        self.why = why


def wait_us(attempts: int, spread: float) -> int:
    """How long to wait after so many failed attempts: twice as long each time, of which `spread` (0 to 1) is taken.

    Never less than half, so that a service in trouble is left alone, and never the same for all.
    Source: exponential backoff with equal jitter.
    """
    longest = min(LONGEST_WAIT_US, FIRST_WAIT_US << min(attempts - 1, 30))
    return longest // 2 + int(longest // 2 * spread)

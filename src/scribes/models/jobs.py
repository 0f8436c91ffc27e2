"""Jobs as plain data."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


@record
class Ran:
    """What a look at the jobs did: how many were done, put off, and parked for a person. `is_elsewhere`: another
    process was at it, and nothing was done here.
    """

    done: int = 0
    put_off: int = 0
    parked: int = 0
    is_elsewhere: bool = False


@record
class JobShown:
    """A job that waits. `run_at` is None for a parked one; `error` is what its last attempt ran into."""

    id: str
    handle: str
    kind: str
    key: str
    run_at: datetime | None
    attempts: int
    parked_at: datetime | None
    error: str
    is_running: bool

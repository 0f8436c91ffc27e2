"""What a server does for everybody who is hosted, behind their requests: their jobs, and the meaning of their notes.

There is no person whose notes these are: nothing here may compare the notes of one with those of another, and nothing
goes out by the channels of a vault.
"""

from __future__ import annotations

import random

from ..domain.reminders import JOB as REMINDER_JOB
from ..storage import hosted, indexing, jobs
from ..storage.meta import Identity
from .context import Context, HeldKey
from .jobs import Handler, Jobs
from .meaning import Meaning
from .reminders import fire_due

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..domain.jobs import Job
    from ..ports import Engine, Tx
    from .meaning import Chosen

EVERYBODY = -1


def jobs_of(engine: Engine) -> Jobs:
    """The jobs of everybody: a reminder that comes due is marked so, and its next time waits. To tell the person of it
    is for their devices.
    """
    return Jobs(_everybody(engine, ()), handler_in(engine), spread=random.random)


def handler_in(engine: Engine) -> Callable[[str], Handler | None]:
    """How each kind of job is done on a server."""

    def fire(tx: Tx, job: Job, _: object) -> None:
        fire_due(tx, _everybody(engine, hosted.open_spaces(tx)), job, lambda _tx, _told: None)

    return {REMINDER_JOB: Handler(finish=fire)}.get


def index(engine: Engine, embedders: Chosen, *, limit: int, thorough: bool) -> int:
    """How many notes that waited were embedded: about `limit` at most. They are not linked with each other. `thorough`
    looks whether the embedder is another than before, too, and tidies; else, where no note waits, none is loaded.

    Raises: Unavailable, Busy, StorageFull.
    """
    with engine.read() as tx:
        if not thorough and not indexing.is_waiting(tx):
            return 0
    return Meaning(_everybody(engine, ()), embedders).run(limit=limit)


def waiting(engine: Engine) -> dict[str, int]:
    """How much waits, by what."""
    with engine.read() as tx:
        wait, parked = jobs.counts(tx)
        return {
            "jobs": wait,
            "parked_jobs": parked,
            "notes_to_index": indexing.waiting(tx),
            "spaces_to_send": len(hosted.with_unsent(tx)),
        }


def _everybody(engine: Engine, spaces: tuple[int, ...]) -> Context:
    return Context(engine, HeldKey(b""), Identity(0, 0, b"", ""), spaces, "server", hosted=EVERYBODY)

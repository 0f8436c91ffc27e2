"""Jobs: what waits for its moment is run, tried again, or left to a person. At least once; by its key never twice."""

from __future__ import annotations

from ..domain.dates import DAY_US, from_us
from ..domain.jobs import LEASE_US, LONGEST_WAIT_US, MOST_ATTEMPTS, STEP_US, Later, wait_us
from ..domain.reminders import JOB as REMINDER_JOB
from ..errors import Busy, Conflict, InvalidInput, NotFound, ScribesError
from ..ids import to_text
from ..models.jobs import JobShown, Ran
from ..records import record
from ..storage import jobs, meta

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..domain.jobs import Job
    from ..ports import Tx
    from .context import Context

BATCH = 100
CLOCK = "jobs_clock_us"
RUNNER = "jobs"
# A key is kept longer than any recurrence may be repeated by a clock that was set back.
KEYS_KEPT_US = 400 * DAY_US


@record
class Handler:
    """How a kind of job is done. `act` does what is outside the vault, with no transaction open; `finish` writes what
    follows, in the transaction that takes the job out, so that what is written is written once.

    An error that another try may mend is Unavailable or Busy; after any other the job is parked at once. Later puts it
    off. `failed` is told of each failed attempt, in the transaction that puts the job off or parks it.
    """

    finish: Callable[[Tx, Job, Any], None]
    act: Callable[[Job], Any] | None = None
    failed: Callable[[Tx, Job, ScribesError, bool], None] | None = None


class Jobs:
    """The jobs of a vault. `handlers` gives a handler by kind; `spread` a number from 0 to 1, another each time. Who
    runs them has the engine's word that nobody else does.
    """

    def __init__(
        self,
        context: Context,
        handlers: Callable[[str], Handler | None],
        *,
        spread: Callable[[], float],
        set_back: Callable[[Tx], None] | None = None,
    ) -> None:
        self._context = context
        self._engine = context.engine
        self._handlers = handlers
        self._spread = spread
        self._set_back = set_back
        # What was done outside and could not be written down: written down before anything else is tried.
        self._unwritten: list[tuple[Job, Any]] = []
        self.is_stopping = False
        """Set it to end a round after the job at hand; what was not begun is given back."""

    def run_due(self) -> Ran:
        """Run what is due, until nothing more is done.

        Raises: Busy, StorageFull, Damaged: of the vault itself. What a job runs into is kept with the job.
        """
        ran = Ran()
        while not self.is_stopping:
            more = self.run_some()
            ran = Ran(ran.done + more.done, ran.put_off + more.put_off, ran.parked + more.parked, more.is_elsewhere)
            if not more.done:
                break
        return ran

    def run_some(self, *, limit: int = BATCH) -> Ran:
        """Run at most `limit` of what is due; nothing where another process is at it.

        Raises: as `run_due`.
        """
        with self._engine.read() as tx:
            next_us = jobs.next_run_us(tx)
            is_due = next_us is not None and next_us <= tx.now_us
            if not is_due and not self._unwritten and not self._is_clock_back(tx):
                return Ran()
        lock = self._engine.hold(RUNNER)
        if lock is None:
            return Ran(is_elsewhere=True)
        try:
            self._write_down()
            return self._run_all(self._claimed(limit))
        finally:
            lock.close()

    def next_us(self) -> int | None:
        """When the next job is due, in microseconds since 1970; None where none waits."""
        with self._engine.read() as tx:
            return jobs.next_run_us(tx)

    def recent(self, *, parked: bool = False, limit: int = 20) -> list[JobShown]:
        """Jobs in the order of their moments, or only those that wait for a person."""
        with self._engine.read() as tx:
            return [_shown(waiting) for waiting in jobs.recent(tx, parked=parked, limit=limit)]

    def counts(self) -> tuple[int, int]:
        """How many jobs wait for their moment, and how many for a person."""
        with self._engine.read() as tx:
            return jobs.counts(tx)

    def retry(self, refs: list[str]) -> list[str]:
        """Run jobs at the next opportunity, with all their attempts before them; with no refs all parked ones.

        Raises: NotFound, Ambiguous, Busy (one is at work right now); then none is changed.
        """
        return self._change(refs, jobs.retry)

    def drop(self, refs: list[str]) -> list[str]:
        """Take jobs out for good, without running them.

        Raises: NotFound, Ambiguous, Busy, InvalidInput (a reminder's own job); then none is dropped.
        """

        def drop(tx: Tx, id: bytes) -> None:
            if jobs.kind_of(tx, id) == REMINDER_JOB:
                raise InvalidInput("this job is a reminder's own", hint="scribes reminders cancel ends the reminder")
            jobs.drop(tx, id)

        return self._change(refs, drop)

    def _change(self, refs: list[str], change: Callable[[Tx, bytes], None]) -> list[str]:
        # With the lock in hand nobody is at work, and whatever lease there is is that of a dead runner.
        lock = self._engine.hold(RUNNER)
        try:
            with self._engine.write() as tx:
                if lock is not None:
                    jobs.release_all(tx)
                ids = [jobs.resolve(tx, ref) for ref in refs]
                if not refs:
                    ids = [waiting.job.id for waiting in jobs.recent(tx, parked=True, limit=10_000)]
                    if not ids:
                        raise NotFound("no job is parked", hint="scribes jobs list shows what waits")
                for id in ids:
                    if jobs.is_leased(tx, id):
                        raise Busy("the job is being done right now", hint="look again in a moment")
                    change(tx, id)
                return [to_text(id) for id in ids]
        finally:
            if lock is not None:
                lock.close()

    def _claimed(self, limit: int) -> list[Job]:
        with self._engine.write() as tx:
            # The lock is held, so whoever had a lease is dead.
            jobs.release_all(tx)
            if self._is_clock_back(tx):
                jobs.pull_in(tx, run_us=tx.now_us + LONGEST_WAIT_US)
                if self._set_back:
                    self._set_back(tx)
            meta.put(tx, CLOCK, tx.now_us)
            jobs.forget_done(tx, before_us=tx.now_us - KEYS_KEPT_US)
            return jobs.claim(tx, lease_us=tx.now_us + LEASE_US, limit=limit)

    def _write_down(self) -> None:
        """Finish what was done outside when the vault could not be written: doing it again would be doing it twice."""
        while self._unwritten:
            job, result = self._unwritten[0]
            handler = self._handlers(job.kind)
            with self._engine.write() as tx:
                if handler is not None and jobs.finish(tx, job):
                    handler.finish(tx, job, result)
            self._unwritten.pop(0)

    def _is_clock_back(self, tx: Tx) -> bool:
        """Whether the clock stands before the last run: somebody set it back."""
        return tx.now_us < int(meta.get(tx, CLOCK) or 0) - STEP_US

    def _run_all(self, claimed: list[Job]) -> Ran:
        inside = [job for job in claimed if self._is_quick(job)]
        if len(inside) > 1 and self._finish_together(inside):
            done, rest = len(inside), [job for job in claimed if job not in inside]
        else:
            done, rest = 0, claimed
        results: list[str] = []
        for number, job in enumerate(rest):
            if self.is_stopping:
                self._give_back(rest[number:])
                break
            results.append(self._run(job))
        return Ran(done + results.count("done"), results.count("put off"), results.count("parked"))

    def _give_back(self, left: list[Job]) -> None:
        with self._engine.write() as tx:
            for job in left:
                jobs.give_back(tx, job)

    def _is_quick(self, job: Job) -> bool:
        """Whether all of a job is done inside the vault."""
        handler = self._handlers(job.kind)
        return handler is not None and handler.act is None and job.attempts <= MOST_ATTEMPTS

    def _finish_together(self, quick: list[Job]) -> bool:
        """Finish many in one transaction; False, and none is, where one of them does not go through."""
        try:
            with self._engine.write() as tx:
                for job in quick:
                    handler = self._handlers(job.kind)
                    if handler is None or not jobs.finish(tx, job):
                        raise Conflict("a job is somebody else's now")
                    handler.finish(tx, job, None)
        except Exception:  # each is tried alone next, and says then what is wrong
            return False
        return True

    def _run(self, job: Job) -> str:
        """Run one job: "done", "put off", "parked" or "lost" to another runner."""
        handler = self._handlers(job.kind)
        if handler is None:
            return self._failed(job, None, InvalidInput(f"nobody knows how to do {job.kind!r}", hint="update Scribes"))
        if job.attempts > MOST_ATTEMPTS:
            return self._failed(job, handler, ScribesError("the process ended each time while it ran"))
        try:
            result = handler.act(job) if handler.act else None
            self._unwritten.append((job, result))
            with self._engine.write() as tx:
                if jobs.finish(tx, job):
                    handler.finish(tx, job, result)
                    outcome = "done"
                else:
                    outcome = "lost"
            self._unwritten.pop()
            return outcome
        except Later as later:
            with self._engine.write() as tx:
                jobs.put_off(tx, job, run_us=later.until_us, error=later.why, counts=False)
            return "put off"
        except ScribesError as e:
            if self._unwritten and e.code in ("busy", "full"):
                # It was done, and only not written down: the round ends, and the next begins with that.
                raise
            self._unwritten.clear()
            return self._failed(job, handler, e)
        except Exception as e:  # a job runner: a fault of ours is kept with the job, and the others go on
            # The message of an unknown error may hold private text, so only its kind is kept.
            self._unwritten.clear()
            return self._failed(job, handler, ScribesError(f"unexpected {type(e).__name__}"))

    def _failed(self, job: Job, handler: Handler | None, error: ScribesError) -> str:
        """Put a job off after a failure that may pass, or park it."""
        passes = error.code in ("unavailable", "busy", "full") and job.attempts < MOST_ATTEMPTS
        with self._engine.write() as tx:
            if passes:
                jobs.put_off(tx, job, run_us=tx.now_us + wait_us(job.attempts, self._spread()), error=error.message)
            else:
                jobs.park(tx, job, error=error.message)
            if handler and handler.failed:
                handler.failed(tx, job, error, not passes)
        return "put off" if passes else "parked"


def _shown(waiting: jobs.Waiting) -> JobShown:
    job = waiting.job
    return JobShown(
        id=to_text(job.id),
        handle=job.id.hex()[-6:],
        kind=job.kind,
        key=job.key or "",
        run_at=None if waiting.parked_us else from_us(job.run_us),
        attempts=job.attempts,
        parked_at=from_us(waiting.parked_us) if waiting.parked_us else None,
        error=waiting.error,
        is_running=waiting.lease_us is not None,
    )

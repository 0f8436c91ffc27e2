"""Work that comes again and again, in threads of this process (APScheduler 3)."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from ..errors import Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# How far wall clock and monotonic clock may part between two looks before the wall clock was set.
STEP_S = 30.0
LOOK_S = 2.0


class SchedulerRunner:
    """Runs works at their intervals until it is stopped. One work never runs twice at once; what was missed while the
    machine slept runs once. A wall clock that is set, back or forward, stops nothing.
    """

    def __init__(self, *, clock_was_set: Callable[[float], None] | None = None) -> None:
        try:
            from apscheduler.executors.pool import ThreadPoolExecutor
            from apscheduler.schedulers.background import BackgroundScheduler
        except ImportError as e:
            raise Unavailable("the daemon needs the package apscheduler", hint="pip install apscheduler") from e
        self._scheduler: Any = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(4)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        self._clock_was_set = clock_was_set
        self._over = threading.Event()
        self._at_work = 0
        self._idle = threading.Condition()

    def every(self, seconds: float, name: str, work: Callable[[], object]) -> None:
        """Run a work now, and again each time so many seconds have passed."""
        self._scheduler.add_job(
            self._counted(work),
            "interval",
            seconds=seconds,
            id=name,
            name=name,
            replace_existing=True,
            next_run_time=_now(),
        )

    def also_at(self, moment_us: int, name: str, work: Callable[[], object]) -> None:
        """Run a work once more at a moment; a later call of the same name moves it."""
        if self._over.is_set():
            return
        moment = datetime.fromtimestamp(moment_us / 1e6, UTC)
        self._scheduler.add_job(self._counted(work), "date", run_date=moment, id=name, name=name, replace_existing=True)

    def run(self) -> None:
        """Work until `stop`; what is at work then is finished."""
        import logging

        # Its own remarks would name our functions; the faces say what is to be said.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        self._scheduler.start()
        try:
            self._watch_the_clock()
        finally:
            self._end()

    def _end(self) -> None:
        """Let what is at work finish. Not by `shutdown(wait=True)`: it waits with locks in hand that a work may need
        to name its next moment.
        """
        self._scheduler.pause()
        with self._idle:
            self._idle.wait_for(lambda: self._at_work == 0)
        self._scheduler.shutdown(wait=False)

    def _counted(self, work: Callable[[], object]) -> Callable[[], object]:
        def counted() -> object:
            with self._idle:
                if self._over.is_set():
                    return None
                self._at_work += 1
            try:
                return work()
            finally:
                with self._idle:
                    self._at_work -= 1
                    self._idle.notify_all()

        return counted

    def stop(self) -> None:
        """End `run`, from any thread or a signal."""
        self._over.set()

    def _watch_the_clock(self) -> None:
        """The scheduler reckons by the wall clock: set back by an hour, it would sleep for one."""
        wall, steady = time.time(), _steady_s()
        while not self._over.wait(LOOK_S):
            wall_now, steady_now = time.time(), _steady_s()
            step_s = (wall_now - wall) - (steady_now - steady)
            wall, steady = wall_now, steady_now
            if abs(step_s) > STEP_S:
                if self._clock_was_set:
                    self._clock_was_set(step_s)
                for job in self._scheduler.get_jobs():
                    if hasattr(job.trigger, "interval"):
                        job.reschedule("interval", seconds=job.trigger.interval.total_seconds())
                        job.modify(next_run_time=_now())


def _steady_s() -> float:
    """Seconds that go on while the machine sleeps, where the system counts those."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _now() -> datetime:
    return datetime.now(UTC) + timedelta(milliseconds=1)

"""What a server does behind its requests: logs brought in step, jobs that are due, what notes mean. A thread each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from ..errors import ScribesError
from ..hosting import Host
from .metrics import Silent
from .tracing import fault

# How long a thread with nothing to do waits before it looks again; how long after a failure.
LOOK_S, AFTER_FAILURE_S = 2.0, 15.0
LONG_S, TOGETHER_S, MOST_TOGETHER_S = 60.0, 0.05, 0.5
# For each second that logs take, so many for requests.
FLUSH_REST = 16.0
# Notes that are embedded before requests get their turn, and for each second of that a second of rest.
INDEX_NOTES, REST = 8, 1.0
# When the index is looked after though no note waits: another embedder may have been chosen, old vectors be in the way.
FIRST_THOROUGH_S, THOROUGH_EVERY_S = 60.0, 3600.0


class Behind:
    """The threads behind the requests of one server."""

    def __init__(
        self, host: Host, metrics: Silent, *, indexes: bool, more: Mapping[str, Callable[[], float]] | None = None
    ) -> None:
        self._host, self._metrics = host, metrics
        self._stop = threading.Event()
        self._thorough_at = time.monotonic() + FIRST_THOROUGH_S
        self._flushed_s = 0.0
        self._jobs = host.jobs()
        self._log = structlog.get_logger("scribes.server")
        works: dict[str, Callable[[], float]] = {"logs": self._flush, "jobs": self._run_jobs, **(more or {})}
        if indexes:
            works["index"] = self._index
        self._threads = {
            name: threading.Thread(target=self._again, args=(name, work), name=f"scribes-{name}", daemon=True)
            for name, work in works.items()
        }

    def start(self) -> None:
        """Begin."""
        for thread in self._threads.values():
            thread.start()

    def stop(self) -> None:
        """End after the job and the notes at hand; what was not begun is given back."""
        self._stop.set()
        self._jobs.is_stopping = True
        self._host.wake()
        for thread in self._threads.values():
            if thread.is_alive():
                thread.join(timeout=30)

    def ended(self) -> list[str]:
        """The works whose thread is no more."""
        return [name for name, thread in self._threads.items() if not thread.is_alive()]

    def _again(self, name: str, work: Callable[[], float]) -> None:
        while not self._stop.is_set():
            try:
                rest_s = work()
            except ScribesError as e:
                if self._stop.is_set():
                    return
                self._log.warning("behind", work=name, code=e.code, exc_info=e)
                rest_s = AFTER_FAILURE_S
            except Exception as e:
                self._log.error("behind", work=name, exc_info=e)
                fault(e)
                rest_s = AFTER_FAILURE_S
            self._stop.wait(rest_s)

    def _flush(self) -> float:
        rung_at = self._host.rung(LONG_S)
        # A moment, so that what is written in a row goes into one bundle; longer, where much is written.
        self._stop.wait(min(max(TOGETHER_S, self._flushed_s * FLUSH_REST), MOST_TOGETHER_S))
        begun = time.monotonic()
        if self._host.flush() and rung_at:
            self._metrics.lag(time.monotonic() - rung_at)
        self._flushed_s = time.monotonic() - begun
        return 0.0

    def _run_jobs(self) -> float:
        ran = self._jobs.run_due()
        for outcome, number in (("done", ran.done), ("put_off", ran.put_off), ("parked", ran.parked)):
            if number:
                self._metrics.job(outcome, number)
        if ran.parked:
            self._log.warning("jobs parked", number=ran.parked)
        return LOOK_S

    def _index(self) -> float:
        begun = time.monotonic()
        is_time = begun >= self._thorough_at
        if is_time:
            self._thorough_at = begun + THOROUGH_EVERY_S
        done = self._host.index(limit=INDEX_NOTES, thorough=is_time)
        return (time.monotonic() - begun) * REST if done else LOOK_S

"""The runner of the daemon: intervals, moments, and a wall clock that is set while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from scribes.adapters import runner_apscheduler
from scribes.adapters.runner_apscheduler import SchedulerRunner

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WAIT_S = 20.0


@pytest.fixture(autouse=True)
def _quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_apscheduler, "LOOK_S", 0.05)


class Running:
    """A runner in a thread, and what it noticed."""

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.looks = 0
        self.runner = SchedulerRunner(clock_was_set=self.steps.append)
        self.thread = threading.Thread(target=self.runner.run)

    def look(self) -> None:
        self.looks += 1

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.fixture
def running() -> Iterator[Running]:
    made = Running()
    yield made
    made.runner.stop()
    made.thread.join(WAIT_S)
    assert not made.thread.is_alive()


def test_a_work_runs_at_once_and_at_each_interval(running: Running) -> None:
    running.runner.every(0.05, "look", running.look)
    running.thread.start()

    running.until(lambda: running.looks >= 3)


def test_a_moment_before_the_next_interval_is_kept_and_can_be_moved(running: Running) -> None:
    running.runner.every(3600, "look", running.look)
    running.thread.start()
    running.until(lambda: running.looks == 1)
    running.runner.also_at(int((time.time() + 3600) * 1e6), "next", running.look)
    running.runner.also_at(int((time.time() + 0.1) * 1e6), "next", running.look)

    running.until(lambda: running.looks == 2)


@pytest.mark.parametrize("step", [timedelta(hours=-5), timedelta(hours=5)])
def test_a_clock_that_is_set_stops_nothing(running: Running, step: timedelta) -> None:
    with time_machine.travel(NOON, tick=True) as clock:
        running.runner.every(1.0, "look", running.look)
        running.thread.start()
        running.until(lambda: running.looks == 1)
        clock.move_to(datetime.now(UTC) + step, tick=True)
        running.until(lambda: bool(running.steps))
        before = running.looks
        running.until(lambda: running.looks >= before + 2)

    assert round(running.steps[0] / 3600) == step.total_seconds() / 3600


def test_without_the_watch_a_clock_set_back_would_stop_the_scheduler_for_hours(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the watch is for: if this ever fails, it is not needed any more."""
    monkeypatch.setattr(runner_apscheduler, "STEP_S", 1e9)
    with time_machine.travel(NOON, tick=True) as clock:
        running.runner.every(0.2, "look", running.look)
        running.thread.start()
        running.until(lambda: running.looks >= 1)
        clock.move_to(datetime.now(UTC) - timedelta(hours=5), tick=True)
        time.sleep(0.5)
        before = running.looks
        time.sleep(1.0)

    assert running.looks <= before + 1

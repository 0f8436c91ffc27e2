"""The queue of jobs on a real vault: at least once, never two at once, by its key never twice, whatever crashes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from scribes.domain.jobs import LEASE_US, MOST_ATTEMPTS, SECOND_US, Job, Later, wait_us
from scribes.errors import Busy, InvalidInput, NotFound, Unavailable
from scribes.ports import Tx
from scribes.services.context import Context
from scribes.services.jobs import RUNNER, Handler, Jobs
from scribes.storage import jobs, meta

from .engines import VAULT, Store, file_store

pytestmark = pytest.mark.every_engine

START_US = 1_780_000_000_000_000
HOUR_US = 3600 * SECOND_US


class Killed(BaseException):
    """The process died here: nothing after it runs, as after kill -9."""


class Clock:
    def __init__(self, now_us: int = START_US) -> None:
        self.now_us = now_us

    def __call__(self) -> int:
        return self.now_us


class Runner:
    """A process on a vault: its engine, its clock, and what its handlers did to the world."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.clock = clock
        self.engine = store(clock)
        self.context = Context(self.engine, None, meta.Identity(1, 1, b"d" * 16), (1,), "test")  # type: ignore[arg-type]
        self.handlers: dict[str, Handler] = {}
        self.jobs = Jobs(self.context, self.handlers.get, spread=lambda: 0.5)

    def enqueue(self, kind: str, in_us: int = 0, **payload: Any) -> None:
        key, once = payload.pop("key", None), payload.pop("once", False)
        with self.engine.write() as tx:
            jobs.enqueue(tx, kind, payload, run_us=tx.now_us + in_us, key=key, once=once)

    def write_effect(self, name: str) -> Callable[[Tx, Job, Any], None]:
        def finish(tx: Tx, job: Job, result: Any) -> None:
            tx.run(
                "INSERT INTO effect (name, times) VALUES (?, 1)"
                " ON CONFLICT (name) DO UPDATE SET times = effect.times + 1",
                (f"{name}:{job.payload['n']}",),
            )

        return finish

    def effects(self, name: str) -> dict[str, int]:
        with self.engine.read() as tx:
            return dict(tx.rows("SELECT name, times FROM effect WHERE name LIKE ?", (f"{name}:%",)))


@pytest.fixture
def store(store: Store) -> Store:
    """A store with a table for what handlers did."""
    return with_effects(store)


def with_effects(store: Store) -> Store:
    engine = store()
    with engine.write() as tx:
        tx.run_script("CREATE TABLE effect (name TEXT PRIMARY KEY, times INTEGER NOT NULL);")
    engine.close()
    return store


@pytest.fixture
def runner(store: Store) -> Iterator[Runner]:
    made = Runner(store, Clock())
    yield made
    made.engine.close()


def test_a_job_is_done_when_its_moment_has_come_and_not_before(runner: Runner) -> None:
    done: list[int] = []
    runner.handlers["say"] = Handler(finish=lambda tx, job, _: done.append(job.payload["n"]))
    runner.enqueue("say", in_us=HOUR_US, n=1)

    assert runner.jobs.run_due().done == 0
    assert runner.jobs.next_us() == START_US + HOUR_US
    runner.clock.now_us += HOUR_US
    assert runner.jobs.run_due().done == 1
    assert done == [1]
    assert runner.jobs.next_us() is None


def test_a_job_is_kept_only_if_the_change_that_needs_it_is(runner: Runner) -> None:
    def change_that_fails() -> None:
        with runner.engine.write() as tx:
            jobs.enqueue(tx, "say", {"n": 1}, run_us=0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_that_fails()

    assert runner.jobs.counts() == (0, 0)


def test_a_key_stands_once_and_its_job_moves(runner: Runner) -> None:
    runner.enqueue("say", n=1, key="k")
    runner.enqueue("say", in_us=HOUR_US, n=2, key="k")

    assert [job.run_at.timestamp() for job in runner.jobs.recent() if job.run_at] == [(START_US + HOUR_US) / 1e6]


def test_a_key_that_was_done_once_is_never_taken_again(runner: Runner) -> None:
    runner.handlers["say"] = Handler(finish=runner.write_effect("say"))
    runner.enqueue("say", n=1, key="k", once=True)
    runner.jobs.run_due()
    runner.enqueue("say", n=1, key="k", once=True)
    runner.jobs.run_due()

    assert runner.effects("say") == {"say:1": 1}
    assert runner.jobs.counts() == (0, 0)


def test_what_may_pass_is_tried_again_ever_later_and_parked_in_the_end(runner: Runner) -> None:
    tries: list[int] = []

    def act(job: Job) -> None:
        tries.append(runner.clock.now_us)
        raise Unavailable("the server is away")

    runner.handlers["send"] = Handler(finish=lambda *_: None, act=act)
    runner.enqueue("send", n=1)
    while runner.jobs.counts()[0]:
        runner.clock.now_us = max(runner.clock.now_us, runner.jobs.next_us() or 0)
        runner.jobs.run_due()
    waits = [later - earlier for earlier, later in pairwise(tries)]

    assert len(tries) == MOST_ATTEMPTS
    assert waits == sorted(waits)
    assert runner.jobs.counts() == (0, 1)
    assert [job.error for job in runner.jobs.recent(parked=True)] == ["the server is away"]


def test_what_cannot_pass_is_parked_at_once_and_a_person_may_try_it_again(runner: Runner) -> None:
    fails = [True]

    def act(job: Job) -> None:
        if fails[0]:
            raise InvalidInput("the address is no address")

    runner.handlers["send"] = Handler(finish=runner.write_effect("sent"), act=act)
    runner.enqueue("send", n=1)
    ran = runner.jobs.run_due()
    parked = runner.jobs.recent(parked=True)
    fails[0] = False
    runner.jobs.retry([parked[0].handle])

    assert (ran.done, ran.parked) == (0, 1)
    assert runner.jobs.run_due().done == 1
    assert runner.effects("sent") == {"sent:1": 1}


def test_a_fault_of_ours_is_kept_with_the_job_without_its_words_and_the_others_go_on(runner: Runner) -> None:
    def finish(tx: Tx, job: Job, _: Any) -> None:
        if job.payload["n"] == 2:
            raise KeyError("a private prayer")
        runner.write_effect("say")(tx, job, None)

    runner.handlers["say"] = Handler(finish=finish)
    for n in (1, 2, 3):
        runner.enqueue("say", n=n)
    ran = runner.jobs.run_due()

    assert (ran.done, ran.parked) == (2, 1)
    assert runner.effects("say") == {"say:1": 1, "say:3": 1}
    assert runner.jobs.recent(parked=True)[0].error == "unexpected KeyError"


def test_a_job_that_is_put_off_has_not_used_up_an_attempt(runner: Runner) -> None:
    def act(job: Job) -> None:
        raise Later(runner.clock.now_us + HOUR_US, "the channel rests")

    runner.handlers["send"] = Handler(finish=lambda *_: None, act=act)
    runner.enqueue("send", n=1)
    for _ in range(3 * MOST_ATTEMPTS):
        runner.jobs.run_due()
        runner.clock.now_us += HOUR_US

    assert [job.attempts for job in runner.jobs.recent()] == [0]


def test_while_one_process_is_at_it_another_leaves_the_jobs_alone(runner: Runner, store: Store) -> None:
    runner.handlers["say"] = Handler(finish=runner.write_effect("say"))
    runner.enqueue("say", n=1)
    elsewhere = store()
    other = elsewhere.hold(RUNNER)
    assert other is not None
    while_held = runner.jobs.run_due()
    other.close()
    elsewhere.close()

    assert while_held.done == 0
    assert runner.jobs.run_due().done == 1


def test_a_job_that_kills_its_process_is_parked_and_does_not_kill_for_ever(store: Store) -> None:
    clock, lives = Clock(), 0

    def act(job: Job) -> None:
        raise Killed

    while True:
        runner = Runner(store, clock)
        runner.handlers["send"] = Handler(finish=lambda *_: None, act=act)
        if lives == 0:
            runner.enqueue("send", n=1)
        lives += 1
        try:
            runner.jobs.run_due()
            break
        except Killed:
            runner.engine.close()
    parked = runner.jobs.recent(parked=True)
    runner.engine.close()

    assert lives == MOST_ATTEMPTS + 1
    assert "ended each time" in parked[0].error


def test_where_no_lock_tells_a_lease_keeps_others_away_until_it_is_over(runner: Runner) -> None:
    """What the server's workers rely on, who share no file system."""
    runner.enqueue("say", n=1)
    with runner.engine.write() as tx:
        first = jobs.claim(tx, lease_us=tx.now_us + LEASE_US, limit=10)
    with runner.engine.write() as tx:
        meanwhile = jobs.claim(tx, lease_us=tx.now_us + LEASE_US, limit=10)
    runner.clock.now_us += LEASE_US
    with runner.engine.write() as tx:
        second = jobs.claim(tx, lease_us=tx.now_us + LEASE_US, limit=10)
        late_finish = jobs.finish(tx, first[0])
        finish = jobs.finish(tx, second[0])

    assert (len(first), len(meanwhile), len(second)) == (1, 0, 1)
    assert (late_finish, finish) == (False, True)


def test_jobs_that_a_wrong_clock_put_off_for_years_come_back(runner: Runner) -> None:
    fails = [True]

    def act(job: Job) -> None:
        if fails[0]:
            raise Unavailable("away")

    runner.handlers["send"] = Handler(finish=runner.write_effect("sent"), act=act)
    runner.enqueue("send", n=1)
    year_us = 365 * 24 * HOUR_US
    runner.clock.now_us += year_us
    runner.jobs.run_due()
    runner.clock.now_us -= year_us
    fails[0] = False
    runner.jobs.run_due()
    runner.clock.now_us += 7 * HOUR_US
    runner.jobs.run_due()

    assert runner.effects("sent") == {"sent:1": 1}


def test_a_job_that_is_being_done_is_neither_retried_nor_dropped(runner: Runner) -> None:
    refused: list[str] = []

    def act(job: Job) -> None:
        for change in (runner.jobs.retry, runner.jobs.drop):
            with pytest.raises(Busy):
                change([job.id.hex()])
            refused.append(change.__name__)

    runner.handlers["send"] = Handler(finish=runner.write_effect("sent"), act=act)
    runner.enqueue("send", n=1)
    runner.jobs.run_due()

    assert refused == ["retry", "drop"]
    assert runner.effects("sent") == {"sent:1": 1}


def test_told_to_stop_it_finishes_the_job_at_hand_and_gives_the_others_back(runner: Runner) -> None:
    def act(job: Job) -> None:
        runner.jobs.is_stopping = True

    runner.handlers["send"] = Handler(finish=runner.write_effect("sent"), act=act)
    for n in (1, 2, 3):
        runner.enqueue("send", n=n)
    ran = runner.jobs.run_due()

    assert ran.done == 1
    assert [(job.attempts, job.is_running) for job in runner.jobs.recent()] == [(0, False), (0, False)]


def test_it_says_that_another_process_is_at_it(runner: Runner, store: Store) -> None:
    runner.enqueue("say", n=1)
    elsewhere = store()
    other = elsewhere.hold(RUNNER)
    assert other is not None
    ran = runner.jobs.run_due()
    other.close()
    elsewhere.close()

    assert ran.is_elsewhere


def test_an_unknown_job_says_so_and_is_not_lost(runner: Runner) -> None:
    runner.enqueue("from-the-future", n=1)
    runner.jobs.run_due()

    assert "nobody knows" in runner.jobs.recent(parked=True)[0].error
    with pytest.raises(NotFound):
        runner.jobs.retry(["ffff"])


@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0])
def test_waits_grow_and_are_bounded(spread: float) -> None:
    waits = [wait_us(attempt, spread) for attempt in range(1, 60)]

    assert waits == sorted(waits)
    assert waits[0] >= 15 * SECOND_US
    assert waits[-1] <= 6 * HOUR_US


class Queue(RuleBasedStateMachine):
    """Random lives and deaths of two processes on one file, against a receiver that knows keys.

    Each job has three kinds of effect: one in the vault, one at a receiver that tells repetitions by their key, and the
    number of attempts that reached the outside. After all: every job was done, in the vault exactly once; the receiver
    showed each keyed one exactly once.
    """

    @initialize(folder=st.just(None))
    def begin(self, folder: None) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        with_effects(store := file_store(VAULT, os.path.join(self.folder.name, "v.scribes")))
        self.begin_on(store)

    def begin_on(self, store: Store) -> None:
        self.store = store
        self.clock = Clock()
        self.runners = [Runner(store, self.clock), Runner(store, self.clock)]
        self.added: dict[int, str] = {}
        self.shown: Counter[str] = Counter()
        self.received: set[str] = set()
        self.dies_at = -1
        self.step = 0
        self.fails = False
        self.running: set[bytes] = set()
        self.overlaps = 0
        for runner in self.runners:
            self._give_handlers(runner)

    def teardown(self) -> None:
        if hasattr(self, "runners"):
            self._settle()
            for runner in self.runners:
                runner.engine.close()
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def _give_handlers(self, runner: Runner) -> None:
        runner.handlers["inside"] = Handler(finish=self._dying(runner.write_effect("done")))
        runner.handlers["outside"] = Handler(finish=self._dying(runner.write_effect("done")), act=self._act)

    def _maybe_die(self) -> None:
        self.step += 1
        if self.step == self.dies_at:
            raise Killed

    def _dying(self, finish: Callable[[Tx, Job, Any], None]) -> Callable[[Tx, Job, Any], None]:
        def dying(tx: Tx, job: Job, result: Any) -> None:
            self._maybe_die()
            finish(tx, job, result)
            self._maybe_die()

        return dying

    def _act(self, job: Job) -> None:
        self.overlaps += job.id in self.running
        self.running.add(job.id)
        try:
            self._maybe_die()
            if self.fails:
                raise Unavailable("away")
            assert job.key is not None
            if job.key not in self.received:
                self.received.add(job.key)
                self.shown[job.key] += 1
            self._maybe_die()
        finally:
            self.running.discard(job.id)

    @rule(inside=st.booleans(), in_s=st.integers(0, 60), number=st.integers(1, 3))
    def add(self, inside: bool, in_s: int, number: int) -> None:
        for _ in range(number):
            n = len(self.added)
            self.added[n] = "inside" if inside else "outside"
            self._ask_for(n, in_s)

    @rule(n=st.integers(0, 100))
    def ask_for_the_same_again(self, n: int) -> None:
        if self.added:
            self._ask_for(n % len(self.added), 0)

    def _ask_for(self, n: int, in_s: int) -> None:
        self.runners[0].enqueue(self.added[n], in_us=in_s * SECOND_US, n=n, key=f"{n}", once=True)

    @rule(seconds=st.one_of(st.integers(0, 100), st.integers(-4000, 100_000)))
    def let_time_pass_or_step(self, seconds: int) -> None:
        self.clock.now_us += seconds * SECOND_US

    @rule(who=st.integers(0, 1), dies_after=st.one_of(st.none(), st.integers(1, 8)), fails=st.booleans())
    def run(self, who: int, dies_after: int | None, fails: bool) -> None:
        self.fails = fails
        self.dies_at = self.step + dies_after if dies_after else -1
        try:
            self.runners[who].jobs.run_due()
        except Killed:
            self.runners[who].engine.close()
            self.runners[who] = Runner(self.store, self.clock)
            self._give_handlers(self.runners[who])
        finally:
            self.dies_at, self.fails = -1, False

    @rule(who=st.integers(0, 1))
    def die_with_jobs_in_hand(self, who: int) -> None:
        """A process that claimed and then ends before it does anything."""
        runner = self.runners[who]
        with runner.engine.write() as tx:
            jobs.claim(tx, lease_us=tx.now_us + LEASE_US, limit=3)

    @invariant()
    def nothing_is_done_twice_in_the_vault(self) -> None:
        if hasattr(self, "runners"):
            assert all(times == 1 for times in self.runners[0].effects("done").values())
            assert all(times == 1 for times in self.shown.values())
            assert self.overlaps == 0

    def _settle(self) -> None:
        """Time goes on, a person retries what was parked, and nobody dies any more: all must be done."""
        runner = self.runners[0]
        for _ in range(60):
            waiting, parked = runner.jobs.counts()
            if not waiting and not parked:
                break
            if parked:
                runner.jobs.retry([])
            self.clock.now_us = max(self.clock.now_us, runner.jobs.next_us() or 0)
            runner.jobs.run_due()

        assert runner.jobs.counts() == (0, 0)
        assert set(runner.effects("done")) == {f"done:{n}" for n in self.added}
        assert all(times == 1 for times in runner.effects("done").values())
        assert all(times == 1 for times in self.shown.values())


TestQueue = Queue.TestCase
TestQueue.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("seed", range(12))
def test_random_lives_and_deaths_lose_nothing_and_do_nothing_twice(store: Store, seed: int) -> None:
    """The same histories by a seeded driver: hypothesis' own stay shallow."""
    import random

    chance = random.Random(seed)
    machine = Queue()
    machine.begin_on(store)
    for _ in range(150):
        what = chance.random()
        if what < 0.25:
            machine.add(chance.random() < 0.5, chance.randrange(60), chance.randint(1, 3))
        elif what < 0.35:
            machine.ask_for_the_same_again(chance.randrange(100))
        elif what < 0.5:
            machine.let_time_pass_or_step(chance.choice([5, 60, 3000, -30, -4000]))
        elif what < 0.95:
            machine.run(chance.randrange(2), chance.choice([None, *range(1, 9)]), chance.random() < 0.3)
        else:
            machine.die_with_jobs_in_hand(chance.randrange(2))
        machine.nothing_is_done_twice_in_the_vault()
    machine.teardown()

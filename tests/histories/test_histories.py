"""Nothing is lost, doubled or brought back from the dead, whatever happens on the way (SYNC.md, I1 to I8).

500 seeded histories; 20,000 in the nightly profile. `python -m tests.histories 1 SEED` runs one that failed again.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from . import driver, mutants, world

BLOCKS, IN_CI, IN_THE_NIGHT = 20, 500, 20_000


def is_night() -> bool:
    return settings.default is not None and settings.default.max_examples >= 5_000


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_random_histories_end_alike_everywhere_and_nothing_is_lost(block: int) -> None:
    number = (IN_THE_NIGHT if is_night() else IN_CI) // BLOCKS
    for seed in range(block * number, (block + 1) * number):
        try:
            driver.run(seed)
        except BaseException as e:
            e.add_note(f"seed {seed}: PYTHONHASHSEED=0 python -m tests.histories 1 {seed}")
            raise


class Histories(RuleBasedStateMachine):
    """The same world as hypothesis would have it: it chooses who does what, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.source = random.Random(0)
        self.world = world.World(self.source, driver.template())
        self.steps = 0

    def _do(self, action: driver.Action, machine: int, chance: int, *, bad: bool = False) -> None:
        self.source.seed(chance)
        machines = [one for one in self.world.machines.values() if not one.lost]
        chosen = machines[machine % len(machines)]
        chosen.faults.lost = chosen.faults.mess = 0.2 if bad else 0.0
        chosen.faults.crash = 0.05 if bad else 0.0
        self.world.tick()
        action(self.world, chosen)
        chosen.faults.lost = chosen.faults.mess = chosen.faults.crash = 0.0
        self.steps += 1

    @rule(action=st.sampled_from(list(driver.EVERYDAY)), machine=st.integers(0, 4), chance=st.integers(0, 999))
    def everyday(self, action: driver.Action, machine: int, chance: int) -> None:
        self._do(action, machine, chance)

    @rule(machine=st.integers(0, 4), chance=st.integers(0, 999), bad=st.booleans())
    def sync(self, machine: int, chance: int, bad: bool) -> None:
        self._do(driver.sync, machine, chance, bad=bad)

    @precondition(lambda self: self.steps > 2)
    @rule(action=st.sampled_from(list(driver.MEMBERS)), machine=st.integers(0, 4), chance=st.integers(0, 999))
    def members(self, action: driver.Action, machine: int, chance: int) -> None:
        self._do(action, machine, chance)

    @rule(action=st.sampled_from(list(driver.SETBACKS)), machine=st.integers(0, 4), chance=st.integers(0, 999))
    def set_back(self, action: driver.Action, machine: int, chance: int) -> None:
        self._do(action, machine, chance)

    def teardown(self) -> None:
        try:
            before = world.committed(self.world)
            world.settle(self.world)
            world.check(self.world, before)
        finally:
            self.world.close()


@pytest.mark.slow
def test_hypothesis_finds_no_history_that_ends_otherwise() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Histories,
        settings=settings(
            max_examples=2_000 if is_night() else 40,
            stateful_step_count=40,
            deadline=None,
            # Shrinking takes minutes; the seeds of the driver are run again in a second.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )


def test_every_planted_fault_still_has_its_place_in_the_source() -> None:
    for mutant in mutants.MUTANTS:
        text = (mutants.SOURCE / mutant.file).read_text(encoding="utf-8")

        assert text.count(mutant.before) == 1, f"{mutant.name}: {mutant.file}"


@pytest.mark.slow
@pytest.mark.parametrize("mutant", mutants.MUTANTS[:3], ids=lambda mutant: mutant.name)
def test_the_histories_catch_a_planted_fault(mutant: mutants.Mutant) -> None:
    """Three of them here; `nox -s mutants` plants them all."""
    assert mutants.is_caught(mutant)

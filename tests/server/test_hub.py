"""Who listens is told what moved on: from any thread, the newest number only, and no longer than they listen."""

from __future__ import annotations

import asyncio
import threading

from scribes.server.hub import MAX_LISTENERS, Hub

SPACE, OTHER = b"s" * 16, b"o" * 16


def test_those_are_told_whom_it_concerns_and_the_newest_number_only() -> None:
    async def run() -> None:
        hub = Hub()
        anna, ben = hub.join(1), hub.join(2)
        assert hub.is_heard
        thread = threading.Thread(target=lambda: [hub.publish([1], SPACE, seq) for seq in (3, 5, 4)])
        thread.start()
        thread.join()
        hub.publish([1, 7], OTHER, 1)

        assert await anna.heard(within_s=5) == {SPACE: 5, OTHER: 1}
        assert await anna.heard(within_s=0.01) == {}
        assert await ben.heard(within_s=0.01) == {}
        hub.leave(anna)
        hub.leave(anna)
        hub.leave(ben)
        assert not hub.is_heard

    asyncio.run(run())


def test_of_too_many_listeners_of_an_account_the_oldest_ends() -> None:
    async def run() -> None:
        hub = Hub()
        first, *rest = [hub.join(1) for _ in range(MAX_LISTENERS + 1)]
        await first.heard(within_s=5)

        assert first.is_over
        assert not any(one.is_over for one in rest)

    asyncio.run(run())


def test_a_server_that_ends_lets_all_go_and_those_who_come_too_late() -> None:
    async def run() -> None:
        hub = Hub()
        before = hub.join(1)
        hub.close()
        after = hub.join(1)
        await before.heard(within_s=5)
        await after.heard(within_s=5)

        assert before.is_over
        assert after.is_over

    asyncio.run(run())


def test_a_listener_whose_loop_has_ended_does_no_harm() -> None:
    hub = Hub()

    async def run() -> None:
        hub.join(1)

    asyncio.run(run())
    hub.publish([1], SPACE, 1)
    hub.close()

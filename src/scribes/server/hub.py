"""Who listens, and what they are told: that a space has moved on. What is missed is found by asking, as ever."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterable

MAX_LISTENERS = 10


class Listener:
    """Somebody who listens. What was told and not heard yet is the newest number of each space, so that it stays small
    however slow they are.
    """

    def __init__(self, account: int) -> None:
        self.account = account
        self._loop = asyncio.get_running_loop()
        self._told: dict[bytes, int] = {}
        self._bell = asyncio.Event()
        self.is_over = False

    async def heard(self, *, within_s: float) -> dict[bytes, int]:
        """The spaces that have moved on, and to which number; nothing, where none did in that time."""
        try:
            await asyncio.wait_for(self._bell.wait(), within_s)
        except TimeoutError:
            return {}
        self._bell.clear()
        told, self._told = self._told, {}
        return told

    def tell(self, space: bytes, seq: int) -> None:
        """Say that a space has moved on; from any thread."""
        self._from_outside(lambda: self._note(space, seq))

    def end(self) -> None:
        """Say that nothing more comes."""
        self._from_outside(self._end)

    def _from_outside(self, action: object) -> None:
        try:
            self._loop.call_soon_threadsafe(action)  # type: ignore[arg-type]
        except RuntimeError:
            # The loop has ended, and whoever listened with it.
            pass

    def _note(self, space: bytes, seq: int) -> None:
        self._told[space] = max(seq, self._told.get(space, 0))
        self._bell.set()

    def _end(self) -> None:
        self.is_over = True
        self._bell.set()


class Hub:
    """All who listen in this process."""

    def __init__(self) -> None:
        self._listeners: dict[int, list[Listener]] = defaultdict(list)
        self._guard = threading.Lock()
        self._is_closed = False

    def join(self, account: int) -> Listener:
        """A new listener of an account; where it has many, the oldest one ends."""
        listener = Listener(account)
        with self._guard:
            mine = self._listeners[account]
            mine.append(listener)
            oldest = mine.pop(0) if len(mine) > MAX_LISTENERS else None
        if oldest:
            oldest.end()
        if self._is_closed:
            listener.end()
        return listener

    def leave(self, listener: Listener) -> None:
        """Somebody went."""
        with self._guard:
            mine = self._listeners.get(listener.account, [])
            if listener in mine:
                mine.remove(listener)
            if not mine:
                self._listeners.pop(listener.account, None)

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def publish(self, accounts: Iterable[int], space: bytes, seq: int) -> None:
        """Tell some accounts that a space has moved on; from any thread, after it was committed."""
        with self._guard:
            found = [one for account in accounts for one in self._listeners.get(account, ())]
        for listener in found:
            listener.tell(space, seq)

    def close(self) -> None:
        """End all streams, so that the server can stop."""
        self._is_closed = True
        with self._guard:
            found = [one for mine in self._listeners.values() for one in mine]
        for listener in found:
            listener.end()

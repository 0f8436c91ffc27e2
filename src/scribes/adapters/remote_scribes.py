"""A remote in this process: another vault that keeps the logs."""

from __future__ import annotations

from ..services.relay import Relay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..ports import Engine


class ScribesRemote(Relay):
    """Another open vault as `ports.Remote`: the same log, the same rules as a server's, and no network between."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.name = engine.path
        """Where the other vault lies."""


class NotingRemote:
    """Another remote, which notes in which logs something was put, and how many bytes."""

    def __init__(self, relay: ScribesRemote, moved: dict[bytes, int]) -> None:
        self._relay, self._moved = relay, moved

    def append(self, space: bytes, entries: Sequence[bytes], *, again: bool = False) -> None:
        """As the logs do it."""
        self._relay.append(space, entries, again=again)
        self._moved[space] = self._moved.get(space, 0) + sum(map(len, entries))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._relay, name)

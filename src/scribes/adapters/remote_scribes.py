"""A remote in this process: another vault that keeps the logs."""

from __future__ import annotations

from ..services.relay import Relay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Engine


class ScribesRemote(Relay):
    """Another open vault as `ports.Remote`: the same log, the same rules as a server's, and no network between."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.name = engine.path
        """Where the other vault lies."""

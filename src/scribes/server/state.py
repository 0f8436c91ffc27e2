"""What lives as long as the server: its settings, its database, the accounts it hosts."""

from __future__ import annotations

from dataclasses import dataclass

from ..hosting import Host
from .settings import ServerSettings


@dataclass
class Server:
    """All that routes need beyond the request."""

    settings: ServerSettings
    host: Host

    def close(self) -> None:
        """Let go of everything."""
        self.host.close()

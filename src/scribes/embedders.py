"""Which embedder the settings mean. Each is loaded and made when it is first asked for: its model is large."""

from __future__ import annotations

import os

from .errors import InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .config import Settings
    from .ports import Embedder, ServiceEmbedder

ENVIRONMENT_EMBEDDER_KEY = "SCRIBES_EMBEDDER_KEY"
OFF, LOCAL, LIGHT, HTTP = "off", "local", "light", "http"


class Embedders:
    """The embedders of one process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[str, Embedder] = {}
        self._http: ServiceEmbedder | None = None

    def chosen(self) -> Embedder | None:
        """The one of the settings; None where meaning is switched off.

        Raises: InvalidInput, where the settings say too little of a service.
        """
        choice = self._settings.embedder
        return self.service() or (None if choice == OFF else self._of(choice))

    def service(self) -> ServiceEmbedder | None:
        """The one of the settings, where it is a service."""
        if self._settings.embedder != HTTP:
            return None
        if self._http is None:
            self._http = _service(self._settings)
        return self._http

    def named(self, name: str) -> Embedder | None:
        """The one with a name, if this machine has it: that of the settings, or one that needs no service."""
        if self._settings.embedder == OFF:
            return None
        service = self.service()
        if service is not None and service.name == name:
            return service
        return next((found for choice in (LOCAL, LIGHT) if (found := self._of(choice)).name == name), None)

    def of_verses(self) -> Embedder | None:
        """The one by which the verses that come with Scribes were embedded, whatever embeds the notes."""
        return None if self._settings.embedder == OFF else self._of(LOCAL)

    def close(self) -> None:
        """Close the connections to a service."""
        if self._http is not None:
            self._http.close()

    def _of(self, choice: str) -> Embedder:
        if choice not in self._made:
            self._made[choice] = _made(choice)
        return self._made[choice]


def _made(choice: str) -> Embedder:
    if choice == LIGHT:
        from .adapters.embedder_local.light import LightEmbedder

        return LightEmbedder()
    from .adapters.embedder_local import LocalEmbedder

    return LocalEmbedder()


def _service(settings: Settings) -> ServiceEmbedder:
    """The key comes from the environment alone, so that it stands in no file and no list of processes."""
    from .adapters.embedder_http import HttpEmbedder

    if not settings.embedder_url or not settings.embedder_model:
        raise InvalidInput("the embedder http needs embedder_url and embedder_model", hint="they are settings")
    return HttpEmbedder(
        settings.embedder_url, settings.embedder_model, api_key=os.environ.get(ENVIRONMENT_EMBEDDER_KEY)
    )

"""The assistant that the settings mean: one for all of a process, since it knows how often its service has failed."""

from __future__ import annotations

import os

from .errors import InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .config import Settings
    from .ports import Assistant

ENVIRONMENT_ASSISTANT_KEY = "SCRIBES_ASSISTANT_KEY"


class Assistants:
    """Makes the assistant when it is first asked for, and keeps it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._made: dict[str, Assistant] = {}

    def chosen(self) -> Assistant:
        """The one of the settings. Its key comes from the environment alone, so that it stands in no file.

        Raises: InvalidInput, where none is set up, or its address or key cannot be one.
        """
        url, model = self._settings.assistant_url, self._settings.assistant_model
        if not url or not model:
            raise InvalidInput(
                "no assistant is set up", hint="the settings assistant_url and assistant_model: notes are sent there"
            )
        if url not in self._made:
            from .adapters.assistant_http import HttpAssistant

            made = HttpAssistant(url, model, api_key=os.environ.get(ENVIRONMENT_ASSISTANT_KEY))
            # In one step: two threads that ask first get the same one.
            self._made.setdefault(url, made)
        return self._made[url]

    def close(self) -> None:
        """Close its connections."""
        for made in self._made.values():
            made.close()

"""What a person chose on a server: the settings that are theirs, and not the server's."""

from __future__ import annotations

import json

from ..canonical import encode
from ..domain.reviews import LEAST_RETENTION, MOST_RETENTION
from ..errors import InvalidInput
from ..models.preferences import Preferences, PreferencesPatch
from ..records import fields
from ..storage import hosted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..config import Settings
    from .context import Context

MOST_A_DAY, MOST_DAYS, MOST_NAME = 1_000, 366, 64
# The least and the most of what is a number.
BOUNDS = {
    "review_retention": (LEAST_RETENTION, MOST_RETENTION),
    "review_new": (0, MOST_A_DAY),
    "prayers_a_day": (1, MOST_A_DAY),
    "prayer_days": (1, MOST_DAYS),
}


class Chosen:
    """The preferences of somebody on a server."""

    def __init__(self, context: Context, settings: Settings) -> None:
        self._context = context
        self._settings = settings

    def get(self) -> Preferences:
        """What holds for the person: what they chose, and else what the server has."""
        return Preferences(**{name: getattr(self._settings, name) for name in Preferences.__slots__})  # type: ignore[attr-defined]

    def change(self, patch: PreferencesPatch) -> Preferences:
        """The preferences with a patch applied; they hold from the next request on.

        Raises: InvalidInput.
        """
        wanted = {name: _checked(name, value) for name, value in fields(patch).items() if value is not None}
        with self._context.engine.write() as tx:
            known = chosen(hosted.get(tx, self._context.hosted).settings)
            hosted.put_settings(tx, self._context.hosted, encode({**known, **wanted}))
        return Preferences(**{**fields(self.get()), **wanted})


def chosen(text: str) -> dict[str, Any]:
    """What somebody chose, from how it is kept."""
    found: dict[str, Any] = {} if text == "{}" else json.loads(text)
    return {name: value for name, value in found.items() if name in Preferences.__slots__}  # type: ignore[attr-defined]


def _checked(name: str, value: Any) -> Any:
    """A value as it is kept.

    Raises: InvalidInput.
    """
    if name in BOUNDS:
        least, most = BOUNDS[name]
        if not least <= value <= most:
            raise InvalidInput(f"{name} is {value}", hint=f"{least} to {most}")
        return value
    if len(value) > MOST_NAME or not value.isprintable():
        raise InvalidInput(f"{name} has {len(value)} characters", hint=f"at most {MOST_NAME}")
    if name == "time_zone":
        from ..domain.zones import check_zone

        return check_zone(value)
    if name == "readings":
        from .readings import plans_of

        plans_of(value)
    return value

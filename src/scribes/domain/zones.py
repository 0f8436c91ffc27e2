"""Time zones by their IANA names."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from functools import lru_cache

from ..errors import InvalidInput
from .dates import FIRST_US, LAST_US, from_us, to_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# A name becomes a path below the folder of zones: nothing that climbs out of it may pass.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9][A-Za-z0-9_+-]*){0,3}")
# Files beside the zones that mean something else on every machine, or nothing.
NOT_ZONES = ("localtime", "posixrules", "factory", "posix", "right")


def check_zone(name: str) -> str:
    """The IANA name of a zone, spelt as it should be.

    Raises: InvalidInput.
    """
    wanted = "_".join(name.split())
    try:
        spelt = zone(wanted).key
    except InvalidInput:
        known = {one.lower(): one for one in _names()}
        if wanted.lower() not in known:
            raise InvalidInput(f"unknown zone {_shown(name)}", hint=_hint(wanted.lower(), known)) from None
        spelt = known[wanted.lower()]
    return spelt


def zone(name: str) -> ZoneInfo:
    """The zone of a name.

    Raises: InvalidInput.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        if NAME.fullmatch(name) and len(name) <= 60 and name.lower().partition("/")[0] not in NOT_ZONES:
            return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        pass
    raise InvalidInput(f"unknown zone {_shown(name)}", hint="a name such as Europe/London or UTC")


def day_of(at_us: int, name: str = "") -> date:
    """The day of an instant on the calendar of a zone; without a name, of where this machine is."""
    # The years that every zone can show: what comes from another device may be any.
    moment = from_us(max(FIRST_US, min(at_us, LAST_US)))
    return moment.astimezone(zone(name) if name else None).date()


def begin_us(day: date, name: str = "") -> int:
    """The first instant of a day in a zone; without a name, where this machine is."""
    midnight = datetime.combine(day, time())
    return to_us(midnight.replace(tzinfo=zone(name)) if name else midnight.astimezone())


@lru_cache(maxsize=1)
def _names() -> set[str]:
    from zoneinfo import available_timezones

    return {name for name in available_timezones() if name.lower().partition("/")[0] not in NOT_ZONES}


def _hint(wanted: str, known: dict[str, str]) -> str:
    from difflib import get_close_matches

    cities = {name.rpartition("/")[2]: whole for name, whole in sorted(known.items())}
    near = [known[name] for name in get_close_matches(wanted[:60], known, n=3, cutoff=0.75)]
    near += [cities[city] for city in get_close_matches(wanted[:60].rpartition("/")[2], cities, n=3, cutoff=0.75)]
    listed = ", ".join(list(dict.fromkeys(near))[:3])
    return f"did you mean {listed}" if listed else "a name such as Europe/London or UTC"


def _shown(name: str) -> str:
    return repr(name if len(name) <= 60 else f"{name[:57]}…")

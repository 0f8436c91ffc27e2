"""The person's time zone and what the clock says in it."""

from __future__ import annotations

from datetime import datetime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .session import Session


def zone_of(session: Session, given: str | None = None) -> str:
    """The IANA name of a zone: the one given, that of the settings, or that of this machine.

    Raises: InvalidInput.
    """
    from ..domain.recurrence import check_zone

    return check_zone(given or session.settings.time_zone or _of_machine())


def now_in(zone: str) -> datetime:
    """What the clock says in a zone."""
    from zoneinfo import ZoneInfo

    return datetime.now(ZoneInfo(zone))


def _of_machine() -> str:
    """The zone's name: from TZ, or as the system names it; UTC where it cannot be told."""
    import os

    named = os.environ.get("TZ", "").lstrip(":")
    if named and not named.startswith("/") and "/" in named:
        return named
    import warnings

    import tzlocal

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return str(tzlocal.get_localzone_name() or "UTC")
        except (LookupError, ValueError, OSError):
            return "UTC"

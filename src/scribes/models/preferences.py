"""What a person chose on a server, where no settings file is theirs, as plain data."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False


@record
class Preferences:
    """What somebody chose: the zone by which their days are counted, the Bible text where none is named, how many of a
    hundred reviews they want to remember and how many new cards come a day, how many prayers take turns a day at most
    and within how many days all of them come up, and what the day gives to read.
    """

    time_zone: str
    translation: str
    review_retention: int
    review_new: int
    prayers_a_day: int
    prayer_days: int
    readings: str


@record
class PreferencesPatch:
    """What to choose anew; None leaves it as it is."""

    time_zone: str | None = None
    translation: str | None = None
    review_retention: int | None = None
    review_new: int | None = None
    prayers_a_day: int | None = None
    prayer_days: int | None = None
    readings: str | None = None

"""Prayer points, and the log of prayers, as plain data."""

from __future__ import annotations

from ..records import record
from .notes import heading_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date, datetime


@record
class Prayer:
    """A prayer point as it stands now.

    `note` is the id of the note it was taken from, or empty; `rhythm` how often, in the person's words, or empty for
    whenever its turn comes. `state`: open, answered or archived; answered, `waited_days` says how long it was prayed
    for. `prayed_at` is when it was prayed last, `times` how often. `circle` is the name of the circle it is shared in;
    empty, it is one's own.
    """

    id: str
    handle: str
    title: str
    body: str
    note: str
    people: tuple[str, ...]
    tags: tuple[str, ...]
    rhythm: str
    state: str
    answered_on: date | None
    thanks: str
    waited_days: int | None
    prayed_at: datetime | None
    times: int
    created_at: datetime
    changed_at: datetime
    deleted_at: datetime | None
    circle: str = ""

    @property
    def heading(self) -> str:
        """The title or, without one, the first words of the text."""
        return heading_of(self.title, self.body)


@record
class NewPrayer:
    """What a prayer point is made of; `rhythm` in words, such as "mondays"."""

    title: str = ""
    body: str = ""
    note: str = ""
    people: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    rhythm: str = ""


@record
class PrayerPatch:
    """What to change in a prayer point; None leaves a field as it is."""

    title: str | None = None
    body: str | None = None
    people: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    rhythm: str | None = None


@record
class Listed:
    """A prayer on the list of a day, and whether it was prayed for on that day."""

    prayer: Prayer
    done: bool


@record
class Prayed:
    """That somebody prayed: when, on which day, and in which words."""

    id: str
    at: datetime
    day: date
    words: str

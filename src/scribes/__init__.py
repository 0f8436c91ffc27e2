"""Scribes keeps the notes of people who listen: in one encrypted file, found again in a moment.

import scribes

with scribes.open("~/notes.scribes") as s:
    note = s.notes.add("Grace upon grace", "John 1:16 ...", tags=["grace"])
    s.search.find("grace")
"""

from __future__ import annotations

from .version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .errors import ScribesError
    from .models import (
        Backup,
        Card,
        Check,
        Draft,
        Hit,
        ImportReport,
        NewNote,
        NewPrayer,
        NewReminder,
        Note,
        NotePatch,
        Prayer,
        PrayerPatch,
        Reminder,
        ReviewCard,
        Revision,
        TagCount,
        Undone,
    )
    from .wiring import Scribes, open

__all__ = [
    "Backup",
    "Card",
    "Check",
    "Draft",
    "Hit",
    "ImportReport",
    "NewNote",
    "NewPrayer",
    "NewReminder",
    "Note",
    "NotePatch",
    "Prayer",
    "PrayerPatch",
    "Reminder",
    "ReviewCard",
    "Revision",
    "Scribes",
    "ScribesError",
    "TagCount",
    "Undone",
    "__version__",
    "open",
]


def __getattr__(name: str) -> object:
    """Names are loaded when they are used: `import scribes` itself costs next to nothing."""
    if name in ("open", "Scribes"):
        from . import wiring

        return getattr(wiring, name)
    if name == "ScribesError":
        from .errors import ScribesError

        return ScribesError
    if name in __all__:
        from . import models

        return getattr(models, name)
    raise AttributeError(f"module 'scribes' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

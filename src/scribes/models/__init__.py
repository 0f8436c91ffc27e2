"""Plain data: at most three shapes a noun."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .notes import Draft, Hit, NewNote, Note, NotePatch, Revision, TagCount, Undone
    from .prayers import NewPrayer, Prayer, PrayerPatch
    from .reminders import NewReminder, Reminder, ReminderPatch
    from .reviews import Card, ReviewCard
    from .vault import Backup, Check, ImportReport

_HOMES = {
    "notes": ("Draft", "Hit", "NewNote", "Note", "NotePatch", "Revision", "TagCount", "Undone"),
    "prayers": ("NewPrayer", "Prayer", "PrayerPatch"),
    "reminders": ("NewReminder", "Reminder", "ReminderPatch"),
    "reviews": ("Card", "ReviewCard"),
    "vault": ("Backup", "Check", "ImportReport"),
}
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
    "ReminderPatch",
    "ReviewCard",
    "Revision",
    "TagCount",
    "Undone",
]


def __getattr__(name: str) -> object:
    """A model, from the module that has it: a command loads no others."""
    for module, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module 'scribes.models' has no attribute {name!r}")

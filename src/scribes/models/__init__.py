"""Plain data: at most three shapes a noun."""

from .notes import Draft, Hit, NewNote, Note, NotePatch, Revision, TagCount, Undone
from .vault import Backup, Check, ImportReport

__all__ = [
    "Backup",
    "Check",
    "Draft",
    "Hit",
    "ImportReport",
    "NewNote",
    "Note",
    "NotePatch",
    "Revision",
    "TagCount",
    "Undone",
]

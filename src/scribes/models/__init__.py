"""Plain data: at most three shapes a noun."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
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


def __getattr__(name: str) -> object:
    """A model, from the module that has it: a command loads no others."""
    if name in __all__:
        from . import notes, vault

        return getattr(notes, name, None) or getattr(vault, name)
    raise AttributeError(f"module 'scribes.models' has no attribute {name!r}")

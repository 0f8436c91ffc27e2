"""Passages in notes, as plain data."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .notes import Note


@record
class Reference:
    """A passage that a note names, `start` and `end` as verse ordinals.

    `how` is explicit (a book is named), context (it was said before), corrected or pinned (by a person). `begin` and
    `stop` are code points of the body; -1 in the title and where it is pinned. `text` is what stands there.
    """

    osis: str
    start: int
    end: int
    text: str
    begin: int
    stop: int
    confidence: float
    how: str


@record
class PassageHit:
    """A note that names what was asked for, and its references that overlap it, the nearest first."""

    note: Note
    references: tuple[Reference, ...]

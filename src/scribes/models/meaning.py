"""What people see of the index of meaning."""

from __future__ import annotations

from ..records import record


@record
class IndexStatus:
    """How far the index of meaning is: notes and those of them that wait, pieces, and what embeds them.

    `building` tells that another embedder is taking over: until all notes are embedded by it the old vectors serve.
    """

    embedder: str
    dimensions: int
    notes: int
    waiting: int
    pieces: int
    links: int
    building: bool

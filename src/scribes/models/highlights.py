"""Highlights as plain data."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False


@record
class Marked:
    """Words that are marked in a note: `begin` and `stop` are the characters (code points) of its body between which
    they stand, -1 where they stand in the title; `around` is what is around them.
    """

    note: str
    heading: str
    words: str
    begin: int
    stop: int
    around: str

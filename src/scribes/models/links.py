"""The graph of notes, as plain data."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .notes import Note


@record
class Ground:
    """What a link rests on in one of its notes: words, with the code points of the body where they stand.

    `osis` is the passage they name, "" where it is not about one. `begin` and `stop` are -1 where the words stand in
    the title, or the passage is pinned (`text` is then empty).
    """

    text: str
    begin: int
    stop: int
    osis: str = ""


@record
class Link:
    """A link of a note with another: `kind` is same passage, linked passage, similar or by hand.

    `score` goes from 0 to 1. `why` is said in a few words: the passage in common, the cross reference, the note on the
    link. `here` is what it rests on in the note that was asked for, `there` in the other one. `way` is "to" where the
    link by hand stands in this note, "from" where it stands in the other; "" where it was found.
    """

    note: Note
    kind: str
    score: float
    why: str
    here: Ground | None
    there: Ground | None
    way: str = ""


@record
class Missing:
    """A [[link]] in a note that leads to no note: the words in it, and where they stand in the body."""

    text: str
    begin: int
    stop: int


@record
class Node:
    """A note in a graph, and how many steps it is from where the graph begins."""

    note: Note
    steps: int


@record
class Edge:
    """A link in a graph, between two notes by their ids; `why` and the grounds as in `Link`, from the first one."""

    first: str
    second: str
    kind: str
    score: float
    why: str
    here: Ground | None
    there: Ground | None
    way: str = ""


@record
class Graph:
    """Notes around one, the nearest first, and the links between all of them, the strongest first.

    `whole` is False where only the strongest links of some notes were followed.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    whole: bool


@record
class Suggestion:
    """Two notes that belong together and that nobody has linked by hand: why, the strongest link first."""

    first: Note
    second: Note
    score: float
    links: tuple[Edge, ...]

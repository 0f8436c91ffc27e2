"""Nave's Topical Bible: topics by name, the passages of a topic, and the topics of a passage."""

from __future__ import annotations

import os

from scribes.errors import InvalidInput, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from scribes.scripture.topic_file import TopicFile

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "links")
_LOADED: list[TopicFile] = []


class Topic:
    """A topic: its name and number of passages; where it was found by a passage, how closely that belongs to it."""

    __slots__ = ("name", "passages", "weight")

    def __init__(self, name: str, passages: int, weight: int = 0) -> None:
        self.name = name
        self.passages = passages
        self.weight = weight

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Topic) and (self.name, self.weight) == (other.name, other.weight)

    def __hash__(self) -> int:
        return hash((self.name, self.weight))

    def __repr__(self) -> str:
        return f"Topic({self.name!r}, {self.passages})"


class TopicLine:
    """A line of a topic: how deep it stands below the topic (0 at the top), its heading, and its passages."""

    __slots__ = ("depth", "heading", "passages")

    def __init__(self, depth: int, heading: str, passages: list[tuple[int, int]]) -> None:
        self.depth = depth
        self.heading = heading
        self.passages = passages

    def __repr__(self) -> str:
        return f"TopicLine({self.depth}, {self.heading!r}, {self.passages!r})"


def find(words: str, *, limit: int = 20) -> list[Topic]:
    """Return the topics whose name fits: the very name, names that begin so, then names that have all the words."""
    asked = " ".join(words.lower().split())
    if not asked:
        return []
    topics = _topics()
    ranks: dict[int, int] = {}
    for number, name in _with_part(topics.lowered, asked.split(" ")[0]):
        if name.startswith(asked):
            ranks[number] = 0 if name == asked else 1
        elif _has_words(name, asked.split(" ")):
            ranks[number] = 2
    # Among names that fit alike, the topic with more to say comes first.
    best = sorted(ranks, key=lambda number: (ranks[number], -topics.counts[number]))[:limit]
    return [Topic(topics.names[number], topics.counts[number]) for number in best]


def _with_part(names: str, part: str) -> Iterator[tuple[int, str]]:
    """Yield (number, name) of each line that has the part in it."""
    number, counted = -1, 0
    place = names.find(part)
    while place >= 0:
        number += names.count("\n", counted, place)
        counted = place
        end = names.index("\n", place)
        yield number, names[names.rindex("\n", 0, place) + 1 : end]
        place = names.find(part, end)


def _has_words(name: str, parts: list[str]) -> bool:
    padded = " " + name.replace(",", " ").replace("-", " ").replace("(", " ")
    return all(f" {part}" in padded for part in parts)


def lines(name: str) -> list[TopicLine]:
    """Return what a topic says, line by line, with the passages of each.

    Raises:
        NotFound: there is no such topic.
    """
    topics = _topics()
    asked = " ".join(name.lower().split())
    for number, known in enumerate(topics.names):
        if known.lower() == asked:
            return [TopicLine(*line) for line in topics.lines(number)]
    near = ", ".join(topic.name for topic in find(name, limit=3))
    raise NotFound(f"there is no topic {name!r}", hint=f"near: {near}" if near else None)


def of(start: int, end: int, *, limit: int = 20) -> list[Topic]:
    """Return the topics a passage stands under, those first that name it among the fewest others.

    Raises:
        InvalidInput: the passage ends before it starts.
    """
    if end < start:
        raise InvalidInput(f"the passage ends ({end}) before it starts ({start})")
    from scribes.scripture.crossrefs import open_table

    weights: dict[int, int] = {}
    for number, _, weight, _ in open_table(os.path.join(_FOLDER, "nave.links")).rows(start, end):
        weights[number] = weights.get(number, 0) + weight
    topics = _topics()
    best = sorted(weights, key=lambda number: (-weights[number], number))[:limit]
    return [Topic(topics.names[n], topics.counts[n], weights[n]) for n in best]


def _topics() -> TopicFile:
    if not _LOADED:
        from scribes.scripture import topic_file

        _LOADED.append(topic_file.load(os.path.join(_FOLDER, "nave.topics")))
    return _LOADED[0]

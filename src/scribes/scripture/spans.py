"""What is found: a passage, where it stands in the text, and how sure that is."""

from __future__ import annotations


class Span:
    """A passage named in a text: `text` is `source[begin:stop]`, `start` and `end` are the ordinals of its verses.

    `how` is "explicit" (a book is named) or "context" (the book was said before). `exists` is False for a reference to
    a chapter or verse there is not; then `start` and `end` are what was written. `versification` is the system in which
    it was written; the ordinals are always canonical.
    """

    __slots__ = ("begin", "confidence", "end", "exists", "how", "start", "stop", "text", "versification")

    def __init__(
        self,
        begin: int,
        stop: int,
        start: int,
        end: int,
        text: str,
        confidence: float,
        how: str = "explicit",
        versification: str = "eng",
        exists: bool = True,
    ) -> None:
        self.begin = begin
        self.stop = stop
        self.start = start
        self.end = end
        self.text = text
        self.confidence = confidence
        self.how = how
        self.versification = versification
        self.exists = exists

    @property
    def passage(self) -> tuple[int, int]:
        """The inclusive range of ordinals."""
        return self.start, self.end

    @property
    def osis(self) -> str:
        """The passage as OSIS writes it, "" where there is none."""
        if not self.exists:
            return ""
        from scribes.scripture.formatting import format_passage

        return format_passage(self.start, self.end)

    def _key(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Span) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"<Span {self.begin}-{self.stop} {self.text!r} {self.osis} {self.how} {self.confidence}>"

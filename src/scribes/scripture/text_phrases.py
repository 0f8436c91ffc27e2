"""The commonest phrases of a text, with which its chapters are packed one by one at little cost in size."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# zlib looks back 32,768 bytes; a dictionary of that size would leave its own first bytes out of reach.
_PHRASES_BYTES = 32_000
_LONGEST_WORDS = 5
_LEAST_TIMES = 20


def common_phrases(verses: Sequence[str], chapters: int) -> bytes:
    """Return the phrases that save most, the best last, where zlib reaches them with the shortest distance."""
    counts: dict[str, int] = {}
    for phrase in _phrases(verses):
        counts[phrase] = counts.get(phrase, 0) + 1
    # A phrase pays once a chapter at most: after that zlib finds it in the chapter itself.
    worth = [
        ((len(phrase) - 2) * min(times, chapters), phrase)
        for phrase, times in counts.items()
        if times > _LEAST_TIMES and len(phrase) > 4
    ]
    worth.sort(reverse=True)
    chosen: list[str] = []
    joined, size = "", 0
    for _, phrase in worth:
        if phrase in joined:
            continue
        chosen.append(phrase)
        joined += " " + phrase
        size += len(phrase.encode()) + 1
        if size > _PHRASES_BYTES:
            break
    return " ".join(reversed(chosen)).encode()


def _phrases(verses: Sequence[str]) -> Iterator[str]:
    for verse in verses:
        words = verse.split(" ")
        for length in range(1, _LONGEST_WORDS + 1):
            for start in range(len(words) - length + 1):
                yield " ".join(words[start : start + length])

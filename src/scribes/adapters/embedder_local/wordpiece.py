"""Text as the tokens of BERT's uncased vocabulary.

Source: Devlin et al., BERT (2019): clean, lower, strip accents, split at spaces, punctuation and Chinese characters;
then each word from its start by the longest piece that the vocabulary has.

Time grows with the text and no faster, whatever the text: cleaning goes character by character, a word over 100
characters is unknown, and reading stops at the last token that is kept.
"""

from __future__ import annotations

from bisect import bisect_left
from unicodedata import category, normalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    # The words in order of their UTF-8 bytes, one after the other; where each begins, and the end; the id of each.
    Vocabulary = tuple[bytes, Sequence[int], Sequence[int]]

_UNKNOWN, _START, _END = "[UNK]", "[CLS]", "[SEP]"
_GOES_ON = "##"
_MOST_CHARACTERS = 100
# After as many, they have cost as much as the table.
_MOST_HALVINGS = 1_500
# No piece of the vocabulary is longer.
LONGEST_PIECE = 18
_SLICE = 2048
_MOST_KEPT_WORDS = 20_000
# What BERT calls a Chinese character: blocks of ideographs, not the letters of Japanese or Korean.
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip
# Controls, formats, surrogates, private use; a character that is not assigned may be one of a later Unicode.
_DROPPED = ("Cc", "Cf", "Cs", "Co")


class WordPieces:
    """A vocabulary, and the tokens of texts by it."""

    def __init__(self, vocabulary: Vocabulary, *, most_tokens: int) -> None:
        """Take a vocabulary; a text gives at most `most_tokens` tokens, its two ends among them."""
        self._words, self._begins, self._ids = vocabulary
        # A place for each word but the last begin, which is where the last word ends.
        self._places = range(len(self._begins) - 1)
        self._table: dict[bytes, int] = {}
        self._halvings = 0
        self._room = most_tokens - 2
        unknown, self._start, self._end = map(self._id, (_UNKNOWN, _START, _END))
        self._unknown = (unknown,)
        self._known: dict[str, tuple[int, ...]] = {}

    def tokens(self, text: str) -> list[int]:
        """Return the ids of a text's tokens, between those of start and end."""
        found = [self._start]
        for word in _words(text):
            found += self._known.get(word) or self._split(word)
            if len(found) > self._room:
                del found[self._room + 1 :]
                break
        found.append(self._end)
        return found

    def _split(self, word: str) -> tuple[int, ...]:
        pieces = self._pieces(word) if len(word) <= _MOST_CHARACTERS else self._unknown
        if len(self._known) >= _MOST_KEPT_WORDS:
            self._known.clear()
        self._known[word] = pieces
        return pieces

    def _pieces(self, word: str) -> tuple[int, ...]:
        pieces: list[int] = []
        begin, before = 0, ""
        while begin < len(word):
            stop = min(len(word), begin + LONGEST_PIECE)
            while (id := self._id(before + word[begin:stop])) < 0:
                stop -= 1
                if stop == begin:
                    return self._unknown
            pieces.append(id)
            begin, before = stop, _GOES_ON
        return tuple(pieces)

    def _id(self, piece: str) -> int:
        """Return the id of a piece, -1 where the vocabulary lacks it.

        Halving takes 5 us; a table takes 8 ms to make, half as long as all else that a question needs.
        """
        wanted = piece.encode("utf-8")
        if self._halvings < _MOST_HALVINGS:
            self._halvings += 1
            place = bisect_left(self._places, wanted, key=self._word)
            return self._ids[place] if place in self._places and self._word(place) == wanted else -1
        if not self._table:
            self._table = {self._word(place): self._ids[place] for place in self._places}
        return self._table.get(wanted, -1)

    def _word(self, place: int) -> bytes:
        return self._words[self._begins[place] : self._begins[place + 1]]


def _words(text: str) -> Iterator[str]:
    """Yield the words of a text, cut short where they are too long to be known anyway."""
    rest = ""
    for begin in range(0, len(text), _SLICE):
        *words, rest = (rest + text[begin : begin + _SLICE].translate(_CLEAN)).split(" ")
        yield from filter(None, words)
        rest = rest[: _MOST_CHARACTERS + 1]
    if rest:
        yield rest


class _Cleaned(dict[int, str]):
    """What becomes of each character, found when it is first met."""

    def __missing__(self, code: int) -> str:
        made = _cleaned(chr(code))
        self[code] = made
        return made


def _cleaned(character: str) -> str:
    """Return a character lower and without accents, nothing for one that goes, between spaces if it is a word alone.

    Character by character is as good as the whole text: only the order of marks depends on neighbours, and marks go.
    """
    kind = category(character)
    if character in "\t\n\r" or kind[0] == "Z":
        return " "
    if kind in _DROPPED or character == "\ufffd":
        return ""
    made = "".join(
        f" {lower} " if _is_punctuation(lower) else lower
        for part in normalize("NFD", character)
        if category(part) != "Mn"
        for lower in part.lower()
    )
    code = ord(character)
    return f" {made} " if any(first <= code <= last for first, last in _IDEOGRAPHS) else made


def _is_punctuation(character: str) -> bool:
    # BERT also takes the ASCII signs that Unicode calls symbols, such as + and $.
    return category(character)[0] == "P" or (character.isascii() and not character.isalnum() and character > " ")


_CLEAN = _Cleaned()

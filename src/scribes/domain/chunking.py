"""How a note is cut into pieces to be embedded: by its structure first, then by sentences, to about 40 words each.

A note is scored by its best piece, so a piece should say one thing. What stands around a piece is mixed into its
vector, so that it is not torn from what it is about. Sizes and shares are measured: docs/explanation/quality.md.
"""

from __future__ import annotations

from itertools import islice

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from re import Pattern

# Counts up when the same note would be cut otherwise: all notes are then embedded anew.
CHUNKER = 1
# A piece is closed near WORDS and never has more than LIMIT_WORDS words, nor more characters than the limit.
WORDS, LIMIT_WORDS, LIMIT_CHARACTERS = 40, 80, 900
# About 40,000 words, a sermon of five hours; what stands behind them is found by its words alone. A pasted book must
# not keep the index from the notes that wait behind it.
MAX_PIECES = 1_000
# How many pieces on either side are mixed into one, and how many of the first into the title.
AROUND, OPENING = 3, 7
MAX_TITLE_CHARACTERS, MAX_REFERENCES = 200, 12

# How a word begins: within a paragraph, with a paragraph or list item, with a heading. How it ends.
_GOES_ON, _PARAGRAPH, _HEADING = 0, 1, 2
_WORD, _CLAUSE, _SENTENCE = 0, 1, 2
_SENTENCE_MARKS, _CLAUSE_MARKS = ".!?…。！？", ",;:—–，；：、"
_CLOSING = "\"'”’»)]}*_」』）"
# Chinese, Japanese and Korean: about two letters weigh as much as a word, and few stand between spaces.
_FIRST_WIDE = "\u2e80"
_WIDE_A_WORD = 2
# A word of more letters counts for two, and one of far more was never one word.
_LONG_WORD, _ENDLESS_WORD, _LETTERS_A_WORD = 12, 24, 5
_LONGEST_WORD, _LONGEST_ADDRESS = 40, 2_000
_FRONT_MATTER_LINES = 50

_patterns: tuple[tuple[Pattern[str], str], ...] = ()


@record
class Piece:
    """A part of a note that is embedded: the code points of the body that it covers, and its text without Markdown.

    Title and passages are a piece of their own, with `begin` and `stop` -1.
    """

    begin: int
    stop: int
    text: str


@record
class _Words:
    """Words side by side, from a single one to a whole piece; `weight` is their number, long ones counting more."""

    begin: int
    stop: int
    weight: int
    opens: int = _GOES_ON
    ends: int = _WORD

    def with_next(self, other: _Words) -> _Words:
        return _Words(self.begin, other.stop, self.weight + other.weight, self.opens, other.ends)


def pieces(title: str, body: str, references: Sequence[str] = ()) -> list[Piece]:
    """The pieces of a note, in their order, at most MAX_PIECES; none of a note without a letter.

    `references` are the passages it names, as people write them.
    """
    found = [Piece(-1, -1, head)] if (head := _head(title, references)) else []
    # Stretches without a letter count too: a million rules and marks are not looked through.
    for words in islice(_packed(body), MAX_PIECES - len(found)):
        text = _plain(body[words.begin : words.stop])
        if any(map(str.isalnum, text)):
            found.append(Piece(words.begin, words.stop, text))
    return found


def around(cut: Sequence[Piece]) -> list[range]:
    """For each piece of a note the positions of those that are mixed into its vector, its own among them: the ones
    around it, and into the title the first ones.
    """
    first = 1 if cut and cut[0].begin < 0 else 0
    places = [range(max(first, at - AROUND), min(len(cut), at + AROUND + 1)) for at in range(first, len(cut))]
    return [range(1, min(len(cut), 1 + OPENING)), *places] if first else places


def mixture(cut: Sequence[Piece], position: int, places: range) -> str:
    """All that the vector of a piece is made of, as one text by which it is known."""
    title = cut[0].text if cut[0].begin < 0 else ""
    return "\0".join((cut[position].text, title, *(cut[place].text for place in places)))


def _head(title: str, references: Sequence[str]) -> str:
    """What a note is called and which passages it names, as a text of its own."""
    said = _plain(title[:MAX_TITLE_CHARACTERS])
    named = "; ".join(dict.fromkeys(references[:MAX_REFERENCES]))
    head = f"{said} ({named})" if said and named else said or named
    return head[:LIMIT_CHARACTERS] if any(map(str.isalnum, head)) else ""


def _packed(body: str) -> Iterator[_Words]:
    """Sentences put together to about WORDS words. A heading begins a piece; a paragraph does, unless that would leave
    a scrap behind.
    """
    piece: _Words | None = None
    for sentence in _sentences(body):
        if piece is not None and _parts(piece, sentence):
            yield piece
            piece = None
        piece = sentence if piece is None else piece.with_next(sentence)
    if piece is not None:
        yield piece


def _parts(piece: _Words, sentence: _Words) -> bool:
    """Whether a sentence begins another piece."""
    together = piece.weight + sentence.weight
    is_scrap = 2 * piece.weight < WORDS
    too_long = together > LIMIT_WORDS or sentence.stop - piece.begin > LIMIT_CHARACTERS
    return (
        too_long
        or sentence.opens == _HEADING
        or (not is_scrap and (sentence.opens == _PARAGRAPH or 4 * together > 5 * WORDS))
    )


def _sentences(body: str) -> Iterator[_Words]:
    """The sentences of a body; one that is too long for a piece is cut behind a clause, or else behind any word."""
    sentence: list[_Words] = []
    weight = 0
    for word in _words(body):
        if sentence and word.opens:
            yield _joined(sentence)
            sentence, weight = [], 0
        if sentence and (weight + word.weight > LIMIT_WORDS or word.stop - sentence[0].begin > LIMIT_CHARACTERS):
            cut = _cut(sentence)
            yield _joined(sentence[:cut])
            sentence = sentence[cut:]
            weight = sum(each.weight for each in sentence)
        sentence.append(word)
        weight += word.weight
        if word.ends == _SENTENCE:
            yield _joined(sentence)
            sentence, weight = [], 0
    if sentence:
        yield _joined(sentence)


def _joined(words: list[_Words]) -> _Words:
    return _Words(words[0].begin, words[-1].stop, sum(word.weight for word in words), words[0].opens, words[-1].ends)


def _cut(words: list[_Words]) -> int:
    """How many of the words make the first part: up to the last clause in their second half, or all."""
    for position in range(len(words) - 1, len(words) // 2, -1):
        if words[position].ends == _CLAUSE:
            return position + 1
    return len(words)


def _words(body: str) -> Iterator[_Words]:
    """What stands between spaces, and how it begins and ends; very long ones in parts."""
    import re

    stop = _behind_front_matter(body)
    first = True
    heading = False
    for match in re.compile(r"\S+").finditer(body, stop):
        begin, word = match.start(), match.group()
        lines = body.count("\n", stop, begin)
        opens = _GOES_ON
        if first or lines:
            opens = _opening(word, is_paragraph=first or heading or lines > 1)
            heading, first = opens == _HEADING, False
        stop = match.end()
        follows = body[stop + 1 : stop + 2]
        for part_begin, part_stop in _parts_of_word(word):
            part = word[part_begin:part_stop]
            ends = _ending(part, follows) if part_stop < len(word) or opens == _GOES_ON else _WORD
            yield _Words(begin + part_begin, begin + part_stop, _weight(part), opens, ends)
            opens = _GOES_ON


def _behind_front_matter(body: str) -> int:
    """Where the text begins: fields between lines of three hyphens, left in by a program, are none of it."""
    if not body.startswith("---\n"):
        return 0
    at = 4
    for _ in range(_FRONT_MATTER_LINES):
        end = body.find("\n", at)
        line = body[at : end if end >= 0 else len(body)]
        if line.rstrip() == "---":
            return at + len(line)
        if end < 0 or not (":" in line or line.startswith((" ", "-"))):
            return 0
        at = end + 1
    return 0


def _opening(word: str, *, is_paragraph: bool) -> int:
    """How the first word of a line opens it."""
    if not word.strip("#") and len(word) <= 6:
        return _HEADING
    is_item = word in ("-", "*", "+", "|") or (word[-1] in ".)" and len(word) <= 4 and word[:-1].isdecimal())
    return _PARAGRAPH if is_paragraph or is_item else _GOES_ON


def _parts_of_word(word: str) -> Iterator[tuple[int, int]]:
    """A word, in parts if it is too long for one: where there are no spaces, behind the marks that stand for them."""
    is_address = "://" in word
    longest = _LONGEST_ADDRESS if is_address else _LONGEST_WORD
    if len(word) <= longest and (word.isascii() or max(word) < _FIRST_WIDE):
        yield 0, len(word)
        return
    begin = 0
    while begin < len(word):
        stop = min(begin + longest, len(word))
        if not is_address:
            stop = next(
                (at for at in range(begin + 1, stop) if word[at - 1] in "。！？，；、：" and word[at] not in _CLOSING),
                stop,
            )
        yield begin, stop
        begin = stop


def _weight(word: str) -> int:
    """How many words of running text a word counts for."""
    if "://" in word:
        return 1
    weight = len(word) // _LETTERS_A_WORD if len(word) > _ENDLESS_WORD else 1 + (len(word) > _LONG_WORD)
    if word.isascii():
        return weight
    return max(weight, sum(letter >= _FIRST_WIDE for letter in word) // _WIDE_A_WORD)


def _ending(word: str, follows: str) -> int:
    """How a word ends, given the letter that follows. A full stop before a small letter or a digit is an abbreviation:
    "Rom. 8", "v. 28".
    """
    last = word.rstrip(_CLOSING)[-1:]
    if last and last in _SENTENCE_MARKS:
        return _CLAUSE if last == "." and (follows.islower() or follows.isdecimal()) else _SENTENCE
    return _CLAUSE if last and last in _CLAUSE_MARKS else _WORD


def _plain(text: str) -> str:
    """A text without what Markdown adds to it: marks, addresses of links, HTML."""
    for pattern, replacement in _patterns or _compiled():
        text = pattern.sub(replacement, text)
    return " ".join(text.split())[:LIMIT_CHARACTERS]


def _compiled() -> tuple[tuple[Pattern[str], str], ...]:
    """What Markdown adds, and what stands in its place; compiled when the first note is cut."""
    global _patterns
    import re

    _patterns = tuple(
        (re.compile(pattern, re.MULTILINE), replacement)
        for pattern, replacement in (
            (r"^[ \t]*(?:>[ \t]*)*(?:#{1,6}[ \t]|[-*+][ \t]+(?:\[[ xX]\][ \t])?|\d{1,3}[.)][ \t])?", ""),
            (r"^[ \t]*\[[^\]\n]+\]:.*$", ""),
            (r"\[\[(?:[^\[\]|\n]*\|)?([^\[\]|\n]+)\]\]", r"\1"),
            (r"\[\^[^\]\s]+\]", ""),
            (r"!?\[([^\[\]]*)\](?:\([^()\n]*\)|\[[^\[\]\n]*\])", r"\1"),
            (r"<?(?:\w+://|www\.|mailto:)[^\s<>]+>?", " "),
            (r"</?[a-zA-Z][^<>]*>|<!--|-->", " "),
            (r"\\(?=[^\w\s])|[*`]+|~~+|==+|(?<!\w)_+|_+(?!\w)|(?<!\w)#+(?=\w)", ""),
            (r"\||-{3,}|={3,}", " "),
        )
    )
    return _patterns

"""The passages a note names: reading them from its text, a person's choices, length classes and ranking.

Nothing here loads the finder before a text may hold a reference: that costs twice a bare interpreter.
"""

from __future__ import annotations

from ..errors import InvalidInput, NotFound
from ..models.passages import Reference
from ..records import replaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .notes import Content

    Choice = tuple[str, str, int, int]
    Choices = tuple[Choice, ...]

# The version of what is found in a text. It rises when the finder or these rules change, and every vault then reads
# its notes again at the next question.
RULES = 1
PIN, CORRECT, DISMISS = "pin", "correct", "dismiss"
MAX_CHOICES, MAX_TEXT = 1_000, 200
# More than any number of a verse; a database keeps 63 bits.
MOST_ORDINAL = 1 << 40

# Length classes. A range of a class starts at most so far before a verse it reaches (see `floor`).
VERSE, FEW, PASSAGE, CHAPTER, CHAPTERS, BOOKS = range(6)
FEW_VERSES = 12
CHAPTER_UNIT, BOOK_UNIT = 1_000, 1_000_000

# All digits that the finder reads.
DIGITS = "0123456789０１２３４５６７８９"
# Words that can make a reference of numbers in words: "John chapter three", "Psalm twenty-three".
MARKERS = ("chapter", "verse", "psalm")


def length_class(start: int, end: int) -> int:
    """The class of a range, by its length."""
    if start == end:
        return VERSE
    if start // BOOK_UNIT != end // BOOK_UNIT:
        return BOOKS
    if start // CHAPTER_UNIT != end // CHAPTER_UNIT:
        return CHAPTERS
    if _is_whole_chapter(start, end):
        return CHAPTER
    return FEW if end - start < FEW_VERSES else PASSAGE


def floor(kind: int, verse: int) -> int:
    """The lowest start that a range of a class can have if it reaches this verse."""
    if kind == VERSE:
        return verse
    if kind == FEW:
        return verse - FEW_VERSES + 1
    if kind in (PASSAGE, CHAPTER):
        return verse - verse % CHAPTER_UNIT
    return verse - verse % BOOK_UNIT if kind == CHAPTERS else 0


def nearness(reference: Reference, start: int, end: int) -> int:
    """How near a reference is to what was asked: 0 the very passage, 1 a few verses, then longer and longer ranges."""
    kind = length_class(reference.start, reference.end)
    if (reference.start, reference.end) == (start, end) and kind <= PASSAGE:
        return 0
    return max(1, kind)


def steps() -> tuple[tuple[int, ...], ...]:
    """The classes in the order in which they are asked, after the very passage: those of one step rank alike."""
    return ((VERSE, FEW), (PASSAGE,), (CHAPTER,), (CHAPTERS,), (BOOKS,))


def references_of(content: Content) -> tuple[Reference, ...]:
    """The references of a note, pinned ones first, then those of the title and of the body, after its person's choices.

    What the title names, or a pin, is what "v. 5" in the body means where nothing nearer says so.
    """
    pinned = tuple(_pinned(start, end) for choice, _, start, end in content.refs if choice == PIN)
    in_title = _found(content.title, None) if content.title else ()
    main = next(((one.start, one.end) for one in (*pinned, *in_title)), None)
    in_body = _found(content.body, main)
    if not (in_title or in_body or pinned):
        return ()
    title = tuple(replaced(one, begin=-1, stop=-1) for one in in_title)
    return (*pinned, *_chosen((*title, *in_body), content.refs))


def main_passage(content: Content) -> tuple[int, int] | None:
    """What "v. 5" in the body means where nothing nearer says so: a pin, else what the title names."""
    for choice, _, start, end in content.refs:
        if choice == PIN:
            return start, end
    return next(((one.start, one.end) for one in _found(content.title, None)), None)


def may_name_a_passage(text: str) -> bool:
    """Whether a text may hold a reference: it has a digit, or a number in words and a word that makes it one."""
    for digit in DIGITS:
        if digit in text:
            return True
    lowered = text.lower()
    return any(marker in lowered for marker in MARKERS) and _has_number_word(lowered)


def pinned(choices: Choices, start: int, end: int) -> Choices:
    """The choices with a passage pinned, once.

    Raises: InvalidInput.
    """
    choice = (PIN, "", start, end)
    return choices if choice in choices else _within((*choices, choice))


def corrected(choices: Choices, text: str, start: int, end: int) -> Choices:
    """The choices with a detected text meaning another passage.

    Raises: InvalidInput.
    """
    return _within((*_without(choices, text), (CORRECT, _kept(text), start, end)))


def dismissed(choices: Choices, text: str) -> Choices:
    """The choices with a detected text meaning no passage.

    Raises: InvalidInput.
    """
    return _within((*_without(choices, text), (DISMISS, _kept(text), 0, 0)))


def unpinned(choices: Choices, start: int, end: int) -> Choices:
    """The choices without a pin."""
    return tuple(choice for choice in choices if choice != (PIN, "", start, end))


def is_text_of(reference: Reference, text: str) -> bool:
    """Whether this is the text a reference was read from; white space and capitals do not matter."""
    return reference.how != "pinned" and _key(reference.text) == _key(text)


def one_read(references: Iterable[Reference], text: str) -> Reference:
    """The first of the references that was read from a text.

    Raises: NotFound.
    """
    known = []
    for reference in references:
        if is_text_of(reference, text):
            return reference
        known.append(reference.text or reference.osis)
    hint = f"it has: {', '.join(dict.fromkeys(known))}"[:MAX_TEXT] if known else "the note names no passage"
    raise NotFound(f"the note has no reference {text!r}", hint=hint)


def said(choices: Choices) -> str:
    """The choices as lines of text, as a note's row keeps them."""
    return "\n".join(f"{choice}\t{start}\t{end}\t{text}" for choice, text, start, end in choices)


def heard(lines: str) -> Choices:
    """The choices in such lines."""
    if not lines:
        return ()
    rows = [line.split("\t", 3) for line in lines.split("\n")]
    return tuple((choice, text, int(start), int(end)) for choice, start, end, text in rows)


def checked(listed: Iterable[Iterable[object]]) -> Choices:
    """The choices in a field of a change. What a newer Scribes may have put there stays as it is.

    Raises: ValueError, TypeError where they are malformed.
    """
    choices: list[Choice] = []
    for choice, text, start, end in listed:
        if not (isinstance(choice, str) and isinstance(text, str) and type(start) is int and type(end) is int):
            raise ValueError("a choice is [text, text, number, number]")
        if not (0 <= start < MOST_ORDINAL and 0 <= end < MOST_ORDINAL):
            raise ValueError("no verse has such a number")
        if any(mark in choice + text for mark in "\t\n"):
            raise ValueError("a choice stands on one line")
        choices.append((choice, text, start, end))
    return tuple(choices)


def _found(text: str, main: tuple[int, int] | None) -> tuple[Reference, ...]:
    if not may_name_a_passage(text):
        return ()
    from ..scripture.search import find

    return tuple(
        Reference(span.osis, span.start, span.end, span.text, span.begin, span.stop, span.confidence, span.how)
        for span in find(text, context=main)
    )


def _pinned(start: int, end: int) -> Reference:
    return Reference(osis(start, end), start, end, "", -1, -1, 1.0, "pinned")


def _chosen(found: tuple[Reference, ...], choices: Choices) -> tuple[Reference, ...]:
    said = {_key(text): (choice, start, end) for choice, text, start, end in choices if choice in (CORRECT, DISMISS)}
    if not said:
        return found
    kept = []
    for one in found:
        choice, start, end = said.get(_key(one.text), ("", 0, 0))
        if choice == CORRECT:
            kept.append(replaced(one, osis=osis(start, end), start=start, end=end, confidence=1.0, how="corrected"))
        elif choice != DISMISS:
            kept.append(one)
    return tuple(kept)


def osis(start: int, end: int) -> str:
    """The passage as OSIS writes it; "" where it is none that we know."""
    from ..scripture.formatting import format_passage

    try:
        return format_passage(start, end)
    except InvalidInput:
        # What another device wrote is not trusted to be a passage we know.
        return ""


def _is_whole_chapter(start: int, end: int) -> bool:
    from ..scripture import canon

    book, chapter, verse = canon.split(start)
    return verse <= 1 and end % CHAPTER_UNIT == canon.last_verse(book, chapter)


def _has_number_word(lowered: str) -> bool:
    words = set(lowered.replace("-", " ").replace(",", " ").replace(".", " ").split())
    return not words.isdisjoint(NUMBER_WORDS) or any(
        set(word) <= ROMAN_LETTERS and word not in ("i", "mix", "mild") for word in words
    )


ROMAN_LETTERS = frozenset("ivxlc")
NUMBERS_IN_WORDS = """
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred first second third fourth fifth sixth seventh
eighth ninth tenth eleventh twelfth last
"""
NUMBER_WORDS = frozenset(NUMBERS_IN_WORDS.split())


def _without(choices: Choices, text: str) -> Choices:
    return tuple(one for one in choices if one[0] not in (CORRECT, DISMISS) or _key(one[1]) != _key(text))


def _within(choices: Choices) -> Choices:
    if len(choices) > MAX_CHOICES:
        raise InvalidInput(f"the note has more than {MAX_CHOICES} choices", hint="scribes refs --note NOTE --reset")
    return choices


def _kept(text: str) -> str:
    folded = " ".join(text.split())
    if not folded or len(folded) > MAX_TEXT:
        raise InvalidInput(f"{folded[:40]!r} is no text of a reference", hint="as scribes refs --note shows it")
    return folded


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()

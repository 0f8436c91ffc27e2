"""References read out of the sources of cross references: Nave's topics, Scofield's notes, the notes of the WEB."""

from __future__ import annotations

import html
import re

from scribes.scripture import canon

Passage = tuple[int, int]

_OSIS = re.compile(r"([1-3]?[A-Za-z]+)\.(\d+)(?:\.(\d+))?$")
_REF = re.compile(r'<ref osisRef="([^"]*)">.*?</ref>', re.S)
_SEE = re.compile(r'<ref target="Nave:([^"]*)">.*?</ref>', re.S)
_TAG = re.compile(r"<[^>]+>")
_SMALL = frozenset(
    (
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "into",
        "is",
        "of",
        "on",
        "or",
        "the",
        "to",
        "upon",
        "with",
    )
)

# The Online Bible's short names, which the Scofield module uses, where they are not the beginning of the OSIS id.
_SHORT_BOOKS = {
    "jud": "Judg", "jude": "Jude", "mt": "Matt", "mr": "Mark", "joh": "John", "php": "Phil", "phm": "Phlm",
    "so": "Song",
    "ob": "Obad", "1jo": "1John", "2jo": "2John", "3jo": "3John", "ho": "Hos", "es": "Esth", "ex": "Exod", "jas": "Jas",
    "1ki": "1Kgs", "2ki": "2Kgs", "la": "Lam", "ps": "Ps", "psa": "Ps", "de": "Deut", "jon": "Jonah", "1jn": "1John",
}  # fmt: skip


def osis_passage(text: str) -> Passage | None:
    """Return the passage of an OSIS reference, or None where the canon has no such one."""
    first, _, last = text.partition("-")
    begin, end = _osis_verse(first, is_end=False), _osis_verse(last or first, is_end=True)
    return (begin, end) if begin and end and begin <= end and end - begin < 10 * canon.CHAPTER_UNIT else None


def _osis_verse(text: str, *, is_end: bool) -> int | None:
    found = _OSIS.match(text)
    book = canon.book_number(found[1]) if found else None
    if found is None or book is None:
        return None
    chapter = int(found[2])
    verse = int(found[3]) if found[3] else canon.last_verse(book, chapter) if is_end else 1
    ordinal = canon.ordinal(book, chapter, verse)
    return ordinal if verse and canon.is_verse(ordinal) else None


class TopicLine:
    """A line of a topic: how deep it stands, what it says, and its passages."""

    def __init__(self, depth: int, heading: str, passages: list[Passage]) -> None:
        self.depth = depth
        self.heading = heading
        self.passages = passages


def topic_lines(entry: str) -> list[TopicLine]:
    """Return the lines of one entry of Nave's."""
    lines: list[TopicLine] = []
    depth = 0
    # A break starts a line at the top, an item one within the lists around it.
    for piece in re.split(r"(<lb/>|<list>|</list>|<item>)", entry):
        if piece in ("<lb/>", "<item>"):
            continue
        if piece in ("<list>", "</list>"):
            depth = depth + 1 if piece == "<list>" else max(0, depth - 1)
            continue
        passages = [passage for ref in _REF.findall(piece) if (passage := osis_passage(ref))]
        heading = _heading(piece)
        if heading or passages:
            lines.append(TopicLine(depth, heading, merged(passages)))
    return lines


def _heading(piece: str) -> str:
    piece = _SEE.sub(lambda found: title(found[1]), _REF.sub("", piece))
    text = html.unescape(_TAG.sub(" ", piece)).replace("→", " ")
    # What stood between references is left over at the end of a heading: "; with", ":10-18", commas.
    text = _LEFT_OVER.sub("", re.sub(r"\s+([,;.)])", r"\1", " ".join(text.split())))
    text = re.sub(r"(?:[,;]\s*){2,}", "; ", text)
    text = _CAPITALS.sub(lambda found: _capitals(found[0]), text).strip(" ,;:")
    return text[:1].upper() + text[1:]


_LEFT_OVER = re.compile(r"(?:[\s,;:.]|\bwith\b|\band\b|\d+(?::\d+)?(?:[-,]\d+)*)+$")
_CAPITALS = re.compile(r"\b[A-Z]{2,}\b")


def _capitals(word: str) -> str:
    if set(word) <= set("IVXLC"):
        return word
    return word.lower() if word.lower() in _SMALL else word.capitalize()


def merged(passages: list[Passage]) -> list[Passage]:
    """Return passages with those that follow one another verse by verse as one."""
    found: list[Passage] = []
    for start, end in passages:
        if found and found[-1][0] <= start <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif (start, end) not in found:
            found.append((start, end))
    return found


def title(name: str) -> str:
    """Return a topic's name, which the source has in capitals, as a title: Grace of God."""
    words = name.lower().split(" ")
    return " ".join(word if n and word in _SMALL else _capital(word) for n, word in enumerate(words))


def _capital(word: str) -> str:
    start = next((n for n, letter in enumerate(word) if letter.isalpha()), 0)
    return "-".join(word[:start] + part[:1].upper() + part[1:] if not n else part[:1].upper() + part[1:]
                    for n, part in enumerate(word[start:].split("-")))  # fmt: skip


def scofield_passages(note: str) -> list[tuple[Passage, bool]]:
    """Return (passage, whether it names another note of Scofield's) for the references of a note."""
    found: list[tuple[Passage, bool]] = []
    for reference in re.findall(r'osisRef="([^"]*)"', note):
        is_note = reference.startswith("Scofield:")
        for part in re.findall(
            r"([1-3]?[A-Za-z]+) (\d+):(\d+)(?:-(\d+))?(?![\d:])", reference.removeprefix("Scofield:")
        ):
            book = short_book(part[0])
            if book:
                start = canon.ordinal(book, int(part[1]), int(part[2]))
                end = canon.ordinal(book, int(part[1]), int(part[3] or part[2]))
                if canon.is_verse(start) and canon.is_verse(end) and start <= end:
                    found.append(((start, end), is_note))
    return found


def short_book(name: str) -> int | None:
    """Return the number of a book by one of the short names the Scofield module uses."""
    name = name.lower()
    if name in _SHORT_BOOKS:
        return canon.book_number(_SHORT_BOOKS[name])
    for number in range(1, canon.PROTESTANT_BOOKS + 1):
        if canon.OSIS[number].lower().startswith(name):
            return number
    return None


_WEB_NOTE = re.compile(r'<note[^>]*type="crossReference".*?</note>', re.S)
_WEB_REFERENCE = re.compile(r"<reference>(.*?)</reference>", re.S)


def web_notes(raw: str) -> list[Passage]:
    """Return the passages that the WEB's notes say a verse quotes."""
    texts = [text for note in _WEB_NOTE.findall(raw) for text in _WEB_REFERENCE.findall(note)]
    return [passage for text in texts for passage in english_passages(text)]


def english_passages(text: str) -> list[Passage]:
    """Return the passages of a list as the WEB prints them: "Isaiah 29:16; 45:9", "Genesis 18:10,14"."""
    found: list[Passage] = []
    book: int | None = None
    for part in text.split(";"):
        match = re.match(r"\s*((?:[1-3] )?[A-Za-z][A-Za-z ]*?)?\s*(\d+):([\d,\s-]+)", part)
        if match is None:
            continue
        if match[1]:
            book = _long_names().get(match[1].strip().lower())
        for verses in match[3].split(","):
            first, _, last = verses.strip().partition("-")
            if book and first.isdigit():
                start = canon.ordinal(book, int(match[2]), int(first))
                end = canon.ordinal(book, int(match[2]), int(last) if last.isdigit() else int(first))
                if canon.is_verse(start) and canon.is_verse(end):
                    found.append((start, end))
    return found


def _long_names() -> dict[str, int]:
    names = {name.lower(): number for number, name in enumerate(canon.LONG) if number}
    return names | {"psalm": canon.PSALMS, "song of solomon": 22}

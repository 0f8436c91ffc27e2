"""Plain verse text from the OSIS markup of eBible's SWORD modules, and verses carried to the canon's numbering."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sword_source import Address
    from texts_sources import Moves, Splits

_GAP = "\0"
_NOTE = re.compile(r"<note\b.*?</note>", re.S)
_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title>", re.S)
_SPEAKER = re.compile(r"<speaker\b.*?</speaker>", re.S)
_GLOSSARY = re.compile(r'<div\b[^>]*type="glossary".*', re.S)
_BREAK = re.compile(r"</?(?:l|lb|lg|div|item|list|chapter|p)\b[^>]*>")
_TAG = re.compile(r"<[^>]+>")
# A USFM mark ("name of God") that the maker of the King James module left unconverted in 27 verses.
_USFM = re.compile(r"\\\+?nd\*?\s?")
_SPACES = re.compile(r"\s+")
# Where a note stood there is no space in the source, yet the words around it are two words; before these there is none.
_NOTE_GAP = re.compile(r"\s*\0+\s*(?=[.,;:!?)\]’”—]|$)|\0+(?=\s)|(?<=[\s(\[“‘—])\0+|(?<=^)\0+")
# Two marked words without a space between them: the source runs them together ("habitantes de" + "toda").
_RUN_TOGETHER = re.compile(r"(?<=\w)((?:</\w+>)+)(?=(?:<\w+\b[^>]*>)+\w)")
_ENTITIES = {"&quot;": '"', "&apos;": "'", "&lt;": "<", "&gt;": ">", "&amp;": "&"}


def plain(raw: str) -> tuple[str, str]:
    """Return (title, verse) of a slot without markup; title is empty but for a psalm's."""
    raw = _GLOSSARY.sub("", raw)
    raw = _NOTE.sub(_GAP, raw)
    title = _TITLE.search(raw)
    body = _SPEAKER.sub("", _TITLE.sub("", raw))
    canonical = title is not None and 'canonical="true"' in title[0] and 'type="psalm"' in title[0]
    return (_text(title[1]) if title is not None and canonical else ""), _text(body)


def _text(markup: str) -> str:
    markup = _RUN_TOGETHER.sub(r"\1 ", _BREAK.sub(" ", markup))
    text = _USFM.sub("", _TAG.sub("", markup)).replace("¶", " ")
    for entity, character in _ENTITIES.items():
        text = text.replace(entity, character)
    text = _NOTE_GAP.sub("", _SPACES.sub(" ", text).strip())
    return _SPACES.sub(" ", text.replace(_GAP, " ")).strip()


def split_slots(verses: dict[Address, str], splits: Splits) -> None:
    """Take apart, in place, the slots that hold more than one verse."""
    for (book, chapter, slot), beginnings in splits.items():
        first = slot * 1000 + 1 if verses.get((book, chapter, slot + 1)) else slot + 1
        for number in range(first + len(beginnings) - 1, first - 1, -1):
            head, found, tail = verses[book, chapter, slot].partition(beginnings[number - first])
            if not found:
                raise SystemExit(f"{book} {chapter}:{slot} has no verse that begins {beginnings[number - first]!r}")
            verses[book, chapter, slot] = head.strip()
            verses[book, chapter, number] = (found + tail).strip()


def move(verses: dict[Address, str], moves: Moves) -> dict[Address, str]:
    """Return the verses at their places in the canon; those that meet at one place are joined in their own order."""
    target = {
        (book, chapter, verse): (book, to_chapter, to_first + verse - first)
        for (book, chapter, first, last), (to_chapter, to_first) in moves.items()
        for verse in range(first, last + 1)
    }
    moved: dict[Address, str] = {}
    for address in sorted(verses):
        place = target.get(address, address)
        moved[place] = f"{moved[place]} {verses[address]}".strip() if place in moved else verses[address]
    return moved


# A psalm in the RV 1909 begins, after its title, with a word in capitals, or a one-letter word and such a word.
_FIRST_WORD = re.compile(r"[¡¿]*(?:[A-ZÁÉÍÓÚ] )?[A-ZÁÉÍÓÚÑ]{2,}")


def cut_psalm_title(verse: str) -> tuple[str, str]:
    """Return (title, verse) of a first verse that has the title in it."""
    found = _FIRST_WORD.search(verse)
    if found is None or found.start() == 0:
        return "", verse
    return verse[: found.start()].strip(), verse[found.start() :]


def cut_colophons(verses: dict[Address, str], colophons: Iterable[str]) -> None:
    """Cut, in place, each note on where a letter was written; every one has to be there."""
    for words in colophons:
        places = [address for address, text in verses.items() if words in text]
        if len(places) != 1:
            raise SystemExit(f"{words!r} is in {len(places)} verses, not one")
        verses[places[0]] = verses[places[0]].partition(words)[0].strip()

"""Writes the maps of other versifications, from the .vrs files of the PyPI package `sil-machine` (MIT).

    pip download --no-deps sil-machine && unzip sil_machine-*.whl 'machine/scripture/*.vrs.txt' -d FOLDER
    python tools/make_versification.py FOLDER/machine/scripture

A .vrs file maps its own verses to the "original" (Hebrew and Greek) ones. Here the two maps, from a system to the
original and from there to the English, become one, and only what differs is kept: runs of verses and their new place.
The counts of the canon are checked against eng.vrs on the way.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from scribes.scripture import canon

SYSTEMS = ("org", "vul", "lxx", "rsc", "rso")
OUTPUT = ROOT / "src" / "scribes" / "scripture" / "versification_data.py"
# Where our canon differs from eng.vrs on purpose: no verse 18 in Revelation 12, no chapter 6 in Baruch.
EXPECTED_DIFFERENCES = {("REV", 12), ("BAR", 6)}

_MAPPING = re.compile(r"(\w{3}) (\d+):(\d+)(?:-(\d+))? = (\w{3}) (\d+):(\d+)(?:-(\d+))?$")
Counts = dict[int, tuple[int, ...]]


def read(path: Path) -> tuple[Counts, list[tuple[int, int]]]:
    """Return verses by book and chapter, and the pairs (own ordinal, original ordinal)."""
    counts: Counts = {}
    pairs: list[tuple[int, int]] = []
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        text = line.split("#")[0].strip()
        if mapping := _MAPPING.match(text):
            pairs.extend(_pairs(mapping))
        elif text and "=" not in text and (book := canon.book_number(text[:3])):
            counts[book] = tuple(int(part.split(":")[1]) for part in text.split()[1:] if ":" in part)
    return counts, pairs


def _pairs(mapping: re.Match[str]) -> list[tuple[int, int]]:
    here, there = canon.book_number(mapping[1]), canon.book_number(mapping[5])
    if not here or not there or max(here, there) > canon.PROTESTANT_BOOKS:
        return []
    first, last = int(mapping[3]), int(mapping[4] or mapping[3])
    other = int(mapping[7])
    return [
        (canon.ordinal(here, int(mapping[2]), first + step), canon.ordinal(there, int(mapping[6]), other + step))
        for step in range(last - first + 1)
    ]


def runs(counts: Counts, to_original: dict[int, int], to_english: dict[int, int]) -> list[tuple[int, int, int]]:
    """Return (first, last, first in English) for every run of verses that has another place there."""
    found: list[tuple[int, int, int]] = []
    for book in sorted(book for book in counts if book <= canon.PROTESTANT_BOOKS):
        for chapter, count in enumerate(counts[book], start=1):
            for verse in range(1, count + 1):
                own = canon.ordinal(book, chapter, verse)
                original = to_original.get(own, own)
                english = _existing(to_english.get(original, original))
                if found and found[-1][1] == own - 1 and english - own == found[-1][2] - found[-1][0]:
                    found[-1] = found[-1][0], own, found[-1][2]
                elif english != own:
                    found.append((own, own, english))
    return found


def _existing(ordinal: int) -> int:
    """Return the verse, or the last of its chapter or book where the English has fewer."""
    book, chapter, verse = canon.split(ordinal)
    chapter = min(chapter, canon.chapters(book))
    if verse == 0 and canon.has_title(book, chapter):
        return canon.ordinal(book, chapter, 0)
    return canon.ordinal(book, chapter, max(1, min(verse, canon.last_verse(book, chapter))))


def check(counts: Counts) -> None:
    """Stop where the canon does not count as eng.vrs does."""
    for book, chapters in counts.items():
        for chapter, count in enumerate(chapters, start=1):
            usfm = canon.USFM[book]
            if canon.last_verse(book, chapter) != count and (usfm, chapter) not in EXPECTED_DIFFERENCES:
                raise SystemExit(f"{usfm} {chapter}: canon has {canon.last_verse(book, chapter)}, eng.vrs {count}")


def main(folder: Path) -> None:
    """Write the module."""
    english_counts, english_pairs = read(folder / "eng.vrs.txt")
    check(english_counts)
    to_english: dict[int, int] = {}
    for english, original in english_pairs:
        to_english.setdefault(original, english)
    lines = [
        "# ruff: noqa",
        "# fmt: off",
        '"""Where other systems differ from the canonical one; made by tools/make_versification.py, not edited.',
        "",
        "From the .vrs files of SIL International (MIT): see VERSIFICATION-LICENSE.txt.",
        '"""',
        "",
    ]
    for name in SYSTEMS:
        counts, pairs = read(folder / f"{name}.vrs.txt")
        differing = {
            book: " ".join(map(str, chapters))
            for book, chapters in sorted(counts.items())
            if book <= canon.PROTESTANT_BOOKS and chapters != canon.VERSES[book][1:]
        }
        table = " ".join(f"{a}-{b}>{c}" for a, b, c in runs(counts, dict(pairs), to_english))
        lines += [f"{name.upper()}_COUNTS = {{", *(f'    {book}: "{row}",' for book, row in differing.items()), "}"]
        lines += [f'{name.upper()}_RUNS = """\\', *_wrapped(table), '"""', ""]
    OUTPUT.write_text("\n".join(lines), encoding="utf-8")
    print(f"wrote {OUTPUT.name}: {OUTPUT.stat().st_size} bytes")


def _wrapped(table: str) -> list[str]:
    pieces = table.split()
    return [" ".join(pieces[at : at + 4]) for at in range(0, len(pieces), 4)]


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Build the bundled Bible texts from Debian's packages: `python tools/build_texts.py [--check] [--folder DIR]`.

Needs pysword, and apt to download and unpack sword-text-web, sword-text-kjv and sword-text-sparv into a temporary
folder; nothing is installed. `--check` builds and compares with what is bundled, and writes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools")]

import sword_source
import texts_cleaning
from scribes.scripture import canon, text_file, word_index
from texts_sources import TEXTS, Text

TARGET = ROOT / "src/scribes/scripture/data/texts"


def main() -> int:
    """Build each text, check it, and write it with its licence note beside it."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="compare with the bundled files; write nothing")
    arguments.add_argument("--folder", type=Path, help="keep the downloads here, and use those that are there")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        return 1 if [text.code for text in TEXTS if not build(text, folder, only_check=options.check)] else 0


def build(text: Text, folder: Path, *, only_check: bool) -> bool:
    """Build one text; tell whether it is what it should be."""
    unpacked = sword_source.fetch(text.package, folder)
    version = sword_source.package_version(text.package, folder)
    verses = verses_of(text, unpacked)
    problems = check(text, verses)
    data = text_file.pack(verses, about(text, version, verses))
    path = TARGET / f"{text.code}{text_file.SUFFIX}"
    index = index_of(path, data)
    index_path = path.with_suffix(word_index.SUFFIX)
    if only_check:
        if not path.exists() or path.read_bytes() != data or index_path.read_bytes() != index:
            problems.append("the bundled file differs from what this builds")
    elif not problems:
        path.write_bytes(data)
        index_path.write_bytes(index)
        path.with_suffix(".LICENSE.txt").write_text(text.licence_note(version), "utf-8")
    print(
        f"{text.code}: {len(verses)} verses and titles, {len(data):,} bytes, index {len(index):,}, {checksum(verses)}"
    )
    for problem in problems:
        print(f"{text.code}: {problem}")
    return not problems


def index_of(path: Path, data: bytes) -> bytes:
    """Return the word index of a packed text."""
    packed = text_file.TextFile(str(path), data)
    return word_index.pack(packed.all_slots(), packed.stamp)


def verses_of(text: Text, unpacked: Path) -> dict[int, str]:
    """Return the verses of a text by the canon's ordinals, titles of psalms as verse 0."""
    by_address: dict[sword_source.Address, str] = {}
    for (book, chapter, verse), raw in sword_source.raw_verses(unpacked):
        title, body = texts_cleaning.plain(raw)
        if verse == 0 and book not in text.books_with_heads:
            continue
        if title and book == "Ps" and verse == 1 and canon.has_title(canon.PSALMS, chapter):
            by_address[book, chapter, 0] = title
        by_address[book, chapter, verse] = body
    texts_cleaning.split_slots(by_address, text.splits)
    by_address = texts_cleaning.move(by_address, text.moves)
    texts_cleaning.cut_colophons(by_address, text.colophons)
    if text.has_titles_in_verses:
        cut_titles(by_address)
    return {
        canon.ordinal(number(book, text), chapter, verse): body
        for (book, chapter, verse), body in text.renamed(by_address).items()
        if body and number(book, text)
    }


def cut_titles(verses: dict[sword_source.Address, str]) -> None:
    """Cut, in place, psalm titles and the letters of Psalm 119 out of the verses they are printed into."""
    for psalm in range(1, canon.chapters(canon.PSALMS) + 1):
        if canon.has_title(canon.PSALMS, psalm):
            title, verse = texts_cleaning.cut_psalm_title(verses["Ps", psalm, 1])
            verses["Ps", psalm, 0], verses["Ps", psalm, 1] = title, verse
    for verse in range(1, 176, 8):
        letter, _, rest = verses["Ps", 119, verse].partition(" ")
        if not letter.isupper() or len(letter) > 7:
            raise SystemExit(f"Psalm 119:{verse} has no letter before it: {letter!r}")
        verses["Ps", 119, verse] = rest


def number(book: str, text: Text) -> int:
    """Return the canon's number of a book, 0 for one that is left out."""
    return canon.book_number(text.books.get(book, book)) or 0


def about(text: Text, version: str, verses: dict[int, str]) -> dict[str, str]:
    """Return what the file says of itself."""
    return {
        "code": text.code,
        "name": text.name,
        "language": text.language,
        "licence": "public domain",
        "source": f"eBible.org, from Debian's {text.package} {version}",
        "verses": str(sum(1 for ordinal in verses if ordinal % 1000)),
        "sha256": checksum(verses),
    }


def checksum(verses: dict[int, str]) -> str:
    """Return the SHA-256 of all verses, a line each: ordinal, tab, text."""
    return hashlib.sha256("".join(f"{n}\t{verses[n]}\n" for n in sorted(verses)).encode()).hexdigest()


def check(text: Text, verses: dict[int, str]) -> list[str]:
    """Return what is wrong with a text: verses missing or unknown, counts, checksum, verses known by heart."""
    problems: list[str] = []
    canonical = {
        canon.ordinal(book, chapter, verse)
        for book in range(1, canon.PROTESTANT_BOOKS + 1)
        for chapter in range(1, canon.chapters(book) + 1)
        for verse in range(1, canon.last_verse(book, chapter) + 1)
    }
    missing = sorted(canonical - verses.keys())
    if missing != sorted(text.absent):
        problems.append(f"verses missing: {missing}, expected {sorted(text.absent)}")
    unknown = [n for n in verses if not canon.is_verse(n)]
    if sorted(unknown) != sorted(text.beyond):
        problems.append(f"verses beyond the canon: {unknown}, expected {sorted(text.beyond)}")
    if len(verses) != text.count:
        problems.append(f"{len(verses)} verses and titles, expected {text.count}")
    if checksum(verses) != text.sha256:
        problems.append(
            "the checksum differs: has the package changed? look at the differences, then update texts_sources"
        )
    problems += [
        f"{n} is {verses.get(n)!r}, expected {verse!r}" for n, verse in text.spots.items() if verses.get(n) != verse
    ]
    problems += [f"markup left in {n}" for n, verse in verses.items() if set(verse) & set("<>\\¶{}|\0")]
    return problems


if __name__ == "__main__":
    raise SystemExit(main())

"""Writes the tables of book names that Scribes reads at run time, from the TOML files people edit.

Reading TOML costs 16 ms at every start, a compiled module of plain literals costs under one. Run it after every change
of `src/scribes/scripture/names/*.toml`; a test holds that the two agree.
"""

from __future__ import annotations

import pprint
import sys
import tomllib
import unicodedata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from scribes.scripture import canon
from scribes.scripture.lexicon import BOOK_MASK, FAMILY, IMPLIED, PERSON, PHRASE, SHORT, VERSE_ONLY, WEAK, plain

SOURCES = ROOT / "src" / "scribes" / "scripture" / "names"


_TYPES = {
    "NAMES": "dict[str, int]",
    "PHRASES": "dict[str, list[str]]",
    "FAMILIES": "dict[str, tuple[int, ...]]",
    "EVIDENCE": "dict[str, list[str]]",
    "WORDS": "dict[str, list[str]]",
    "NUMBERS": "dict[str, int]",
    "ORDINALS": "dict[str, int]",
    "VERSE_COMMA": "bool",
    "CODES": "list[str]",
}


def key(name: str) -> str:
    """Return the form under which a name is looked up."""
    return plain(unicodedata.normalize("NFC", name).lower())


def book(osis: str) -> int:
    """Return the number of a book, or stop with the misspelt id."""
    number = canon.book_number(osis)
    if number is None:
        raise SystemExit(f"{osis} is no book of the canon")
    return number


def tables(source: dict[str, Any]) -> dict[str, object]:
    """Return what a language's module holds: names, phrases, families, words."""
    names: dict[str, int] = {}
    phrases: dict[str, list[str]] = {}
    families: dict[str, tuple[int, ...]] = {}
    for osis, forms in source["books"].items():
        for form in forms:
            _add(names, phrases, key(form), book(osis))
    for family in source.get("numbered", {}).values():
        members = tuple(book(osis) for osis in family["books"])
        for form in map(key, family["names"]):
            families[form] = members
            names[form] = _numbered(names.get(form, 0), members[0])
    _flag(names, source.get("evidence", {}))
    return {
        "NAMES": names,
        "PHRASES": {last: sorted(forms, key=len, reverse=True) for last, forms in phrases.items()},
        "FAMILIES": families,
        "EVIDENCE": {
            name: [form.lower() for form in source.get("evidence", {}).get(name, [])]
            for name in ("never", "counted", "verbs")
        },
        "WORDS": {kind: [form.lower() for form in forms] for kind, forms in source.get("words", {}).items()},
        "NUMBERS": source.get("numbers", {}),
        "ORDINALS": source.get("ordinals", {}),
        "VERSE_COMMA": source.get("punctuation", {}).get("verse_comma", False),
        "CODES": source.get("translations", {}).get("codes", []),
    }


def _add(names: dict[str, int], phrases: dict[str, list[str]], form: str, number: int) -> None:
    if not names.get(form, 0) & BOOK_MASK:
        names[form] = names.get(form, 0) | number
    words = form.split()
    if len(words) > 1:
        phrases.setdefault(words[-1], []).append(form)
        names[words[-1]] = names.get(words[-1], 0) | PHRASE


def _numbered(entry: int, first: int) -> int:
    return entry | FAMILY if entry & BOOK_MASK else entry | first | FAMILY | IMPLIED


def _flag(names: dict[str, int], evidence: dict[str, list[str]]) -> None:
    for kind, flag in (("weak", WEAK), ("people", PERSON), ("verse_only", VERSE_ONLY), ("short", SHORT)):
        for form in map(key, evidence.get(kind, ())):
            if form in names:
                names[form] |= flag


def module(language: str) -> str:
    """Return the text of the generated module of a language."""
    source = tomllib.loads((SOURCES / f"{language}.toml").read_text(encoding="utf-8"))
    lines = [f'"""Names of books in one language; made from {language}.toml by tools/make_names.py, not edited."""\n']
    for name, value in tables(source).items():
        lines.append(f"{name}: {_TYPES[name]} = {pprint.pformat(value, width=118, compact=True, sort_dicts=False)}\n")
    return "# ruff: noqa\n# fmt: off\n" + "".join(lines)


def languages() -> list[str]:
    """Return the languages that have a TOML file."""
    return sorted(path.stem for path in SOURCES.glob("*.toml"))


if __name__ == "__main__":
    for language in languages():
        (SOURCES / f"{language}.py").write_text(module(language), encoding="utf-8")
        print(f"wrote {language}.py")

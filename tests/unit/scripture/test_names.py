"""The tables of names: made from the TOML files, agreeing with them, and cheap to load."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from scribes.scripture import canon
from scribes.scripture.lexicon import BOOK_MASK, LANGUAGES, lexicon
from scribes.scripture.parsing import book_named

ROOT = Path(__file__).resolve().parents[3]


def tool() -> ModuleType:
    """Return tools/make_names.py as a module."""
    spec = importlib.util.spec_from_file_location("make_names", ROOT / "tools" / "make_names.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_of_a_language_is_what_its_toml_file_says(language: str) -> None:
    make_names = tool()
    made = (make_names.SOURCES / f"{language}.py").read_text(encoding="utf-8")

    assert made == make_names.module(language), "run tools/make_names.py"


def test_every_toml_file_is_a_language() -> None:
    assert sorted(LANGUAGES) == tool().languages()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_names_every_book_of_the_protestant_canon(language: str) -> None:
    lex = lexicon((language,))
    named = {entry & BOOK_MASK for entry in lex.names.values()} | {
        book for books in lex.families.values() for book in books
    }

    assert set(range(1, canon.PROTESTANT_BOOKS + 1)) <= named


def test_the_names_it_writes_are_names_it_reads() -> None:
    lex = lexicon(("en",))
    for book in range(1, canon.LAST_BOOK):
        for name in (canon.OSIS[book], canon.USFM[book], canon.SHORT[book], canon.LONG[book]):
            assert book_named(name, lex) == book, name


def test_importing_it_loads_neither_tables_nor_heavy_modules() -> None:
    code = (
        "import sys; import scribes.scripture;"
        "print(*sorted({'dataclasses', 'typing', 'tomllib', 'json', 'scribes.scripture.names.en',"
        " 'scribes.scripture.versification_data'} & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout.split() == []

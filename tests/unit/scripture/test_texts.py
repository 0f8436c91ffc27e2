"""The bundled texts: what is in them, and reading passages."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scribes.errors import Damaged, InvalidInput, NewerFormat, NotFound
from scribes.scripture import canon, text_file, texts

ROOT = Path(__file__).parents[3]
DATA = Path(texts.__file__).parent / "data/texts"
ROWS = (line.split("\t") for line in (ROOT / "tools/spot_verses.tsv").read_text("utf-8").splitlines()[1:])
SPOTS = [(code, int(ordinal), verse) for code, ordinal, verse in ROWS]
EVERYTHING = (0, 99_999_999)


@pytest.mark.parametrize(("code", "ordinal", "verse"), SPOTS)
def test_a_verse_known_by_heart_is_word_for_word(code: str, ordinal: int, verse: str) -> None:
    assert [v.text for v in texts.read(ordinal, ordinal, translation=code)] == [verse]


@pytest.mark.parametrize("code", ["web", "kjv", "rv1909"])
def test_each_text_has_at_least_twenty_spot_verses(code: str) -> None:
    assert sum(1 for spot in SPOTS if spot[0] == code) >= 20


@pytest.mark.parametrize(("code", "verses"), [("web", 37_491), ("kjv", 31_102), ("rv1909", 31_102)])
def test_a_text_has_its_number_of_verses_and_its_checksum(code: str, verses: int) -> None:
    text = next(text for text in texts.available() if text.code == code)
    file = text_file.load(text.path)
    lines = [(n, line) for key in file._keys for n, line in enumerate(file.chapter(key), key * 1000) if line]

    assert sum(1 for ordinal, _ in lines if ordinal % 1000) == verses == text.verses
    assert sum(1 for ordinal, _ in lines if ordinal % 1000 == 0) == 116
    digest = hashlib.sha256("".join(f"{n}\t{line}\n" for n, line in lines).encode()).hexdigest()
    assert digest == file.about["sha256"]


@pytest.mark.parametrize("code", ["web", "kjv", "rv1909"])
def test_a_text_is_small_and_its_licence_lies_beside_it(code: str) -> None:
    assert (DATA / f"{code}.scripture").stat().st_size <= 2_200_000
    assert "public domain" in (DATA / f"{code}.LICENSE.txt").read_text("utf-8")


@pytest.mark.parametrize("code", ["web", "kjv", "rv1909"])
def test_no_markup_is_left_in_a_text(code: str) -> None:
    found = [v for v in texts.read(*EVERYTHING, translation=code) if set(v.text) & set("<>\\|{}¶") or "  " in v.text]

    assert found == []


@pytest.mark.parametrize(
    ("code", "lacking"),
    [
        # The WEB's Greek text lacks these; 3 John 15 is the end of verse 14 in all three.
        ("web", {42017036, 44008037, 44015034, 44024007, 64001015}),
        ("kjv", {64001015}),
        ("rv1909", {64001015}),
    ],
)
def test_a_text_has_every_verse_of_the_protestant_canon_but_those_written_down(code: str, lacking: set[int]) -> None:
    have = {verse.ordinal for verse in texts.read(*EVERYTHING, translation=code)}

    assert set(canon.expand(1001001, 66022021)) - have == lacking


def test_the_web_has_the_deuterocanon_but_for_the_additions_to_daniel() -> None:
    books = {verse.ordinal // 1_000_000 for verse in texts.read(67_000_000, 99_999_999)}

    lacking = {canon.OSIS[book] for book in range(67, canon.LAST_BOOK + 1)} - {canon.OSIS[book] for book in books}
    assert lacking == {"AddEsth", "PrAzar", "Sus", "Bel"}


@pytest.mark.parametrize(
    ("ordinal", "beginning"),
    [
        (4012016, "Y DESPUÉS movió"),  # Numbers 13:1 in the Reina-Valera
        (4013033, "También vimos allí gigantes"),
        (7014018, "Y al séptimo día"),  # 14:18-19
        (9024022, "Entonces David juró"),
        (11022053, "Porque sirvió á Baal"),
        (13001031, "Jetur, Naphis"),
        (14033011, "por lo cual Jehová trajo"),
        (18038039, "¿CAZARÁS tú la presa"),  # Job 39:1
        (18040001, "A más de eso respondió"),  # Job 39:34
        (18040006, "ENTONCES respondió Jehová"),  # Job 40:1
        (28011012, "CERCÓME Ephraim"),  # Hosea 12:1
        (32001017, "MAS Jehová había prevenido"),  # Jonah 2:1
        (44019041, "Y habiendo dicho esto"),
        (47013014, "La gracia del Señor"),
    ],
)
def test_the_reina_valera_is_read_by_english_numbers(ordinal: int, beginning: str) -> None:
    assert texts.read(ordinal, ordinal, translation="rv1909")[0].text.startswith(beginning)


def test_the_doxology_of_romans_is_where_the_canon_has_it() -> None:
    verses = texts.read(45016025, 45016027)

    assert verses[0].text.startswith("Now to him who is able")
    assert verses[2].text.endswith("to whom be the glory forever! Amen.")
    assert texts.read(45014023, 45014023)[0].text.endswith("whatever is not of faith is sin.")


def test_the_notes_on_where_a_letter_was_written_are_no_verse_text() -> None:
    ends = [texts.read(end, end, translation="rv1909")[0].text for end in (45016027, 46016024, 55004022, 58013025)]

    assert all(text.endswith("Amén.") for text in ends)


def test_a_psalms_title_is_verse_0_and_comes_only_when_asked_for() -> None:
    with_title = texts.read(19003000, 19003001, translation="kjv")

    assert with_title[0].text == "A Psalm of David, when he fled from Absalom his son."
    assert texts.read(19003001, 19003001, translation="kjv") == with_title[1:]
    assert [v.ordinal for v in texts.read(19002012, 19003001)] == [19002012, 19003001]


def test_a_passage_over_chapters_and_books_is_read_in_order() -> None:
    verses = texts.read(65001025, 66001002)

    assert [v.ordinal for v in verses] == [65001025, 66001001, 66001002]


def test_a_passage_the_text_lacks_has_no_verses() -> None:
    assert texts.read(67001001, 67001003, translation="kjv") == []
    assert texts.read(44008037, 44008037) == []


def test_a_passage_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InvalidInput, match="before it starts"):
        texts.read(45008030, 45008028)


@pytest.mark.parametrize("code", ["niv", "", "../web", "web/../kjv", "con\0"])
def test_an_unknown_text_is_not_found_and_the_hint_names_those_at_hand(code: str) -> None:
    with pytest.raises(NotFound) as caught:
        texts.read(1001001, 1001001, translation=code)

    assert "web, kjv, rv1909" in (caught.value.hint or "")


def test_the_default_text_comes_first() -> None:
    assert [text.code for text in texts.available()] == ["web", "kjv", "rv1909"]


def _bytes(tmp_path: Path) -> tuple[Path, bytes]:
    path = tmp_path / "tiny.scripture"
    data = text_file.pack({1001001: "In the beginning", 1001003: "Let there be light"}, {"code": "tiny"})
    path.write_bytes(data)
    return path, data


def test_a_text_that_was_packed_is_read_back(tmp_path: Path) -> None:
    _bytes(tmp_path)
    verses = texts.read(1001001, 1001005, translation="tiny", folder=tmp_path)

    assert [(v.ordinal, v.text) for v in verses] == [(1001001, "In the beginning"), (1001003, "Let there be light")]


def test_packing_the_same_verses_gives_the_same_bytes(tmp_path: Path) -> None:
    assert _bytes(tmp_path)[1] == _bytes(tmp_path)[1]


def test_a_cut_off_text_is_damaged(tmp_path: Path) -> None:
    path, data = _bytes(tmp_path)
    path.write_bytes(data[:-5])

    with pytest.raises(Damaged):
        texts.read(1001001, 1001001, translation="tiny", folder=tmp_path)


def test_any_changed_byte_of_a_chapter_is_noticed_or_harmless(tmp_path: Path) -> None:
    path, data = _bytes(tmp_path)
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        try:
            text_file.load(str(path)).read(0, 99_999_999)
        except (Damaged, NewerFormat):
            continue


def test_a_text_of_a_newer_format_says_so(tmp_path: Path) -> None:
    path, data = _bytes(tmp_path)
    path.write_bytes(data.replace(b"SCRTEXT1", b"SCRTEXT2"))

    with pytest.raises(NewerFormat):
        texts.read(1001001, 1001001, translation="tiny", folder=tmp_path)


def test_a_bad_file_does_not_hide_the_other_texts(tmp_path: Path) -> None:
    _bytes(tmp_path)
    (tmp_path / "bad.scripture").write_bytes(b"nonsense")

    assert [text.code for text in texts.available(tmp_path)] == ["web", "kjv", "rv1909", "tiny"]


def test_importing_the_texts_loads_no_heavy_module() -> None:
    import subprocess
    import sys

    code = (
        "import sys; import scribes.scripture.texts, scribes.scripture.crossrefs, scribes.scripture.topics;"
        "print([m for m in ('typing', 'dataclasses', 'enum', 're', 'json', 'sqlite3', 'zipfile') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); {code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert shown.stdout.strip() == "[]"

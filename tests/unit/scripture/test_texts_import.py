"""Adding a text from USFM, OSIS or TSV, and importing cross references: good files and hostile ones."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.errors import InvalidInput, NotFound, ScribesError, StorageFull
from scribes.scripture import (
    crossrefs,
    import_osis,
    import_tsv,
    import_usfm,
    openbible,
    texts,
    texts_import,
    whole_file,
)

USFM = r"""\id PSA Some words
\h Psalms
\toc1 The Psalms
\mt1 Psalms
\c 3
\s1 A heading
\d A Psalm of David.
\q1
\v 1 \nd Lord\nd*, how \w many|strong="H7231"\w* are my foes!\f + \fr 3:1 \ft a note \fq with\fq* parts\f*
\q2 How many rise up \add against\add* me!
\b
\v 2-3 Many say \wj of \+nd me\+nd*\wj*,~"God" \x - \xo 3:2 \xt Ps 1\x* will // not\qs Selah\qs*
\qt-s |sid="a" who="David"\*But you\qt-e |sid="a"\*
\c 4
\p
\v 1 \va 2\va* Answer me
"""

OSIS = """<?xml version="1.0" encoding="UTF-8"?>
<osis xmlns="http://www.bibletechnologies.net/2003/OSIS/namespace"><osisText><header><work><title>T</title></work></header>
<div type="book" osisID="Ps"><chapter osisID="Ps.3"><title>Heading</title><title type="psalm">A Psalm of David.</title>
<verse sID="a" osisID="Ps.3.1"/><l>Lord, how</l><l>many<note>no</note> are &amp; my foes!</l><verse eID="a"/></chapter>
</div>
<div type="book" osisID="John"><chapter osisID="John.11"><verse osisID="John.11.35">Jesus <w lemma="x">wept</w>.</verse>
</chapter></div></osisText></osis>"""


def added(tmp_path: Path, data: bytes | str, name: str = "mine.txt") -> texts_import.Added:
    source = tmp_path / name
    source.write_bytes(data if isinstance(data, bytes) else data.encode())
    return texts_import.add(source, tmp_path / "texts")


def test_usfm_gives_verses_without_notes_headings_and_marks() -> None:
    assert list(import_usfm.verses(USFM)) == [
        (19, 3, 0, "A Psalm of David."),
        (19, 3, 1, "Lord, how many are my foes! How many rise up against me!"),
        (19, 3, 2, 'Many say of me, "God" will notSelah But you'),
        (19, 4, 1, "Answer me"),
    ]


def test_osis_gives_verses_of_both_kinds() -> None:
    assert list(import_osis.verses(OSIS.encode())) == [
        (19, 3, 0, "A Psalm of David."),
        (19, 3, 1, "Lord, how many are & my foes!"),
        (43, 11, 35, "Jesus wept."),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "John.11.35\tJesus wept.",
        "John 11:35\tJesus wept.",
        "JHN\t11\t35\tJesus wept.",
        "43011035\tJesus wept.",
        "43\t11\t35\tJesus wept.",
    ],
)
def test_tab_separated_lines_may_name_a_verse_in_several_ways(line: str) -> None:
    assert list(import_tsv.verses(f"# comment\n\n{line}\n")) == [(43, 11, 35, "Jesus wept.")]


def test_an_added_text_is_read_and_searched_like_a_bundled_one(tmp_path: Path) -> None:
    report = added(tmp_path, USFM)

    assert (report.code, report.verses, report.books, report.unknown) == ("mine", 3, 1, 0)
    assert texts.read(19004001, 19004001, translation="mine", folder=tmp_path / "texts")[0].text == "Answer me"
    assert texts.search("foes", translation="mine", folder=tmp_path / "texts")[0].ordinal == 19003001
    assert [text.code for text in texts.available(tmp_path / "texts")] == ["web", "kjv", "rv1909", "mine"]


def test_a_text_that_is_added_again_replaces_the_old_one(tmp_path: Path) -> None:
    added(tmp_path, "John.11.35\tJesus wept.")
    assert texts.read(43011035, 43011035, translation="mine", folder=tmp_path / "texts")[0].text == "Jesus wept."
    added(tmp_path, "John.11.35\tJesus cried.")

    assert texts.read(43011035, 43011035, translation="mine", folder=tmp_path / "texts")[0].text == "Jesus cried."


def test_a_zip_of_usfm_files_is_one_text(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("01-GEN.usfm", "\\id GEN\n\\c 1\n\\v 1 In the beginning")
        archive.writestr("02-EXO.usfm", "\\id EXO\n\\c 1\n\\v 1 Now these")
        archive.writestr("readme.md", "no")
    report = added(tmp_path, packed.getvalue(), "two.zip")

    assert (report.verses, report.books) == (2, 2)


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    report = added(tmp_path, "Gen.1.1\ta\nGen.1.1\tb\nGen.99.1\tc\nHezekiah.1.1\td\nGen.1.40\te\nnonsense\tf\n")

    assert (report.verses, report.repeated, report.unknown, report.beyond) == (2, 1, 3, 1)
    assert texts.read(1001001, 1001001, translation="mine", folder=tmp_path / "texts")[0].text == "a"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"just words",
        b"\x89PNG\r\n\x1a\n\0\0",
        b"\\id GEN\n\\c 1\n",
        b"PK\3\4nonsense",
        b"<osis><unclosed></osis>",
        b"<html><body>404</body></html>",
        "Gen.1.1\tà".encode("latin-1"),
        b"Gen.1.1\t" + b"x" * 20_000,
    ],
)
def test_a_file_that_is_no_text_is_refused_with_its_name(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"mine\.txt"):
        added(tmp_path, data)

    assert not (tmp_path / "texts").exists()


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE o [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE o SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_document_type_or_an_entity_is_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(InvalidInput, match="document type") as caught:
        added(tmp_path, f'<?xml version="1.0"?>{head}<o><verse osisID="Gen.1.1">&b;</verse></o>')

    assert caught.value.hint


def test_very_deep_xml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="deep"):
        added(tmp_path, "<a>" * 5_000 + "</a>" * 5_000)


def test_a_zip_bomb_is_refused_whatever_it_says_of_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts_import, "MOST_BYTES", 1_000_000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.usfm", b"\\id GEN " + b" " * 5_000_000)
    data = packed.getvalue()
    # The sizes the directory declares are made small.
    lying = data.replace(struct.pack("<I", 5_000_008), struct.pack("<I", 10))
    for zipped in (data, lying):
        with pytest.raises(InvalidInput):
            added(tmp_path, zipped)


def test_too_large_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts_import, "MOST_BYTES", 100)
    with pytest.raises(InvalidInput, match="larger"):
        added(tmp_path, "Gen.1.1\t" + "x" * 200)


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        texts_import.add(tmp_path / "none.usfm", tmp_path)


def test_a_folder_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        texts_import.add(tmp_path, tmp_path)


@pytest.mark.parametrize("code", ["../up", "a b", "", "é", "x" * 30, "a/b"])
def test_a_code_that_could_leave_the_folder_is_refused(tmp_path: Path, code: str) -> None:
    (tmp_path / "ü.tsv").write_text("Gen.1.1\ta", "utf-8")
    with pytest.raises(InvalidInput, match="code"):
        texts_import.add(tmp_path / "ü.tsv", tmp_path, code=code)


def test_a_full_disk_leaves_the_old_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added(tmp_path, "John.11.35\tJesus wept.")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        added(tmp_path, "John.11.35\tJesus cried.")

    assert texts.read(43011035, 43011035, translation="mine", folder=tmp_path / "texts")[0].text == "Jesus wept."
    assert sorted(path.name for path in (tmp_path / "texts").iterdir()) == ["mine.scripture", "mine.words"]


@given(st.text(alphabet="\\vcid fxq*+|12-\n GEN~/ab", max_size=200))
def test_no_usfm_makes_the_reader_fail(text: str) -> None:
    assert isinstance(list(import_usfm.verses("\\id GEN\n\\c 1\n" + text)), list)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_of_osis_fail_otherwise_than_said(data: bytes) -> None:
    with contextlib.suppress(InvalidInput):
        list(import_osis.verses(b"<osis>" + data))


def download(rows: str, *, name: str = "cross_references.txt") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, "From Verse\tTo Verse\tVotes\t#www.openbible.info CC-BY\n" + rows)
    return packed.getvalue()


ROWS = "Gen.1.1\tJohn.1.1-John.1.3\t370\nGen.1.1\tHeb.11.3\t339\nGen.1.1\tIsa.40.1\t-3\n"


def test_the_download_is_read_row_by_row(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(download(ROWS))
    report = openbible.Report()

    assert list(openbible.read(tmp_path / "x.zip", report)) == [
        (1001001, 1001001, 43001001, 43001003, 370),
        (1001001, 1001001, 58011003, 58011003, 339),
        (1001001, 1001001, 23040001, 23040001, -3),
    ]
    assert (report.rows, report.bad) == (3, 0)


def test_the_text_inside_the_download_is_read_as_well(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("From Verse\tTo Verse\tVotes\n" + ROWS, "utf-8")

    assert len(list(openbible.read(tmp_path / "x.txt"))) == 3


def test_imported_references_are_ranked_by_votes(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(download(ROWS))
    openbible.import_file(tmp_path / "x.zip", tmp_path)
    found = crossrefs.of(1001001, 1001001, path=tmp_path / crossrefs.IMPORTED)

    assert [(r.start, r.end, r.weight) for r in found] == [(43001001, 43001003, 370), (58011003, 58011003, 339)]
    assert found[0].reason == "votes at OpenBible.info"


def test_bad_rows_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    bad = (
        "Gen.1.99\tJohn.1.1\t1\nGen.1.1\tJohn.1.1\tmany\nnonsense\nJohn.1.3-John.1.1\tGen.1.1\t2\n" + "x" * 3000 + "\n"
    )
    (tmp_path / "x.zip").write_bytes(download(ROWS * 10 + bad))
    report = openbible.import_file(tmp_path / "x.zip", tmp_path)

    assert report.rows == 30
    assert report.bad >= 5
    assert "Gen.1.99" in report.first_bad


@pytest.mark.parametrize(
    "data",
    [b"", b"nonsense", b"PK\3\4", download("a\tb\tc\n" * 10), download(ROWS, name="x.exe"), download(ROWS)[:-40]],
)
def test_a_file_that_is_no_download_is_refused_and_nothing_is_written(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(InvalidInput) as caught:
        openbible.import_file(tmp_path / "x.zip", tmp_path)

    assert caught.value.hint
    assert not (tmp_path / crossrefs.IMPORTED).exists()


def test_a_download_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openbible, "MOST_BYTES", 100_000)
    (tmp_path / "x.zip").write_bytes(download("Gen.1.1\tHeb.11.3\t339\n" * 10_000))
    with pytest.raises(InvalidInput, match="unpacks"):
        list(openbible.read(tmp_path / "x.zip"))


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ScribesError):
        whole_file.write(tmp_path / "file" / "x", b"")

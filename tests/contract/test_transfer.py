import json
from pathlib import Path

import pytest

import scribes
from scribes import NewNote, NotePatch, frontmatter
from scribes.config import load
from scribes.errors import AlreadyExists, InvalidInput, NotFound

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "morning"


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def test_front_matter_becomes_fields(vault: scribes.Scribes, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "in",
        full='---\ntitle: "Grace: more"\ndate: 2024-01-07T10:30:00+02:00\nauthor: Stott\n'
        "tags: [hope, Love One]\ntopics: [The Cross]\nseries: John\nvenue: Chapel\n---\nText\n",
        heading="# From the heading\n\nbody",
        plain="only words",
        commas="---\ntags: a, b\ndate: 2024-05-01\n---\nx",
    )

    report = vault.imports.markdown(str(folder))

    assert (report.added, report.problems) == (4, ())
    notes = {note.title: note for note in vault.notes.each()}
    full = notes["Grace: more"]
    assert (full.speaker, full.tags, full.topics, full.series, full.venue) == (
        "Stott",
        ("hope", "love-one"),
        ("The Cross",),
        "John",
        "Chapel",
    )
    assert full.occurred_at.isoformat() == "2024-01-07T10:30:00+02:00"
    assert notes["From the heading"].body == "body"
    assert notes["plain"].body == "only words"
    assert notes["commas"].tags == ("a", "b")


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: a\nno end",
        "---\n[1, 2\n---\nx",
        "---\n- a\n- b\n---\nx",
        "---\ntags: {a: b}\n---\nx",
        "---\ndate: someday\n---\nx",
        "---\ntitle: [a]\n---\nx",
        "---\na: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\ntags: *c\n---\nx",
        "---\ntitle: !!python/object/apply:os.system [id]\n---\nx",
        "---\n" + "[" * 5000 + "\n---\nx",
        "---\nx: " + "y" * 70_000 + "\n---\nx",
    ],
)
def test_a_bad_file_is_reported_and_the_others_are_taken(vault: scribes.Scribes, tmp_path: Path, text: str) -> None:
    folder = write(tmp_path / "in", bad=text, good="fine")
    (folder / "binary.md").write_bytes(b"\xff\xfe\x00")
    (folder / "empty.md").write_bytes(b"")

    report = vault.imports.markdown(str(folder))

    assert report.added == 1
    assert sorted(Path(file).name for file, _ in report.problems) == ["bad.md", "binary.md", "empty.md"]
    assert [note.title for note in vault.notes.each()] == ["good"]


def test_importing_again_takes_only_what_is_new_or_changed_and_keeps_edits(
    vault: scribes.Scribes, tmp_path: Path
) -> None:
    folder = write(tmp_path / "in", a="# A\n\none", b="# B\n\none", c="# C\n\none")
    vault.imports.markdown(str(folder))
    edited = next(note for note in vault.notes.each() if note.title == "C")
    vault.notes.change(edited.id, NotePatch(body="mine"))
    write(folder, b="# B\n\ntwo", c="# C\n\ntwo", d="# D\n\none")

    report = vault.imports.markdown(str(folder))

    assert (report.added, report.changed, report.unchanged, len(report.kept)) == (1, 1, 1, 1)
    assert {note.title: note.body for note in vault.notes.each()} == {"A": "one", "B": "two", "C": "mine", "D": "one"}


def test_a_dry_run_writes_nothing(vault: scribes.Scribes, tmp_path: Path) -> None:
    report = vault.imports.markdown(str(write(tmp_path / "in", a="x", b="y")), dry_run=True)

    assert (report.added, vault.notes.count()) == (2, 0)


def test_links_out_of_the_folder_and_hidden_folders_are_passed_over(vault: scribes.Scribes, tmp_path: Path) -> None:
    write(tmp_path / "out", secret="outside")
    folder = write(tmp_path / "in", a="x")
    write(folder / ".git", hidden="x")
    (folder / "link.md").symlink_to(tmp_path / "out" / "secret.md")
    (folder / "linked").symlink_to(tmp_path / "out")

    assert vault.imports.markdown(str(folder)).added == 1


def test_what_is_not_there_is_said(vault: scribes.Scribes, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        vault.imports.markdown(str(tmp_path / "none"))


def test_exported_markdown_imported_elsewhere_gives_the_same_notes(vault: scribes.Scribes, tmp_path: Path) -> None:
    vault.notes.add_many(
        [
            NewNote("Grace: \"more\" #1", "body\n\n---\n\nmore", tags=("a",), topics=("T: x", "y, z")),
            NewNote("", "no title, only text"),
            NewNote("漢字 / slash", "x" * 500, speaker="O'Neil", series="- dash", venue="yes"),
        ]
    )  # fmt: skip
    vault.exports.markdown(str(tmp_path / "out"))

    with scribes.open(tmp_path / "other.scribes", settings=load()) as other:
        other.imports.markdown(str(tmp_path / "out"))

        def content(s: scribes.Scribes) -> set[tuple[object, ...]]:
            return {(n.body, n.occurred_at, n.speaker, n.venue, n.series, n.tags, n.topics) for n in s.notes.each()}

        assert content(other) == content(vault)


def test_exported_json_holds_everything(vault: scribes.Scribes, tmp_path: Path) -> None:
    note = vault.notes.add("Grace", "text", tags=["a"])

    vault.exports.json(str(tmp_path / "out"))

    data = json.loads((tmp_path / "out" / "notes.json").read_text())
    assert [(item["id"], item["title"], item["tags"]) for item in data] == [(note.id, "Grace", ["a"])]


def test_an_export_never_mixes_into_a_folder_that_holds_something(vault: scribes.Scribes, tmp_path: Path) -> None:
    vault.notes.add("Grace")
    write(tmp_path / "out", mine="x")

    with pytest.raises(AlreadyExists):
        vault.exports.markdown(str(tmp_path / "out"))
    with pytest.raises(InvalidInput):
        vault.exports.markdown(str(tmp_path / "out" / "mine.md"))


def test_front_matter_survives_writing_and_reading(vault: scribes.Scribes) -> None:
    note = vault.notes.add("a: b", "---\ntext\n---", tags=["x"])

    read = frontmatter.read(frontmatter.write(note))
    assert (read.title, read.body, read.tags, read.occurred_at) == (note.title, note.body, note.tags, note.occurred_at)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of readings is not beside the project")
def test_the_366_readings_are_imported_and_found(vault: scribes.Scribes) -> None:
    report = vault.imports.markdown(str(CORPUS))

    assert (report.added, report.problems) == (366, ())
    assert vault.search.find('"throne of grace" before:2024-10')
    assert len(vault.history.undo().note_ids) == 366

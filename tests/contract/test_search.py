from datetime import UTC, datetime

import pytest

import scribes
from scribes import NewNote, NotePatch


@pytest.fixture
def notes(vault: scribes.Scribes) -> scribes.Scribes:
    vault.notes.add_many(
        [
            NewNote(
                "Grace upon grace", "John one", datetime(2024, 1, 7, tzinfo=UTC), speaker="John Stott", tags=("hope",)
            ),
            NewNote(
                "Law",
                "the law came, grace and truth followed",
                datetime(2025, 6, 1, tzinfo=UTC),
                speaker="Tim",
                tags=("law",),
            ),
            NewNote(
                "Élan",
                "das Wort wurde Fleisch; naïve καὶ ὁ λόγος",
                datetime(2026, 2, 1, tzinfo=UTC),
                series="John",
                topics=("Incarnation",),
            ),
        ]
    )
    return vault


def titles(vault: scribes.Scribes, query: str) -> list[str]:
    return [hit.note.title for hit in vault.search.find(query)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("grace", ["Grace upon grace", "Law"]),
        ('"grace upon"', ["Grace upon grace"]),
        ("follow*", ["Law"]),
        ("elan", ["Élan"]),
        ("λόγος", ["Élan"]),
        ("grace -law", ["Grace upon grace"]),
        ("fleisch OR truth", ["Law", "Élan"]),
        ("tag:hope", ["Grace upon grace"]),
        ("-tag:hope grace", ["Law"]),
        ("speaker:stott", ["Grace upon grace"]),
        ('speaker:"john stott" grace', ["Grace upon grace"]),
        ("series:john", ["Élan"]),
        ("topic:incarnation", ["Élan"]),
        ("before:2025", ["Grace upon grace"]),
        ("after:2025", ["Élan", "Law"]),
        ("after:2025 before:2026", ["Law"]),
        ("on:2025-06", ["Law"]),
        ("title:law", ["Law"]),
        ("zzz", []),
    ],
)
def test_queries_find_what_they_say(notes: scribes.Scribes, query: str, expected: list[str]) -> None:
    found = titles(notes, query)

    assert (sorted(found) if "OR" in query else found) == (sorted(expected) if "OR" in query else expected)


def test_the_snippet_marks_the_hit(notes: scribes.Scribes) -> None:
    hit = notes.search.find("truth")[0]

    assert [hit.snippet[start:end] for start, end in hit.marks] == ["truth"]


def test_the_index_follows_edits_and_undo_at_once(notes: scribes.Scribes) -> None:
    note = notes.search.find("law")[0].note

    notes.notes.change(note.id, NotePatch(body="mercy"))
    assert (titles(notes, "truth"), titles(notes, "mercy")) == ([], ["Law"])
    notes.history.undo()
    assert (titles(notes, "truth"), titles(notes, "mercy")) == (["Law"], [])


def test_common_words_show_the_newest_and_rare_ones_are_found_among_many(vault: scribes.Scribes) -> None:
    vault.notes.add_many(
        NewNote(f"note {number}", "the common word" + (" unicorn" if number == 7 else "")) for number in range(3000)
    )

    assert titles(vault, "common")[0] == "note 2999"
    assert titles(vault, "unicorn") == ["note 7"]

"""Other numberings of verses, mapped to the canonical one on the way in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.errors import InvalidInput
from scribes.scripture import canon, find, parse
from scribes.scripture.versification import system

SYSTEMS = ("eng", "org", "vul", "lxx", "rsc", "rso")


@pytest.mark.parametrize(
    ("name", "written", "osis"),
    [
        ("org", "Joel 3:1", "Joel.2.28"),
        ("org", "Mal 3:19", "Mal.4.1"),
        ("org", "Ps 51:3", "Ps.51.1"),
        ("hebrew", "1 Kings 5:1", "1Kgs.4.21"),
        ("vulgate", "Ps 22:1", "Ps.23.1"),
        ("vul", "Ps 118:105", "Ps.119.105"),
        ("lxx", "Ps 22:1", "Ps.23.1"),
        ("synodal", "Ps 50:3", "Ps.51.1"),
        ("org", "John 3:16", "John.3.16"),
    ],
)
def test_a_reference_is_mapped_to_the_canonical_verse(name: str, written: str, osis: str) -> None:
    span = find(written, versification=name)[0]

    assert span.osis == osis
    assert span.text == written
    assert parse(written, versification=name).osis == osis


def test_a_verse_that_is_only_in_the_other_system_exists_there() -> None:
    assert find("Mal 3:24") == []
    assert [span.osis for span in find("Mal 3:24", versification="org")] == ["Mal.4.6"]


def test_an_unknown_system_is_refused() -> None:
    with pytest.raises(InvalidInput, match="versification"):
        find("John 3:16", versification="klingon")


@given(st.sampled_from(SYSTEMS), st.integers(1, 66), st.data())
def test_every_verse_of_a_system_is_in_the_canon(name: str, book: int, data: st.DataObject) -> None:
    numbering = system(name)
    chapter = data.draw(st.integers(1, numbering.chapters(book)))
    verse = data.draw(st.integers(1, max(1, numbering.last_verse(book, chapter))))
    start, end = numbering.canonical(canon.ordinal(book, chapter, verse), canon.ordinal(book, chapter, verse))

    assert start == end
    assert canon.is_verse(start)

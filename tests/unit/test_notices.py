"""The words of a notice, as channels of limited room take them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from scribes.models.notices import HEADING_CHARACTERS, Notice, heading, shortened, when, words

DUE = datetime(2026, 11, 25, 8, tzinfo=ZoneInfo("Africa/Nairobi"))
ANY = st.text(st.characters(), max_size=300)


def notice(title: str = "Pray for Anna", body: str = "She begins on Monday", **more: object) -> Notice:
    return Notice("a-key", title, body, DUE, **more)  # type: ignore[arg-type]


def test_a_heading_is_one_line() -> None:
    assert (
        heading(notice("Pray\r\nBcc: all@example.org\tfor\x00Anna\u0085now"))
        == "Pray Bcc: all@example.org for Anna now"
    )


def test_a_heading_without_anything_to_show_is_the_name() -> None:
    assert heading(notice(" \n\x07 ")) == "Scribes"


@given(ANY, ANY)
def test_words_and_heading_are_never_too_long_and_can_be_encoded(title: str, body: str) -> None:
    told = notice(title, body * 5)

    assert 0 < len(heading(told).encode()) <= 4 * HEADING_CHARACTERS
    assert len(words(told, 100).encode().decode()) <= 100
    assert not [c for c in heading(told) + words(told).replace("\n", "") if unicodedata.category(c) in ("Cc", "Cs")]


def test_lines_of_the_body_stay_lines() -> None:
    assert words(notice(body="one \r\ntwo\n\nthree\n")) == "one\ntwo\n\nthree"


def test_a_late_notice_says_when_it_was_due_however_little_room_there_is() -> None:
    late = notice(body="a" * 500, late=True)

    assert words(late, 100).endswith("a…\nlate: was due 2026-11-25 08:00 EAT")
    assert words(late, 10) == "late: was due 2026-11-25 08:00 EAT"
    assert len(words(late, 100)) == 100


def test_a_moment_is_shown_in_its_own_zone() -> None:
    assert when(notice()) == "2026-11-25 08:00 EAT"
    assert when(Notice("k", "t", "b", DUE.astimezone(UTC))) == "2026-11-25 05:00 UTC"


def test_a_letter_keeps_its_points_and_an_emoji_its_parts() -> None:
    pointed, family, waving = "בְּרֵאשִׁית", "👩‍👩‍👧 home", "👋🏽 hello"

    assert [shortened(pointed, length) for length in (3, 4, 5)] == ["", "בְּ…", "בְּ…"]
    assert [shortened(family, length) for length in (5, 6)] == ["", "👩‍👩‍👧…"]
    for text in (pointed, family, waving):
        for length in range(len(text)):
            cut = shortened(text, length).removesuffix("…")
            assert not cut.endswith("\u200d")
            assert not unicodedata.combining(text[len(cut)]) or not cut

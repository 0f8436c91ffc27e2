import pytest
from hypothesis import given
from hypothesis import strategies as st

import scribes
from scribes.domain.query import Filter, Term, parse
from scribes.errors import InvalidInput


def test_words_are_groups_that_all_must_match() -> None:
    assert parse("grace hope").groups == ((Term("grace"),), (Term("hope"),))


def test_or_joins_words_into_one_group() -> None:
    assert parse("grace OR mercy hope").groups == ((Term("grace"), Term("mercy")), (Term("hope"),))


def test_quotes_of_any_kind_make_a_phrase() -> None:
    assert parse('"grace upon grace"').groups == ((Term("grace upon grace"),),)
    assert parse("“grace upon grace”").groups == ((Term("grace upon grace"),),)


def test_prefix_exclusion_and_fields() -> None:
    query = parse("grac* -law title:hope -tag:old #new")

    assert query.groups == ((Term("grac", prefix=True),), (Term("hope", "title"),))
    assert query.excluded == (Term("law"),)
    assert query.filters == (Filter("tag", "old", negated=True), Filter("tag", "new"))


def test_a_field_takes_a_quoted_value() -> None:
    assert parse('speaker:"John Stott" before:2026').groups == ((Term("John Stott", "speaker"),),)
    assert parse('topic:"the Holy Spirit"').filters == (Filter("topic", "the Holy Spirit"),)


@pytest.mark.parametrize("text", ["", "   ", '"', "OR", "-grace", '""', "*", "::", "-"])
def test_nothing_to_look_for_is_said(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse(text)


@pytest.mark.parametrize(
    "text", ['"unclosed phrase', "half:colon", "OR grace", "grace OR", "a AND NOT b NEAR(", "x^2 {c}"]
)
def test_what_is_malformed_is_taken_literally(text: str, vault: scribes.Scribes) -> None:
    vault.notes.add(text)

    assert [hit.note.title for hit in vault.search.find(text)] == [text]


@given(st.text(max_size=60))
def test_every_text_is_a_query_or_is_said_to_hold_no_word(text: str) -> None:
    try:
        query = parse(text)
    except InvalidInput:
        return

    assert query.groups or query.filters

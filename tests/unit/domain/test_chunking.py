"""How notes are cut into pieces: for any text, and for the texts people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.domain import chunking
from scribes.domain.chunking import LIMIT_CHARACTERS, MAX_PIECES, Piece, around, mixture, pieces

WORDS = st.text(st.sampled_from("abcdefgh é"), min_size=1, max_size=14).map(lambda word: "".join(word.split()) or "a")
MARKS = "\n|\n\n|# |\n## |\n- |\n1. |> |. |! |? |; |, |**|_|`|[a](|)|[[x]]|http://a.b/c|---\n|太初有道。|말씀이|<b>|\\|\x00|\u2028|\ud800|…|”"
MARKED = st.lists(st.one_of(WORDS, st.sampled_from([*MARKS.split("|"), "|"])), max_size=300).map("".join)
BODIES = st.one_of(st.text(max_size=3_000), MARKED)
# Nothing in it is Markdown, so every letter has to come out again.
PLAIN = st.lists(
    st.tuples(WORDS, st.sampled_from([" ", " ", " ", ". ", "? ", ", ", "\n", "\n\n"])).map("".join), max_size=400
).map("".join)


def covered(body: str) -> list[Piece]:
    return [piece for piece in pieces("", body) if piece.begin >= 0]


@given(st.text(max_size=300), BODIES, st.lists(st.text(max_size=30), max_size=20))
def test_no_text_makes_it_raise_and_the_same_text_gives_the_same_pieces(
    title: str, body: str, references: list[str]
) -> None:
    found = pieces(title, body, references)

    assert found == pieces(title, body, references)


@given(BODIES)
def test_pieces_stand_in_order_and_never_overlap(body: str) -> None:
    end = 0
    for piece in covered(body):
        assert end <= piece.begin < piece.stop <= len(body)
        end = piece.stop


@given(st.text(max_size=2_000), BODIES)
def test_a_piece_has_a_letter_and_is_not_long(title: str, body: str) -> None:
    for piece in pieces(title, body):
        assert any(map(str.isalnum, piece.text))
        assert len(piece.text) <= LIMIT_CHARACTERS
        assert piece.text == " ".join(piece.text.split())


@given(PLAIN)
def test_every_word_of_a_plain_text_is_in_exactly_one_piece(body: str) -> None:
    found = covered(body)

    assert " ".join(piece.text for piece in found).split() == body.split()
    assert [body[piece.begin : piece.stop].split() for piece in found] == [piece.text.split() for piece in found]


@given(PLAIN)
def test_no_piece_of_a_plain_text_is_over_the_limit_of_words(body: str) -> None:
    for piece in covered(body):
        assert len(piece.text.split()) <= chunking.LIMIT_WORDS


@pytest.mark.parametrize(
    "body", ["a" * 1_000_000, "word. " * 300_000, "# \n" * 300_000, "。" * 300_000, "- x\n\n" * 100_000, "[" * 300_000]
)
def test_a_huge_body_gives_a_bounded_number_of_pieces(body: str) -> None:
    assert len(pieces("a title", body)) <= MAX_PIECES


def test_a_sermon_of_10_000_words_is_embedded_whole() -> None:
    paragraph = "Grace is given before it is asked for. It comes to those who do not look for it, and stays. " * 5
    body = "\n\n".join([paragraph] * 105)
    assert len(body.split()) > 10_000

    assert pieces("A long sermon", body)[-1].stop >= len(body.rstrip())


def test_title_and_pinned_passages_are_a_piece_of_their_own() -> None:
    found = pieces("Asleep in the storm", "He slept.", ["Mark 4:35-41", "Psalm 4:8"])

    assert found == [Piece(-1, -1, "Asleep in the storm (Mark 4:35-41; Psalm 4:8)"), Piece(0, 9, "He slept.")]


def test_an_empty_note_has_no_piece() -> None:
    assert pieces("", "") == []
    assert pieces("...", "***\n\n---\n") == []


def test_markdown_and_addresses_are_not_embedded() -> None:
    body = "Read **this** [sermon](https://a.org/a_b) of _his_, https://a.org/x?y=1 and [[Grace|grace]] #hope[^1]."

    assert [piece.text for piece in covered(body)] == ["Read this sermon of his, and grace hope."]


def test_front_matter_in_the_body_is_not_embedded() -> None:
    body = "---\nid: 8f3a\ntags: [a, b]\n---\nThe text itself."

    assert [piece.text for piece in covered(body)] == ["The text itself."]


def test_a_rule_at_the_start_hides_no_text() -> None:
    body = "---\nNo field stands here\n---\nThe text itself."

    assert covered(body)[0].text.startswith("No field stands here")


def test_a_heading_goes_with_what_follows_it() -> None:
    long = "Here is a sentence that has about ten words in it. " * 4
    body = f"{long}\n\n# Mercy\n\n{long}"
    found = covered(body)

    assert len(found) == 2
    assert found[1].text.startswith("Mercy Here is")


def test_a_piece_ends_with_a_sentence() -> None:
    body = "Here is a sentence that has about ten words in it. " * 20

    assert all(piece.text.endswith(".") for piece in covered(body))


def test_an_abbreviation_ends_no_sentence() -> None:
    # Rom. 8 in the middle of what would else be cut there.
    filler = "word " * 38
    found = covered(f"{filler}see Rom. 8:28 and v. 5 for that. {filler}end.")

    assert not any(piece.text.endswith(("Rom.", " v.")) for piece in found)


@pytest.mark.parametrize(
    "body",
    [
        "太初有道，道與神同在，道就是神。這道太初與神同在。萬物是藉著他造的；凡被造的，沒有一樣不是藉著他造的。" * 6,
        "태초에말씀이계시니라이말씀이하나님과함께계셨으니이말씀은곧하나님이시니라" * 12,
        "ในเริ่มแรกนั้นพระวาทะทรงเป็นอยู่แล้วและพระวาทะทรงอยู่กับพระเจ้า" * 24,
    ],
)
def test_text_without_spaces_is_cut_by_characters(body: str) -> None:
    found = covered(body)

    assert len(found) > 2
    assert "".join(body[piece.begin : piece.stop] for piece in found) == body


@given(st.text(max_size=40), MARKED)
def test_around_a_piece_stand_its_neighbours_and_itself(title: str, body: str) -> None:
    cut = pieces(title, body)
    places = around(cut)

    assert len(places) == len(cut)
    for position, (piece, place) in enumerate(zip(cut, places, strict=True)):
        assert all(cut[other].begin >= 0 for other in place)
        assert (position in place) == (piece.begin >= 0)
        assert len(place) <= 2 * chunking.AROUND + 1


def test_a_change_far_away_leaves_the_mixture_of_a_piece() -> None:
    sentences = [
        f"This is the sentence number {number}, and it has some twenty words so that two of them make a piece here."
        for number in range(40)
    ]
    before = pieces("A title", " ".join(sentences))
    sentences[-1] = "Something else stands at the end of it now."
    after = pieces("A title", " ".join(sentences))

    def mixtures(cut: list[Piece]) -> list[str]:
        return [mixture(cut, position, place) for position, place in enumerate(around(cut))]

    changed = [
        position for position, (a, b) in enumerate(zip(mixtures(before), mixtures(after), strict=False)) if a != b
    ]
    assert changed
    assert min(changed) >= len(before) - 2 - chunking.AROUND

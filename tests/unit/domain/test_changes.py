import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.canonical import encode, encode_slowly
from scribes.domain.changes import Change, change_id, new_change, replay
from scribes.errors import Damaged

VECTORS = Path(__file__).parents[2] / "vectors" / "changes.json"
ITEM, DEVICE = b"i" * 16, b"d" * 16
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


def change(*parents: bytes, text: str = "", at_us: int = 1, **fields: str) -> Change:
    edits = [(0, 0, text)] if text else []
    return new_change(item=ITEM, kind="note", parents=parents, device=DEVICE, at_us=at_us, edits=edits, fields=fields)


@given(values)
def test_the_fast_encoder_writes_what_the_definition_says(value: object) -> None:
    assert encode(value) == encode_slowly(value)
    assert json.loads(encode(value)) == value


@pytest.mark.parametrize("value", [b"bytes", object(), {1, 2}])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)


def test_the_ids_of_the_golden_vectors_are_as_ever() -> None:
    for vector in json.loads(VECTORS.read_text()):
        made = new_change(
            item=bytes.fromhex(vector["item"]),
            kind=vector["kind"],
            parents=tuple(bytes.fromhex(parent) for parent in vector["parents"]),
            device=bytes.fromhex(vector["device"]),
            at_us=vector["at_us"],
            edits=vector["edits"],
            fields=vector["fields"],
        )

        assert made.content == vector["content"]
        assert made.id.hex() == vector["id"]


def test_every_part_of_a_change_is_in_its_id() -> None:
    about = {"item": ITEM, "kind": "note", "parents": (b"p" * 16,), "device": DEVICE, "at_us": 1, "schema": 1}
    others = {"item": DEVICE, "kind": "prayer", "parents": (), "device": ITEM, "at_us": 2, "schema": 2}
    ids = {change_id("{}", **about), change_id('{"b":[]}', **about)}  # type: ignore[arg-type]
    ids |= {change_id("{}", **{**about, name: value}) for name, value in others.items()}  # type: ignore[arg-type]

    assert len(ids) == 2 + len(others)


def test_replaying_changes_in_any_order_gives_one_state() -> None:
    first = change(text="grace", title="a")
    second = change(first.id, text="more ", at_us=2)
    third = change(second.id, at_us=3, title="b")

    for order in ([first, second, third], [third, second, first], [second, third, first]):
        states = replay(order)

        assert states[-1].text == "more grace"
        assert states[-1].fields == {"title": "b"}
        assert (states[-1].created_us, states[-1].changed_us) == (1, 3)


def test_a_missing_parent_is_damage() -> None:
    with pytest.raises(Damaged, match="lacks its parent"):
        replay([change(b"x" * 16)])


def test_replaying_goes_as_far_as_the_parents_are_here() -> None:
    first = change(text="a")
    waiting = change(b"x" * 16, at_us=2)

    assert [state.head for state in replay([waiting, first])] == [first.id]


def test_changes_side_by_side_have_a_state_each() -> None:
    first = change(text="a")
    one, other = change(first.id, text="b ", at_us=2), change(first.id, text="c ", at_us=3)

    assert [state.text for state in replay([other, one, first])] == ["a", "b a", "c a"]

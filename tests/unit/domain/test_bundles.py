"""Bundles: what went in comes out; of anything else there is one error, whatever it is."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from scribes.domain import bundles
from scribes.domain.bundles import MOST_CHANGES, TARGET_CHARS, Bundle, split
from scribes.domain.changes import is_genuine
from scribes.errors import Damaged, NewerFormat, ScribesError
from scribes.storage.coding import pack, unpack
from tests.fuzz.by_hand import AT_US, Pen, note, some_bytes

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "bundles.json").read_bytes())
ANNA, CARL = Pen("anna"), Pen("carl")
FIRST = note(ANNA, "Grace")
SECOND = note(CARL, "Grace", "mercy", parents=[FIRST.id], at_us=AT_US - 5)
THIRD = note(ANNA, "Peace", "é\U0001f54a\n\t\u2028", parents=[SECOND.id, some_bytes("elsewhere")], at_us=-7)
BUNDLE = Bundle({CARL.id: 3, ANNA.id: 0}, (FIRST, SECOND, THIRD), {CARL.id: CARL.member})


def read(text: str) -> Bundle:
    """As a reader takes it: packed, unpacked, read."""
    return bundles.read(unpack(pack(text))[1])


def plain() -> Any:
    return json.loads(bundles.written(BUNDLE))


def test_what_went_in_comes_out() -> None:
    found = read(bundles.written(BUNDLE))

    assert found == BUNDLE
    assert all(map(is_genuine, found.changes))


def test_what_a_newer_program_put_beside_is_kept() -> None:
    said = plain()
    said["c"][0][6]["z"] = [1, {"a": None}]
    said["new"] = {"x": 1}
    found = read(json.dumps(said))

    assert '"z":[1,{"a":null}]' in found.changes[0].content
    assert found.changes[0].id != FIRST.id


def test_an_empty_bundle_is_a_bundle() -> None:
    assert read(bundles.written(Bundle({}, (), {}))) == Bundle({}, (), {})


def test_no_id_can_be_feigned() -> None:
    """Every id is made from the content: who alters one word of a change makes another change."""
    said = plain()
    said["c"][0][6]["b"][0][2] = "Law upon law."
    found = read(json.dumps(said))

    assert found.changes[0].id != FIRST.id
    assert found.changes[1].id != SECOND.id, "its parent is another one"


def test_the_spelling_of_the_json_does_not_matter() -> None:
    assert read(json.dumps(plain(), indent=3)) == BUNDLE


def test_changes_are_split_by_number_and_size() -> None:
    many = [note(ANNA, f"n{number}", "x") for number in range(MOST_CHANGES * 2 + 1)]
    large = [note(ANNA, f"n{number}", "x" * (TARGET_CHARS // 2)) for number in range(3)]

    assert [len(part) for part in split(many)] == [MOST_CHANGES, MOST_CHANGES, 1]
    assert [len(part) for part in split(large)] == [1, 1, 1]
    assert split([]) == []


# What was never written by Scribes


def mutated(path: list[Any], value: Any) -> str:
    said = plain()
    place = said
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return json.dumps(said)


WRONG: list[Any] = [
    None, True, False, -1, 1.5, 0.0, 1e300, 10**30, 10**400, "", "x", "zz" * 16, "00" * 15, "00" * 17, "\ud800", "\0",
    [], [[]], {}, {"a": 1}, [None], [1], ["x"], [[1]],
]  # fmt: skip
PLACES = [
    ["c"], ["d"], ["i"], ["k"], ["v"],
    ["c", 0], ["d", 0], ["i", 0], ["k", 0],
    ["d", 0, 0], ["d", 1, 1], ["v", ANNA.id.hex()],
    *(["c", 1, place] for place in range(7)),
    ["c", 1, 3, 0],
    ["c", 0, 6, "b"], ["c", 0, 6, "f"], ["c", 0, 6, "b", 0], *(["c", 0, 6, "b", 0, place] for place in range(3)),
]  # fmt: skip


@pytest.mark.parametrize("path", PLACES, ids=lambda path: "/".join(str(one)[:4] for one in path))
def test_wrong_types_anywhere_are_damage_and_nothing_else(path: list[Any]) -> None:
    taken = []
    for value in WRONG:
        try:
            found = read(mutated(path, value))
        except Damaged:
            continue
        taken.append(value)
        # What is taken, as it is well-formed there, has an id of its own and can be written again.
        assert all(map(is_genuine, found.changes))
        if found.changes:
            assert read(bundles.written(found)) == found

    assert not any(isinstance(value, float) for value in taken)


@pytest.mark.parametrize("name", ["c", "d", "i", "k", "v"])
def test_a_name_that_is_missing_is_damage(name: str) -> None:
    said = plain()
    del said[name]

    with pytest.raises(Damaged):
        read(json.dumps(said))


@pytest.mark.parametrize(
    "text",
    [
        "[]", "1", "null", '""', "{", "", "\ufeff{}", "{} {}", "{'c':[]}",
        "[" * 100_000, '{"c":' * 50_000, '{"c":' + "[" * 50_000 + "]" * 50_000 + "}",
        '{"c":NaN}', '{"c":[],"d":[],"i":[],"k":[],"v":{"00":Infinity}}',
        '{"c":[],"d":[],"i":[],"k":[],"v":{},"n":NaN}', '{"c":[],"d":[],"i":[],"k":[],"v":{},"n":-Infinity}',
        '{"c":[],"d":[],"i":[],"k":[],"v":{},"n":1.0}', '{"c":[],"d":[],"i":[],"k":[],"v":{},"n":' + "9" * 5_000 + "}",
        '{"c":[[0]],"d":[],"i":[],"k":[],"v":{}}',
    ],
    ids=range(19),
)  # fmt: skip
def test_what_is_no_bundle_is_damage(text: str) -> None:
    with pytest.raises(Damaged):
        read(text)


def test_a_name_said_twice_counts_as_its_last() -> None:
    """It can feign nothing, as the ids follow from what counted."""
    text = bundles.written(BUNDLE)
    found = read(f'{{"c":[],{text[1:]}')

    assert found == BUNDLE


def test_content_that_is_nested_deeply_is_damage() -> None:
    for depth in (500, 900, 5_000):
        said = plain()
        said["c"][0][6]["x"] = "DEEP"
        text = json.dumps(said).replace('"DEEP"', "[" * depth + "]" * depth)
        try:
            found = read(text)
        except Damaged:
            continue
        assert all(map(is_genuine, found.changes))


@pytest.mark.parametrize("at_us", [253_402_300_800_000_000, -62_135_596_800_000_001, 1 << 61, -(1 << 61), 1 << 70])
def test_an_instant_that_no_calendar_has_is_damage(at_us: int) -> None:
    said = plain()
    said["c"] = [[*said["c"][0][:4], at_us, *said["c"][0][5:]]]

    with pytest.raises(Damaged):
        read(json.dumps(said))


def test_too_many_parents_are_damage() -> None:
    said = plain()
    said["c"][0][3] = [some_bytes(str(number)).hex() for number in range(MOST_CHANGES + 1)]

    with pytest.raises(Damaged):
        read(json.dumps(said))


def test_random_bytes_are_damage() -> None:
    source = random.Random(3)
    packed = pack(bundles.written(BUNDLE))
    for _ in range(2_000):
        altered = bytearray(packed)
        for _ in range(source.randrange(1, 4)):
            altered[source.randrange(len(altered))] = source.randrange(256)
        try:
            found = bundles.read(unpack(bytes(altered))[1])
        except (Damaged, NewerFormat):
            continue
        assert all(map(is_genuine, found.changes))


# Golden vectors


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda vector: vector["what"])
def test_the_golden_bundles_are_read_as_ever(vector: dict[str, Any]) -> None:
    text, said = unpack(bytes.fromhex(vector["packed"]))
    found = bundles.read(said)

    assert text == vector["text"]
    assert [change.id.hex() for change in found.changes] == vector["changes"]
    assert {device.hex(): number for device, number in found.seen.items()} == vector["seen"]
    assert {device.hex(): member.hex() for device, member in found.members.items()} == vector["members"]
    if "s" not in said:
        assert bundles.written(found) == text


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda vector: vector["why"])
def test_the_bad_golden_bundles_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(ScribesError) as caught:
        bundles.read(unpack(bytes.fromhex(vector["packed"]), most_bytes=vector.get("most_bytes", 128 << 20))[1])  # type: ignore[arg-type]

    assert caught.value.code == vector["error"]

import json
import random
import re
import time
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribes.domain import graph as graph_module
from scribes.domain.changes import SCHEMA, Change, State, new_change, replay
from scribes.domain.diff import diff
from scribes.domain.graph import Graph
from scribes.errors import Damaged, NotFound
from scribes.records import replaced
from tests.fuzz.by_hand import AT_US, Pen, note

VECTORS = Path(__file__).parents[2] / "vectors" / "graph.json"
ITEM, DEVICE = b"i" * 16, b"d" * 16


class Writer:
    """Makes changes of one item as devices do: relative to the text of the first parent, with a clock of its own."""

    def __init__(self) -> None:
        self.texts: dict[bytes, str] = {}
        self.at_us = 0

    def write(self, text: str, *parents: Change, at_us: int | None = None, **fields: Any) -> Change:
        self.at_us += 1
        change = new_change(
            item=ITEM,
            kind="note",
            parents=tuple(parent.id for parent in parents),
            device=DEVICE,
            at_us=self.at_us if at_us is None else at_us,
            edits=diff(self.texts[parents[0].id] if parents else "", text),
            fields=fields,
        )
        self.texts[change.id] = text
        return change


@pytest.fixture
def writer() -> Writer:
    return Writer()


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


@pytest.mark.parametrize("vector", json.loads(VECTORS.read_text()), ids=lambda vector: vector["name"])
def test_golden_vectors(vector: dict[str, Any]) -> None:
    changes = [
        new_change(
            item=bytes.fromhex(vector["item"]),
            kind=vector["kind"],
            parents=tuple(map(bytes.fromhex, said["parents"])),
            device=bytes.fromhex(vector["device"]),
            at_us=said["at_us"],
            edits=said["edits"],
            fields=said["fields"],
        )
        for said in vector["changes"]
    ]
    graph = Graph(reversed(changes))
    state = graph.state()

    assert [change.id.hex() for change in changes] == [said["id"] for said in vector["changes"]]
    assert [head.hex() for head in graph.heads] == vector["heads"]
    assert [change.id.hex() for change in graph.waiting] == vector["waiting"]
    assert (state.text, state.fields) == (vector["text"], vector["fields"])
    assert (state.created_us, state.changed_us) == (vector["created_us"], vector["changed_us"])
    assert [
        [c.id, c.field, c.base, c.ours, c.theirs, c.merged, c.ours_by.hex(), c.theirs_by.hex()] for c in state.clashes
    ] == vector["clashes"]


# Heads and what waits


def test_changes_in_a_line_have_one_head(writer: Writer) -> None:
    first = writer.write("a", title="x")
    second = writer.write("a b", first)
    third = writer.write("a b c", second, title="y")
    graph = Graph([third, first, second])

    assert graph.heads == (third.id,)
    assert graph.waiting == ()
    assert graph.state() == State({"title": "y"}, "a b c", third.id, 1, 3)
    assert [state.head for state in graph.states()] == [first.id, second.id, third.id]
    assert graph.state_at(second.id) == State({"title": "x"}, "a b", second.id, 1, 2)


def test_a_change_waits_for_its_parent(writer: Writer) -> None:
    first = writer.write("a")
    second = writer.write("a b", first)
    third = writer.write("a b c", second)
    early = Graph([third, first])

    assert early.heads == (first.id,)
    assert early.waiting == (third,)
    assert early.state().text == "a"
    assert Graph([third, first, second]).state().text == "a b c"


def test_nothing_is_complete_without_a_beginning(writer: Writer) -> None:
    second = writer.write("a b", writer.write("a"))
    graph = Graph([second])

    assert (graph.heads, graph.waiting, graph.states()) == ((), (second,), [])
    with pytest.raises(Damaged, match="lacks its parent"):
        graph.state()
    with pytest.raises(Damaged, match="lacks its parent"):
        replay([second])
    with pytest.raises(Damaged):
        Graph([]).state()


def test_a_merge_waits_for_all_its_parents(writer: Writer) -> None:
    root = writer.write("a")
    one, other = writer.write("a b", root), writer.write("a c", root)
    both = writer.write("a b c", one, other)

    assert Graph([both, root, one]).heads == (one.id,)
    assert Graph([both, root, other]).waiting == (both,)
    assert Graph([both, root, other, one]).heads == (both.id,)


def test_what_a_newer_scribes_wrote_waits_with_all_that_follows(writer: Writer) -> None:
    root = writer.write("a")
    newer = replaced(writer.write("a b", root), schema=SCHEMA + 1)
    after = writer.write("a b c", newer)
    graph = Graph([after, newer, root])

    assert graph.heads == (root.id,)
    assert graph.waiting == (newer, after)
    with pytest.raises(Damaged, match="newer"):
        Graph([newer]).state()


@pytest.mark.parametrize(
    "edits",
    [[[9, 1, ""]], [[0, 1]], [5], "x", [[0, 0, "\ud800"]], [[0, -1, ""]], [["0", 0, "x"]], [[0, 0, None]], [[]]],
)
def test_an_edit_that_does_not_fit_takes_nothing_else_down(writer: Writer, edits: Any) -> None:
    root = writer.write("a")
    good = writer.write("a b", root)
    bad = replaced(writer.write("a c", root), edits=edits)
    after = writer.write("a c d", bad)
    graph = Graph([root, good, bad, after])

    assert graph.state().text == "a b"
    assert graph.waiting == (bad, after)


def test_a_change_that_names_itself_waits(writer: Writer) -> None:
    root = writer.write("a")
    own = writer.write("a b", root)
    own = replaced(own, parents=(root.id, own.id))

    assert Graph([root, own]).waiting == (own,)


def test_a_change_that_is_there_twice_is_one(writer: Writer) -> None:
    root = writer.write("a")
    changes = [root, writer.write("a b", root), writer.write("a c", root)]

    assert Graph(changes * 3).state() == Graph(changes).state()


def test_there_is_no_state_at_a_change_that_waits(writer: Writer) -> None:
    root = writer.write("a")
    lost = writer.write("a b c", writer.write("a b", root))

    with pytest.raises(NotFound):
        Graph([root, lost]).state_at(lost.id)


# Merged states


def test_two_heads_are_merged(writer: Writer) -> None:
    root = writer.write("By grace we are saved.", title="x", tags=["a"])
    one = writer.write("By sheer grace we are saved.", root, tags=["a", "b"])
    other = writer.write("By grace we are saved indeed.", root, title="y", tags=[])
    state = Graph([other, one, root]).state()

    assert state.text == "By sheer grace we are saved indeed."
    assert state.fields == {"title": "y", "tags": ["b"]}
    assert state.head == one.id + other.id
    assert (state.created_us, state.changed_us, state.clashes) == (1, 3, ())


def test_heads_stand_in_the_order_of_their_clocks_and_then_of_their_ids(writer: Writer) -> None:
    root = writer.write("a")
    late, *same = (writer.write(f"a {n}", root, at_us=50 if n else 99) for n in range(3))

    assert Graph([root, late, *same]).heads == (*sorted(change.id for change in same), late.id)


def test_a_clash_names_the_changes_behind_it(writer: Writer) -> None:
    root = writer.write("by grace", title="x")
    one = writer.write("by mercy", root, title="one")
    other = writer.write("by favor", root, title="other")
    text, title = Graph([root, one, other]).state().clashes

    assert (text.field, text.merged, text.ours_by, text.theirs_by) == ("", "mercy favor", one.id, other.id)
    assert (title.field, title.ours, title.merged) == ("title", "one", "other")
    assert (title.ours_by, title.theirs_by) == (one.id, other.id)


def test_of_three_heads_a_clash_names_the_two_that_clash(writer: Writer) -> None:
    root = writer.write("by grace\n\nquiet")
    one = writer.write("by mercy\n\nquiet", root)
    still = writer.write("by grace\n\nvery quiet", root)
    other = writer.write("by favor\n\nquiet", root)
    state = Graph([root, one, still, other]).state()

    assert state.text == "by mercy favor\n\nvery quiet"
    assert [(clash.ours_by, clash.theirs_by) for clash in state.clashes] == [(one.id, other.id)]


def test_the_base_for_a_third_head_is_what_it_has_in_common_with_either_of_the_others(writer: Writer) -> None:
    root = writer.write("one two three four")
    first = writer.write("one two three four FIRST", root)
    middle = writer.write("one MIDDLE two three four", root)
    second = writer.write("one two three four", middle)
    third = writer.write("one MIDDLE two THIRD three four", middle)
    state = Graph([root, first, middle, second, third]).state()

    assert state.text == "one two THIRD three four FIRST"
    assert state.clashes == ()


def test_two_beginnings_keep_all_words(writer: Writer) -> None:
    one, other = writer.write("He is risen.", title="x"), writer.write("Come soon, Lord", title="y")
    state = Graph([other, one]).state()

    assert state.text == "He is risen.\nCome soon, Lord"
    assert state.fields == {"title": "y"}
    assert [clash.field for clash in state.clashes] == ["", "title"]
    assert state.created_us == 1


def test_the_first_beginning_says_when_it_was_created(writer: Writer) -> None:
    late, early = writer.write("a", at_us=9), writer.write("b", at_us=4)
    both = writer.write("a b", late, early, at_us=2)

    assert Graph([late, early, both]).state().created_us == 4
    assert Graph([late, early, both]).state().changed_us == 2


def test_many_heads_are_merged(writer: Writer) -> None:
    lines = [f"line {n} of the note" for n in range(12)]
    root = writer.write("\n".join(lines))
    heads = [writer.write("\n".join([*lines[:n], f"{lines[n]} by {n}", *lines[n + 1 :]]), root) for n in range(12)]

    assert Graph([root, *heads]).state().text == "\n".join(f"{line} by {n}" for n, line in enumerate(lines))


def test_a_deleted_note_that_another_device_edited_is_back(writer: Writer) -> None:
    root = writer.write("a b")
    gone, edit = writer.write("a b", root, deleted=7), writer.write("a b c", root)
    state = Graph([root, gone, edit]).state()

    assert state.fields.get("deleted") is None
    assert state.text == "a b c"
    assert [(clash.field, clash.ours, clash.ours_by) for clash in state.clashes] == [("deleted", "7", gone.id)]


def test_the_text_of_a_merge_stands_on_its_first_parent_alone(writer: Writer) -> None:
    root = writer.write("a")
    one, other = writer.write("a b", root), writer.write("a c", root)
    # Written by a program that merged in another way, or threw the second side away.
    odd = writer.write("a x", other, one)

    assert Graph([root, one, other, odd]).state().text == "a x"


# Clashes over time


def clashing(writer: Writer) -> tuple[list[Change], str]:
    root = writer.write("by grace")
    changes = [root, writer.write("by mercy", root), writer.write("by favor", root)]
    return changes, Graph(changes).state().clashes[0].id


def test_a_clash_is_carried_along_until_it_is_settled(writer: Writer) -> None:
    (root, one, other), id = clashing(writer)
    merged = writer.write("by mercy favor!", one, other)
    later = writer.write("by mercy favor! Amen", merged)
    settled = writer.write("by mercy! Amen", later, settled=[id])
    after = writer.write("by mercy! Amen and amen", settled)
    graph = Graph([root, one, other, merged, later, settled, after])

    open_at = {state.head: [clash.id for clash in state.clashes] for state in graph.states()}

    assert open_at == {c.id: [] for c in (root, one, other, settled, after)} | {merged.id: [id], later.id: [id]}
    assert Graph([root, one, other, merged, later]).state().clashes[0].ours_by == one.id


def test_a_clash_that_is_settled_at_once_never_shows(writer: Writer) -> None:
    changes, id = clashing(writer)

    assert Graph([*changes, writer.write("by mercy", *changes[1:], settled=[id])]).state().clashes == ()


def test_what_one_device_settled_is_settled_for_all(writer: Writer) -> None:
    (root, one, other), id = clashing(writer)
    merged = writer.write("by mercy favor!", one, other)
    settled, beside = writer.write("by mercy!", merged, settled=[id]), writer.write("by mercy favor! Amen", merged)

    assert Graph([root, one, other, merged, settled, beside]).state().clashes == ()


def test_two_devices_that_merged_the_same_have_one_clash(writer: Writer) -> None:
    (root, one, other), id = clashing(writer)
    first = writer.write("by mercy favor\n\nx", one, other)
    second = writer.write("y\n\nby mercy favor", other, one)
    state = Graph([root, one, other, first, second]).state()

    assert [clash.id for clash in state.clashes] == [id]
    assert state.text == "y\n\nby mercy favor\n\nx"


# Criss-cross


def test_the_base_of_a_criss_cross_is_the_merge_of_all_nearest_ancestors(writer: Writer) -> None:
    """Each head took away a word that another nearest ancestor brought: with one of the two as base, one comes back."""
    root = writer.write("one two three four five six", tags=[])
    left = writer.write("one LEFT two three four five six", root, tags=["left"])
    right = writer.write("one two three four five RIGHT six", root, tags=["right"])
    seen_by_both = "one LEFT two three four five RIGHT six"
    assert Graph([root, left, right]).state().text == seen_by_both
    head = writer.write(seen_by_both.replace("RIGHT ", ""), left, right, tags=["left"])
    other = writer.write(seen_by_both.replace("LEFT ", ""), right, left, tags=["right"])
    state = Graph([root, left, right, head, other]).state()

    assert state.text == "one two three four five six"
    assert state.fields == {"tags": []}
    assert state.clashes == ()


def test_three_nearest_ancestors_are_all_in_the_base(writer: Writer) -> None:
    brought = ("A", "B", "C")
    root = writer.write("one two three four five six seven")
    spots = {"A": "one", "B": "three", "C": "five"}
    text = "one two three four five six seven"
    middles = [writer.write(text.replace(spots[word], f"{spots[word]} {word}"), root) for word in brought]
    merged = Graph([root, *middles]).state().text
    assert words(merged) == words(text) + words("A B C")
    heads = []
    for number, word in enumerate(brought):
        parents = middles[number:] + middles[:number]
        heads.append(writer.write(merged.replace(f" {word}", ""), *parents))

    assert Graph([root, *middles, *heads]).state().text == text


def criss_cross(writer: Writer, rounds: int) -> list[Change]:
    root = writer.write("\n\n".join(f"paragraph {n} of a note on grace" for n in range(20)))
    sides = [writer.write(f"{writer.texts[root.id]}\n\nside {n}", root) for n in range(2)]
    changes = [root, *sides]
    for number in range(rounds):
        text = Graph(changes).state().text if number < 3 else writer.texts[sides[0].id]
        sides = [writer.write(f"round{number}side{n} {text}", sides[n], sides[1 - n]) for n in range(2)]
        changes += sides
    return changes


def test_a_deep_criss_cross_needs_no_deep_call(writer: Writer) -> None:
    changes = criss_cross(writer, 1_500)
    state = Graph(changes).state()

    assert {"round1499side0", "round1499side1"} <= words(state.text).keys()


# What must hold of any history

SPACES = (" ", " ", "\n\n", "\n", ". ")


class Devices:
    """Devices that edit one note, and now and then take over what another has; what they added and removed."""

    def __init__(self, seed: int, *, steps: int = 10) -> None:
        self.source, self.writer, self.number = random.Random(seed), Writer(), 0
        self.added: dict[str, bytes] = {}
        self.removed: set[str] = set()
        text = "\n\n".join(" ".join(self._new() for _ in range(self.source.randrange(2, 7))) + "." for _ in range(4))
        root = self.writer.write(text, tags=[])
        self.known = [{root.id} for _ in range(self.source.randrange(2, 5))]
        self.changes = {root.id: root}
        for _ in range(steps):
            self._step()

    def _new(self) -> str:
        self.number += 1
        self.added[f"w{self.number}"] = b""
        return f"w{self.number}"

    def _step(self) -> None:
        known = self.source.choice(self.known)
        if self.source.random() < 0.6:
            known |= self.source.choice(self.known)
        graph = Graph(self.changes[id] for id in known)
        before = graph.state()
        text = self._edited(before.text)
        heads = [self.changes[id] for id in graph.heads]
        self.source.shuffle(heads)
        clock = self.writer.at_us + self.source.choice([0, 1, 60, -60])
        change = self.writer.write(text, *heads, at_us=clock, tags=[*before.fields["tags"], f"tag{self.number}"])
        self.changes[change.id] = change
        known.add(change.id)
        left = words(text)
        self.removed |= {word for word, number in words(before.text).items() if left[word] < number}

    def _edited(self, text: str) -> str:
        space = self.source.choice(SPACES)
        parts = text.split(space)
        at, kind = self.source.randrange(len(parts)), self.source.random()
        if kind < 0.3:
            parts[at] = self._new()
        elif kind < 0.6:
            parts.insert(at, self._new())
        elif kind < 0.75:
            del parts[at]
        else:
            parts.insert(self.source.randrange(len(parts)), parts.pop(at))
        return space.join(parts)


@given(st.integers(0, 10**9))
def test_any_order_and_any_doubling_of_changes_gives_one_state(seed: int) -> None:
    devices = Devices(seed)
    changes = list(devices.changes.values())
    graph = Graph(changes)
    devices.source.shuffle(changes)
    again = Graph([*changes, *changes[:4]])

    assert (again.heads, again.state(), again.states()) == (graph.heads, graph.state(), graph.states())
    assert [again.state_at(state.head) for state in graph.states()] == graph.states()


@given(st.integers(0, 10**9))
def test_arriving_one_by_one_in_any_order_ends_in_the_same_state(seed: int) -> None:
    devices = Devices(seed, steps=7)
    changes = list(devices.changes.values())
    whole = Graph(changes).state()
    devices.source.shuffle(changes)
    held: list[Change] = []
    for change in changes:
        held.append(change)
        graph = Graph(held)
        assert len(graph.waiting) + len(graph.states()) == len(held)
        held = [known for known in held if known.id in {x.id for x in (*graph.waiting, *held)}]

    assert Graph(held).state() == whole


@given(st.integers(0, 10**9))
def test_nothing_is_lost_but_what_somebody_removed_who_had_seen_it(seed: int) -> None:
    devices = Devices(seed, steps=12)
    state = Graph(devices.changes.values()).state()
    standing = words(state.text)

    assert [word for word in devices.added if not standing[word] and word not in devices.removed] == []
    assert standing.keys() <= devices.added.keys()


@given(st.integers(0, 10**9))
def test_no_word_is_doubled_without_a_flag(seed: int) -> None:
    state = Graph(Devices(seed, steps=12).changes.values()).state()
    flagged = {word for clash in state.clashes for word in words(" ".join((clash.merged, clash.ours, clash.theirs)))}

    assert [word for word, number in words(state.text).items() if number > 1 and word not in flagged] == []


@given(st.integers(0, 10**9))
def test_a_change_on_all_heads_makes_the_merge_the_present_state(seed: int) -> None:
    devices = Devices(seed, steps=8)
    changes = list(devices.changes.values())
    graph = Graph(changes)
    merged = graph.state()
    saved = devices.writer.write(
        merged.text, *(devices.changes[id] for id in graph.heads), at_us=10**6, **merged.fields
    )
    state = Graph([*changes, saved]).state()

    assert (state.text, state.fields, state.clashes) == (merged.text, merged.fields, merged.clashes)
    assert state.head == saved.id


# Speed: a tenth of this is what it takes; tests run beside others.


def line(writer: Writer, start: Change, text: str, number: int, name: str) -> list[Change]:
    source, changes = random.Random(name), [start]
    for n in range(number):
        parts = text.split(" ")
        at = source.randrange(len(parts))
        parts[at : at + (source.random() < 0.5 or len(parts) > 300)] = [f"{name}{n}"]
        text = " ".join(parts)
        changes.append(writer.write(text, changes[-1]))
    return changes[1:]


def long_note() -> str:
    source = random.Random(1)
    return "\n\n".join(" ".join(f"w{source.randrange(500)}" for _ in range(40)) for _ in range(5))


@pytest.mark.parametrize(("lines", "limit_s"), [((10_000,), 2), ((2_000, 25), 1), ((10,) * 8, 0.5)])
def test_long_lines_apart_are_merged_in_time(writer: Writer, lines: tuple[int, ...], limit_s: float) -> None:
    text = long_note() if max(lines) < 5_000 else "a short note"
    root = writer.write(text)
    changes = [root]
    for n, number in enumerate(lines):
        changes += line(writer, root, text, number, f"side{n}x")
    start = time.process_time()
    graph = Graph(changes)
    state = graph.state()

    assert time.process_time() - start < limit_s
    assert len(graph.heads) == len(lines)
    assert all(words(state.text)[f"side{n}x{number - 1}"] for n, number in enumerate(lines))


def test_fifty_rounds_of_criss_cross_are_merged_in_time(writer: Writer) -> None:
    changes = criss_cross(writer, 50)
    start = time.process_time()
    Graph(changes).state()

    assert time.process_time() - start < 1


def test_a_large_text_that_goes_many_ways_is_not_kept_as_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_module, "MOST_KEPT", 5_000)
    pen = Pen("anna")
    first = note(pen, "Large", "word " * 400)
    ways = [
        note(pen, "Large", "", parents=[first.id], item=first.item, edits=[[0, 0, f"{way} "]], at_us=AT_US + way)
        for way in range(40)
    ]
    more = [
        note(pen, "Large", "", parents=[one.id], item=first.item, edits=[[0, 0, "x"]], at_us=AT_US + 100 - at)
        for at, one in enumerate(ways)
    ]
    found = Graph([first, *ways, *more])
    monkeypatch.setattr(graph_module, "MOST_KEPT", 1 << 40)
    at_ease = Graph([first, *ways, *more])

    assert sum(map(len, found._texts.values())) <= 5_000
    assert found._kept == sum(map(len, found._texts.values()))
    assert found.state() == at_ease.state()
    assert found.states() == at_ease.states()
    assert all(f"{way} " in found.state().text for way in range(40))


def test_each_step_stands_on_what_its_writer_saw() -> None:
    writer = Writer()
    first = writer.write("one", title="A")
    left, right = writer.write("one two", first), writer.write("zero one", first)
    both = writer.write("zero one two three", left, right)
    last = writer.write("zero one two three four", both)
    graph = Graph([last, both, right, left, first])
    steps = {state.head: (state, before) for state, before in graph.steps()}

    assert [steps[id][0] for id in graph.order()] == graph.states()
    assert steps[first.id][1] is None
    for change in (left, right, both, last):
        before = steps[change.id][1]
        seen = {left.id: [first], right.id: [first], both.id: [first, left, right], last.id: [first, left, right, both]}
        expected = Graph(seen[change.id]).state()
        assert before is not None
        assert (before.text, before.fields, before.head) == (expected.text, expected.fields, expected.head)


def test_going_through_a_long_history_of_a_large_text_takes_the_memory_of_few_texts() -> None:
    writer = Writer()
    changes = [writer.write("word " * 40_000)]
    for number in range(60):
        changes.append(writer.write(f"{number} " + "word " * 40_000, changes[-1]))
    graph = Graph(changes)
    tracemalloc.start()
    try:
        assert sum(1 for _ in graph.steps()) == 61
        assert tracemalloc.get_traced_memory()[1] < 10 * 200_000
    finally:
        tracemalloc.stop()

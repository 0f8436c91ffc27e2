"""What is fuzzed: each target takes bytes that nobody can vouch for, and may raise errors of Scribes alone.

An input is made from a seed: a sound one, altered in a way that knows its structure (a field, a type, a depth, a
length, a number at an edge), then sealed or signed again where only a member could have sent it.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scribes.adapters.remote_folder import FolderRemote
from scribes.canonical import encode
from scribes.crypto.control import admitted, body_of
from scribes.crypto.envelope import CONTROL, Header, in_clear, parse
from scribes.crypto.log_rules import to_append
from scribes.domain import bundles
from scribes.domain.bundles import Bundle
from scribes.domain.changes import is_genuine
from scribes.domain.graph import Graph
from scribes.domain.items import content_at as item_content_at
from scribes.domain.notes import content_at
from scribes.domain.prayers import PRAYER
from scribes.errors import ScribesError
from scribes.storage.coding import pack, unpack
from tests.fuzz.by_hand import AT_US, Pen, Space, note, some_bytes

ODD: list[Any] = [
    None, True, False, 0, 1, -1, 255, 256, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, 1 << 64, -(1 << 63), 10**40,
    0.0, 1.5, -0.0, 1e308, float("inf"), "", "x", "\0", "\ud800", "\u2028", "00" * 16, "00" * 15, "zz" * 16,
    "00" * 32, "00" * 64, [], [[]], {}, {"": 0}, [None], [1, 2, 3], "a" * 5_000, [0] * 300, {"x": {"y": {"z": []}}},
]  # fmt: skip

ANNA, CARL = Pen("anna"), Pen("carl")
SPACE = Space(ANNA)
SPACE.let_in(ANNA, CARL, "member")
SPACE.write(ANNA, SPACE.invites("open"))
KEY = SPACE.keys[1]
FIRST_NOTE = note(ANNA)
SECOND_NOTE = note(CARL, "Grace", "mercy", parents=[FIRST_NOTE.id], at_us=AT_US - 5)
A_PRAYER = note(ANNA, "Rain", "", kind="prayer", fields={"title": "Rain"})
TEXT = bundles.written(Bundle({CARL.id: 3}, (FIRST_NOTE, SECOND_NOTE, A_PRAYER), {CARL.id: CARL.member}))
SAID = json.loads(TEXT)
ENTRY = SPACE.sealed(ANNA, TEXT)
BODIES = [
    (ANNA, SPACE.brings(ANNA, ANNA.second("phone"))), (ANNA, SPACE.invites("another")),
    (ANNA, SPACE.uninvites("open")),
    (Pen("dora"), SPACE.joins(Pen("dora"), "open")), (ANNA, SPACE.gives_role(CARL, "admin")),
    (ANNA, SPACE.hands_over(CARL)), (ANNA, SPACE.removes(CARL)), (CARL, SPACE.leaves(CARL)),
    (ANNA, SPACE.changes_key()),
    (ANNA, json.loads(SPACE.log[0].body)),
]  # fmt: skip
HEADS = {entry.header.device: (entry.header.number, entry.id) for entry in SPACE.log}
HASHES = {(entry.header.device, entry.header.number): entry.id for entry in SPACE.log}


def plain_bundle(data: bytes) -> None:
    """The content of a bundle, as a member sealed it: read, and what it says made into rows."""
    bundle = bundles.read(unpack(data, most_bytes=1 << 24)[1])
    for change in bundle.changes:
        if not is_genuine(change):
            raise AssertionError("a change whose id is not its own")
    for item in {change.item for change in bundle.changes}:
        graph = Graph(change for change in bundle.changes if change.item == item)
        if graph.heads:
            state = graph.state()
            content_at(state)
            item_content_at(PRAYER, state)
    if bundle.changes:
        again = bundles.read(json.loads(bundles.written(bundle)))
        if again.changes != bundle.changes:
            raise AssertionError("a bundle that is another one when it is written again")


def raw_entry(data: bytes) -> None:
    """An entry as it comes from a remote."""
    entry = parse(data)
    if entry.header.type == CONTROL:
        admitted(SPACE.ring, entry)
    elif entry.is_by(ANNA.public.sign):
        plain_bundle(entry.opened(KEY))
    else:
        entry.opened(KEY)


def control_body(data: bytes) -> None:
    """What somebody who is in signed as a control entry: the first byte says who, the rest is the body."""
    pen = BODIES[data[0] % len(BODIES)][0] if data else ANNA
    number, last = pen.chains.get(SPACE.id, (0, bytes(32)))
    header = Header(CONTROL, SPACE.id, pen.id, 1, number + 1, last)
    entry = in_clear(header, data[1:], sign_key=pen.keys.sign)
    body = body_of(entry)
    before = repr(SPACE.ring.members)
    after = admitted(SPACE.ring, entry)
    if repr(SPACE.ring.members) != before or after.number != SPACE.ring.number + 1:
        raise AssertionError("a keyring that was changed in place")
    owners = [member for member, role in after.members.items() if role == "owner"]
    if len(owners) != 1 and body["k"] != "leave":
        raise AssertionError("a circle with another number of owners than one")


def appended(data: bytes) -> None:
    """What is put into a log: entries, each behind its length in four bytes."""
    entries, at = [], 0
    while at + 4 <= len(data) and len(entries) < 8:
        size = int.from_bytes(data[at : at + 4], "big")
        entries.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    fresh, _ = to_append(
        SPACE.id, SPACE.ring, HEADS, entries, hash_of=lambda device, number: HASHES.get((device, number))
    )
    ends = dict(HEADS)
    for entry in fresh:
        if entry.header.number != ends.get(entry.header.device, (0, b""))[0] + 1:
            raise AssertionError("a gap in a log")
        ends[entry.header.device] = (entry.header.number, entry.id)


_folder: list[FolderRemote] = []


def folder_cursor(data: bytes) -> None:
    """A place in the log of a folder, and names of files that lie in it."""
    if not _folder:
        _folder.append(FolderRemote(tempfile.mkdtemp(prefix="scribes-fuzz-")))
        _folder[0].found()
        _folder[0].append(SPACE.id, SPACE.raws())
    page = _folder[0].fetch(SPACE.id, data.decode("utf-8", "replace"), limit_bytes=700)
    if len(page.entries) > 1 and sum(map(len, page.entries)) > 700:
        raise AssertionError("a page that is too large")
    again = _folder[0].fetch(SPACE.id, page.cursor, limit_bytes=1 << 20)
    if set(again.entries) & set(page.entries):
        raise AssertionError("a cursor that goes back")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "plain": plain_bundle, "entry": raw_entry, "control": control_body, "append": appended, "cursor": folder_cursor,
}  # fmt: skip
# Of so many inputs, how many for each: signing and verifying cost most, a folder reads files.
SHARES = {"plain": 55, "entry": 25, "control": 10, "append": 8, "cursor": 2}


# How inputs are made


def altered_bytes(source: random.Random, data: bytes) -> bytes:
    """Bytes with some of them flipped, cut, doubled, or made odd."""
    made = bytearray(data)
    for _ in range(source.choice((1, 1, 1, 2, 4, 16))):
        way, at = source.randrange(6), source.randrange(len(made) + 1)
        if way == 0 and made:
            made[at % len(made)] ^= 1 << source.randrange(8)
        elif way == 1 and made:
            made[at % len(made)] = source.choice((0, 1, 0x7F, 0x80, 0xFF, source.randrange(256)))
        elif way == 2:
            del made[at : at + source.randrange(1, 40)]
        elif way == 3:
            made[at:at] = made[at : at + source.randrange(1, 40)]
        elif way == 4:
            made[at:at] = source.randbytes(source.randrange(1, 9))
        else:
            size = source.choice((1, 2, 4, 8))
            made[at : at + size] = source.choice((0, 1, (1 << 8 * size) - 1, 1 << 8 * size - 1)).to_bytes(size, "big")
    return bytes(made)


def altered_value(source: random.Random, value: Any, depth: int = 0) -> Any:
    """A JSON value with one place of it changed."""
    if depth > 8 or source.random() < 0.12 or not isinstance(value, (list, dict)) or not value:
        return _odd(source, value)
    if isinstance(value, list):
        made = list(value)
        place = source.randrange(len(made))
        way = source.random()
        if way < 0.08:
            del made[place]
        elif way < 0.16:
            made.insert(place, made[source.randrange(len(made))])
        elif way < 0.2:
            made = made * source.choice((2, 3, 50))
        else:
            made[place] = altered_value(source, made[place], depth + 1)
        return made
    copy = dict(value)
    name = source.choice(list(copy))
    way = source.random()
    if way < 0.08:
        del copy[name]
    elif way < 0.16:
        copy[source.choice(("", "s", "z", "b", "f", "00" * 16, name + "x"))] = _odd(source, copy[name])
    else:
        copy[name] = altered_value(source, copy[name], depth + 1)
    return copy


def _odd(source: random.Random, value: Any) -> Any:
    way = source.random()
    if isinstance(value, str) and value and way < 0.4:
        at = source.randrange(len(value))
        return value[:at] + source.choice(("", "0", "f", "g", "\0", "\ud800", "é", "\U0001f54a")) + value[at + 1 :]
    if isinstance(value, int) and way < 0.4:
        return value + source.choice((-1, 1, 1 << 31, 1 << 63, -value * 2))
    if way < 0.44:
        made: Any = []
        for _ in range(source.choice((10, 100, 900, 3_000))):
            made = [made]
        return made
    return source.choice(ODD)


def text_of(source: random.Random, value: Any) -> str:
    """A JSON text of a value, sometimes in another spelling, and sometimes one that is none."""
    way = source.random()
    try:
        text = encode(value) if way < 0.6 else json.dumps(value, indent=source.choice((None, 1)))
    except (ValueError, RecursionError, TypeError):
        return "[" * source.choice((1, 1_000, 50_000))
    if way > 0.93:
        at = source.randrange(len(text) + 1)
        text = text[:at] + source.choice(("NaN", "1e5", ",", "}", '"', "\\u0000", "-", '{"a":1,"a":2}')) + text[at:]
    return text


def packed(text: str) -> bytes:
    return pack(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))


def make(source: random.Random, target: str) -> bytes:
    """An input for a target."""
    return _MAKERS[target](source)


def _plain(source: random.Random) -> bytes:
    if source.random() < 0.15:
        return altered_bytes(source, pack(TEXT))
    value = SAID
    for _ in range(source.choice((1, 1, 1, 2, 3))):
        value = altered_value(source, value)
    return packed(text_of(source, value))


def _entry(source: random.Random) -> bytes:
    if source.random() < 0.8:
        return altered_bytes(source, source.choice((ENTRY.raw, *SPACE.raws())))
    # Sealed and signed again by a member: whatever the content is.
    content = altered_bytes(source, pack(TEXT)) if source.random() < 0.5 else _plain(source)
    made = SPACE.sealed(ANNA, content)
    return made.raw


def _control(source: random.Random) -> bytes:
    place = source.randrange(len(BODIES))
    body: Any = {"t": AT_US, **BODIES[place][1], "c": SPACE.ring.number + 1, "p": SPACE.ring.head.hex()}
    if source.random() < 0.3:
        body = {**body, source.choice(list(body)): source.choice(ODD)}
    else:
        body = altered_value(source, body)
    data = text_of(source, body).encode("utf-8", "surrogatepass")
    return bytes([place]) + (altered_bytes(source, data) if source.random() < 0.1 else data)


_GOOD = [
    SPACE.sealed(ANNA, TEXT).raw, SPACE.sealed(CARL, TEXT).raw, SPACE.control(ANNA, SPACE.invites("new")).raw,
    SPACE.log[0].raw, SPACE.log[-1].raw, SPACE.sealed(ANNA, TEXT, number=9).raw, SPACE.sealed(Pen("x"), TEXT).raw,
    SPACE.sealed(ANNA, TEXT, space=some_bytes("other")).raw, SPACE.sealed(ANNA, TEXT, epoch=2).raw,
]  # fmt: skip


def _append(source: random.Random) -> bytes:
    parts = []
    for _ in range(source.randrange(1, 4)):
        raw = source.choice(_GOOD)
        if source.random() < 0.5:
            raw = altered_bytes(source, raw)
        parts.append(len(raw).to_bytes(4, "big") + raw)
    data = b"".join(parts)
    return altered_bytes(source, data) if source.random() < 0.2 else data


def _cursor(source: random.Random) -> bytes:
    value: Any = {ANNA.id.hex(): [source.randrange(5), 3], CARL.id.hex(): [1]}
    if source.random() < 0.9:
        value = altered_value(source, value)
    return text_of(source, value).encode("utf-8", "surrogatepass")


_MAKERS = {"plain": _plain, "entry": _entry, "control": _control, "append": _append, "cursor": _cursor}


def run(number: int, seed: int) -> dict[str, tuple[int, int]]:
    """Fuzz with so many inputs: by target, how many there were, and how many were taken without an error.

    Anything but an error of Scribes comes out of here, with the input that it came of.
    """
    source = random.Random(seed)
    counts = {}
    for name, share in SHARES.items():
        total, taken = number * share // 100, 0
        for place in range(total):
            data = make(source, name)
            try:
                TARGETS[name](data)
                taken += 1
            except ScribesError:
                continue
            except BaseException as e:
                e.add_note(f"target {name}, input {place} of seed {seed}: {data[:2_000]!r}")
                raise
        counts[name] = (total, taken)
    return counts


def close() -> None:
    """Leave no folder behind."""
    import shutil

    while _folder:
        shutil.rmtree(Path(_folder.pop().name), ignore_errors=True)

"""Remotes, devices and people that mean ill or are not in order: it is noticed, nothing is harmed, and it heals."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import scribes
from scribes import NewNote, NotePatch
from scribes.canonical import encode
from scribes.crypto.control import wraps
from scribes.crypto.envelope import BUNDLE, CONTROL, FIRST, MAX_ENTRY_BYTES, SNAPSHOT, Header, parse, sealed
from scribes.domain import bundles
from scribes.domain.bundles import Bundle
from scribes.domain.changes import Change
from scribes.domain.circles import COMMENT, MEMBER, circle_item, member_item
from scribes.domain.prayers import PRAYER
from scribes.errors import Conflict, Forbidden, InvalidInput, NotFound, ScribesError
from scribes.models.sync import Page, SpaceSynced
from scribes.ports import Remote
from scribes.services import account as accounts
from scribes.storage import logs, meta, spaces
from scribes.storage.coding import pack
from scribes.wiring import open as open_vault
from scribes.wiring import restore_backup
from tests.contract.people import KINDS, People, files_below, is_sound, words
from tests.fuzz.by_hand import AT_US, Pen, note, some_bytes

YEAR_US = 366 * 86_400 * 1_000_000
Bend = Callable[[bytes, str, Page], Page]


class Bad:
    """A remote that hands out something else than what lies there. `bend` is asked with space, cursor and page."""

    def __init__(self, good: Remote, bend: Bend | None = None) -> None:
        self.good, self.bend, self.asked = good, bend, 0
        self.name = good.name

    def fetch(self, space: bytes, after: str, *, limit_bytes: int) -> Page:
        self.asked += 1
        if self.bend is None:
            return self.good.fetch(space, after, limit_bytes=limit_bytes)
        page = self.good.fetch(space, "" if after.startswith("bad") else after, limit_bytes=1 << 20)
        return self.bend(space, after, page)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.good, name)


@pytest.fixture(params=KINDS)
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[People]:
    made = People(tmp_path, request.param)
    yield made
    made.close()


@pytest.fixture
def one(tmp_path: Path) -> Iterator[People]:
    """At a relay alone, where the kind of the remote makes no difference."""
    made = People(tmp_path, "scribes")
    yield made
    made.close()


def two_devices(people: People) -> tuple[scribes.Scribes, scribes.Scribes, Bad]:
    """Somebody's laptop and phone, with notes on both; the phone's remote can be made a bad one."""
    laptop = people.founder("laptop")
    for number in range(3):
        laptop.notes.add(f"note {number}", "Grace upon grace.")
    laptop.sync.run()
    phone = people.device("laptop", "phone")
    bad = Bad(people.good)
    phone.attach(bad)  # type: ignore[arg-type]
    return laptop, phone, bad


def alerts(done: Sequence[SpaceSynced]) -> str:
    return "\n".join(alert for one in done for alert in one.alerts)


def personal(vault: scribes.Scribes) -> bytes:
    with vault._context.engine.read() as tx:
        return spaces.get(tx, vault._context.me.space).id


def space_called(vault: scribes.Scribes, name: str) -> spaces.Space:
    with vault._context.engine.read() as tx:
        return next(space for space in spaces.each(tx) if space.name == name)


def whole_log(remote: Remote, space: bytes) -> list[bytes]:
    found: list[bytes] = []
    cursor, more = "", True
    while more:
        page = remote.fetch(space, cursor, limit_bytes=1 << 20)
        found += page.entries
        cursor, more = page.cursor, page.more
    return found


def page_of(raws: Sequence[bytes], *, generation: str, cursor: str = "bad") -> Page:
    """A page that is the whole of a log."""
    heads: dict[bytes, tuple[int, bytes]] = {}
    for entry in sorted(map(parse, raws), key=lambda one: one.header.number):
        heads[entry.header.device] = (entry.header.number, entry.id)
    return Page(tuple(raws), cursor, False, generation, heads)


def replaced(page: Page, **changes: Any) -> Page:
    return Page(**{name: changes.get(name, getattr(page, name)) for name in Page.__slots__})  # type: ignore[attr-defined]


def heals(people: People, *vaults: scribes.Scribes, bad: Bad | None = None) -> None:
    """The remote is good again, and everybody has the same, and everything is sound."""
    if bad:
        bad.bend = None
    for vault in vaults:
        vault.sync.forget_alerts()
    for _ in range(3):
        done = [synced for vault in vaults for synced in vault.sync.run()]
    texts = [words(vault) for vault in vaults]
    assert all(text == texts[0] for text in texts)
    assert all(is_sound(vault) for vault in vaults)
    assert [synced.sent for synced in done] == [0] * len(done)


def try_sync(vault: scribes.Scribes, **options: Any) -> str:
    """What a sync says is amiss: its alerts, or its error."""
    try:
        return alerts(vault.sync.run(**options))
    except ScribesError as e:
        with vault._context.engine.read() as tx:
            kept = [f"{kind}: {about}" for space in spaces.each(tx) for kind, about, _ in logs.alerts(tx, space.n)]
        return "\n".join([e.message, *kept])


# What a remote hands out


def without(hidden: bytes) -> Bend:
    """One entry is left out wherever it would come."""
    return lambda _space, _after, page: replaced(page, entries=tuple(raw for raw in page.entries if raw != hidden))


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_entry_that_is_left_out_is_noticed_and_comes_later(people: People, number: int) -> None:
    laptop, phone, bad = two_devices(people)
    for text in ("one", "two", "three"):
        laptop.notes.add(text)
        laptop.sync.run()
    bad.bend = without(whole_log(people.good, personal(laptop))[number - 3])
    said = try_sync(phone)

    assert "holds back" in said
    assert len(words(phone)) == 5
    heals(people, laptop, phone, bad=bad)
    assert len(words(phone)) == 6


def test_a_tail_that_is_held_back_is_noticed_once_another_device_says_what_it_saw(people: People) -> None:
    laptop, phone, bad = two_devices(people)
    tablet = people.device("laptop", "tablet")
    people.settle()
    space = personal(laptop)
    before = {parse(raw).id for raw in whole_log(people.good, space)}
    laptop.notes.add("held back")
    laptop.sync.run()
    hidden = {parse(raw).id for raw in whole_log(people.good, space)} - before

    def bend(_space: bytes, after: str, page: Page) -> Page:
        kept = [raw for raw in whole_log(people.good, space) if parse(raw).id not in hidden]
        return page_of(kept, generation=page.generation, cursor=f"bad {len(kept)}")

    bad.bend = bend
    assert try_sync(phone) == "", "nobody can tell yet"
    tablet.sync.run()
    tablet.notes.add("from the tablet")
    tablet.sync.run()

    assert "does not hand out" in try_sync(phone)
    assert "held back" not in str(words(phone))
    assert "from the tablet" in str(words(phone))
    heals(people, laptop, phone, tablet, bad=bad)


def test_a_new_device_notices_a_log_whose_end_is_held_back(people: People) -> None:
    laptop = people.founder("laptop")
    laptop.notes.add("first")
    laptop.sync.run()
    laptop.notes.add("last")
    laptop.sync.run()
    space = personal(laptop)
    kept = whole_log(people.good, space)[:-1]
    phone = people.open("phone")
    bad = Bad(people.good, None)
    phone.attach(bad)  # type: ignore[arg-type]
    code = phone.devices.ask(people.remote, kind=people.kind, place=people.remote.name).code
    laptop.devices.let_in(code)
    assert phone.devices.is_let_in()
    last = [raw for raw in whole_log(people.good, space) if raw not in kept and raw[1] == BUNDLE]

    def bend(_space: bytes, _after: str, page: Page) -> Page:
        raws = [raw for raw in whole_log(people.good, space) if raw not in last]
        return page_of(raws, generation=page.generation)

    bad.bend = bend
    said = try_sync(phone)

    assert "does not hand out" in said or "holds back" in said
    heals(people, laptop, phone, bad=bad)
    assert len(words(phone)) == 2


@pytest.mark.parametrize(
    "way", ["twice", "backwards", "again and again", "in pages of one", "old ones behind new ones"]
)
def test_order_and_repetition_change_nothing(people: People, way: str) -> None:
    laptop, phone, bad = two_devices(people)
    for text in ("one", "two", "three"):
        laptop.notes.change(laptop.notes.add(text).id, NotePatch(body=f"{text} more"))
        laptop.sync.run()
    space = personal(laptop)

    def bend(_space: bytes, after: str, page: Page) -> Page:
        if way == "twice":
            return replaced(page, entries=page.entries * 2)
        if way == "backwards":
            return replaced(page, entries=page.entries[::-1])
        if way == "again and again":
            return replaced(page, entries=tuple(whole_log(people.good, space)))
        if way == "old ones behind new ones":
            return replaced(page, entries=(*page.entries, *whole_log(people.good, space)))
        if not after.startswith("bad "):
            return replaced(page, entries=(), cursor="bad 0", more=True)
        number = int(after.split(" ")[1])
        raws = whole_log(people.good, space)[::-1]
        return replaced(
            page, entries=tuple(raws[number : number + 1]), cursor=f"bad {number + 1}", more=number + 1 < len(raws)
        )

    bad.bend = bend
    assert try_sync(phone) == ""
    assert words(phone) == words(laptop)
    assert try_sync(phone) == ""
    heals(people, laptop, phone, bad=bad)


@pytest.mark.parametrize("where", [0, 1, 6, 30, 47, 60, 90, 100, -70, -1])
def test_altered_bytes_are_noticed_and_bring_nothing(people: People, where: int) -> None:
    laptop, phone, bad = two_devices(people)
    laptop.notes.add("altered on the way")
    laptop.sync.run()

    def bend(_space: bytes, _after: str, page: Page) -> Page:
        entries = []
        for raw in page.entries:
            altered = bytearray(raw)
            altered[where] ^= 0x41
            entries.append(bytes(altered))
        return replaced(page, entries=tuple(entries))

    bad.bend = bend
    assert try_sync(phone)
    assert "altered" not in str(words(phone))
    assert len(words(phone)) == 3
    heals(people, laptop, phone, bad=bad)


def garbage(kind: str) -> list[bytes]:
    header = Header(BUNDLE, bytes(16), bytes(16), 1, 1, FIRST).to_bytes()
    return {
        "nothing": [b""],
        "short": [b"x"],
        "zeros": [bytes(500)],
        "text": [b"<html>404</html>" * 40],
        "headers": [header + bytes(64), header + bytes(200)],
        "huge": [bytes(MAX_ENTRY_BYTES + 1)],
        "a large number": [Header(BUNDLE, bytes(16), bytes(16), 1, (1 << 64) - 1, FIRST).to_bytes() + bytes(64)],
    }[kind]


@pytest.mark.parametrize("kind", ["nothing", "short", "zeros", "text", "headers", "huge", "a large number"])
def test_garbage_is_noticed_and_does_not_hide_what_is_good(people: People, kind: str) -> None:
    laptop, phone, bad = two_devices(people)
    laptop.notes.add("among garbage")
    laptop.sync.run()
    bad.bend = lambda _space, _after, page: replaced(page, entries=(*garbage(kind), *page.entries, *garbage(kind)))

    assert "what no Scribes wrote" in (said := try_sync(phone)) or "elsewhere" in said
    assert "among garbage" in str(words(phone))
    heals(people, laptop, phone, bad=bad)


def control_like(space: bytes, body: bytes) -> bytes:
    return Header(CONTROL, space, some_bytes("x"), 1, 1, FIRST).to_bytes() + body + bytes(64)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"\xff", b'{"c":0}', b'{"c":-5}', b'{"c":1}', b'{"c":true}', b'{"c":"x"}', b'{"c":[]}',
        b'{"c":99999999999999999999999}', b'{"c":2.5}', b'{"k":"create"}', b'{"c":4,"k":"add","p":"","sign":""}',
        b"[" * 90_000,
    ],
    ids=range(15),
)  # fmt: skip
@pytest.mark.parametrize("is_new", [True, False])
def test_control_entries_that_are_none_are_noticed(one: People, body: bytes, is_new: bool) -> None:
    """Also by a device that knows nothing yet."""
    laptop, phone, bad = two_devices(one)
    laptop.notes.add("behind them")
    laptop.sync.run()
    space = personal(laptop)
    if is_new:
        phone = one.open("tablet")
        phone.attach(bad)  # type: ignore[arg-type]
        laptop.devices.let_in(phone.devices.ask(one.remote, kind=one.kind, place=one.remote.name).code)
        assert phone.devices.is_let_in()
    bad.bend = lambda _space, _after, page: replaced(page, entries=(control_like(space, body), *page.entries))

    assert try_sync(phone)
    assert words(phone) == words(laptop)
    heals(one, laptop, phone, bad=bad)


@pytest.mark.parametrize("way", ["empty", "the same", "garbage", "new garbage", "from nobody"])
def test_pages_without_an_end_come_to_an_end(one: People, way: str) -> None:
    laptop, phone, bad = two_devices(one)
    laptop.notes.add("behind them")
    laptop.sync.run()
    space = personal(laptop)

    def bend(_space: bytes, _after: str, page: Page) -> Page:
        number = bad.asked
        ghost = Header(BUNDLE, space, some_bytes(f"ghost {number}"), 1, 1, FIRST).to_bytes() + bytes(64)
        more = {
            "empty": (), "the same": page.entries, "garbage": (b"garbage",), "new garbage": (b"%d" % number * 99,),
            "from nobody": (ghost,),
        }[way]  # fmt: skip
        return replaced(page, entries=(*(page.entries if number < 3 else ()), *more), cursor=f"bad {number}", more=True)

    bad.bend = bend
    bad.asked = 0
    assert try_sync(phone)
    assert bad.asked < 500
    heals(one, laptop, phone, bad=bad)


@pytest.mark.parametrize("number", [-1, 0, 1 << 40, (1 << 63) - 1, 1 << 63, 1 << 200])
@pytest.mark.parametrize("whose", ["laptop", "ghost"])
def test_ends_of_chains_that_cannot_be_are_noticed(one: People, number: int, whose: str) -> None:
    laptop, phone, bad = two_devices(one)
    laptop.notes.add("before them")
    laptop.sync.run()
    with laptop._context.engine.read() as tx:
        device = accounts.get(tx, meta.identity(tx)).keys.id if whose == "laptop" else some_bytes("ghost")

    def bend(_space: bytes, _after: str, page: Page) -> Page:
        return replaced(page, heads={**page.heads, device: (number, some_bytes("hash", 32))})

    bad.bend = bend
    said = try_sync(phone)

    assert said or whose == "ghost"
    assert "before them" in str(words(phone)) or "has lost the log" in said
    heals(one, laptop, phone, bad=bad)


def test_a_log_that_is_set_back_is_noticed_and_filled_again(people: People) -> None:
    laptop, phone, _ = two_devices(people)
    people.keep_remote()
    laptop.notes.add("after the backup")
    laptop.sync.run()
    phone.notes.add("from the phone")
    people.settle()
    before = words(laptop)
    people.restore_remote()

    assert "has lost entries" in try_sync(phone)
    assert words(phone) == before
    assert "has lost entries" in try_sync(laptop) or words(laptop) == before
    heals(people, laptop, phone)
    assert words(laptop) == before
    tablet = people.device("laptop", "tablet")
    assert words(tablet) == before


def test_a_log_that_is_gone_wholly_is_never_taken_for_an_empty_one(people: People) -> None:
    laptop, phone, _ = two_devices(people)
    laptop.notes.add("one more")
    people.settle()
    before = words(laptop)
    people.close()
    shutil.rmtree(people._place)
    people.vaults.clear()
    again = People(people.folder, people.kind)
    laptop, phone = again.open("laptop"), again.open("phone")

    with pytest.raises((Conflict, ScribesError)):
        laptop.sync.run()
    assert words(laptop) == words(phone) == before
    again.close()


def test_a_log_that_lost_everything_is_filled_again_when_the_person_says_so(people: People) -> None:
    laptop, phone, _ = two_devices(people)
    laptop.notes.add("one more")
    people.settle()
    before = words(laptop)
    _empty(people)
    with pytest.raises(Conflict, match="lost the log"):
        laptop.sync.run()
    assert words(laptop) == before
    laptop.sync.run(may_refill=True)

    heals(people, laptop, phone)
    assert words(laptop) == words(phone) == before
    assert words(people.device("laptop", "tablet")) == before


def test_a_log_is_filled_again_also_after_it_was_compacted_and_keys_were_changed(people: People) -> None:
    laptop, phone, _ = two_devices(people)
    tablet = people.device("laptop", "tablet")
    tablet.notes.add("from the tablet")
    people.settle()
    laptop.devices.revoke("tablet")
    phone.notes.add("from the phone")
    people.shut("tablet")
    people.settle()
    laptop.sync.compact()
    phone.notes.add("after it")
    people.settle()
    before = words(laptop)
    _empty(people)
    with pytest.raises(Conflict, match="lost the log"):
        laptop.sync.run()
    laptop.sync.run(may_refill=True)

    heals(people, laptop, phone)
    assert words(phone) == before
    assert words(people.device("laptop", "desktop")) == before


def _empty(people: People) -> None:
    """The remote has lost all its logs, and is the same remote."""
    if people.relay:
        with people.relay._context.engine.write() as tx:
            tx.run("DELETE FROM relay_entry")
            tx.run("DELETE FROM relay_space")
        people._take_up()
    else:
        shutil.rmtree(people._place / "spaces")


def test_entries_of_another_space_are_noticed(people: People) -> None:
    laptop, phone, bad = two_devices(people)
    (carl,) = people.circle("laptop", "carl")
    laptop.sharing.share(laptop.notes.recent()[0].id, "Bethel")
    people.settle()
    own, circle = personal(laptop), space_called(laptop, "Bethel").id
    laptop.notes.add("new")
    laptop.sync.run()

    def bend(space: bytes, _after: str, page: Page) -> Page:
        return replaced(page, entries=(*page.entries, *whole_log(people.good, circle if space == own else own)))

    bad.bend = bend
    before = words(phone)
    assert "belongs elsewhere" in try_sync(phone)
    assert set(before) < set(words(phone)) or set(before) == set(words(phone))
    heals(people, laptop, phone, bad=bad)
    carl.sync.run()


def test_whole_logs_of_two_spaces_that_are_swapped_are_noticed(people: People) -> None:
    laptop, phone, bad = two_devices(people)
    people.circle("laptop", "carl")
    laptop.sharing.share(laptop.notes.recent()[0].id, "Bethel")
    people.settle()
    own, circle = personal(laptop), space_called(laptop, "Bethel").id
    before = words(phone)

    def bend(space: bytes, after: str, page: Page) -> Page:
        other = people.good.fetch(circle if space == own else own, "", limit_bytes=1 << 20)
        return replaced(other, cursor="bad", generation=page.generation)

    bad.bend = bend
    assert try_sync(phone)
    assert words(phone) == before
    heals(people, laptop, phone, bad=bad)


def test_a_device_that_the_remote_brings_is_not_let_in(people: People) -> None:
    """Neither by an entry of its own making, nor by one under the name of a device that is in."""
    laptop, phone, bad = two_devices(people)
    ghost = Pen("ghost")
    space = personal(laptop)
    with laptop._context.engine.read() as tx:
        ring = accounts.keyring(tx, spaces.get(tx, 1))
        device = accounts.get(tx, meta.identity(tx)).keys.id
    end = people.good.fetch(space, "", limit_bytes=1 << 20).heads[device]
    body = {
        **ghost.said(), "c": ring.number + 1, "cuts": {}, "device": ghost.id.hex(), "k": "device", "p": ring.head.hex(),
        "t": AT_US, "wraps": wraps(space, 1, bytes(32), {ghost.id: ghost.public.box}),
    }  # fmt: skip
    from scribes.crypto.envelope import in_clear

    content = encode(body).encode()
    forged = in_clear(Header(CONTROL, space, device, 1, end[0] + 1, end[1]), content, sign_key=ghost.keys.sign)
    own = in_clear(Header(CONTROL, space, ghost.id, 1, 1, FIRST), content, sign_key=ghost.keys.sign)
    text = bundles.written(Bundle({}, (note(ghost, "from a ghost"),), {}))
    brought = sealed(
        Header(BUNDLE, space, ghost.id, 1, 1, FIRST), pack(text), epoch_key=bytes(32), sign_key=ghost.keys.sign
    )
    laptop.notes.add("real")
    laptop.sync.run()
    bad.bend = lambda _space, _after, page: replaced(page, entries=(forged.raw, own.raw, brought.raw, *page.entries))
    said = try_sync(phone)

    assert "signature is wrong" in said
    assert len(phone.devices.each()) == 2
    assert "ghost" not in str(words(phone))
    assert "real" in str(words(phone))
    heals(people, laptop, phone, bad=bad)


def test_a_member_that_the_remote_brings_is_not_let_in(people: People) -> None:
    anna = people.founder("anna")
    (carl,) = people.circle("anna", "carl")
    people.open("anna").circles.invite("Bethel")
    carl.sync.run()
    ghost = Pen("ghost")
    space = space_called(carl, "Bethel")
    with carl._context.engine.read() as tx:
        ring = accounts.keyring(tx, space)
    body = {
        **ghost.said(), "c": ring.number + 1, "cuts": {}, "invite": next(iter(ring.invites)).hex(), "k": "add",
        "member": ghost.member.hex(), "p": ring.head.hex(), "proof": "00" * 64, "t": AT_US, "wraps": {},
    }  # fmt: skip
    from scribes.crypto.envelope import in_clear

    entry = in_clear(Header(CONTROL, space.id, ghost.id, 1, 1, FIRST), encode(body).encode(), sign_key=ghost.keys.sign)
    bad = Bad(people.good, lambda _space, _after, page: replaced(page, entries=(*page.entries, entry.raw)))
    carl.attach(bad)  # type: ignore[arg-type]

    assert "signature is wrong" in try_sync(carl)
    assert len(carl.circles.members("Bethel")) == 2
    bad.bend = None
    carl.sync.forget_alerts()
    assert try_sync(carl) == ""
    assert is_sound(anna)


def test_a_removal_that_is_held_back_is_noticed(people: People) -> None:
    people.founder("anna")
    _, dora = people.circle("anna", "carl", "dora")
    anna = people.open("anna")
    people.settle()
    space = space_called(anna, "Bethel").id
    before = {parse(raw).id for raw in whole_log(people.good, space)}
    anna.circles.remove("Bethel", "carl")
    removal = {parse(raw).id for raw in whole_log(people.good, space)} - before
    made = anna.notes.add("after carl")
    anna.sharing.share(made.id, "Bethel")
    anna.sync.run()

    def bend(_space: bytes, _after: str, page: Page) -> Page:
        return replaced(page, entries=tuple(raw for raw in page.entries if parse(raw).id not in removal))

    bad = Bad(people.good, bend)
    dora.attach(bad)  # type: ignore[arg-type]
    said = try_sync(dora)
    assert "no key" in said or "holds back" in said
    assert len(dora.circles.members("Bethel")) == 3
    # What she writes meanwhile is not lost, and carl must not read it under the old key.
    dora.sharing.comment(dora.notes.recent()[0].id, "mine") if dora.notes.recent() else None
    bad.bend = None
    people.settle("dora", "anna")

    assert len(dora.circles.members("Bethel")) == 2
    assert "after carl" in str(words(dora))
    assert is_sound(dora)


def test_of_two_control_entries_side_by_side_the_first_stays_and_all_goes_on(one: People) -> None:
    """What a folder that another program carries can do, and a remote that shows each a log of their own."""
    anna = one.founder("anna")
    (carl,) = one.circle("anna", "carl", role="admin")
    one.settle()
    space = space_called(anna, "Bethel").id
    theirs = _control_of(carl, "Bethel", one.good)
    anna.circles.invite("Bethel")
    anna.sharing.share(anna.notes.add("from anna").id, "Bethel")
    bad = Bad(
        one.good, lambda at, _after, page: replaced(page, entries=(*page.entries, *(theirs if at == space else ())))
    )
    anna.attach(bad)  # type: ignore[arg-type]
    said = try_sync(anna)

    assert "two versions of who belongs" in said
    assert try_sync(anna) or True
    bad.bend = None
    anna.sync.forget_alerts()
    assert alerts(one.settle()) == ""
    assert words(carl) == [word for word in words(anna) if "from anna" in word]


def _control_of(vault: scribes.Scribes, circle: str, remote: Remote) -> list[bytes]:
    """Two control entries that an admin would write now, one on the other, and that are not in the log."""
    from scribes.crypto.control import written

    space = space_called(vault, circle)
    with vault._context.engine.read() as tx:
        keys, ring = accounts.get(tx, meta.identity(tx)).keys, accounts.keyring(tx, space)
    number, last = remote.fetch(space.id, "", limit_bytes=1).heads[keys.id]
    made = []
    for name in ("one", "two"):
        other = Pen(f"{circle} {name}")
        body = {
            **other.said(), "invite": other.id.hex(), "k": "invite", "role": "member", "t": AT_US, "until": AT_US * 2,
            "uses": 1, "wraps": {other.id.hex(): ""},
        }  # fmt: skip
        entry, ring = written(ring, body, keys=keys, number=number + 1, previous=last)
        number, last = number + 1, entry.id
        made.append(entry.raw)
    return made


# Machines that were copied, set back, left alone


def test_a_machine_that_was_copied_loses_nothing(people: People) -> None:
    """A cloned virtual machine: two devices with the same keys and the same place in the chain."""
    laptop, phone, _ = two_devices(people)
    people.settle()
    people.shut("laptop")
    people.copy("laptop", "clone")
    laptop, clone = people.open("laptop"), people.open("clone")
    laptop.notes.add("on the laptop")
    clone.notes.add("on the clone")
    clone.notes.change(clone.notes.recent()[-1].id, NotePatch(body="changed by the clone"))
    laptop.notes.change(laptop.notes.recent()[-1].id, NotePatch(title="changed by the laptop"))
    for _ in range(2):
        laptop.sync.run()
        clone.sync.run()
    people.settle()

    heals(people, laptop, clone, phone)
    assert {"on the laptop", "on the clone"} <= {note.body or note.title for note in phone.notes.recent()}
    assert "changed by the laptop: changed by the clone" in words(phone)


def test_a_copied_machine_and_a_folder_that_keeps_one_of_two_files(tmp_path: Path) -> None:
    """Each writes its entry of one number into a folder of its own; the program that carries them keeps the later."""
    people = People(tmp_path, "folder")
    laptop, phone, _ = two_devices(people)
    people.settle()
    people.shut("laptop")
    people.copy("laptop", "clone")
    laptop, clone = people.open("laptop"), people.open("clone")
    folder = tmp_path / "remote"
    people.keep_remote()
    laptop.notes.add("on the laptop")
    laptop.sync.run()
    theirs = {file: file.read_bytes() for file in files_below(folder)}
    people.restore_remote()
    clone.notes.add("on the clone")
    clone.sync.run()
    for file, data in theirs.items():
        file.write_bytes(data)

    said = try_sync(clone)
    assert "two versions of one entry" in said
    heals(people, clone, laptop, phone)
    assert {"on the laptop", "on the clone"} <= {note.title or note.body for note in phone.notes.recent()}
    people.close()


def test_a_machine_that_was_set_back_finds_again_what_it_wrote(people: People) -> None:
    laptop, phone, _ = two_devices(people)
    people.settle()
    people.shut("laptop")
    people.copy("laptop", "image")
    laptop = people.open("laptop")
    laptop.notes.add("after the image")
    laptop.notes.change(laptop.notes.recent()[-1].id, NotePatch(body="changed after it"))
    people.settle()
    before = words(laptop)
    people.shut("laptop")
    shutil.rmtree(people.folder / "laptop")
    (people.folder / "image").rename(people.folder / "laptop")
    laptop = people.open("laptop")
    laptop.notes.add("after it was set back")
    people.settle()

    heals(people, laptop, phone)
    assert set(before) < set(words(laptop))


def test_a_restored_backup_goes_on_as_a_device_and_finds_again_what_came_since(people: People) -> None:
    laptop, phone, _ = two_devices(people)
    people.settle()
    backup = laptop.backups.make().path
    laptop.notes.add("after the backup")
    phone.notes.add("from the phone")
    people.settle()
    before = words(laptop)
    people.shut("laptop")
    restore_backup(backup, people.settings("laptop"))
    laptop = people.open("laptop")
    assert len(words(laptop)) == 3
    laptop.notes.add("after it was restored")
    people.settle()

    heals(people, laptop, phone)
    assert set(before) < set(words(laptop))
    assert "after it was restored" in str(words(phone))


def test_a_device_and_the_remote_that_are_set_back_both_lose_nothing_that_is_anywhere(people: People) -> None:
    laptop, phone, _ = two_devices(people)
    backup = laptop.backups.make().path
    laptop.notes.add("one")
    people.settle()
    people.keep_remote()
    laptop.notes.add("two")
    phone.notes.add("three")
    people.settle()
    before = words(phone)
    people.shut("laptop")
    restore_backup(backup, people.settings("laptop"))
    people.restore_remote()
    laptop = people.open("laptop")
    laptop.notes.add("four")
    laptop.sync.run()
    phone.sync.run()

    heals(people, laptop, phone)
    assert set(before) < set(words(laptop))


def test_two_devices_that_forget_what_a_third_has_seen_get_it_back(people: People) -> None:
    """The remote is set back, and one device writes into it before another, which knew more, comes."""
    laptop, phone, _ = two_devices(people)
    tablet = people.device("laptop", "tablet")
    people.settle()
    people.keep_remote()
    people.shut("tablet")
    people.copy("tablet", "tablet then")
    tablet = people.open("tablet")
    tablet.notes.add("on the tablet")
    people.settle()
    before = words(phone)
    people.restore_remote()
    people.shut("tablet")
    shutil.rmtree(people.folder / "tablet")
    (people.folder / "tablet then").rename(people.folder / "tablet")
    tablet = people.open("tablet")
    tablet.notes.add("another one, in the same place of its chain")
    tablet.sync.run()

    said = try_sync(phone)
    assert "two versions of one entry" in said or "has lost entries" in said
    heals(people, laptop, phone, tablet)
    assert set(before) < set(words(tablet))


@pytest.mark.parametrize("direction", [1, -1])
def test_a_clock_that_is_wrong_by_a_year_loses_nothing(people: People, direction: int) -> None:
    laptop, phone, _ = two_devices(people)
    people.settle()
    engine = phone._context.engine
    clock = engine._clock  # type: ignore[attr-defined]
    engine._clock = lambda: clock() + direction * YEAR_US  # type: ignore[attr-defined]
    target = laptop.notes.recent()[-1].id
    phone.notes.change(target, NotePatch(body="Grace upon grace, says the phone."))
    laptop.notes.change(target, NotePatch(body="Grace upon grace. So says the laptop."))
    phone.notes.add("from another year")
    people.settle()

    heals(people, laptop, phone)
    body = laptop.notes.get(target).body
    assert "phone" in body
    assert "laptop" in body


def test_a_device_that_was_away_for_a_year_catches_up(people: People) -> None:
    laptop, phone, _ = two_devices(people)
    people.settle()
    phone.notes.add("written offline", "a year ago")
    people.shut("phone")
    engine = laptop._context.engine
    clock = engine._clock  # type: ignore[attr-defined]
    for month in range(12):
        engine._clock = lambda month=month: clock() + month * YEAR_US // 12  # type: ignore[attr-defined]
        laptop.notes.add(f"month {month}", "text " * 20)
        laptop.notes.change(laptop.notes.recent()[-1].id, NotePatch(body=f"changed in month {month}"))
        laptop.sync.run()
        if month == 5:
            laptop.sync.compact()
        if month == 8:
            people.device("laptop", "tablet")
            laptop.devices.revoke("tablet")
            people.shut("tablet")
    phone = people.open("phone")
    phone.sync.run()

    heals(people, laptop, phone)
    assert "written offline: a year ago" in words(laptop)


# People who mean ill


def change_by(vault: scribes.Scribes, item: bytes, **more: Any) -> Change:
    with vault._context.engine.read() as tx:
        device = accounts.get(tx, meta.identity(tx)).keys.id
    return note(Pen("x"), item.hex(), "", item=item, device=device, **more)


def bring(
    vault: scribes.Scribes, circle: str, remote: Remote, *changes: Change, said: str = "", flags: int = 0
) -> None:
    """Put changes of any kind into a circle, past all that this Scribes checks."""
    space = space_called(vault, circle)
    with vault._context.engine.read() as tx:
        keys = accounts.get(tx, meta.identity(tx)).keys
        ring, known = accounts.keyring(tx, space), logs.keys(tx, space.n)
    number, last = remote.fetch(space.id, "", limit_bytes=1).heads[keys.id]
    text = bundles.written(Bundle({}, changes, {}))
    header = Header(BUNDLE, space.id, keys.id, ring.epoch, number + 1, last, flags)
    content = pack(said or text)
    remote.append(space.id, [sealed(header, content, epoch_key=known[ring.epoch], sign_key=keys.sign).raw])


def look_at_all(vault: scribes.Scribes) -> None:
    """What a person does to see what they have: none of it may fail."""
    vault.notes.recent(limit=1_000)
    vault.notes.trash()
    vault.search.find("grace")
    vault.prayers.each() if hasattr(vault.prayers, "each") else vault.prayers.recent()  # type: ignore[attr-defined]
    for circle in vault.circles.each():
        vault.circles.members(circle.id)
    for found in vault.notes.recent(limit=1_000):
        vault.history.of(found.id)
        try:
            vault.sharing.comments(found.id)
        except (InvalidInput, NotFound):
            continue
    vault.clashes.waiting()
    vault.sync.status()
    is_sound(vault)


OCCURRED = {"occurred": [AT_US, 60]}
ILL: list[tuple[str, dict[str, Any]]] = [
    ("a reminder", {"kind": "reminder", "fields": {"text": "x"}}),
    ("a card", {"kind": "card", "fields": {}}),
    ("a device's name", {"kind": "device", "fields": {"name": "x"}}),
    ("a membership", {"kind": "membership", "fields": {"circle": "x", "remote": "y"}}),
    ("a kind that nobody knows", {"kind": "banana", "fields": {"x": [1, {"y": None}]}}),
    ("an edit behind the end", {"edits": [[5, 3, "x"]], "fields": OCCURRED}),
    ("a huge edit", {"edits": [[1 << 80, 1 << 90, "x"]], "fields": OCCURRED}),
    ("edits that overlap", {"edits": [[0, 0, "abc"], [0, 2, "x"]], "fields": OCCURRED}),
    ("a parent that is nowhere", {"parents": [some_bytes("nowhere")], "fields": OCCURRED}),
    ("no date", {"fields": {"title": "x"}}),
    *((f"occurred {value!r:.20}", {"fields": {"occurred": value}}) for value in (
        None, 5, "x", [], [1], [1, 2, 3], ["x", 0], [0, "x"], [None, None], [1 << 80, 0], [-(1 << 80), 0], [1 << 62, 0],
        [0, 1 << 80], [0, 1440], [0, -5_000], [[], []], [True, False], {"0": 1},
    )),
    *((f"deleted {value!r:.20}", {"fields": {**OCCURRED, "deleted": value}}) for value in (
        "x", [], {}, -1, 1 << 62, 1 << 80, -(1 << 80), True,
    )),
    *((f"{name} {value!r:.20}", {"fields": {**OCCURRED, name: value}})
      for name in ("title", "speaker", "tags", "topics", "refs", "links")
      for value in (None, 5, True, [], [5], [None], [[]], {}, {"a": 1}, "x\0y", "\x1b[2J", ["a\nb"], "x" * 100_000,
                    [["pin", "", 1 << 80, 0]], [["dismiss", 5, "x"]], [["pin", "\0", -1, -1]], [["link", "zz", ""]])),
    *((f"schema and moved {value!r:.20}", {"fields": {**OCCURRED, "moved": value}})
      for value in (5, "x", [], "00" * 16)),
    *((f"settled {value!r:.20}", {"fields": {**OCCURRED, "settled": value}}) for value in (5, [5], [[]], {})),
    ("a NUL in the text", {"edits": [[0, 0, "Grace \0 grace"]], "fields": OCCURRED}),
    *((f"{choice}", {"fields": {**OCCURRED, "refs": [choice]}}) for choice in (
        ["pin", "", 5, 7], ["pin", "", 99_000_000, 98_000_000], ["pin", "", 1_001_001, 66_022_021], ["pin", "", 0, 0],
        ["correct", "Grace", 1 << 39, 1 << 39], ["correct", "\r\u2028", 1, 1],
    )),
    *((f"a {kind.name} with {name} {value!r:.20}", {"kind": kind.name, "fields": {name: value}})
      for kind in (PRAYER, COMMENT, MEMBER) for name in (*kind.columns, "deleted")
      for value in (None, 5, -1, 1 << 80, True, [], [5], ["\0", "a\nb"], {}, "x\0", "\x1b[2J", "no id", "x" * 50_000)),
]  # fmt: skip


def test_what_a_member_brings_that_cannot_be_harms_nothing_else(one: People) -> None:
    """All at once, each as an item of its own; then each upon a note that is there."""
    anna = one.founder("anna")
    (carl,) = one.circle("anna", "carl")
    shared = anna.sharing.share(anna.notes.add("shared", "Grace upon grace.").id, "Bethel")
    anna.sync.run()
    carl.sync.run()
    before = words(anna)
    for number, (why, said) in enumerate(ILL):
        made = change_by(carl, some_bytes(f"{number} {why}"), **{"edits": [[0, 0, "ill"]], **said})
        bring(carl, "Bethel", one.good, made)
        if number % 20 == 0:
            anna.sync.run()
    anna.sync.run()
    look_at_all(anna)
    assert set(before) <= set(words(anna))
    anna.notes.change(shared, NotePatch(body="Grace upon grace, and more."))
    people_see = [one.settle(), words(anna), words(carl)]

    assert "shared: Grace upon grace, and more." in people_see[1]
    assert "shared: Grace upon grace, and more." in people_see[2]
    look_at_all(anna)
    look_at_all(carl)


@pytest.mark.parametrize("part", range(4))
def test_what_a_member_does_to_one_note_harms_no_other_and_can_be_put_right(one: People, part: int) -> None:
    anna = one.founder("anna")
    (carl,) = one.circle("anna", "carl")
    other = anna.sharing.share(anna.notes.add("other", "Peace.").id, "Bethel")
    ill = [(why, said) for why, said in ILL if "parents" not in said][part::4]
    targets = [anna.sharing.share(anna.notes.add(f"t{n}", "Grace.").id, "Bethel") for n in range(len(ill))]
    one.settle(rounds=2)
    for (_, said), target in zip(ill, targets, strict=True):
        item = bytes.fromhex(target.replace("-", ""))
        with carl._context.engine.read() as tx:
            heads = tx.value("SELECT heads FROM note WHERE id = ?", (item,))
        made = {"kind": "note", "edits": [], **said}
        bring(carl, "Bethel", one.good, change_by(carl, item, parents=[heads], **made))  # type: ignore[list-item]
    anna.sync.run(may_remove=True)
    look_at_all(anna)
    assert "other: Peace." in words(anna)
    for target in targets:
        try:
            anna.notes.change(target, NotePatch(body="put right", title="put right"))
        except (NotFound, InvalidInput):
            continue
    anna.notes.change(other, NotePatch(body="Peace, and more."))
    anna.sync.run()
    for _ in range(2):
        anna.sync.run(may_remove=True)
        carl.sync.run(may_remove=True)

    assert "other: Peace, and more." in words(carl)
    look_at_all(anna)
    look_at_all(carl)
    assert words(carl) == [word for word in words(anna) if word in words(carl)]


def test_nobody_is_renamed_by_another_and_no_circle_by_a_member(one: People) -> None:
    anna = one.founder("anna")
    carl, dora = one.circle("anna", "carl", "dora")
    one.settle()
    space = space_called(carl, "Bethel")
    with carl._context.engine.read() as tx:
        ring, own = accounts.keyring(tx, space), accounts.get(tx, meta.identity(tx))
    others = [member for member in ring.members if member != own.member]
    for member in others:
        fields = {"member": member.hex(), "name": "a fool"}
        bring(carl, "Bethel", one.good, change_by(carl, member_item(space.id, member), kind="member", fields=fields))
        # Under his own name, and under none.
        for item in (member_item(space.id, own.member or b""), some_bytes("anything")):
            bring(carl, "Bethel", one.good, change_by(carl, item, kind="member", fields=fields))
    named = {"name": "Babel"}
    bring(carl, "Bethel", one.good, change_by(carl, circle_item(space.id), kind="circle", fields=named))
    bring(carl, "Bethel", one.good, change_by(carl, some_bytes("another"), kind="circle", fields=named))
    said = try_sync(anna)

    assert "belongs elsewhere" in said
    for vault in (anna, dora):
        vault.sync.run()
        assert {"anna", "dora"} <= {member.name for member in vault.circles.members("Bethel")}
        look_at_all(vault)


def test_what_a_member_might_not_do_a_device_that_comes_later_does_not_take_either(people: People) -> None:
    """Not even when that member was removed in the meantime."""
    anna = people.founder("anna")
    (carl,) = people.circle("anna", "carl")
    people.settle()
    space = space_called(carl, "Bethel")
    change = change_by(carl, circle_item(space.id), kind="circle", fields={"name": "Babel"})
    bring(carl, "Bethel", people.good, change)
    anna.sync.run()
    anna.circles.remove("Bethel", "carl")
    dora = people.joins("anna", "dora")
    people.device("anna", "phone").sync.run()

    assert [circle.name for circle in dora.circles.each()] == ["Bethel"]
    assert [circle.name for circle in people.open("phone").circles.each()] == ["Bethel"]


def test_what_an_admin_named_stays_when_they_are_one_no_more(people: People) -> None:
    anna = people.founder("anna")
    (carl,) = people.circle("anna", "carl", role="admin")
    carl.circles.rename("Bethel", "Shiloh")
    people.settle()
    anna.circles.set_role("Shiloh", "carl", "member")
    people.settle()
    dora = people.joins("anna", "dora", called="Shiloh")
    anna.circles.remove("Shiloh", "carl")
    erik = people.joins("anna", "erik", called="Shiloh")
    people.settle("anna", "dora", "erik")

    assert [circle.name for vault in (anna, dora, erik) for circle in vault.circles.each()] == ["Shiloh"] * 3
    anna.circles.rename("Shiloh", "Ophrah")
    people.settle("anna", "dora", "erik")
    assert [circle.name for vault in (anna, dora, erik) for circle in vault.circles.each()] == ["Ophrah"] * 3


def test_an_item_is_of_one_kind_and_in_one_space(people: People) -> None:
    """A member cannot make of a note something else, nor lay hands on what is in another space."""
    anna = people.founder("anna")
    (carl,) = people.circle("anna", "carl")
    mine = anna.notes.add("mine", "My own.")
    shared = anna.sharing.share(anna.notes.add("shared", "Grace.").id, "Bethel")
    people.settle()
    with anna._context.engine.read() as tx:
        device = accounts.get(tx, meta.identity(tx)).keys.id
    for item in (mine.id, shared):
        id = bytes.fromhex(item.replace("-", ""))
        for kind in ("prayer", "comment", "note", "banana"):
            fields: dict[str, Any] = {"note": OCCURRED, "comment": {"text": "x"}}.get(kind, {"title": "x"})
            parents = [] if item == mine.id or kind != "note" else [some_bytes("nowhere")]
            bring(carl, "Bethel", people.good, change_by(carl, id, kind=kind, fields=fields, parents=parents))
    for kind in ("note", "prayer", "comment"):
        bring(carl, "Bethel", people.good, change_by(carl, device, kind=kind, fields={**OCCURRED, "title": "x"}))
    anna.sync.run()
    look_at_all(anna)

    assert {"mine: My own.", "shared: Grace."} <= set(words(anna))
    anna.notes.change(shared, NotePatch(body="Grace, again."))
    phone = people.device("anna", "phone")
    dora = people.joins("anna", "dora")
    people.settle()
    for vault in (anna, phone, dora, carl):
        look_at_all(vault)
    assert {"mine: My own.", "shared: Grace, again."} <= set(words(phone))
    assert "shared: Grace, again." in words(dora)
    assert {"anna", "phone"} <= {one.name for one in phone.devices.each()}


@pytest.mark.parametrize(
    "covers",
    [
        5, [], "x", {"x": [1, "00"]}, {"00": [1, "00"]}, {"00" * 16: 5}, {"00" * 16: [1]}, {"00" * 16: [-1, "00" * 32]},
        {"00" * 16: [1 << 80, "00" * 32]}, {"00" * 16: ["1", "00" * 32]}, {"00" * 16: [1, 5]}, {"00" * 16: [1, "zz"]},
        {"00" * 16: [1, "00"]}, {"OWNER": [1 << 62, "00" * 32]},
    ],
    ids=range(14),
)  # fmt: skip
@pytest.mark.parametrize("role", ["admin", "member"])
def test_a_snapshot_that_stands_for_what_cannot_be_harms_nothing(one: People, covers: Any, role: str) -> None:
    anna = one.founder("anna")
    (carl,) = one.circle("anna", "carl", role=role)
    anna.sharing.share(anna.notes.add("shared", "Grace.").id, "Bethel")
    one.settle()
    with anna._context.engine.read() as tx:
        device = accounts.get(tx, meta.identity(tx)).keys.id.hex()
    text = encode({"c": [], "d": [], "i": [], "k": [], "s": "COVERS", "v": {}})
    said = json.dumps(covers).replace("OWNER", device)
    bring(carl, "Bethel", one.good, said=text.replace('"COVERS"', said), flags=SNAPSHOT)
    try_sync(anna)
    anna.notes.change(anna.notes.recent()[0].id, NotePatch(body="Grace, again."))
    one.settle()

    assert "shared: Grace, again." in words(carl)
    look_at_all(anna)


@pytest.mark.parametrize(
    "seen", [{"x": 1}, {"00" * 16: -1}, {"00" * 16: 1 << 70}, {"00" * 16: 10**4_000}, {"00": 1}, [], 5]
)
def test_claims_of_what_was_seen_that_cannot_be_harm_nothing(one: People, seen: Any) -> None:
    anna = one.founder("anna")
    (carl,) = one.circle("anna", "carl")
    bring(carl, "Bethel", one.good, said=json.dumps({"c": [], "d": [], "i": [], "k": [], "v": seen}))
    anna.sharing.share(anna.notes.add("shared", "Grace.").id, "Bethel")
    said = try_sync(anna)
    one.settle()

    assert len(said) < 1_000
    assert "shared: Grace." in words(carl)
    look_at_all(anna)


@pytest.mark.parametrize("content", [b"", b"\x01", b"\x02abc", b"\x01" + b"\xff" * 50, b"garbage"])
def test_bundles_that_cannot_be_read_are_noticed_and_passed_over(one: People, content: bytes) -> None:
    anna = one.founder("anna")
    (carl,) = one.circle("anna", "carl")
    space = space_called(carl, "Bethel")
    with carl._context.engine.read() as tx:
        keys, known = accounts.get(tx, meta.identity(tx)).keys, logs.keys(tx, space.n)
    number, last = one.good.fetch(space.id, "", limit_bytes=1).heads[keys.id]
    header = Header(BUNDLE, space.id, keys.id, 1, number + 1, last)
    one.good.append(space.id, [sealed(header, content, epoch_key=known[1], sign_key=keys.sign).raw])
    header = Header(
        BUNDLE, space.id, keys.id, 1, number + 2, one.good.fetch(space.id, "", limit_bytes=1).heads[keys.id][1]
    )
    one.good.append(space.id, [sealed(header, pack("{}"), epoch_key=bytes(32), sign_key=keys.sign).raw])
    said = try_sync(anna)

    assert "what no Scribes wrote" in said
    carl.sync.run()
    carl.sharing.share(carl.notes.add("after it", "Amen.").id, "Bethel")
    one.settle()
    assert "after it: Amen." in words(anna)
    look_at_all(anna)


def write_past(vault: scribes.Scribes, circle: str, remote: Remote, title: str) -> bytes:
    """A bundle at the end of a device's chain, as one writes it who is not (or no longer) allowed to."""
    space = space_called(vault, circle)
    with vault._context.engine.read() as tx:
        keys, known = accounts.get(tx, meta.identity(tx)).keys, logs.keys(tx, space.n)
    number, last = remote.fetch(space.id, "", limit_bytes=1).heads[keys.id]
    text = bundles.written(Bundle({}, (note(Pen("x"), title, title, device=keys.id),), {}))
    header = Header(BUNDLE, space.id, keys.id, max(known), number + 1, last)
    return sealed(header, pack(text), epoch_key=known[max(known)], sign_key=keys.sign).raw


def test_a_reader_who_writes_is_refused_by_the_remote_and_by_all(people: People) -> None:
    anna = people.founder("anna")
    (carl,) = people.circle("anna", "carl", role="reader")
    anna.sharing.share(anna.notes.add("shared", "Grace.").id, "Bethel")
    people.settle()
    raw = write_past(carl, "Bethel", people.good, "by a reader")
    with pytest.raises(Forbidden):
        people.good.append(space_called(carl, "Bethel").id, [raw])
    with pytest.raises(Forbidden):
        carl.notes.change(carl.notes.recent()[0].id, NotePatch(body="x"))
    # A remote that works with them.
    bad = Bad(people.good, lambda _space, _after, page: replaced(page, entries=(*page.entries, raw)))
    anna.attach(bad)  # type: ignore[arg-type]

    assert "may not write" in try_sync(anna)
    assert "reader" not in str(words(anna))
    assert is_sound(anna)


def test_a_removed_member_who_goes_on_writing_is_refused_by_all(people: People) -> None:
    anna = people.founder("anna")
    carl, dora = people.circle("anna", "carl", "dora")
    people.settle()
    raw = write_past(carl, "Bethel", people.good, "after the removal")
    anna.circles.remove("Bethel", "carl")
    with pytest.raises((Forbidden, ScribesError)):
        people.good.append(space_called(anna, "Bethel").id, [raw])
    bad = Bad(people.good, lambda _space, _after, page: replaced(page, entries=(*page.entries, raw)))
    for vault in (anna, dora):
        vault.attach(bad)  # type: ignore[arg-type]
        assert "may not write" in try_sync(vault)
        assert "after the removal" not in str(words(vault))
    erik = people.joins("anna", "erik")
    erik.attach(bad)  # type: ignore[arg-type]
    try_sync(erik)

    assert "after the removal" not in str(words(erik))
    assert all(map(is_sound, (anna, dora, erik)))


def test_a_removed_member_does_not_get_what_comes_after(people: People) -> None:
    anna = people.founder("anna")
    carl, dora = people.circle("anna", "carl", "dora")
    anna.sharing.share(anna.notes.add("before", "for all").id, "Bethel")
    people.settle()
    with anna._context.engine.read() as tx:
        before = logs.keys(tx, space_called(anna, "Bethel").n)
    anna.circles.remove("Bethel", "carl")
    anna.sharing.share(anna.notes.add("after", "not for carl").id, "Bethel")
    people.settle()
    space = space_called(carl, "Bethel")
    with carl._context.engine.read() as tx:
        account, known = accounts.get(tx, meta.identity(tx)), logs.keys(tx, space.n)

    assert known == before
    assert ("after" in str(words(carl)), "after" in str(words(dora)), "before" in str(words(carl))) == (
        False,
        True,
        True,
    )
    for entry in map(parse, whole_log(people.good, space.id)):
        if entry.header.type == CONTROL:
            # Of a control entry, the epoch is the one before it.
            told = account.keys.id.hex() in json.loads(entry.body).get("wraps", {})
            assert not told or entry.header.epoch <= max(before)
        elif entry.header.epoch > max(before):
            for key in known.values():
                with pytest.raises(ScribesError):
                    entry.opened(key)


def test_a_revoked_device_gets_nothing_more_and_writes_nothing_more(people: People) -> None:
    laptop, phone, _ = two_devices(people)
    people.settle()
    phone.notes.add("before it was lost")
    people.settle()
    laptop.devices.revoke("phone")
    laptop.notes.add("after it was lost")
    phone.notes.add("by a thief")
    people.settle()

    assert "after it was lost" not in str(words(phone))
    assert "by a thief" not in str(words(laptop))
    assert "before it was lost" in str(words(laptop))
    assert is_sound(laptop)


def test_nobody_without_the_key_can_read(people: People) -> None:
    secrets = ["Zacchaeus", "sycamore", "Hermeneia", "Bethesda", "annabel", "carlson", "ephphatha", "talitha"]
    anna = people.founder("annabel")
    anna.notes.add("Zacchaeus", "He climbed a sycamore. " * 50, tags=["ephphatha"])
    anna.circles.create("Bethesda")
    link = anna.circles.invite("Bethesda").link
    carl = people.founder("carlson")
    carl.circles.join(link)
    shared = anna.sharing.share(anna.notes.recent()[0].id, "Bethesda")
    people.settle()
    carl.sharing.comment(shared, "talitha cumi")
    anna.circles.rename("Bethesda", "Bethesda Hermeneia")
    people.settle()
    people.device("annabel", "ephphatha phone")
    anna.sync.compact()
    people.settle()
    raws: list[bytes] = []
    if people.relay:
        with people.relay._context.engine.read() as tx:
            for table in ("relay_entry", "relay_mail", "relay_space"):
                raws += [repr(row).encode() for row in tx.rows(f"SELECT * FROM {table}")]
            raws += [row[0] for row in tx.rows("SELECT raw FROM relay_entry WHERE raw IS NOT NULL")]
            raws += [row[0] for row in tx.rows("SELECT bytes FROM relay_mail")]
    else:
        raws += [file.read_bytes() + str(file).encode() for file in files_below(people._place)]
        raws = [raw.replace(str(people.folder).encode(), b"") for raw in raws]
    everything = b"\n".join(raws).lower()

    assert len(everything) > 5_000
    for secret in secrets:
        assert secret.lower().encode() not in everything
    assert link.rsplit("#", 1)[1].lower().encode() not in everything
    for vault in (anna, carl):
        with vault._context.engine.read() as tx:
            keys = accounts.get(tx, meta.identity(tx)).keys
            for key in (
                keys.sign,
                keys.box,
                *(key for space in spaces.each(tx) for key in logs.keys(tx, space.n).values()),
            ):
                assert key not in everything
                assert key.hex().encode() not in everything
            assert meta.get(tx, "header") is not None


# Much at once


def test_a_sync_that_would_remove_much_asks_first(people: People) -> None:
    laptop, phone, _ = two_devices(people)
    laptop.notes.add_many([NewNote(title=f"n{number}") for number in range(20)]) if hasattr(
        laptop.notes, "add_many"
    ) else [laptop.notes.add(f"n{number}") for number in range(20)]
    people.settle()
    laptop.notes.remove([note.id for note in laptop.notes.recent(limit=4)])
    laptop.notes.add("beside them")
    laptop.sync.run()
    before = words(phone)
    for _ in range(2):
        with pytest.raises(Conflict, match="trash") as caught:
            phone.sync.run()
        assert caught.value.hint
        assert words(phone) == before
    done = phone.sync.run(may_remove=True)

    assert done[0].removed == 4
    heals(people, laptop, phone)
    assert len(words(phone)) == len(before) - 3


def test_a_sync_that_removes_a_few_of_many_does_not_ask(one: People) -> None:
    laptop, phone, _ = two_devices(one)
    for number in range(30):
        laptop.notes.add(f"n{number}")
    one.settle()
    laptop.notes.remove([note.id for note in laptop.notes.recent(limit=3)])
    laptop.sync.run()

    assert phone.sync.run()[0].removed == 3


def test_two_processes_of_one_vault_that_sync_at_once_raise_no_alarm(people: People) -> None:
    laptop, phone, _ = two_devices(people)
    daemon = open_vault(settings=people.settings("laptop"))
    daemon.attach(people.good)
    sent: list[SpaceSynced] = []

    def meanwhile(space: bytes, after: str, page: Page) -> Page:
        if not sent:
            sent.extend([*daemon.sync.run()])
        return page

    phone.notes.add("from the phone")
    phone.attach(people.good)
    phone.sync.run()
    note = laptop.notes.add("from the laptop")
    laptop.attach(Bad(people.good, meanwhile))  # type: ignore[arg-type]
    done = laptop.sync.run()
    daemon.close()
    phone.sync.run()

    assert [one.sent for one in sent] == [1]
    assert [one.alerts for one in done] == [()]
    assert phone.notes.get(note.id).title == "from the laptop"

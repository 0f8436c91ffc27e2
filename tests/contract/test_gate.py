"""The logs of a server, as accounts use them: what each may, and that nobody else learns of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scribes.domain.callers import Caller
from scribes.errors import Forbidden, Malformed, NotFound, Outrun, ScribesError, StorageFull
from scribes.services.gate import Gate
from scribes.services.proofs import proof_of_invitation
from tests.contract.people import People
from tests.fuzz.by_hand import Pen, Space, invitation, note, some_bytes

MIB = 1024 * 1024


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    people = People(tmp_path, "scribes")
    assert people.relay
    yield Gate(people.relay._context.engine)
    people.close()


@pytest.fixture
def owner() -> Pen:
    return Pen("owner")


@pytest.fixture
def space(owner: Pen, gate: Gate) -> Space:
    made = Space(owner)
    made.bundle(owner, note(owner))
    gate.write(of(owner), made.id, made.raws())
    return made


def of(*pens: Pen, device: Pen | None = None, room_bytes: int | None = None) -> Caller:
    account = some_bytes(f"account of {pens[0].member.hex()}" if pens else "nobody")
    return Caller(account, {pen.id: pen.public.sign for pen in pens}, device.id if device else None, room_bytes)


def entries(gate: Gate, caller: Caller, space: Space, **more: object) -> list[bytes]:
    return list(gate.read(caller, space.id, "", limit_bytes=MIB, **more).entries)  # type: ignore[arg-type]


def test_a_stranger_cannot_tell_a_log_from_none(gate: Gate, space: Space, owner: Pen) -> None:
    stranger, none = Pen("stranger"), Space(Pen("nobody"))
    tries = [
        lambda at: gate.read(of(stranger), at, "", limit_bytes=MIB),
        lambda at: gate.let_go(of(stranger), at, {owner.id: 2}),
        lambda at: gate.go_on(of(stranger), at, {owner.id: (9, bytes(32))}),
        lambda at: gate.news(of(stranger), {at: ""})[at],
        lambda at: gate.write(of(stranger), at, [space.sealed(stranger, "{}", space=at).raw]),
        lambda at: gate.write(of(stranger), at, [space.control(stranger, {"k": "epoch", "c": 1}, space=at).raw]),
        lambda at: gate.write(of(stranger), at, [space.control(stranger, {"k": "leave"}, space=at).raw], again=True),
    ]

    def outcome(action: object, id: bytes) -> object:
        try:
            return action(id)  # type: ignore[operator]
        except ScribesError as e:
            return type(e), e.message, e.hint

    for action in tries:
        found = outcome(action, space.id)
        assert found == outcome(action, none.id)
        assert found is None or issubclass(found[0], (NotFound, Forbidden, Malformed))  # type: ignore[index]
    with pytest.raises(NotFound):
        gate.write(of(stranger), space.id, [space.log[0].raw])
    with pytest.raises(NotFound):
        gate.write(of(), space.id, space.raws())


def test_only_who_holds_a_device_founds_a_space_with_it(gate: Gate) -> None:
    anna, mallory = Pen("anna"), Pen("mallory")
    made = Space(anna, salt="of anna")
    for caller in (of(mallory), of(), Caller(some_bytes("m"), {anna.id: mallory.public.sign})):
        with pytest.raises(Forbidden, match="not registered"):
            gate.write(caller, made.id, made.raws())

    assert gate.write(of(anna), made.id, made.raws()).ring.mode == "sealed"


def test_nobody_writes_for_the_device_of_another_one(gate: Gate, space: Space, owner: Pen) -> None:
    carl = space.let_in(owner, Pen("carl"), "member")
    gate.write(of(owner, carl), space.id, space.raws())
    by_carl = space.bundle(carl, note(carl))
    with pytest.raises(Forbidden, match="not registered"):
        gate.write(of(owner), space.id, [by_carl.raw])

    gate.write(of(owner), space.id, [by_carl.raw], again=True)
    gate.write(of(carl), space.id, [by_carl.raw])
    assert entries(gate, of(carl), space)[-1] == by_carl.raw


def test_who_is_removed_reads_up_to_the_entry_that_says_so(gate: Gate, space: Space, owner: Pen) -> None:
    carl = space.let_in(owner, Pen("carl"), "member")
    space.bundle(owner, note(owner, "seen"))
    space.write(owner, space.removes(carl, cut=1))
    before = space.raws()
    space.bundle(owner, note(owner, "not for carl"))
    space.write(owner, space.invites("another"))
    gate.write(of(owner, carl), space.id, space.raws())
    page = gate.read(of(carl), space.id, "", limit_bytes=MIB)

    assert list(page.entries) == before
    assert page.heads[owner.id][1] != space.log[-1].id
    assert gate.read(of(carl), space.id, page.cursor, limit_bytes=MIB).entries == ()
    assert gate.news(of(carl), {space.id: page.cursor})[space.id].more is False  # type: ignore[union-attr]
    assert entries(gate, of(owner), space) == space.raws()
    assert gate.about(of(carl), [space.id]) == []


def test_a_revoked_device_reads_no_more_though_its_account_may(gate: Gate, space: Space, owner: Pen) -> None:
    phone = owner.second("phone")
    space.write(owner, space.brings(owner, phone))
    space.write(owner, space.revokes(phone))
    until = len(space.log)
    space.bundle(owner, note(owner, "new"))
    gate.write(of(owner, phone), space.id, space.raws())

    assert len(entries(gate, of(owner, phone, device=phone), space)) == until
    assert len(entries(gate, of(owner, phone, device=owner), space)) == until + 1


def test_an_invitation_opens_the_log_to_who_holds_it_and_no_longer_than_it_is_open(
    gate: Gate, space: Space, owner: Pen
) -> None:
    space.write(owner, space.invites("the secret"))
    gate.write(of(owner), space.id, space.raws())
    dora, keys = Pen("dora"), invitation("the secret")
    me = of(dora)
    good = (keys.id, proof_of_invitation(keys, space=space.id, account=me.account))
    for bad in (
        (keys.id, proof_of_invitation(keys, space=space.id, account=some_bytes("another account"))),
        (keys.id, proof_of_invitation(keys, space=some_bytes("another space"), account=me.account)),
        (keys.id, bytes(64)), (keys.id, b""), (some_bytes("another"), good[1]), None,
    ):  # fmt: skip
        with pytest.raises(NotFound):
            gate.read(me, space.id, "", limit_bytes=MIB, invitation=bad)

    assert entries(gate, me, space, invitation=good) == space.raws()
    joined = space.write(dora, space.joins(dora, "the secret"))
    assert gate.write(me, space.id, [joined.raw], invitation=good).has_members_changed
    assert entries(gate, me, space) == space.raws()
    with pytest.raises(NotFound):
        gate.read(of(Pen("eve")), space.id, "", limit_bytes=MIB, invitation=good)


def test_what_no_scribes_wrote_is_malformed(gate: Gate, space: Space, owner: Pen) -> None:
    for raw in (b"", b"x", b"garbage" * 40, bytes(200)):
        with pytest.raises(Malformed):
            gate.write(of(owner), space.id, [raw])


def test_an_account_keeps_no_more_than_it_may(gate: Gate, space: Space, owner: Pen) -> None:
    more = space.bundle(owner, note(owner, "more"))
    with pytest.raises(StorageFull):
        gate.write(of(owner, room_bytes=len(more.raw) - 1), space.id, [more.raw])

    written = gate.write(of(owner, room_bytes=len(more.raw)), space.id, [more.raw])
    assert (written.size_bytes, written.fresh, written.seq) == (len(more.raw), 1, 3)
    # What is there already takes no room.
    assert gate.write(of(owner, room_bytes=0), space.id, [more.raw]).fresh == 0


def test_a_compaction_and_a_bridge_are_for_those_who_may(gate: Gate, space: Space, owner: Pen) -> None:
    carl = space.let_in(owner, Pen("carl"), "member")
    gate.write(of(owner, carl), space.id, space.raws())
    with pytest.raises(Forbidden):
        gate.let_go(of(carl), space.id, {owner.id: 2})
    with pytest.raises(Forbidden):
        gate.go_on(of(carl), space.id, {some_bytes("nobody"): (3, bytes(32))})
    before = gate.news(of(owner), {space.id: ""})[space.id]
    after = gate.let_go(of(owner), space.id, {owner.id: 2, some_bytes("nobody"): 5})

    assert before
    assert after.size_bytes == sum(len(raw) for raw in space.raws()) - len(space.log[1].raw)
    assert gate.read(of(owner), space.id, "", limit_bytes=MIB).generation != before.generation
    gate.go_on(of(carl), space.id, {carl.id: (5, some_bytes("hash", 32))})
    assert gate.read(of(carl), space.id, "", limit_bytes=MIB).heads[carl.id] == (5, some_bytes("hash", 32))


def test_a_log_that_was_lost_is_filled_again_by_any_member(gate: Gate, owner: Pen) -> None:
    made = Space(owner, salt="lost")
    carl = made.let_in(owner, Pen("carl"), "member")
    made.bundle(carl, note(carl))
    me = of(carl)
    with pytest.raises(Forbidden):
        gate.write(me, made.id, made.raws()[:1])
    gate.write(me, made.id, made.raws()[:1], again=True)
    # To others there is no such log, and nothing follows on nothing.
    with pytest.raises(Outrun):
        gate.write(of(Pen("eve")), made.id, made.raws()[1:], again=True, kept_by=me.account)
    gate.write(me, made.id, made.raws()[1:], again=True, kept_by=me.account)

    assert entries(gate, me, made) == made.raws()


def test_news_of_many_logs_is_one_question(gate: Gate, space: Space, owner: Pen) -> None:
    end = gate.read(of(owner), space.id, "", limit_bytes=MIB).cursor
    found = gate.news(of(owner), {space.id: end, some_bytes("none"): ""})

    assert found[some_bytes("none")] is None
    page = found[space.id]
    assert page is not None
    assert (page.more, page.entries, page.cursor) == (False, (), end)
    assert page.heads == {owner.id: (2, space.log[-1].id)}
    assert gate.news(of(owner), {space.id: ""})[space.id].more  # type: ignore[union-attr]


def test_a_keyring_of_a_transaction_that_was_rolled_back_is_not_taken(gate: Gate, space: Space, owner: Pen) -> None:
    one, other = space.control(owner, space.invites("one")), space.control(owner, space.invites("other"))
    gate.write(of(owner), space.id, [one.raw])
    ring = gate._rings[space.id]
    with gate._engine.write() as tx:
        tx.run("DELETE FROM relay_entry WHERE seq = 3")
        tx.run("UPDATE relay_space SET seq = 2")
    with pytest.raises(Outrun):
        gate.write(of(owner), space.id, [space.control(owner, space.invites("x"), number=5).raw])
    gate.write(of(owner), space.id, [other.raw])

    assert gate._rings[space.id].invites.keys() != ring.invites.keys()


def test_open_spaces_are_kept_too(gate: Gate) -> None:
    anna = Pen("anna")
    made = Space(anna, salt="open", mode="open")

    assert gate.write(of(anna), made.id, made.raws()).ring.mode == "open"

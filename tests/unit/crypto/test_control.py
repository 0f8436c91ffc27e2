"""Control entries as they are signed and admitted, and how keys reach those who are in, and nobody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scribes.canonical import encode
from scribes.crypto.control import admitted, body_of, earlier_key, epoch_key_in, written
from scribes.crypto.envelope import CONTROL, FIRST, Entry, Header, in_clear, parse
from scribes.crypto.log_rules import keyring_of, to_append
from scribes.domain.keyring import Keyring, space_id
from scribes.errors import Damaged, Forbidden, Outrun, ScribesError
from tests.fuzz.by_hand import Pen, Space, invitation, note, some_bytes

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "control.json").read_bytes())


@pytest.fixture
def anna() -> Pen:
    return Pen("anna")


@pytest.fixture
def carl() -> Pen:
    return Pen("carl")


@pytest.fixture
def space(anna: Pen) -> Space:
    return Space(anna)


def raw_control(pen: Pen, space: bytes, body: bytes) -> Entry:
    return in_clear(Header(CONTROL, space, pen.id, 1, 1, FIRST), body, sign_key=pen.keys.sign)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"[]", b"1", b"null", b"{}x", b'{"a": 1}', b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a":1.5}',
        b'{"c":2.0}', b'{"a":NaN}', b'{"a":1e3}', b'{"a":-0}', b'{"a":"\\u0041"}', b"\xff", b"[" * 100_000,
        b'{"a":' + b"[" * 100_000, b'{"a":"\\ud800"}', b'{"a":' + b"9" * 5_000 + b"}", b" {}", b"{}\n",
    ],
    ids=range(22),
)  # fmt: skip
def test_a_body_in_another_spelling_is_damage(anna: Pen, body: bytes) -> None:
    with pytest.raises(Damaged):
        body_of(raw_control(anna, bytes(16), body))


def test_a_body_of_more_than_4_mib_is_damage(anna: Pen) -> None:
    with pytest.raises(Damaged):
        body_of(raw_control(anna, bytes(16), encode({"a": "x" * (4 << 20)}).encode()))


def test_a_bundle_is_no_control_entry(space: Space, anna: Pen) -> None:
    with pytest.raises(Damaged):
        body_of(space.sealed(anna, "{}"))


def test_an_entry_of_another_space_is_not_admitted(anna: Pen) -> None:
    first, second = Space(anna, salt="one"), Space(Pen("anna"), salt="two")

    with pytest.raises(Forbidden):
        admitted(Keyring(second.id), first.log[0])


def test_the_id_of_a_space_vouches_for_who_founded_it(anna: Pen, carl: Pen) -> None:
    """Who alters any word of the first entry founds another space."""
    space = Space(anna)
    body = body_of(space.log[0])
    for changed in ({"member": carl.member.hex()}, {"kind": "personal"}, carl.said(), {"salt": "00"}, {"t": 1}):
        forged = raw_control(carl if "sign" in changed else anna, space.id, encode({**body, **changed}).encode())
        with pytest.raises(Forbidden):
            admitted(Keyring(space.id), forged)


def test_an_entry_signed_by_another_device_is_not_admitted(space: Space, anna: Pen, carl: Pen) -> None:
    said = {"c": 2, "p": space.ring.head.hex(), "t": 1, **space.invites("secret")}
    header = Header(CONTROL, space.id, anna.id, 1, 2, FIRST)
    forged = in_clear(header, encode(said).encode(), sign_key=carl.keys.sign)

    with pytest.raises(Forbidden, match="signed"):
        admitted(space.ring, forged)


def test_a_ghost_that_the_remote_brings_is_not_admitted(space: Space, anna: Pen) -> None:
    """Nobody joins or comes in without a secret or a key of those who are in."""
    ghost = Pen("ghost")
    space.write(anna, space.invites("secret"))
    joining = space.joins(ghost, "secret")
    for body in (
        {**joining, "proof": "00" * 64},
        {**joining, "proof": ""},
        {name: value for name, value in joining.items() if name != "proof"},
        {**joining, "proof": space.joins(Pen("other"), "secret")["proof"]},
        {**joining, "proof": 5},
        space.joins(ghost, "a guess"),
        space.brings(ghost, Pen("another ghost")),
        space.gives_role(ghost, "owner"),
    ):
        with pytest.raises((Forbidden, Damaged)):
            admitted(space.ring, space.control(ghost, body))

    assert ghost.id not in space.ring.devices


def test_a_proof_is_for_one_space_device_and_account(space: Space, anna: Pen, carl: Pen) -> None:
    space.write(anna, space.invites("secret", uses=3))
    joining = space.joins(carl, "secret")
    thief = Pen("thief")

    for stolen in (
        {**joining, **thief.said()},
        {**joining, "member": thief.member.hex()},
        {**joining, "invite": some_bytes("x").hex()},
    ):
        with pytest.raises(Forbidden):
            admitted(space.ring, space.control(thief, stolen))
    with pytest.raises(Forbidden):
        admitted(space.ring, space.control(thief, joining))


def test_a_key_reaches_those_who_are_in_and_nobody_else(space: Space, anna: Pen, carl: Pen) -> None:
    space.let_in(anna, carl, "member")
    phone = anna.second("anna's phone")
    space.write(anna, space.brings(anna, phone))
    entry = space.write(anna, space.removes(carl))
    body = body_of(entry)

    for pen in (anna, phone):
        key = epoch_key_in(space.id, 2, body, pen.keys)
        assert key == space.keys[2]
        assert earlier_key(space.id, 2, body, key) == space.keys[1]
    assert epoch_key_in(space.id, 2, body, carl.keys) is None
    assert carl.id.hex() not in encode(body["wraps"])
    with pytest.raises(Damaged):
        earlier_key(space.id, 2, body, space.keys[1])


@pytest.mark.parametrize(
    "change", [{"before": None}, {"before": "00"}, {"before": "zz"}, {"before": 5}, {"wraps": {}}, {"wraps": []}]
)
def test_a_key_that_was_altered_is_damage(space: Space, anna: Pen, change: dict[str, Any]) -> None:
    body = {**space.changes_key(), **change}

    if "wraps" in change:
        assert epoch_key_in(space.id, 2, body, anna.keys) is None
        return
    with pytest.raises(Damaged):
        earlier_key(space.id, 2, body, space.keys[2])


def test_a_key_wrapped_for_one_place_opens_in_no_other(space: Space, anna: Pen) -> None:
    body = space.changes_key()

    for id, epoch in ((some_bytes("other"), 2), (space.id, 3), (space.id, 1)):
        with pytest.raises(Damaged):
            epoch_key_in(id, epoch, body, anna.keys)


def test_what_is_written_is_what_others_admit(space: Space, anna: Pen, carl: Pen) -> None:
    number, last = anna.chains[space.id]
    entry, ring = written(space.ring, space.invites("s"), keys=anna.keys, number=number + 1, previous=last)

    assert admitted(space.ring, parse(entry.raw)) == ring
    with pytest.raises(Forbidden):
        written(space.ring, space.invites("s"), keys=carl.keys, number=1, previous=FIRST)


# What a log takes


def hashes(space: Space) -> Any:
    there = {(entry.header.device, entry.header.number): entry.id for entry in space.log}
    return lambda device, number: there.get((device, number))


def append(space: Space, *entries: Entry, again: bool = False) -> list[Entry]:
    heads: dict[bytes, tuple[int, bytes]] = {}
    for entry in space.log:
        heads[entry.header.device] = (entry.header.number, entry.id)
    return to_append(space.id, space.ring, heads, [entry.raw for entry in entries], hash_of=hashes(space), again=again)[
        0
    ]


def test_a_log_takes_what_follows_and_passes_over_what_it_has(space: Space, anna: Pen) -> None:
    fresh = space.sealed(anna, '{"c":[],"d":[],"i":[],"k":[],"v":{}}')

    assert append(space, *space.log, fresh) == [fresh]
    assert append(space, *space.log) == []


def test_a_log_takes_none_where_one_does_not_fit(space: Space, anna: Pen, carl: Pen) -> None:
    good = space.sealed(anna, "{}")
    for other, error in (
        (space.sealed(anna, "{}", number=4), Outrun),
        (space.sealed(anna, "{}", number=2), Outrun),
        (space.sealed(anna, "{}", number=3, previous=FIRST), Outrun),
        (space.sealed(anna, "{}", number=3, previous=good.id, epoch=2), Outrun),
        (space.sealed(carl, "{}"), Forbidden),
        (space.sealed(anna, "{}", number=3, previous=good.id, space=some_bytes("other")), Forbidden),
    ):
        with pytest.raises(error):
            append(space, good, other)


def test_a_log_takes_a_bundle_only_under_the_present_key(space: Space, anna: Pen) -> None:
    space.write(anna, space.changes_key())

    assert append(space, space.sealed(anna, "{}"))
    with pytest.raises(Outrun):
        append(space, space.sealed(anna, "{}", epoch=1))


def test_a_log_takes_no_bundle_of_a_reader_or_of_one_who_is_out(space: Space, anna: Pen, carl: Pen) -> None:
    space.let_in(anna, carl, "reader")
    with pytest.raises(Forbidden):
        append(space, space.sealed(carl, "{}"))
    space.write(anna, space.gives_role(carl, "member", cut=1))
    assert append(space, space.sealed(carl, "{}"))
    space.write(anna, space.removes(carl))
    with pytest.raises(Forbidden):
        append(space, space.sealed(carl, "{}"))


def test_a_log_takes_no_bundle_with_another_signature(space: Space, anna: Pen) -> None:
    made = space.sealed(anna, "{}").raw

    with pytest.raises(Forbidden):
        append(space, parse(made[:-1] + bytes([made[-1] ^ 1])))


def test_a_removal_that_does_not_know_all_that_was_written_is_outrun(space: Space, anna: Pen, carl: Pen) -> None:
    """What carl wrote in the meantime would be lost for all who come later."""
    space.let_in(anna, carl, "member")
    space.bundle(carl, note(carl))
    number = carl.chains[space.id][0]

    for cut in (0, number - 1):
        with pytest.raises(Outrun):
            append(space, space.control(anna, space.removes(carl, cut=cut)))
        # But for one that the log had and lost: carl wrote since, into what was left of it.
        assert append(space, space.control(anna, space.removes(carl, cut=cut)), again=True)
    assert append(space, space.control(anna, space.removes(carl, cut=number)))


def test_who_wrote_nothing_since_they_might_can_be_removed(space: Space, anna: Pen, carl: Pen) -> None:
    space.let_in(anna, carl, "admin")
    space.bundle(carl, note(carl))
    number = carl.chains[space.id][0]
    space.write(anna, space.gives_role(carl, "member", cut=number))

    assert append(space, space.control(anna, space.removes(carl, cut=number)))
    assert append(space, space.control(anna, space.gives_role(carl, "reader", cut=number)))


def test_the_keyring_of_a_log_is_that_of_its_control_entries(space: Space, anna: Pen, carl: Pen) -> None:
    space.let_in(anna, carl, "member")
    space.bundle(carl, note(carl))
    controls = [entry.raw for entry in space.log if entry.header.type == CONTROL]

    assert keyring_of(space.id, controls) == space.ring
    # What does not fit is passed over: the first that fits stands.
    assert keyring_of(space.id, [*controls[:1], b"garbage", *controls, controls[-1]]) == space.ring
    assert keyring_of(space.id, controls[1:]) == Keyring(space.id)


# Golden vectors


def test_the_id_of_a_golden_space_is_as_ever() -> None:
    for vector in VECTORS["space_id"]:
        assert space_id(vector["body"]).hex() == vector["id"]


def test_the_golden_log_is_folded_as_ever() -> None:
    vector = VECTORS["log"]
    ring = Keyring(bytes.fromhex(vector["space"]))
    for said in vector["entries"]:
        entry = parse(bytes.fromhex(said["entry"]))
        ring = admitted(ring, entry)

        assert body_of(entry)["k"] == said["kind"]
        assert entry.id.hex() == said["id"]
        assert {member.hex(): role for member, role in ring.members.items()} == said["members"]
        assert {id.hex(): one.is_active for id, one in ring.devices.items()} == said["devices"]
        assert ring.epoch == said["epoch"]
        for pen in vector["pens"]:
            from scribes.crypto.devices import DeviceKeys

            keys = DeviceKeys(*(bytes.fromhex(pen[name]) for name in ("device", "sign", "box")))
            opened = epoch_key_in(ring.space, ring.epoch, body_of(entry), keys)
            assert (opened.hex() if opened else None) == said["keys"][pen["name"]]


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda vector: vector["why"])
def test_the_bad_golden_entries_are_refused(vector: dict[str, Any]) -> None:
    ring = Keyring(bytes.fromhex(VECTORS["log"]["space"]))
    for said in VECTORS["log"]["entries"][: vector["after"]]:
        ring = admitted(ring, parse(bytes.fromhex(said["entry"])))

    with pytest.raises(ScribesError) as caught:
        admitted(ring, parse(bytes.fromhex(vector["entry"])))
    assert caught.value.code == vector["error"]


def test_the_secret_of_an_invitation_holds_its_keys() -> None:
    assert invitation("one") != invitation("two")
    assert len({invitation("one").id, invitation("one").sign, invitation("one").box}) == 3

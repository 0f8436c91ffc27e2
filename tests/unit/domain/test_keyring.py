"""The fold of control entries: who may do what, which key for whom, and what counts of whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scribes.crypto.control import admitted, body_of
from scribes.domain.keyring import MAX_DEVICES, MAX_OWN_DEVICES, Keyring
from scribes.errors import Damaged, Forbidden, Outrun, ScribesError
from scribes.records import replaced
from tests.fuzz.by_hand import AT_US, Pen, Space, invitation, some_bytes

ROLES = ("reader", "member", "admin", "owner")
WHO = (*ROLES, "former", "stranger")


class Circle(Space):
    """A circle with somebody of each role, their second devices, somebody who left, and an open invitation."""

    def __init__(self) -> None:
        self.owner = Pen("owner")
        super().__init__(self.owner)
        self.admin = self.let_in(self.owner, Pen("admin"), "admin")
        self.member = self.let_in(self.owner, Pen("member"), "member")
        self.reader = self.let_in(self.owner, Pen("reader"), "reader")
        self.former = self.let_in(self.owner, Pen("former"), "member")
        self.write(self.owner, self.removes(self.former, cut=1))
        self.other = {role: self.let_in(self.owner, Pen(f"other {role}"), role) for role in ("reader", "member")}
        self.other["admin"] = self.let_in(self.owner, Pen("other admin"), "admin")
        self.write(self.owner, self.invites("open"))
        self.stranger = Pen("stranger")
        self.second: dict[str, Pen] = {}
        for role in ROLES:
            pen: Pen = getattr(self, role)
            self.second[role] = pen.second(f"second of {role}")
            self.write(pen, self.brings(pen, self.second[role]))

    def pen(self, who: str) -> Pen:
        found: Pen = getattr(self, who)
        return found


@pytest.fixture(scope="module")
def circle() -> Circle:
    return Circle()


def may(circle: Circle, who: str, body: dict[str, Any]) -> bool:
    """Whether a control entry by somebody is admitted; anything but a documented error is a bug."""
    try:
        admitted(circle.ring, circle.control(circle.pen(who), body))
    except Forbidden:
        return False
    return True


Making = Callable[[Circle, str], dict[str, Any]]
# By what is done: who may do it.
TABLE: list[tuple[str, Making, set[str]]] = [
    ("bring a device", lambda c, w: c.brings(c.pen(w), c.pen(w).second("new")), set(ROLES)),
    ("bring a known device again", lambda c, w: c.brings(c.pen(w), c.second["owner"]), set()),
    ("revoke an own device", lambda c, w: c.revokes(c.second.get(w, c.stranger)), set(ROLES)),
    ("revoke this very device", lambda c, w: c.revokes(c.pen(w)), set()),
    ("revoke another's device", lambda c, _: c.revokes(c.other["member"]), set()),
    ("revoke a device that is nobody's", lambda c, _: c.revokes(c.stranger), set()),
    ("invite a reader", lambda c, _: c.invites("new", role="reader"), {"admin", "owner"}),
    ("invite a member", lambda c, _: c.invites("new", role="member"), {"admin", "owner"}),
    ("invite an admin", lambda c, _: c.invites("new", role="admin"), {"owner"}),
    ("invite an owner", lambda c, _: c.invites("new", role="owner"), set()),
    ("invite as what is no role", lambda c, _: c.invites("new", role="banana"), set()),
    ("invite with an invitation that is there", lambda c, _: c.invites("open"), set()),
    ("take an invitation back", lambda c, _: c.uninvites("open"), {"admin", "owner"}),
    ("make a reader a member", lambda c, _: c.gives_role(c.other["reader"], "member"), {"admin", "owner"}),
    ("make a member a reader", lambda c, _: c.gives_role(c.other["member"], "reader"), {"admin", "owner"}),
    ("make a member an admin", lambda c, _: c.gives_role(c.other["member"], "admin"), {"owner"}),
    ("make an admin a reader", lambda c, _: c.gives_role(c.other["admin"], "reader"), {"owner"}),
    ("make a member the owner", lambda c, _: c.gives_role(c.other["member"], "owner"), set()),
    ("make the owner a reader", lambda c, _: c.gives_role(c.owner, "reader"), set()),
    ("raise oneself", lambda c, w: c.gives_role(c.pen(w), "admin"), set()),
    ("give somebody what is no role", lambda c, _: c.gives_role(c.other["member"], "banana"), set()),
    ("give a stranger a role", lambda c, _: c.gives_role(c.stranger, "member"), set()),
    ("give a former member a role", lambda c, _: c.gives_role(c.former, "member"), set()),
    ("hand over to a member", lambda c, _: c.hands_over(c.other["member"]), {"owner"}),
    ("hand over to oneself", lambda c, w: c.hands_over(c.pen(w)), set()),
    ("hand over to a stranger", lambda c, _: c.hands_over(c.stranger), set()),
    ("remove a reader", lambda c, _: c.removes(c.other["reader"]), {"admin", "owner"}),
    ("remove a member", lambda c, _: c.removes(c.other["member"]), {"admin", "owner"}),
    ("remove an admin", lambda c, _: c.removes(c.other["admin"]), {"owner"}),
    ("remove the owner", lambda c, _: c.removes(c.owner, c.second["owner"]), set()),
    ("remove a stranger", lambda c, _: c.removes(c.stranger), set()),
    ("remove a former member", lambda c, _: c.removes(c.former), set()),
    ("leave", lambda c, w: c.leaves(c.pen(w)), {"reader", "member", "admin"}),
    ("change the key", lambda c, _: c.changes_key(), {"admin", "owner"}),
    ("found the space again", lambda c, _: body_of(c.log[0]), set()),
]


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(("what", "body", "allowed"), TABLE, ids=[what for what, _, _ in TABLE])
def test_each_may_do_what_their_role_allows(
    circle: Circle, what: str, body: Making, allowed: set[str], who: str
) -> None:
    said = {name: value for name, value in body(circle, who).items() if name not in ("c", "p")}

    assert may(circle, who, said) == (who in allowed), what


@pytest.mark.parametrize("who", WHO)
def test_who_has_the_secret_joins_once(circle: Circle, who: str) -> None:
    """Those who are in are in already, whoever they are."""
    assert may(circle, who, circle.joins(circle.pen(who), "open", cut=2)) == (who in ("former", "stranger"))


def test_only_the_owner_of_a_circle_that_is_empty_may_leave_it() -> None:
    owner = Pen("owner")
    space = Space(owner)
    space.write(owner, space.leaves(owner))

    assert space.ring.members == {}
    with pytest.raises(Forbidden):
        space.write(owner, space.invites("secret"))


def test_nobody_is_invited_into_a_personal_space() -> None:
    owner = Pen("owner")
    space = Space(owner, kind="personal")
    phone = owner.second("phone")
    space.write(owner, space.brings(owner, phone))

    for body in (space.invites("secret"), space.hands_over(phone), space.hands_over(owner)):
        with pytest.raises(Forbidden):
            space.write(owner, body)
    space.write(phone, space.revokes(owner))
    assert [one.id for one in space.ring.devices_of(owner.member)] == [phone.id]


# The numbers of control entries


@pytest.mark.parametrize("said", [{"c": 0}, {"c": -1}, {"c": 1}, {"c": 99}, {"c": "x"}, {"c": None}, {"c": []}])
def test_a_control_entry_of_another_number_is_outrun(circle: Circle, said: dict[str, Any]) -> None:
    with pytest.raises(Outrun):
        admitted(circle.ring, circle.control(circle.owner, {**circle.changes_key(), **said}))


@pytest.mark.parametrize("head", ["", "00" * 32, None, 5])
def test_a_control_entry_on_another_one_is_outrun(circle: Circle, head: Any) -> None:
    with pytest.raises(Outrun):
        admitted(circle.ring, circle.control(circle.owner, {**circle.changes_key(), "p": head}))


def test_of_two_that_were_made_side_by_side_the_second_is_outrun() -> None:
    owner = Pen("owner")
    space = Space(owner)
    admin = space.let_in(owner, Pen("admin"), "admin")
    one, other = space.control(owner, space.invites("one")), space.control(admin, space.invites("other"))
    ring = admitted(space.ring, one)

    with pytest.raises(Outrun):
        admitted(ring, other)


def test_a_kind_that_nobody_knows_is_damage(circle: Circle) -> None:
    for kind in ("bless", "", None, 5, [], "create "):
        with pytest.raises(Damaged):
            admitted(circle.ring, circle.control(circle.owner, {"k": kind}))


# What counts


def counts(space: Space, pen: Pen) -> list[int]:
    device = space.ring.devices[pen.id]
    return [number for number in range(1, 30) if device.may_have_written(number)]


def test_what_a_removed_device_writes_after_the_cut_does_not_count() -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    assert counts(space, carl) == list(range(1, 30))
    space.write(owner, space.removes(carl, cut=5))

    assert counts(space, carl) == [1, 2, 3, 4, 5]
    assert space.ring.role_of(carl.id) == ""


def test_a_removal_without_a_cut_lets_nothing_count() -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    space.write(owner, {**space.removes(carl), "cuts": {}})

    assert counts(space, carl) == []


def test_a_revoked_device_counts_up_to_its_cut_and_the_others_go_on() -> None:
    owner = Pen("owner")
    space = Space(owner)
    phone = owner.second("phone")
    space.write(owner, space.brings(owner, phone))
    space.write(owner, space.revokes(phone, cut=3))

    assert counts(space, phone) == [1, 2, 3]
    assert counts(space, owner) == list(range(1, 30))
    assert space.ring.members == {owner.member: "owner"}
    with pytest.raises(Forbidden):
        space.write(phone, space.leaves(phone))


def test_a_role_that_is_lowered_and_raised_leaves_a_gap() -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    space.write(owner, space.gives_role(carl, "reader", cut=4))
    assert counts(space, carl) == [1, 2, 3, 4]
    space.write(owner, space.gives_role(carl, "member", cut=9))
    assert counts(space, carl) == [1, 2, 3, 4, *range(10, 30)]
    space.write(owner, space.gives_role(carl, "admin", cut=12))
    assert counts(space, carl) == [1, 2, 3, 4, *range(10, 30)]
    space.write(owner, space.gives_role(carl, "reader", cut=2))

    # Nothing that counted up to an earlier cut is taken away by a later one.
    assert counts(space, carl) == [1, 2, 3, 4, 10, 11, 12]


def test_an_invited_reader_writes_from_their_cut_on_once_they_may() -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "reader")
    assert counts(space, carl) == []
    space.write(owner, space.gives_role(carl, "member", cut=6))

    assert counts(space, carl) == list(range(7, 30))


def test_a_reader_who_gets_the_circle_may_write() -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "reader")
    space.write(owner, space.hands_over(carl, cut=1))

    assert counts(space, carl) == list(range(2, 30))
    assert space.ring.members == {owner.member: "admin", carl.member: "owner"}


def test_who_comes_back_counts_from_then_on() -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    space.write(owner, space.removes(carl, cut=5))
    space.write(owner, space.invites("again"))
    space.write(carl, space.joins(carl, "again", cut=9))

    assert counts(space, carl) == [1, 2, 3, 4, 5, *range(10, 30)]
    assert space.ring.role_of(carl.id) == "member"


def test_who_comes_back_cannot_make_count_what_did_not() -> None:
    """The cut in their own entry does not reach behind that of their removal."""
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    space.write(owner, space.removes(carl, cut=5))
    space.write(owner, space.invites("again"))
    number = carl.chains[space.id][0]
    carl.chains[space.id] = (20, some_bytes("20", 32))
    space.write(carl, space.joins(carl, "again", cut=0))

    assert number < 5
    # What they wrote while they were out, and before this entry of theirs, must not count.
    assert counts(space, carl) == [1, 2, 3, 4, 5, *range(22, 30)]


def test_a_device_comes_back_with_its_own_keys_and_account_only() -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    space.write(owner, space.removes(carl, cut=5))
    space.write(owner, space.invites("again"))
    thief = Pen("thief", keys=replaced(Pen("thief").keys, id=carl.id))
    other = Pen("carl", member=owner.second("x").member)

    for pen in (thief, other, Pen("carl", member=some_bytes("another account"))):
        with pytest.raises(Forbidden):
            space.write(pen, space.joins(pen, "again", cut=9))


def test_somebody_of_another_account_does_not_bring_in_a_former_device() -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    space.write(owner, space.removes(carl, cut=5))

    with pytest.raises(Forbidden):
        space.write(owner, space.brings(owner, carl, cut=5))


# What somebody was allowed when they wrote it


def test_what_a_member_was_when_they_wrote_stays_said() -> None:
    """A device that reads the whole log later judges an entry as those did who read it at the time."""
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    space.write(owner, space.gives_role(carl, "admin", cut=4))
    space.write(owner, space.gives_role(carl, "reader", cut=8))
    device = space.ring.devices[carl.id]

    assert [device.role_at(number) for number in (1, 4, 5, 8, 9)] == ["member", "member", "admin", "admin", ""]
    space.write(owner, space.gives_role(carl, "member", cut=10))
    space.write(owner, space.removes(carl, cut=12))
    device = space.ring.devices[carl.id]
    assert [device.role_at(number) for number in (1, 5, 9, 11, 12, 13)] == [
        "member",
        "admin",
        "",
        "member",
        "member",
        "",
    ]


def test_what_the_new_owner_wrote_before_was_written_as_what_they_were() -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    space.write(owner, space.hands_over(carl, cut=3))
    space.write(carl, space.gives_role(owner, "member", cut=8))

    assert [space.ring.devices[carl.id].role_at(number) for number in (3, 4)] == ["member", "owner"]
    assert [space.ring.devices[owner.id].role_at(number) for number in (8, 9)] == ["owner", "member"]


# Keys


def test_a_new_key_is_sealed_for_exactly_those_who_are_in() -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    dora = space.let_in(owner, Pen("dora"), "reader")
    phone = owner.second("phone")
    space.write(owner, space.brings(owner, phone))
    space.write(owner, space.invites("open"))
    good = space.changes_key()
    inside = {owner.id, carl.id, dora.id, phone.id, invitation("open").id}
    assert set(good["wraps"]) == {id.hex() for id in inside}
    some = good["wraps"][owner.id.hex()]

    for wraps in (
        {},
        {id: key for id, key in good["wraps"].items() if id != dora.id.hex()},
        {**good["wraps"], some_bytes("ghost").hex(): some},
        [*good["wraps"]],
        None,
        "x",
    ):
        with pytest.raises(Forbidden):
            space.write(owner, {**good, "wraps": wraps})
    for epoch in (1, 3, 0, -1, "2", None, True):
        with pytest.raises(Forbidden):
            space.write(owner, {**good, "epoch": epoch})
    space.write(owner, good)
    assert space.ring.epoch == 2


@pytest.mark.parametrize("way", ["removes", "revokes", "uninvites"])
def test_who_goes_does_not_get_the_key_that_comes(way: str) -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    phone = owner.second("phone")
    space.write(owner, space.brings(owner, phone))
    space.write(owner, space.invites("open"))
    gone = {"removes": carl, "revokes": phone, "uninvites": Pen("", keys=invitation("open"))}[way]
    body = space.uninvites("open") if way == "uninvites" else getattr(space, way)(gone)
    stolen = {**body, "wraps": {**body["wraps"], gone.id.hex(): "00" * 80}}

    with pytest.raises(Forbidden):
        space.write(owner, stolen)
    space.write(owner, body)
    assert gone.id not in space.ring.receivers()


def test_after_somebody_left_the_key_is_stale_until_it_changes() -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    assert space.ring.is_stale, "the link that was used up still opens it"
    space.write(owner, space.changes_key())
    assert not space.ring.is_stale
    space.write(carl, space.leaves(carl, cut=1))
    assert space.ring.is_stale
    space.write(owner, space.changes_key())

    assert not space.ring.is_stale


@pytest.mark.parametrize("way", ["removes", "leaves", "revokes"])
def test_open_invitations_end_when_somebody_goes(way: str) -> None:
    """Who goes may have the links."""
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "member")
    phone = owner.second("phone")
    space.write(owner, space.brings(owner, phone))
    space.write(owner, space.invites("open"))
    gone = phone if way == "revokes" else carl
    space.write(carl if way == "leaves" else owner, getattr(space, way)(gone))

    assert space.ring.invites == {}
    with pytest.raises(Forbidden):
        space.write(Pen("dora"), space.joins(Pen("dora"), "open"))


def test_a_revoked_device_never_comes_back() -> None:
    owner = Pen("owner")
    space = Space(owner)
    phone = owner.second("phone")
    space.write(owner, space.brings(owner, phone))
    space.write(owner, space.revokes(phone, cut=3))

    with pytest.raises(Forbidden, match="revoked"):
        space.write(owner, space.brings(owner, phone, cut=9))


def test_who_comes_in_gets_the_key_and_nobody_else_with_them() -> None:
    owner = Pen("owner")
    space = Space(owner)
    space.write(owner, space.invites("open"))
    for pen, body in (
        (owner, space.brings(owner, owner.second("phone"))),
        (owner, space.invites("another")),
        (Pen("dora"), space.joins(Pen("dora"), "open")),
    ):
        for wraps in ({}, None, [], {**body["wraps"], some_bytes("ghost").hex(): "00"}, {owner.id.hex(): "00"}):
            with pytest.raises(Forbidden):
                space.write(pen, {**body, "wraps": wraps})


def test_a_member_brings_so_many_devices() -> None:
    owner = Pen("owner")
    space = Space(owner)
    some = space.ring.devices[owner.id]
    many = {some_bytes(str(number)): some for number in range(MAX_OWN_DEVICES)}
    full = replaced(space.ring, devices={**space.ring.devices, **many})

    with pytest.raises(Forbidden, match="too many"):
        admitted(full, space.control(owner, space.brings(owner, owner.second("one more"))))


# Invitations


def test_an_invitation_is_used_once_or_as_often_as_it_says() -> None:
    owner = Pen("owner")
    space = Space(owner)
    for uses in (1, 2, 3):
        secret = f"for {uses}"
        space.write(owner, space.invites(secret, uses=uses))
        for number in range(uses):
            pen = Pen(f"{secret} {number}")
            space.write(pen, space.joins(pen, secret))
        late = Pen(f"{secret} late")
        with pytest.raises(Forbidden, match="no such invitation"):
            space.write(late, space.joins(late, secret))


def test_an_invitation_ends_at_its_end() -> None:
    owner = Pen("owner")
    space = Space(owner)
    space.write(owner, space.invites("secret", until=AT_US + 100))
    carl = Pen("carl")

    with pytest.raises(Forbidden, match="run out"):
        space.write(carl, space.joins(carl, "secret", at_us=AT_US + 101))
    space.write(carl, space.joins(carl, "secret", at_us=AT_US + 100))


def test_an_invitation_that_was_taken_back_lets_nobody_in() -> None:
    owner = Pen("owner")
    space = Space(owner)
    space.write(owner, space.invites("secret"))
    space.write(owner, space.uninvites("secret"))
    carl = Pen("carl")

    with pytest.raises(Forbidden):
        space.write(carl, space.joins(carl, "secret"))


def test_an_invited_reader_does_not_join_as_an_admin() -> None:
    owner = Pen("owner")
    space = Space(owner)
    space.write(owner, space.invites("secret", role="reader"))
    carl = Pen("carl")
    space.write(carl, {**space.joins(carl, "secret"), "role": "admin"})

    assert space.ring.role_of(carl.id) == "reader"


def test_somebody_who_is_in_cannot_join_again_in_another_role() -> None:
    owner = Pen("owner")
    space = Space(owner)
    carl = space.let_in(owner, Pen("carl"), "reader")
    space.write(owner, space.invites("secret", role="admin"))

    for pen in (carl, carl.second("carl's phone")):
        with pytest.raises(Forbidden):
            space.write(pen, space.joins(pen, "secret"))


def test_a_space_takes_so_many_devices(circle: Circle) -> None:
    some = circle.ring.devices[circle.owner.id]
    many = {some_bytes(str(number)): some for number in range(MAX_DEVICES)}
    full = replaced(circle.ring, devices={**circle.ring.devices, **many})

    with pytest.raises(Forbidden, match="too many"):
        admitted(full, circle.control(circle.owner, circle.brings(circle.owner, circle.owner.second("one more"))))


# Anything else


WRONG: list[Any] = [None, True, -1, 1 << 70, 1.5, "", "x", "00" * 15, "00" * 33, [], {}, ["x"], {"x": 1}, {"00": -1}]


def bodies(circle: Circle) -> list[tuple[str, dict[str, Any]]]:
    own, stranger = circle.owner, circle.stranger
    return [
        ("owner", circle.brings(own, own.second("new"))),
        ("owner", circle.revokes(circle.second["owner"])),
        ("owner", circle.invites("new")),
        ("owner", circle.uninvites("open")),
        ("stranger", circle.joins(stranger, "open")),
        ("owner", circle.gives_role(circle.other["member"], "reader")),
        ("owner", circle.hands_over(circle.other["member"])),
        ("owner", circle.removes(circle.other["member"])),
        ("member", circle.leaves(circle.member)),
        ("owner", circle.changes_key()),
    ]


def test_wrong_types_anywhere_are_refused_with_an_error_of_ours(circle: Circle) -> None:
    tried = 0
    for who, body in bodies(circle):
        for name in body:
            for value in (*WRONG, "GONE"):
                said = {key: one for key, one in body.items() if key != name or value != "GONE"}
                if value != "GONE":
                    said[name] = value
                try:
                    entry = circle.control(circle.pen(who), said)
                    ring = admitted(circle.ring, entry)
                except TypeError:
                    assert isinstance(value, float), "what has no canonical form cannot be written by hand either"
                    continue
                except ScribesError:
                    tried += 1
                    continue
                # What is admitted all the same has harmed nobody.
                assert ring.epoch - circle.ring.epoch in (0, 1)
                assert set(ring.members) >= set(circle.ring.members) - {
                    circle.member.member,
                    circle.other["member"].member,
                }

    assert tried > 500


def test_an_invitation_cannot_be_written_for_ever_or_for_nobody(circle: Circle) -> None:
    for said in ({"uses": 0}, {"uses": -1}, {"uses": True}, {"until": 1 << 62}, {"until": -1}, {"until": "x"}):
        with pytest.raises(ScribesError):
            admitted(circle.ring, circle.control(circle.owner, {**circle.invites("new"), **said}))


def test_a_cut_is_a_number(circle: Circle) -> None:
    for cut in (-1, True, "3", None, 1 << 64):
        body = circle.gives_role(circle.other["member"], "reader")
        with pytest.raises(Damaged):
            admitted(
                circle.ring, circle.control(circle.owner, {**body, "cuts": {circle.other["member"].id.hex(): cut}})
            )


def test_a_keyring_is_never_changed_in_place(circle: Circle) -> None:
    before = repr(circle.ring)
    for who, body in bodies(circle):
        admitted(circle.ring, circle.control(circle.pen(who), body))

    assert repr(circle.ring) == before
    assert Keyring(bytes(16)).members == {}


def test_a_space_is_sealed_or_open_from_its_founding_on_and_its_id_says_which() -> None:
    anna = Pen("anna")
    sealed, opened = Space(anna), Space(anna, mode="open")

    assert (sealed.ring.mode, opened.ring.mode) == ("sealed", "open")
    assert sealed.id != opened.id
    with pytest.raises(Damaged):
        Space(anna, mode="ajar")

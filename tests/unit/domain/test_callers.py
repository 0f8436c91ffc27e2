"""Who may read and write a log at a server: each standing against each action."""

from __future__ import annotations

import pytest

from scribes.domain.callers import (
    ALL,
    UNTIL_OUT,
    Caller,
    check_bridge,
    check_fold,
    check_writers,
    is_stranger,
    role_in,
    sight,
)
from scribes.domain.keyring import Keyring
from scribes.errors import Forbidden, NotFound, ScribesError
from tests.fuzz.by_hand import Pen, Space, some_bytes

ACCOUNT = some_bytes("an account")
WHO = ("owner", "admin", "member", "reader", "former", "stranger", "claimer")


def caller(*pens: Pen, device: Pen | None = None) -> Caller:
    return Caller(ACCOUNT, {pen.id: pen.public.sign for pen in pens}, device.id if device else None)


@pytest.fixture(scope="module")
def circle() -> tuple[Space, dict[str, Pen]]:
    pens = {"owner": Pen("owner")}
    space = Space(pens["owner"])
    for role in ("admin", "member", "reader"):
        pens[role] = space.let_in(pens["owner"], Pen(role), role)
    pens["former"] = space.let_in(pens["owner"], Pen("former"), "member")
    space.write(pens["owner"], space.removes(pens["former"], cut=1))
    pens["stranger"] = Pen("stranger")
    return space, pens


def standing(circle: tuple[Space, dict[str, Pen]], who: str) -> Caller:
    if who == "claimer":
        # Somebody who says that the owner's device is theirs, with a key of their own.
        return Caller(ACCOUNT, {circle[1]["owner"].id: Pen("stranger").public.sign})
    return caller(circle[1][who])


def asked(action: object, *given: object, **named: object) -> str:
    try:
        action(*given, **named)  # type: ignore[operator]
    except ScribesError as e:
        return e.code
    return "yes"


@pytest.mark.parametrize(
    ("who", "reads", "writes", "folds", "bridges"),
    [
        ("owner", ALL, "yes", "yes", "yes"),
        ("admin", ALL, "yes", "yes", "yes"),
        ("member", ALL, "yes", "forbidden", "yes"),
        ("reader", ALL, "yes", "forbidden", "forbidden"),
        ("former", UNTIL_OUT, "yes", "forbidden", "forbidden"),
        ("stranger", "not_found", "forbidden", "not_found", "not_found"),
        ("claimer", "not_found", "forbidden", "not_found", "not_found"),
    ],
)
def test_each_may_what_it_may(
    circle: tuple[Space, dict[str, Pen]], who: str, reads: str, writes: str, folds: str, bridges: str
) -> None:
    """Whether an entry of one's own device is taken, its role says (crypto/log_rules.py), not the account."""
    ring, me = circle[0].ring, standing(circle, who)
    try:
        seen = sight(ring, me)
    except NotFound as e:
        seen = e.code

    assert seen == reads
    mine = next(iter(me.devices))
    assert asked(check_writers, ring, me, [mine], again=False, is_keeper=False) == writes
    assert asked(check_fold, ring, me) == folds
    assert asked(check_bridge, ring, me, {circle[1]["owner"].id: 1}, is_keeper=False) == bridges
    assert is_stranger(ring, me, is_invited=False, is_keeper=False) == (who in ("stranger", "claimer"))


@pytest.mark.parametrize("who", WHO)
def test_what_another_one_wrote_is_given_back_by_those_who_are_in_or_began_the_log_anew(
    circle: tuple[Space, dict[str, Pen]], who: str
) -> None:
    ring, me = circle[0].ring, standing(circle, who)
    other = circle[1]["admin" if who != "admin" else "owner"].id
    is_in = who in ("owner", "admin", "member", "reader")

    assert asked(check_writers, ring, me, [other], again=False, is_keeper=True) == "forbidden"
    assert asked(check_writers, ring, me, [other], again=True, is_keeper=False) == ("yes" if is_in else "forbidden")
    assert asked(check_writers, ring, me, [other], again=True, is_keeper=True) == "yes"
    assert asked(check_bridge, Keyring(ring.space), me, {other: 1}, is_keeper=True) == "yes"


def test_a_device_that_is_out_sees_no_more_even_if_its_account_is_in(circle: tuple[Space, dict[str, Pen]]) -> None:
    space, pens = circle
    phone = pens["owner"].second("phone")
    space.write(pens["owner"], space.brings(pens["owner"], phone))
    space.write(pens["owner"], space.revokes(phone))
    both = caller(pens["owner"], phone, device=phone)

    assert sight(space.ring, both) == UNTIL_OUT
    assert role_in(space.ring, both) == ""
    assert sight(space.ring, caller(pens["owner"], phone, device=pens["owner"])) == ALL
    assert sight(space.ring, caller(pens["owner"], phone)) == ALL


def test_an_invitation_lets_a_stranger_read_all(circle: tuple[Space, dict[str, Pen]]) -> None:
    space, pens = circle
    assert sight(space.ring, caller(pens["stranger"]), is_invited=True) == ALL
    assert not is_stranger(space.ring, caller(pens["stranger"]), is_invited=True, is_keeper=False)


def test_a_chain_of_a_device_that_is_not_in_is_not_bridged(circle: tuple[Space, dict[str, Pen]]) -> None:
    space, pens = circle
    with pytest.raises(Forbidden):
        check_bridge(space.ring, caller(pens["owner"]), {some_bytes("nobody"): 1}, is_keeper=False)

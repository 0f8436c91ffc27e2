"""Who may do what: each role against each action."""

from __future__ import annotations

import pytest

from scribes.domain import access
from scribes.domain.access import ACTIONS, ADMIN, FORMER, MEMBER, OWNER, READER, ROLES
from scribes.errors import Forbidden

MAY = {
    FORMER: set(),
    READER: {"read", "leave"},
    MEMBER: {"read", "leave", "write", "comment", "share", "unshare"},
    ADMIN: {
        "read", "leave", "write", "comment", "share", "unshare", "invite", "remove", "set role", "rename",
        "change keys", "compact", "webhooks",
    },
    OWNER: set(ACTIONS),
}  # fmt: skip


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", [*ROLES, FORMER, "banana"])
def test_a_role_may_what_it_may(role: str, action: str) -> None:
    assert access.may(role, action) == (action in MAY.get(role, set()))


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", [*ROLES, FORMER])
def test_what_a_role_may_not_is_refused_with_what_it_takes(role: str, action: str) -> None:
    if action in MAY[role]:
        access.check(role, action, where="Bethel")
        return
    with pytest.raises(Forbidden, match="Bethel") as caught:
        access.check(role, action, where="Bethel")

    assert caught.value.hint


@pytest.mark.parametrize(
    ("role", "over"),
    [(OWNER, {READER, MEMBER, ADMIN}), (ADMIN, {READER, MEMBER}), (MEMBER, set()), (READER, set()), (FORMER, set())],
)
def test_each_sees_to_those_below(role: str, over: set[str]) -> None:
    for other in ROLES:
        assert access.may_rank(role, other=other) == (other in over)
        for new in ROLES:
            assert access.may_rank(role, other=other, new=new) == (other in over and new in over)


@pytest.mark.parametrize("role", [*ROLES, FORMER, "banana"])
def test_nobody_gives_or_takes_a_role_that_is_none(role: str) -> None:
    assert not access.may_rank(role, other="banana")
    assert not access.may_rank(role, other=READER, new="banana")
    assert not access.may_rank(role, other=FORMER)

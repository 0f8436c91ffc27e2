"""Who may do what in a space, said once: for the command line, for what comes from a log, for the server."""

from __future__ import annotations

from ..errors import Forbidden

READER, MEMBER, ADMIN, OWNER = "reader", "member", "admin", "owner"
ROLES = (READER, MEMBER, ADMIN, OWNER)
FORMER = ""
"""The role of somebody who is no longer in a circle: what they have can be read, and not written."""

# The least role for each action.
ACTIONS = {
    "read": READER,
    "leave": READER,
    "write": MEMBER,
    "comment": MEMBER,
    "share": MEMBER,
    "unshare": MEMBER,
    "invite": ADMIN,
    "remove": ADMIN,
    "set role": ADMIN,
    "rename": ADMIN,
    "webhooks": ADMIN,
    "change keys": ADMIN,
    "compact": ADMIN,
    "hand over": OWNER,
}
# What is written under which action, by the kind of the item; all else is "write".
KINDS = {"comment": "comment", "circle": "rename"}


def may(role: str, action: str) -> bool:
    """Whether a role allows an action."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(ACTIONS[action])


def may_rank(role: str, *, other: str, new: str | None = None) -> bool:
    """Whether a role may remove somebody of another role or, with `new`, give them that one: admins see to members and
    readers, the owner to all others; ownership is handed over, not given.
    """
    if not may(role, "remove"):
        return False
    return all(one in ROLES and ROLES.index(one) < ROLES.index(role) for one in (other, new or READER))


def check(role: str, action: str, *, where: str) -> None:
    """Refuse what a role does not allow.

    Raises: Forbidden.
    """
    if may(role, action):
        return
    if role == FORMER:
        raise Forbidden(f"you are no longer in {where}", hint="what you have of it can still be read and copied")
    raise Forbidden(
        f"a {role} of {where} may not {action}", hint=f"that takes {_article(ACTIONS[action])}: ask an admin of it"
    )


def _article(role: str) -> str:
    return f"an {role}" if role[0] in "ao" else f"a {role}"

"""What happened in a circle, told by its changes: the last first."""

from __future__ import annotations

from ..domain.circles import COMMENT
from ..domain.dates import from_us
from ..domain.notes import KIND
from ..domain.prayers import PRAYER
from ..errors import InvalidInput
from ..ids import to_text
from ..models.notes import heading_of
from ..models.sync import Activity as Happened
from ..models.sync import ActivityPage
from ..storage import changes, items, notes
from . import own_spaces
from .account import keyring
from .circles import find_circle
from .names import member_behind, member_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..domain.changes import Change
    from ..domain.keyring import Keyring
    from ..ports import Tx
    from ..storage.spaces import Space
    from .context import Context

SHOWN = (KIND, "prayer", "prayed", "comment", "member", "circle")
# What the first change of a thing is called, by its kind.
FIRST = {"comment": "commented", "prayed": "prayed", "member": "joined", "circle": "named"}
NEWEST = 1 << 62


class Activity:
    """The feed of a circle. `ref` is its name, or the start of its id."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def of(self, ref: str, *, cursor: str = "", limit: int = 50) -> ActivityPage:
        """What happened in a circle before `cursor`, the last first.

        Raises: NotFound, Ambiguous, Forbidden, InvalidInput.
        """
        before = NEWEST
        if cursor:
            if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):
                raise InvalidInput("the cursor is none of this feed", hint="the `next` of the page before")
            before = int(cursor)
        with self._context.engine.read() as tx:
            space = find_circle(own_spaces.each(tx, self._context), ref)
            found = changes.latest_in(tx, space.n, SHOWN, before=before, limit=limit + 1)
            ring = keyring(tx, space)
            shown = tuple(self._shown(tx, space, ring, change) for _, change in found[:limit])
        return ActivityPage(shown, str(found[limit - 1][0]) if len(found) > limit else None)

    def behind(self, ref: str, number: int, *, limit: int) -> list[tuple[int, Happened]]:
        """What happened in a circle behind a number, the first first, each with its number.

        Raises: NotFound, Ambiguous, Forbidden.
        """
        with self._context.engine.read() as tx:
            space = find_circle(own_spaces.each(tx, self._context), ref)
            found = changes.next_in(tx, space.n, SHOWN, after=number, limit=limit)
            ring = keyring(tx, space)
            return [(n, self._shown(tx, space, ring, change)) for n, change in found]

    def last(self) -> int:
        """The number behind which all comes that is still to happen."""
        with self._context.engine.read() as tx:
            return changes.last(tx)

    def _shown(self, tx: Tx, space: Space, ring: Keyring, change: Change) -> Happened:
        member = member_behind(tx, ring, change.device) or self._own_member(tx) or b""
        return Happened(
            id=change.id.hex(),
            at=from_us(change.at_us),
            who=member_name(tx, space, member),
            action=_action(change),
            kind=change.kind,
            item=to_text(change.item),
            heading=_heading(tx, space, change),
        )

    def _own_member(self, tx: Tx) -> bytes | None:
        from . import account

        found = account.find(tx, self._context.me)
        return found.member if found else None


def _action(change: Change) -> str:
    if not change.parents:
        return FIRST.get(change.kind, "added")
    if "deleted" in change.fields or "deleted_us" in change.fields:
        gone = change.fields.get("deleted", change.fields.get("deleted_us"))
        return "removed" if gone is not None else "brought back"
    return "changed"


def _heading(tx: Tx, space: Space, change: Change) -> str:
    if change.kind == KIND:
        stored = notes.find(tx, change.item)
        if stored is None or stored.space != space.n:
            return ""
        return heading_of(stored.content.title, stored.content.body)
    kind = {"prayer": PRAYER, "comment": COMMENT}.get(change.kind)
    found = items.find(tx, kind, change.item, visible_to=(space.n,)) if kind else None
    if found is None or found.content.deleted_us is not None:
        return ""
    return heading_of(str(getattr(found.content, "title", "")), str(getattr(found.content, "text", "")))

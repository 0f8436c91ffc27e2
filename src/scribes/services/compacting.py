"""Compacting: a snapshot of all changes takes the place of the entries that brought them one by one.

No change is left out, so a device that was away finds all it needs, and what it has written meanwhile follows on it.
What is saved are the headers, signatures and padding of many small entries, and the same words said again in each.
"""

from __future__ import annotations

from ..domain import access, bundles
from ..errors import Conflict, Outrun
from ..models.sync import Compacted
from ..storage import logs, spaces
from .controlling import in_step
from .log_pages import each_page
from .pushing import _batches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..domain.changes import Change
    from ..ports import Remote
    from ..storage.spaces import Space
    from .account import Account
    from .context import Context
    from .sync import Sync

# An alert of one of these kinds says that something may be missing here that is somewhere.
INCOMPLETE = ("missing", "withheld", "sealed", "rollback", "malformed", "members")


def compact(sync: Sync, context: Context, account: Account) -> list[Compacted]:
    """Compact each space in which the person may.

    Raises: Unavailable; Conflict, where this device does not have everything.
    """
    with context.engine.read() as tx:
        found = [space for space in spaces.each(tx) if space.remote_n is not None]
    return [_compact(sync, context, space, account) for space in found if access.may(space.role, "compact")]


def _compact(sync: Sync, context: Context, space: Space, account: Account) -> Compacted:
    push = in_step(sync, context, space, account)
    remote = sync.remote_of(space)
    with context.engine.read() as tx:
        amiss = [kind for kind, _, _ in logs.alerts(tx, space.n) if kind in INCOMPLETE]
        if amiss or logs.holes(tx, space.n):
            raise Conflict(
                f"this device may not have all of {space.name}: nothing was compacted",
                hint="scribes sync --status tells what is amiss; scribes sync --seen, when it is well again",
            )
        covers = logs.heads(tx, space.n)
        changes = [change for _, change in logs.each_change(tx, space.n, after=0, limit=10_000_000)]
        members = {change.device: spaces.member_of(tx, change.device) or b"" for change in changes}
        bundles_there = logs.count_bundles(tx, space.n)
    before = _size(remote, space)
    # Those of one item side by side: they share their words.
    order = {item: place for place, item in enumerate(dict.fromkeys(change.item for change in changes))}
    changes.sort(key=lambda change: order[change.item])
    parts = bundles.split(changes) or [[]]
    if bundles_there <= len(parts):
        return Compacted(space.name, before, before, 0)
    said = {device.hex(): [number, hash.hex()] for device, (number, hash) in covers.items()}
    made = []
    for number, part in enumerate(parts):
        own = _members(part, members, account)
        last = number == len(parts) - 1
        made.append((push.bundle(part, {}, members=own, covers=said if last else None, is_snapshot=True), part))
    try:
        for batch in _batches(made):
            push.append(batch)
    except Outrun as e:
        raise Conflict("somebody wrote in the meantime", hint="nothing is lost; try again") from e
    with context.engine.write() as tx:
        for device, (number, hash) in covers.items():
            logs.fold(tx, space.n, device, up_to=number, hash=hash)
    remote.fold(space.id, {device: number for device, (number, _) in covers.items()})
    return Compacted(space.name, before, _size(remote, space), sum(number for number, _ in covers.values()))


def _members(part: list[Change], members: dict[bytes, bytes], account: Account) -> dict[bytes, bytes]:
    found = {change.device: members[change.device] for change in part}
    return {device: member for device, member in found.items() if member and member != account.member}


def _size(remote: Remote, space: Space) -> int:
    return sum(len(raw) for page in each_page(remote, space.id) for raw in page.entries)

"""Giving a log back what it lost: the same bytes, in an order in which it can take them.

Any device can fill a remote again. What it does not take back, because it was written under a key that has changed
since, goes as changes of this device's own.
"""

from __future__ import annotations

from ..crypto.control import body_of
from ..crypto.envelope import CONTROL, FIRST, Header, parse
from ..errors import Forbidden, Outrun
from ..records import record
from ..storage import logs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Engine, Remote
    from ..storage.spaces import Space

    Heads = dict[bytes, tuple[int, bytes]]

AT_ONCE = 64


@record
class _Lost:
    """An entry that the log lost: its key, its header, and its place among the control entries, or 0."""

    n: int
    header: Header
    control: int


def give_back(engine: Engine, space: Space, remote: Remote, heads: Heads) -> bool:
    """Whether a log was given back what it had and lost; where its chains end then only the remote knows.

    Raises: Unavailable, StorageFull; Outrun, where somebody else is filling it.
    """
    with engine.read() as tx:
        lost = [_about(n, raw) for n, raw in logs.lost(tx, space.n)]
    ordered = _in_order(lost)
    if not heads and ordered and ordered[0].control == 1:
        # Who brings the entry that founds a space may put its log together: a server asks for that first.
        _give(engine, space, remote, [ordered.pop(0)])
    bridged = _bridge(engine, space, remote, heads)
    for start in range(0, len(ordered), AT_ONCE):
        _give(engine, space, remote, ordered[start : start + AT_ONCE])
    return bridged or bool(lost)


def _give(engine: Engine, space: Space, remote: Remote, some: list[_Lost]) -> None:
    with engine.read() as tx:
        raws = [logs.raw_of(tx, one.n) for one in some]
    try:
        remote.append(space.id, raws, again=True)
    except (Outrun, Forbidden):
        _singly(engine, space, remote, list(zip(some, raws, strict=True)))
    else:
        with engine.write() as tx:
            for one in some:
                logs.set_state(tx, one.n, logs.IN)


def _about(n: int, raw: bytes) -> _Lost:
    entry = parse(raw)
    place = body_of(entry).get("c", 0) if entry.header.type == CONTROL else 0
    return _Lost(n, entry.header, place)


def _in_order(lost: list[_Lost]) -> list[_Lost]:
    """Each chain by its numbers, control entries by theirs, and before a key changes what was written under it: as a
    log takes them, whatever the order in which they came here.
    """
    chains: dict[bytes, list[_Lost]] = {}
    for one in sorted(lost, key=lambda each: -each.header.number):
        chains.setdefault(one.header.device, []).append(one)
    controls = sorted(one.control for one in lost if one.control)
    ordered: list[_Lost] = []
    while chains:
        device = _next(chains, controls)
        one = chains[device].pop()
        if one.control in controls:
            controls.remove(one.control)
        ordered.append(one)
        if not chains[device]:
            del chains[device]
    return ordered


def _next(chains: dict[bytes, list[_Lost]], controls: list[int]) -> bytes:
    """The device whose entry comes next: a bundle under the oldest key, or the first control entry."""
    firsts = {device: chain[-1] for device, chain in chains.items()}
    due = next((device for device, one in firsts.items() if controls and one.control == controls[0]), None)
    epoch = firsts[due].header.epoch if due is not None else None
    bundles = [device for device, one in firsts.items() if not one.control]
    fitting = [device for device in bundles if epoch is None or firsts[device].header.epoch <= epoch]
    if fitting:
        return min(fitting, key=lambda device: (firsts[device].header.epoch, firsts[device].n))
    return due if due is not None else min(firsts, key=lambda device: firsts[device].n)


def _bridge(engine: Engine, space: Space, remote: Remote, heads: Heads) -> bool:
    """Where a log lost what a snapshot stood for, chains go on behind it: nobody has its bytes any more."""
    with engine.read() as tx:
        ends = logs.folded_ends(tx, space.n)
    gone = {device: end for device, end in ends.items() if heads.get(device, (0, FIRST))[0] < end[0]}
    if gone:
        remote.bridge(space.id, gone)
    return bool(gone)


def _singly(engine: Engine, space: Space, remote: Remote, some: list[tuple[_Lost, bytes]]) -> None:
    refused = False
    for one, raw in some:
        try:
            remote.append(space.id, [raw], again=True)
        except (Outrun, Forbidden):
            refused = True
            if one.control:
                # Never let go of: without it nobody would know who is in.
                continue
            # It was written under an old key, or by somebody who is out since. What came behind it follows on it.
            remote.bridge(space.id, {one.header.device: (one.header.number, parse(raw).id)})
            with engine.write() as tx:
                logs.give_up(tx, one.n)
        else:
            with engine.write() as tx:
                logs.set_state(tx, one.n, logs.IN)
    if refused:
        raise Outrun("the log does not take back all that it lost")

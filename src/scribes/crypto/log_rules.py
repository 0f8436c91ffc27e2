"""What may be put at the end of a log: said once for every place that keeps logs. Clients check it all again."""

from __future__ import annotations

from ..domain.keyring import Keyring
from ..errors import Forbidden, Outrun, ScribesError
from .control import admitted
from .envelope import BUNDLE, CONTROL, FIRST, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .envelope import Entry

    Heads = dict[bytes, tuple[int, bytes]]
    HashOf = Callable[[bytes, int], bytes | None]


def to_append(
    space: bytes, ring: Keyring, heads: Heads, entries: Sequence[bytes], *, hash_of: HashOf, again: bool = False
) -> tuple[list[Entry], Keyring]:
    """Those of some entries that are not in the log yet, in order, and the keyring after them.

    Each follows on its device's last one and is signed by it; a bundle is under the current key, by one who may write.

    Raises: Outrun, Forbidden, Damaged; then none may be taken.
    """
    heads, fresh = dict(heads), []
    for raw in entries:
        entry = parse(raw)
        header = entry.header
        if header.space != space:
            raise Forbidden("an entry of another space")
        number, last = heads.get(header.device, (0, FIRST))
        there = hash_of(header.device, header.number) if header.number <= number else None
        if there == entry.id:
            continue
        # What says who belongs to the space has its place among bundles that nobody has any more.
        is_between = header.type == CONTROL and header.number < number and there is None
        if not is_between and (header.number != number + 1 or header.previous != last):
            raise Outrun("an entry does not follow on the last one of its device")
        if header.type != CONTROL:
            ring = _bundle(ring, entry)
        else:
            # One that the log had and lost was right when it was written, whatever came since.
            ring = admitted(ring, entry) if again else _control(ring, entry, heads)
        if not is_between:
            heads[header.device] = (header.number, entry.id)
        fresh.append(entry)
    return fresh, ring


def _control(ring: Keyring, entry: Entry, heads: Heads) -> Keyring:
    """The keyring after a control entry, which must know all that those wrote whose writing it ends."""
    fresh = admitted(ring, entry)
    for id, device in fresh.devices.items():
        before = ring.devices.get(id)
        if before is None or not before.spans or before.spans[-1][1] is not None:
            continue
        begun = before.spans[-1][0]
        if device.spans[-1:] != before.spans[-1:]:
            # Of one who wrote nothing since they might, nothing is left.
            end = next((last for first, last, _ in device.spans if first == begun), begun - 1)
            if end is not None and heads.get(id, (0, FIRST))[0] > end and id != entry.header.device:
                raise Outrun("somebody wrote in the meantime, whose writing ends by this")
    return fresh


def _bundle(ring: Keyring, entry: Entry) -> Keyring:
    header = entry.header
    device = ring.devices.get(header.device)
    if device is None or not device.is_active or not device.may_have_written(header.number):
        raise Forbidden("the device may not write in this space")
    if header.epoch != ring.epoch:
        raise Outrun("the key of the space has changed in the meantime")
    if not entry.is_by(device.sign):
        raise Forbidden("an entry is not signed by the device that it names")
    return ring


def keyring_of(space: bytes, controls: Sequence[bytes]) -> Keyring:
    """The keyring that follows from a log's control entries, in their order."""
    ring = Keyring(space)
    for raw in controls:
        ring = after(ring, raw)
    return ring


def after(ring: Keyring, control: bytes) -> Keyring:
    """The keyring after one more control entry; as it was, where that does not fit."""
    try:
        return admitted(ring, parse(control))
    except ScribesError:
        # Two of one number, from a folder that nobody guards, or what nobody wrote: the first that fits stands.
        return ring


def is_bundle(raw: bytes) -> bool:
    """Whether an entry is a bundle, by its second byte."""
    return raw[1:2] == bytes([BUNDLE])

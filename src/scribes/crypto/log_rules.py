"""What may be put at the end of a log: said once for every place that keeps logs. Clients check it all again."""

from __future__ import annotations

from ..domain.keyring import Keyring
from ..errors import Forbidden, Outrun
from .control import admitted
from .envelope import BUNDLE, CONTROL, FIRST, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .envelope import Entry

    Heads = dict[bytes, tuple[int, bytes]]
    HashOf = Callable[[bytes, int], bytes | None]


def to_append(
    space: bytes, ring: Keyring, heads: Heads, entries: Sequence[bytes], *, hash_of: HashOf
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
        if header.number <= number and hash_of(header.device, header.number) == entry.id:
            continue
        if header.number != number + 1 or header.previous != last:
            raise Outrun("an entry does not follow on the last one of its device")
        ring = admitted(ring, entry) if header.type == CONTROL else _bundle(ring, entry)
        heads[header.device] = (header.number, entry.id)
        fresh.append(entry)
    return fresh, ring


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
    """The keyring that follows from a log's control entries.

    Raises: Outrun, Forbidden, Damaged.
    """
    ring = Keyring(space)
    for raw in controls:
        ring = admitted(ring, parse(raw))
    return ring


def is_bundle(raw: bytes) -> bool:
    """Whether an entry is a bundle, by its second byte."""
    return raw[1:2] == bytes([BUNDLE])

"""What other devices say they have seen of a log: so that what a remote holds back from this one is noticed."""

from __future__ import annotations

import json

from ..canonical import encode
from ..records import replaced
from ..storage import logs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..domain.keyring import Keyring
    from ..ports import Tx


def seen_by_others(tx: Tx, space: int, ring: Keyring, fresh: dict[bytes, dict[bytes, int]]) -> dict[bytes, int]:
    """How far others say they have seen each chain: those who are still in, and who let this device in. `fresh` is what
    they have just said.
    """
    state = logs.state(tx, space)
    said = json.loads(state.seen)
    by_device = {who: dict(claims) for who, claims in said.get("claimed", {}).items()}
    for who, claims in fresh.items():
        kept = by_device.setdefault(who.hex(), {})
        for device, number in claims.items():
            kept[device.hex()] = max(number, kept.get(device.hex(), 0))
    if fresh:
        logs.put_state(tx, space, replaced(state, seen=encode({**said, "claimed": by_device})))
    found: dict[bytes, int] = {}
    for who_hex, claimed in by_device.items():
        known = ring.devices.get(bytes.fromhex(who_hex))
        if not who_hex or (known and known.is_active):
            for device_hex, number in claimed.items():
                device = bytes.fromhex(device_hex)
                found[device] = max(number, found.get(device, 0))
    return found

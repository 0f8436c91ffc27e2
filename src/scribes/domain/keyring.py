"""Who belongs to a space, with which devices, and which key its bundles are sealed under: folded from control entries.

The same fold runs wherever a log is read or kept, so a remote can neither add a member nor forget one unnoticed. An
entry comes here with its signature verified by the key that `signing_key` names.
"""

from __future__ import annotations

from ..canonical import blake2b, encode
from ..errors import Damaged, Forbidden, Outrun
from ..records import record, replaced
from . import access

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Body = dict[str, Any]

PERSONAL, CIRCLE = "personal", "circle"
SEALED, OPEN = "sealed", "open"
MAX_DEVICES, MAX_OWN_DEVICES, MAX_BODY_BYTES = 10_000, 100, 4 * 1024 * 1024


@record
class Device:
    """A device in a space: whose, its public keys, the numbers of its chain that count, and whether it is still in.

    A span (first, last, role) of the chain counts, as written in that role; last is None while it may go on.
    """

    id: bytes
    member: bytes
    sign: bytes
    box: bytes
    spans: tuple[tuple[int, int | None, str], ...] = ()
    is_active: bool = True
    is_revoked: bool = False
    """Whether its own person shut it out: then it never comes back, as one who left a circle may."""

    def may_have_written(self, number: int) -> bool:
        """Whether its entry of that number counts as content."""
        return bool(self.role_at(number))

    def writes_at(self, number: int) -> bool:
        """Whether that part of its chain is still being written."""
        return any(first <= number and last is None for first, last, _ in self.spans)

    def role_at(self, number: int) -> str:
        """The role in which its entry of that number was written; "" where it does not count. So an entry is judged
        alike by all, whenever they read it.
        """
        fitting = (role for first, last, role in self.spans if first <= number and (last is None or number <= last))
        return next(fitting, access.FORMER)


@record
class Invite:
    """An open invitation: the role it gives, until when, and the keys that its secret holds."""

    id: bytes
    sign: bytes
    box: bytes
    role: str
    until_us: int
    uses: int


@record
class Keyring:
    """The members and keys of a space after `number` control entries, the last of which is `head` (SHA-256)."""

    space: bytes
    kind: str = CIRCLE
    number: int = 0
    head: bytes = b""
    epoch: int = 0
    members: dict[bytes, str] = {}  # noqa: RUF012 - never changed in place
    devices: dict[bytes, Device] = {}  # noqa: RUF012
    invites: dict[bytes, Invite] = {}  # noqa: RUF012
    is_stale: bool = False
    """Whether somebody left since the key was last changed."""
    mode: str = SEALED
    """`open`, where the server that keeps the log may be let in as a device, and reads along. Never changes."""

    def role_of(self, device: bytes) -> str:
        """The role of a device's member; "" where it is not in the space."""
        known = self.devices.get(device)
        return self.members.get(known.member, access.FORMER) if known and known.is_active else access.FORMER

    def devices_of(self, member: bytes) -> list[Device]:
        """The active devices of a member."""
        return [device for device in self.devices.values() if device.member == member and device.is_active]

    def receivers(self) -> dict[bytes, bytes]:
        """Everyone a new key is sealed for: the X25519 keys of active devices and open invitations, by id."""
        active = {device.id: device.box for device in self.devices.values() if device.is_active}
        return active | {invite.id: invite.box for invite in self.invites.values()}

    def signing_key(self, device: bytes, body: Body) -> bytes:
        """The key that must have signed a control entry: one who founds or joins brings it.

        Raises: Forbidden, Damaged.
        """
        if body.get("k") in ("create", "add"):
            return _bytes(body, "sign", 32)
        known = self.devices.get(device)
        if known is None or not known.is_active:
            raise Forbidden("a control entry is by a device that is not in the space")
        return known.sign

    def after(self, device: bytes, body: Body, *, number: int, id: bytes) -> Keyring:
        """The keyring after one more control entry, by a device; `id` is the entry's, `number` its place in the
        device's chain.

        Raises: Outrun, where it does not follow on the last one; Forbidden, Damaged.
        """
        if body.get("c") != self.number + 1 or body.get("p") != self.head.hex():
            raise Outrun("the members of the space have changed in the meantime")
        fold = _FOLDS.get(str(body.get("k")))
        if fold is None:
            raise Damaged("a control entry is of an unknown kind")
        return replaced(fold(self, device, {**body, "at": number}), number=self.number + 1, head=id)


def space_id(body: Body) -> bytes:
    """The id of the space that a first control entry founds: it follows from the entry, so it vouches for that."""
    founding = {name: value for name, value in body.items() if name not in ("wraps", "at")}
    return blake2b(encode(founding).encode(), digest_size=16, person=b"scribes.space").digest()


def _create(ring: Keyring, device: bytes, body: Body) -> Keyring:
    if ring.number or space_id(body) != ring.space:
        raise Forbidden("a space is founded once, and bears the name of how it was founded")
    if body.get("mode") not in (SEALED, OPEN) or body.get("kind") not in (PERSONAL, CIRCLE):
        raise Damaged("a space is of an unknown kind")
    _check_wraps(body, device)
    founder = _new_device(ring, device, body, _bytes(body, "member", 16), role=access.OWNER)
    return replaced(
        ring,
        kind=body["kind"],
        mode=body["mode"],
        epoch=1,
        members={founder.member: access.OWNER},
        devices={device: founder},
    )


def _device(ring: Keyring, device: bytes, body: Body) -> Keyring:
    """A member's device brings another one of theirs."""
    member = ring.devices[device].member
    new = _new_device(ring, _bytes(body, "device", 16), body, member, role=ring.members[member])
    _check_wraps(body, new.id)
    return replaced(ring, devices={**ring.devices, new.id: new})


def _revoke(ring: Keyring, device: bytes, body: Body) -> Keyring:
    """A member's device shuts out another one of theirs, under a new key."""
    gone = ring.devices.get(_bytes(body, "device", 16))
    if gone is None or gone.member != ring.devices[device].member or gone.id == device or not gone.is_active:
        raise Forbidden("a device can be revoked by another one of the same person")
    after = _without(ring, [gone], _cuts(body))
    revoked = replaced(after.devices[gone.id], is_revoked=True)
    return _rotated(replaced(after, devices={**after.devices, gone.id: revoked}), body)


def _invite(ring: Keyring, device: bytes, body: Body) -> Keyring:
    role = str(body.get("role"))
    _allow(ring, device, "invite")
    if ring.kind == PERSONAL or not access.may_rank(ring.role_of(device), other=role):
        raise Forbidden(f"nobody may be invited as {role}")
    id = _bytes(body, "invite", 16)
    if id in ring.invites or id in ring.devices:
        raise Forbidden("an invitation is there already")
    made = Invite(
        id, _bytes(body, "sign", 32), _bytes(body, "box", 32), role, _whole(body, "until"), _whole(body, "uses")
    )
    if not made.uses:
        raise Damaged("a control entry is malformed")
    _check_wraps(body, id)
    return replaced(ring, invites={**ring.invites, id: made})


def _uninvite(ring: Keyring, device: bytes, body: Body) -> Keyring:
    _allow(ring, device, "invite")
    id = _bytes(body, "invite", 16)
    return _rotated(replaced(ring, invites={key: one for key, one in ring.invites.items() if key != id}), body)


def _add(ring: Keyring, device: bytes, body: Body) -> Keyring:
    """Somebody joins with an invitation, whose key signs for them (`proof`, verified where the entry is: its key is
    `invites[…].sign`). One who was in before comes back as a new device.
    """
    invite = ring.invites.get(_bytes(body, "invite", 16))
    member = _bytes(body, "member", 16)
    if invite is None:
        raise Forbidden("there is no such invitation", hint="ask for a new one")
    if member in ring.members:
        raise Forbidden("they are in the circle already")
    if _whole(body, "t") > invite.until_us:
        raise Forbidden("the invitation has run out", hint="ask for a new one")
    joined = _new_device(ring, device, body, member, role=invite.role, at=int(body["at"]))
    _check_wraps(body, device)
    left = {key: one for key, one in ring.invites.items() if key != invite.id}
    if invite.uses > 1:
        left[invite.id] = replaced(invite, uses=invite.uses - 1)
    return replaced(
        ring,
        members={**ring.members, member: invite.role},
        devices={**ring.devices, device: joined},
        invites=left,
        # A link that is used up still opens what is under the present key: the next admin makes another one.
        is_stale=ring.is_stale or invite.id not in left,
    )


def _role(ring: Keyring, device: bytes, body: Body) -> Keyring:
    member, role = _bytes(body, "member", 16), str(body.get("role"))
    before = ring.members.get(member)
    if before is None or role not in access.ROLES:
        raise Forbidden("there is no such member or role")
    if not access.may_rank(ring.role_of(device), other=before, new=role):
        raise Forbidden("only one of a higher role may give a role")
    cuts, devices = _cuts(body), dict(ring.devices)
    for one in ring.devices_of(member):
        devices[one.id] = _opened(one, cuts, role) if _writes(role) else _shut(one, cuts)
    return replaced(ring, members={**ring.members, member: role}, devices=devices)


def _handover(ring: Keyring, device: bytes, body: Body) -> Keyring:
    member = _bytes(body, "member", 16)
    _allow(ring, device, "hand over")
    me = ring.devices[device].member
    if member not in ring.members or member == me or ring.kind == PERSONAL:
        raise Forbidden("a circle is handed over to another member")
    cuts, devices = _cuts(body), dict(ring.devices)
    for one in ring.devices_of(member):
        devices[one.id] = _opened(one, cuts, access.OWNER)
    return replaced(ring, members={**ring.members, member: access.OWNER, me: access.ADMIN}, devices=devices)


def _remove(ring: Keyring, device: bytes, body: Body) -> Keyring:
    """Somebody is removed, and the key changes in the same step."""
    member = _bytes(body, "member", 16)
    if member not in ring.members or not access.may_rank(ring.role_of(device), other=ring.members[member]):
        raise Forbidden("only one of a higher role may remove a member")
    return _rotated(_without(ring, ring.devices_of(member), _cuts(body), member=member), body)


def _leave(ring: Keyring, device: bytes, body: Body) -> Keyring:
    """A member goes. Another one changes the key next: who leaves must not know it."""
    me = ring.devices[device].member
    if ring.members[me] == access.OWNER and len(ring.members) > 1:
        raise Forbidden("the owner hands the circle over before leaving")
    return replaced(_without(ring, ring.devices_of(me), _cuts(body), member=me), is_stale=True)


def _epoch(ring: Keyring, device: bytes, body: Body) -> Keyring:
    _allow(ring, device, "change keys")
    return _rotated(ring, body)


_FOLDS = {
    "create": _create,
    "device": _device,
    "revoke": _revoke,
    "invite": _invite,
    "uninvite": _uninvite,
    "add": _add,
    "role": _role,
    "handover": _handover,
    "remove": _remove,
    "leave": _leave,
    "epoch": _epoch,
}


def _rotated(ring: Keyring, body: Body) -> Keyring:
    """A new epoch begins, and everyone who is still in gets its key in the same entry."""
    if body.get("epoch") != ring.epoch + 1:
        raise Forbidden("a new key has the next number")
    wraps = body.get("wraps")
    if not isinstance(wraps, dict) or set(wraps) != {id.hex() for id in ring.receivers()}:
        raise Forbidden("a new key is sealed for those who are in, for all of them and for nobody else")
    return replaced(ring, epoch=ring.epoch + 1, is_stale=False)


def _without(ring: Keyring, gone: list[Device], cuts: dict[bytes, int], *, member: bytes | None = None) -> Keyring:
    devices = dict(ring.devices)
    for one in gone:
        devices[one.id] = replaced(_shut(one, cuts), is_active=False)
    members = {id: role for id, role in ring.members.items() if id != member}
    # Who goes may have the links of open invitations: they end with them.
    return replaced(ring, devices=devices, members=members, invites={})


def _shut(device: Device, cuts: dict[bytes, int]) -> Device:
    """What it writes from now on does not count; what came after the cut does not either."""
    cut = cuts.get(device.id, 0)
    spans = tuple((first, cut if last is None else last, role) for first, last, role in device.spans)
    return replaced(device, spans=tuple((first, last, role) for first, last, role in spans if first <= last))


def _opened(device: Device, cuts: dict[bytes, int], role: str) -> Device:
    """What it writes after the cut counts, in that role; what counted up to there was in another one."""
    device = _shut(device, cuts)
    start = 1 + max([cuts.get(device.id, 0), *(last or 0 for _, last, _ in device.spans)])
    return replaced(device, spans=(*device.spans, (start, None, role)))


def _new_device(ring: Keyring, id: bytes, body: Body, member: bytes, *, role: str, at: int = 0) -> Device:
    """A device that comes in; one that was in before comes back with its own keys, and what it wrote meanwhile, up to
    its own entry `at`, does not count.
    """
    sign, box = _bytes(body, "sign", 32), _bytes(body, "box", 32)
    before = ring.devices.get(id)
    if before is None:
        own = sum(one.member == member for one in ring.devices.values())
        if len(ring.devices) >= MAX_DEVICES or own >= MAX_OWN_DEVICES:
            raise Forbidden("a space, or a member of it, has too many devices")
        return Device(id, member, sign, box, ((1, None, role),) if _writes(role) else ())
    if before.is_revoked:
        raise Forbidden("a device that was revoked does not come back")
    if before.is_active or (before.member, before.sign, before.box) != (member, sign, box):
        raise Forbidden("a device comes into a space once")
    if id not in (cuts := _cuts(body)):
        raise Damaged("a control entry is malformed")
    start = 1 + max([cuts[id], at, *(last or 0 for _, last, _ in before.spans)])
    return replaced(
        before, is_active=True, spans=(*before.spans, (start, None, role)) if _writes(role) else before.spans
    )


def _check_wraps(body: Body, receiver: bytes) -> None:
    """The key of the present epoch is sealed for the one who comes in, and for nobody else."""
    wraps = body.get("wraps")
    if not isinstance(wraps, dict) or set(wraps) != {receiver.hex()}:
        raise Forbidden("the key is sealed for the one who comes in, and for nobody else")


def _writes(role: str) -> bool:
    return access.may(role, "write")


def _allow(ring: Keyring, device: bytes, action: str) -> None:
    access.check(ring.role_of(device), action, where="the space")


def _cuts(body: Body) -> dict[bytes, int]:
    """The last number of each device that counts."""
    cuts = body.get("cuts", {})
    if not isinstance(cuts, dict):
        raise Damaged("a control entry is malformed")
    return {_hex(device, 16): _whole(cuts, device) for device in cuts}


def _bytes(body: Body, name: str, size: int) -> bytes:
    return _hex(body.get(name), size)


def _hex(text: object, size: int) -> bytes:
    try:
        raw = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        raw = b""
    if len(raw) != size:
        raise Damaged("a control entry is malformed")
    return raw


def _whole(body: Body, name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise Damaged("a control entry is malformed")
    return value

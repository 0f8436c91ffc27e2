"""Control entries as they are written and admitted: who belongs to a space, and how its keys reach them."""

from __future__ import annotations

from ..canonical import decode, encode
from ..domain.keyring import MAX_BODY_BYTES, Keyring
from ..errors import Damaged, Forbidden
from .devices import is_signed, open_for, open_under, seal_for, seal_under, sign
from .envelope import CONTROL, Header, in_clear

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .devices import DeviceKeys
    from .envelope import Entry

    Body = dict[str, Any]

BEFORE = b"scribes.before"


def body_of(entry: Entry) -> Body:
    """What a control entry says.

    Raises: Damaged.
    """
    if entry.header.type != CONTROL or len(entry.body) > MAX_BODY_BYTES:
        raise Damaged("this is no control entry")
    try:
        body = decode(entry.body.decode())
    except (ValueError, RecursionError) as e:
        raise Damaged("a control entry cannot be read") from e
    # One spelling for one entry: nothing can be said twice, and nothing beside what was read.
    try:
        if isinstance(body, dict) and encode(body).encode() == entry.body:
            return body
    except (TypeError, ValueError, RecursionError):
        pass
    raise Damaged("a control entry is malformed")


def control_number(entry: Entry) -> int:
    """The place of a control entry among those of its space; 0 where it does not say."""
    try:
        number = body_of(entry).get("c")
    except Damaged:
        return 0
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def admitted(ring: Keyring, entry: Entry) -> Keyring:
    """The keyring after a control entry, whose signatures are verified here.

    Raises: Outrun, where it does not follow on the last one; Forbidden, Damaged.
    """
    body = body_of(entry)
    header = entry.header
    if header.space != ring.space:
        raise Forbidden("an entry of another space")
    if not entry.is_by(ring.signing_key(header.device, body)):
        raise Forbidden("a control entry is not signed by the device that it names")
    after = ring.after(header.device, body, number=header.number, id=entry.id)
    if body["k"] == "add":
        _check_proof(ring, header.device, body)
    return after


def written(ring: Keyring, body: Body, *, keys: DeviceKeys, number: int, previous: bytes) -> tuple[Entry, Keyring]:
    """A control entry that follows on the keyring's last one, and the keyring after it.

    Raises: Forbidden, Damaged: nobody else would admit it either.
    """
    said = {**body, "c": ring.number + 1, "p": ring.head.hex()}
    header = Header(CONTROL, ring.space, keys.id, ring.epoch, number, previous)
    entry = in_clear(header, encode(said).encode(), sign_key=keys.sign)
    return entry, admitted(ring, entry)


def rotation(ring: Keyring, *, epoch_key: bytes, old_key: bytes, receivers: dict[bytes, bytes]) -> Body:
    """The part of a control entry that begins a new epoch: its key for each receiver, and the old key under it."""
    epoch = ring.epoch + 1
    return {
        "epoch": epoch,
        "wraps": wraps(ring.space, epoch, epoch_key, receivers),
        "before": seal_under(epoch_key, old_key, purpose=BEFORE, about=_place(ring.space, epoch)).hex(),
    }


def wraps(space: bytes, epoch: int, epoch_key: bytes, receivers: dict[bytes, bytes]) -> dict[str, str]:
    """An epoch's key sealed for each receiver, by id."""
    place = _place(space, epoch)
    sealed: dict[str, str] = {}
    for id, box in receivers.items():
        try:
            sealed[id.hex()] = seal_for(box, epoch_key, about=place + id).hex()
        except Damaged:
            # A key that is none: nothing can be sealed for it, and it must not keep the others from theirs.
            sealed[id.hex()] = ""
    return sealed


def epoch_key_in(space: bytes, epoch: int, body: Body, keys: DeviceKeys) -> bytes | None:
    """The epoch's key in a control entry, if it was sealed for these keys and opens.

    Raises: Damaged, where what was sealed for them is no key.
    """
    sealed = _hex(body.get("wraps"), keys.id.hex())
    if sealed is None:
        return None
    key = open_for(keys.box, sealed, about=_place(space, epoch) + keys.id)
    if len(key) != 32:
        raise Damaged("the key of an epoch has another length")
    return key


def earlier_key(space: bytes, epoch: int, body: Body, key: bytes) -> bytes:
    """The key of the epoch before, which the entry that began an epoch holds under the new key.

    Raises: Damaged.
    """
    sealed = _hex(body, "before")
    if sealed is None:
        raise Damaged("an epoch began without the key before it")
    return open_under(key, sealed, purpose=BEFORE, about=_place(space, epoch))


def proof(space: bytes, device: bytes, body: Body, *, invitation: DeviceKeys) -> str:
    """What an invitation's key signs for the one who joins with it."""
    return sign(invitation.sign, _joining(space, device, body)).hex()


def _check_proof(ring: Keyring, device: bytes, body: Body) -> None:
    invite = ring.invites[bytes.fromhex(body["invite"])]
    signature = _hex(body, "proof")
    if signature is None or not is_signed(invite.sign, _joining(ring.space, device, body), signature):
        raise Forbidden("somebody joins without the secret of the invitation")


def _joining(space: bytes, device: bytes, body: Body) -> bytes:
    said = {name: body[name] for name in ("invite", "member", "sign", "box")}
    return b"scribes.join" + space + device + encode(said).encode()


def _place(space: bytes, epoch: int) -> bytes:
    return b"scribes.epoch" + space + epoch.to_bytes(4, "big")


def _hex(values: object, name: str) -> bytes | None:
    text = values.get(name) if isinstance(values, dict) else None
    try:
        return bytes.fromhex(text) if isinstance(text, str) else None
    except ValueError as e:
        raise Damaged("a control entry is malformed") from e

"""What a device or an invitation signs for a server, so that an account can show that it holds their keys."""

from __future__ import annotations

from ..crypto.devices import is_signed, sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..crypto.devices import DeviceKeys, DevicePublic
    from ..domain.keyring import Keyring

REGISTER, READ = b"scribes.register", b"scribes.read"


def proof_of_device(keys: DeviceKeys, *, remote: bytes, account: bytes) -> bytes:
    """A device's signature that it belongs to an account at a remote: good there and for that account alone."""
    return sign(keys.sign, _registering(keys.public(), remote, account))


def holds_device(device: DevicePublic, signature: bytes, *, remote: bytes, account: bytes) -> bool:
    """Whether an account has shown that it holds a device's key."""
    return is_signed(device.sign, _registering(device, remote, account), signature)


def proof_of_invitation(invitation: DeviceKeys, *, space: bytes, account: bytes) -> bytes:
    """An invitation's signature with which an account may read a log before it is in it."""
    return sign(invitation.sign, READ + space + account)


def is_invited(ring: Keyring, invite: bytes, signature: bytes, *, account: bytes) -> bool:
    """Whether an account holds an invitation to a space that is open still."""
    known = ring.invites.get(invite)
    return known is not None and is_signed(known.sign, READ + ring.space + account, signature)


def _registering(device: DevicePublic, remote: bytes, account: bytes) -> bytes:
    return REGISTER + remote + account + device.id + device.box

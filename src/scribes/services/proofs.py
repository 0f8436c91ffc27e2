"""What a device or an invitation signs for a server, so that an account can show that it holds their keys."""

from __future__ import annotations

from ..canonical import blake2b
from ..crypto.devices import is_signed, sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..crypto.devices import DeviceKeys
    from ..domain.keyring import Keyring

REGISTER, READ = b"scribes.register", b"scribes.read"


def account_id(remote: bytes, person: int) -> bytes:
    """The id by which an account is named in what is signed for a server."""
    return blake2b(remote + person.to_bytes(8, "big"), digest_size=16, person=b"scribes.person").digest()


def proof_of_device(keys: DeviceKeys, *, remote: bytes, account: bytes) -> bytes:
    """A device's signature that it belongs to an account at a remote: good there and for that account alone."""
    return sign(keys.sign, REGISTER + remote + account + keys.id + keys.public().box)


def holds_device(id: bytes, public: bytes, box: bytes, *, proof: bytes, remote: bytes, account: bytes) -> bool:
    """Whether an account has shown that it holds the signing key of a device."""
    return is_signed(public, REGISTER + remote + account + id + box, proof)


def proof_of_invitation(invitation: DeviceKeys, *, space: bytes, account: bytes) -> bytes:
    """An invitation's signature with which an account may read a log before it is in it."""
    return sign(invitation.sign, READ + space + account)


def is_invited(ring: Keyring, invite: bytes, signature: bytes, *, account: bytes) -> bool:
    """Whether an account holds an invitation to a space that is open still."""
    known = ring.invites.get(invite)
    return known is not None and is_signed(known.sign, READ + ring.space + account, signature)

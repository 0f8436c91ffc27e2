"""The account of a person, as this device has it: its own keys, whose device it is, and the keyrings of its spaces."""

from __future__ import annotations

from ..canonical import encode
from ..crypto.control import body_of, earlier_key, epoch_key_in
from ..crypto.devices import DeviceKeys, member_id, new_device_keys
from ..crypto.envelope import parse
from ..domain.keyring import Keyring
from ..errors import Damaged, NotFound
from ..records import record
from ..storage import logs, meta, spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..crypto.envelope import Entry
    from ..ports import Tx
    from ..storage.meta import Identity

# The control entries that begin an epoch.
ROTATIONS = ("revoke", "uninvite", "remove", "epoch")


NOT_SET_UP = "scribes login SERVER or scribes sync setup FOLDER; scribes devices add to join"


@record
class Account:
    """The keys of this device, and the id of the account it belongs to; None while it waits to be let in."""

    keys: DeviceKeys
    member: bytes | None


def find(tx: Tx, me: Identity) -> Account | None:
    """The account, where this vault ever was set up for sync.

    Raises: Damaged.
    """
    text = meta.get(tx, me.account)
    if text is None:
        return None
    import json

    try:
        said = json.loads(text)
        keys = DeviceKeys(*(bytes.fromhex(said[name]) for name in ("device", "sign", "box")))
        return Account(keys, bytes.fromhex(said["member"]) if said["member"] else None)
    except (ValueError, KeyError, TypeError):
        # Not from the error: it may quote a key.
        raise Damaged("the keys of this device cannot be read", hint="scribes restore-backup FILE") from None


def get(tx: Tx, me: Identity) -> Account:
    """The account of a vault that is set up for sync.

    Raises: NotFound.
    """
    account = find(tx, me)
    if account is None or account.member is None:
        raise NotFound("sync is not set up here", hint=NOT_SET_UP)
    return account


def put(tx: Tx, me: Identity, account: Account) -> None:
    """Keep the account."""
    keys = account.keys
    said = {
        "box": keys.box.hex(),
        "device": keys.id.hex(),
        "member": account.member.hex() if account.member else "",
        "sign": keys.sign.hex(),
    }
    meta.put(tx, me.account, encode(said))


def own_keys(tx: Tx, me: Identity) -> DeviceKeys:
    """The keys of this device, made the first time."""
    account = find(tx, me)
    if account is None:
        account = Account(new_device_keys(me.device_id), None)
        put(tx, me, account)
    return account.keys


def get_or_found(tx: Tx, me: Identity) -> Account:
    """The account; where there is none yet, one that this device founds.

    Raises: Damaged.
    """
    account = find(tx, me)
    if account is not None and account.member is not None:
        return account
    keys = own_keys(tx, me)
    account = Account(keys, member_id(keys.public()))
    put(tx, me, account)
    return account


def keyring(tx: Tx, space: spaces.Space) -> Keyring:
    """Who belongs to a space, folded from entries that were verified when they came."""
    ring = Keyring(space.id)
    for raw in logs.controls(tx, space.n):
        entry = parse(raw)
        ring = ring.after(entry.header.device, body_of(entry), number=entry.header.number, id=entry.id)
    return ring


def renewed(tx: Tx, space: spaces.Space, ring: Keyring, keys: dict[int, bytes]) -> tuple[Keyring, dict[int, bytes]]:
    """A keyring and its keys, read anew where more is known of the space by now."""
    if logs.count_controls(tx, space.n) == ring.number:
        return ring, keys
    return keyring(tx, space), logs.keys(tx, space.n)


def take_keys(tx: Tx, space: int, ring: Keyring, entry: Entry, keys: DeviceKeys) -> None:
    """Keep the key of an epoch that a control entry brought for this device, and those before it.

    Raises: Damaged.
    """
    key = epoch_key_in(ring.space, ring.epoch, body_of(entry), keys)
    if key is None:
        return
    known = logs.keys(tx, space)
    if ring.epoch in known:
        return
    fresh = {ring.epoch: key}
    said = [*map(body_of, map(parse, logs.controls(tx, space))), body_of(entry)]
    begun = {body["epoch"]: body for body in said if body["k"] in ROTATIONS}
    epoch = ring.epoch
    while epoch > 1 and epoch - 1 not in known and epoch in begun:
        key = earlier_key(ring.space, epoch, begun[epoch], key)
        epoch -= 1
        fresh[epoch] = key
    logs.put_keys(tx, space, fresh)

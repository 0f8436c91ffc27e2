"""The people that a server hosts: founded, met in the logs of open spaces, and their part in those logs."""

from __future__ import annotations

from ..crypto.control import body_of
from ..crypto.devices import new_device_keys
from ..crypto.envelope import parse
from ..crypto.log_rules import keyring_of
from ..domain import access
from ..domain.keyring import OPEN, PERSONAL
from ..errors import NewerFormat, NotFound, Unavailable
from ..ids import new_id
from ..storage import hosted, meta, migrations, relay, spaces
from . import account as accounts
from . import own_spaces
from .circles import find_circle
from .controlling import found_space

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ..crypto.devices import DevicePublic
    from ..domain.keyring import Keyring
    from ..ports import Remote, Tx
    from ..storage.hosted import HostedPerson
    from ..storage.spaces import Space
    from .context import Context
    from .sync import Sync

HERE = "here"
DEVICE_NAME = "server"


def make_current(tx: Tx, vault: bytes) -> None:
    """Bring a server's tables to the newest version; a new database gets its id.

    Raises: NewerFormat.
    """
    from ..storage import passages

    if migrations.version(tx) < migrations.SCHEMA_VERSION:
        migrations.upgrade(tx)
    hosted.prepare(tx)
    if meta.get(tx, "vault") is None:
        meta.put(tx, "vault", vault)
        passages.note_read(tx, None)


def check_current(tx: Tx) -> None:
    """Refuse a database whose tables are not of this version.

    Raises: NewerFormat, Unavailable.
    """
    found = migrations.version(tx)
    if found > migrations.SCHEMA_VERSION:
        raise NewerFormat(f"the database has format {found}, this Scribes knows {migrations.SCHEMA_VERSION}")
    if found < migrations.SCHEMA_VERSION:
        raise Unavailable(f"the database has format {found} still", hint="scribes server migrate")


def found_person(tx: Tx, name: str) -> int:
    """A new person with a device here; their key."""
    id = new_id(tx.now_us)
    device = spaces.device_key(tx, id, member=None)
    spaces.name_device(tx, id, DEVICE_NAME)
    me = meta.Identity(0, device, id, f"account.{device}")
    accounts.put(tx, me, accounts.Account(new_device_keys(id), None))
    return hosted.add(tx, device=device, name=name)


def found_personal_space(context: Context, remote: Remote) -> None:
    """The person's own notes lie here from now on, in an open space.

    Raises: Unavailable, StorageFull.
    """
    with context.engine.write() as tx:
        place = spaces.put_remote(tx, remote.identify(), kind=HERE, place=remote.name)
        account = accounts.get_or_found(tx, context.me)
        spaces.device_key(tx, context.me.device_id, member=account.member, is_certain=True)
    space = found_space(context, remote, account, kind=PERSONAL, place=place, space=None, name=PERSONAL, mode=OPEN)
    with context.engine.write() as tx:
        hosted.set_space(tx, context.hosted, space.n)


def meet(tx: Tx, remote: Remote, id: bytes) -> int:
    """The key of a space here by the id of its log, where it is open and somebody who is hosted is, or was, in it; 0
    for all others. Whose device came in by itself is met by this; whom somebody else named in the log is not.
    """
    controls = relay.controls(tx, id)
    ring = keyring_of(id, controls)
    if ring.mode != OPEN:
        return 0
    found = spaces.find(tx, id)
    known = hosted.ever_in(tx, found.n) if found else set()
    people = {
        device: person
        for device, person in hosted.by_device(tx, tuple(ring.devices)).items()
        if person in known or _came_by_itself(tx, person, controls)
    }
    n = found.n if found else 0
    for device, person in people.items():
        n = _put_in(tx, remote, ring, device, person)
    return n


def let_in(tx: Tx, remote: Remote, ring: Keyring, person: int, *, by: Collection[bytes]) -> None:
    """Somebody who is hosted is in an open space from now on, if their own devices say so there: `by`, those whose keys
    they have shown to hold.
    """
    here = device_of_person(tx, person)
    known = ring.devices.get(here.id)
    if ring.mode != OPEN or known is None or known.sign != here.sign:
        return
    members = {ring.devices[id].member for id in by if id in ring.devices and id != here.id}
    if known.member in members:
        _put_in(tx, remote, ring, here.id, person)


def _put_in(tx: Tx, remote: Remote, ring: Keyring, device: bytes, person: int) -> int:
    found = spaces.find(tx, ring.space)
    if found is None:
        place = spaces.put_remote(tx, bytes(meta.get(tx, "vault")), kind=HERE, place=remote.name)
        found = spaces.add(tx, ring.space, kind=ring.kind, name="", role="", remote=place.n, mode=OPEN)
    hosted.put_role(tx, person, found.n, ring.role_of(device))
    _settle_member(tx, person, ring, device)
    return found.n


def _came_by_itself(tx: Tx, person: int, controls: Sequence[bytes]) -> bool:
    """Whether the device of a person founded a space or joined it: it has signed that, and nobody else can."""
    here = device_of_person(tx, person)
    for entry in map(parse, controls):
        if entry.header.device == here.id and entry.is_by(here.sign) and body_of(entry).get("k") in ("create", "add"):
            return True
    return False


def _settle_member(tx: Tx, person: int, ring: Keyring, device: bytes) -> None:
    """The account of a person, as the device that let theirs in has it."""
    me = _identity(hosted.get(tx, person))
    account, member = accounts.find(tx, me), ring.devices[device].member
    if account is not None and account.member is None:
        accounts.put(tx, me, accounts.Account(account.keys, member))
    spaces.device_key(tx, device, member=member, is_certain=True)


def by_rank(tx: Tx, space: int) -> list[int]:
    """The people in a space, those who may do most first: one of them reads and writes its log for all."""
    people = hosted.people_in(tx, space)
    return [n for n, role in sorted(people, key=lambda one: -access.ROLES.index(one[1]))]


def logs_of(tx: Tx, context: Context) -> list[bytes]:
    """The ids of the spaces that a person is in."""
    return [space.id for space in own_spaces.each(tx, context) if space.role]


def people_in(tx: Tx, id: bytes) -> list[int]:
    """The keys of the people in a space, by its id."""
    space = spaces.find(tx, id)
    return [n for n, _ in hosted.people_in(tx, space.n)] if space else []


def run_space(sync: Sync, context: Context, n: int) -> bytes:
    """The id of a space whose log was read and written.

    Raises: as `Sync.run`.
    """
    with context.engine.read() as tx:
        space = own_spaces.get(tx, context, n)
        account = accounts.get(tx, context.me)
    sync.run_space(space, account, may_remove=True)
    return space.id


def readable(tx: Tx, context: Context, circle: str) -> Space:
    """An open circle that the person is in, by its name or id.

    Raises: NotFound, Ambiguous, Forbidden, Sealed.
    """
    return find_circle(own_spaces.each(tx, context), circle)


def allowed(tx: Tx, context: Context, circle: str, action: str) -> Space:
    """An open circle in which the person may do something, by its name or id.

    Raises: NotFound, Ambiguous, Forbidden, Sealed.
    """
    space = readable(tx, context, circle)
    access.check(space.role, action, where=space.name)
    return space


def device_of(tx: Tx, context: Context) -> DevicePublic:
    """The public keys of the device through which the server writes for a person.

    Raises: NotFound.
    """
    account = accounts.find(tx, context.me)
    if account is None:
        raise NotFound("there is no such account")
    return account.keys.public()


def device_of_person(tx: Tx, person: int) -> DevicePublic:
    """The same, by the key of the person.

    Raises: NotFound.
    """
    account = accounts.find(tx, _identity(hosted.get(tx, person)))
    if account is None:
        raise NotFound("there is no such account")
    return account.keys.public()


def _identity(known: HostedPerson) -> meta.Identity:
    return meta.Identity(known.space, known.device, known.device_id, f"account.{known.device}")

"""Sync: the logs of all spaces are read and written, so that each device ends with the same notes, and no word lost."""

from __future__ import annotations

from functools import partial

from ..crypto.devices import DevicePublic
from ..domain.access import FORMER
from ..domain.circles import DEVICE, MEMBERSHIP, NameContent
from ..domain.dates import from_us
from ..domain.keyring import OPEN, PERSONAL
from ..errors import Busy, Conflict, NotFound, Outrun, ScribesError
from ..models.sync import SpaceStatus, SpaceSynced
from ..records import replaced
from ..storage import clashes, items, logs, meta, spaces
from . import account as accounts
from . import own_spaces
from .ahead import asked_ahead
from .controlling import TRIES, bring_in, decide, found_space, shut_out
from .items import add_in
from .pulling import PASSING, Pull
from .pushing import Push

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..domain.keyring import Keyring
    from ..models.sync import Compacted, Verified
    from ..ports import Remote, Tx
    from ..storage.spaces import RemotePlace, Space
    from .account import Account
    from .context import Context

DEVICE_THERE = "device_there"
# What an alert says, by its kind; each ends with what it is about.
ALERTS = {
    "malformed": "the log holds what no Scribes wrote",
    "foreign": "the log holds what belongs elsewhere",
    "forged": "the log holds an entry whose signature is wrong",
    "removed": "an entry of a device that may not write (any more) was refused",
    "fork": "two versions of one entry: the remote, or a copy of that device, is not in order",
    "members": "two versions of who belongs to the space: the remote is not in order, or two people changed it at once",
    "rollback": "the remote has lost entries and was given them again",
    "missing": "the remote holds back, or has not received",
    "withheld": "the remote does not hand out",
    "sealed": "there is no key for",
    "out": "you are no longer in this space",
    "waiting": "this device is not let in yet",
    "unsent": "as a reader you cannot send what you wrote here; it stays on this device",
}


class Sync:
    """The logs of a vault's spaces. `connect` gives the remote of a place; `device_name` is what this one is called."""

    def __init__(
        self,
        context: Context,
        connect: Callable[[RemotePlace], Remote],
        *,
        device_name: str,
        changed: Callable[[], None],
    ) -> None:
        self._context = context
        self._engine = context.engine
        self._connect = connect
        self._device_name = device_name
        self.changed = changed
        """Called when spaces came or went, so that what is open shows them."""

    def set_up(self, remote: Remote, *, kind: str, place: str) -> bool:
        """Let the person's own notes be kept at a remote; False where they are kept somewhere already, and this one is
        only known from now on, or moved.

        Raises: Unavailable, NotFound.
        """
        id = remote.identify()
        with self._engine.write() as tx:
            known = spaces.put_remote(tx, id, kind=kind, place=place)
            personal = own_spaces.get(tx, self._context, self._context.me.space)
            account = accounts.get_or_found(tx, self._context.me)
        if personal.remote_n is not None:
            # Known from now on for circles that others keep there.
            return False
        found_space(self._context, remote, account, kind=PERSONAL, place=known, space=personal.n)
        return True

    def is_set_up(self) -> bool:
        """Whether there is anything to synchronise."""
        with self._engine.read() as tx:
            account = accounts.find(tx, self._context.me)
            return account is not None and account.member is not None

    def know(self, remote: Remote, *, kind: str, place: str) -> RemotePlace:
        """A remote where a circle lies: known from now on, and nothing of the person's own goes there.

        Raises: Unavailable, NotFound.
        """
        id = remote.identify()
        with self._engine.write() as tx:
            return spaces.put_remote(tx, id, kind=kind, place=place)

    def run(
        self,
        *,
        may_remove: bool = False,
        may_refill: bool = False,
        progress: Callable[[str, int], None] | None = None,
        done: Callable[[SpaceSynced], None] | None = None,
    ) -> list[SpaceSynced]:
        """What was done in each space, the personal one first. `done` is told of each when the remote has acknowledged
        all of it; `progress` what is being done, and with how many changes so far. What goes wrong in one space holds
        up no other: the first such error is raised at the end.

        Raises: NotFound (nothing is set up), Unavailable, Conflict (it asks first, or the remote is not the one it
        was), Busy, StorageFull; the next run goes on.
        """
        with self._engine.read() as tx:
            account = accounts.get(tx, self._context.me)
        made: list[SpaceSynced] = []
        errors: list[ScribesError] = []
        seen: set[int] = set()
        with asked_ahead(self._context, self._connect):
            while (space := self._next(seen)) is not None:
                seen.add(space.n)
                try:
                    made.append(
                        self._run_one(space, account, may_remove=may_remove, may_refill=may_refill, progress=progress)
                    )
                except ScribesError as e:
                    errors.append(e)
                    continue
                if done:
                    done(made[-1])
        if errors:
            raise errors[0]
        return made

    def _run_one(
        self,
        space: Space,
        account: Account,
        *,
        may_remove: bool,
        may_refill: bool,
        progress: Callable[[str, int], None] | None,
    ) -> SpaceSynced:
        """One space, and what follows from it: circles that another device joined, devices to let into a circle."""
        synced = self.run_space(space, account, may_remove=may_remove, may_refill=may_refill, progress=progress)
        if space.kind != PERSONAL:
            self.bring_own_devices(space, account)
            return synced
        if self._name_device(account):
            synced = replaced(synced, sent=synced.sent + self.run_space(space, account).sent)
        self._meet_circles()
        return synced

    def bring_own_devices(self, space: Space, account: Account) -> None:
        """Let the other devices of the person into a circle that this one is in, and shut those out that the person
        has revoked: perhaps the circle could not be reached then.

        Raises: as `run`.
        """
        with self._engine.read() as tx:
            own = accounts.keyring(tx, own_spaces.get(tx, self._context, self._context.me.space))
            there = accounts.keyring(tx, space)
        if there.role_of(account.keys.id) == FORMER:
            return
        inside = {device.id for device in there.devices_of(account.member or b"")}
        if there.mode == OPEN:
            self._bring_server(space, account, there)
        for one in own.devices.values():
            known = there.devices.get(one.id)
            if one.is_revoked and one.id in inside:
                decide(self, self._context, space, account, partial(shut_out, device=one.id))
            elif one.is_active and one.id not in inside and not (known and known.is_revoked):
                decide(self, self._context, space, account, partial(bring_in, new=one))

    def _bring_server(self, space: Space, account: Account, there: Keyring) -> None:
        """Let the server that keeps an open circle's log read and write in it for the person, as a device of theirs."""
        remote = self.remote_of(space)
        if not hasattr(remote, "device_there"):
            return
        name = f"{DEVICE_THERE}.{space.remote_n}"
        with self._engine.read() as tx:
            said = meta.get(tx, name)
        if said is None:
            # It never changes, so it is asked once.
            said = b"".join(remote.device_there())
            with self._engine.write() as tx:
                meta.put(tx, name, said)
        new = DevicePublic(said[:16], said[16:48], said[48:])
        if new.id not in there.devices:
            decide(self, self._context, space, account, partial(bring_in, new=new))

    def run_space(
        self,
        space: Space,
        account: Account,
        *,
        may_remove: bool = False,
        may_refill: bool = False,
        progress: Callable[[str, int], None] | None = None,
    ) -> SpaceSynced:
        """Read and write one space's log until it has all that is here.

        Raises: as `run`.
        """
        remote, name = self.remote_of(space), space.name or "a circle"
        tell = progress and (partial(progress, f"receiving {name}"), partial(progress, f"sending {name}"))
        sent, received, added, merged, removed = 0, 0, 0, 0, 0
        for _ in range(TRIES):
            pull = Pull(self._context, space, remote, account, may_remove=may_remove, may_refill=may_refill)
            pulled = pull.run(tell and tell[0])
            settled = pulled.settled
            received, added = received + pulled.received, added + settled.added
            merged, removed = merged + settled.merged, removed + settled.removed
            try:
                push = Push(self._context, space, remote, account, pulled)
                sent += push.run(tell and tell[1])
                break
            except Outrun:
                continue
        else:
            self._give_in(space, name)
        with self._engine.read() as tx:
            return SpaceSynced(
                name=spaces.get(tx, space.n).name,
                sent=sent,
                received=received,
                added=added,
                merged=merged,
                removed=removed,
                clashes=clashes.count(tx, visible_to=(space.n,)),
                alerts=_alerts(tx, space),
            )

    def _give_in(self, space: Space, name: str) -> None:
        """Say why nothing can be written.

        Raises: Conflict, Busy.
        """
        with self._engine.read() as tx:
            kinds = {kind for kind, _, _ in logs.alerts(tx, space.n)}
        if "members" in kinds:
            raise Conflict(
                f"who belongs to {name} is said in two ways, here and at the remote",
                hint="ask who changed it; scribes sync --take-members takes what the remote says",
            )
        raise Busy("other devices write all the time", hint="your notes are safe; sync again in a moment")

    def take_members(self) -> list[str]:
        """The names of spaces in which two versions of who belongs to them were seen, and where that of the remote
        counts now, once the next sync has read it. For a person to decide: one who was removed could be in it again.

        Raises: NotFound, where nothing is set up.
        """
        taken = []
        with self._engine.write() as tx:
            accounts.get(tx, self._context.me)
            for space in own_spaces.each(tx, self._context):
                if any(kind == "members" for kind, _, _ in logs.alerts(tx, space.n)):
                    logs.forget_members(tx, space.n)
                    logs.put_state(tx, space.n, replaced(logs.state(tx, space.n), cursor="", generation=""))
                    taken.append(space.name)
        return taken

    def status(self) -> list[SpaceStatus]:
        """How each space stands.

        Raises: NotFound, where nothing is set up.
        """
        with self._engine.read() as tx:
            accounts.get(tx, self._context.me)
            places = {place.n: place.place for place in spaces.remotes(tx)}
            return [
                SpaceStatus(
                    name=space.name,
                    kind=space.kind,
                    role=space.role,
                    remote=places.get(space.remote_n or 0, ""),
                    unsent=logs.count_unsent(tx, space.n),
                    synced_at=None if (at := logs.state(tx, space.n).synced_us) is None else from_us(at),
                    waiting=clashes.count(tx, visible_to=(space.n,)),
                    alerts=_alerts(tx, space),
                    mode=space.mode,
                )
                for space in own_spaces.each(tx, self._context)
            ]

    def verify(self) -> list[Verified]:
        """What lies at the remotes, read anew from the first entry on, and opened.

        Raises: NotFound, Unavailable.
        """
        from .verifying import verify

        with self._engine.read() as tx:
            account = accounts.get(tx, self._context.me)
            found = [
                space
                for space in own_spaces.each(tx, self._context)
                if space.remote_n is not None and space.role != FORMER
            ]
        return [verify(self._context, space, self.remote_of(space), account) for space in found]

    def compact(self) -> list[Compacted]:
        """Let a snapshot stand for the entries so far, in each space where the person may.

        Raises: NotFound, Unavailable, Conflict.
        """
        from .compacting import compact

        with self._engine.read() as tx:
            account = accounts.get(tx, self._context.me)
        self.run()
        return compact(self, self._context, account)

    def forget_alerts(self) -> None:
        """The person has seen the alerts."""
        with self._engine.write() as tx:
            for space in own_spaces.each(tx, self._context):
                # What is missing is looked for as long as it is said.
                logs.forget_alerts(tx, space.n, [kind for kind in ALERTS if kind not in PASSING])
                logs.forget_claims(tx, space.n)

    def remote_of(self, space: Space) -> Remote:
        """The remote of a space, which is the one it was.

        Raises: NotFound, Unavailable; Conflict, where another one answers at its place.
        """
        with self._engine.read() as tx:
            place = next((one for one in spaces.remotes(tx) if one.n == space.remote_n), None)
        if place is None:
            raise NotFound(f"{space.name} has no remote", hint="scribes sync setup FOLDER")
        return self.checked(place)

    def checked(self, place: RemotePlace) -> Remote:
        """The remote at a place.

        Raises: as `remote_of`.
        """
        remote = self._connect(place)
        if remote.identify() != place.id:
            raise Conflict(
                f"{place.place} is another remote than the one that was set up",
                hint="nothing was changed; scribes sync setup FOLDER tells where the right one is now",
            )
        return remote

    def _next(self, seen: set[int]) -> Space | None:
        """A space that is still to be synchronised: circles may be found on the way."""
        with self._engine.read() as tx:
            # One that was left on another device may have been joined there again: then its log says so.
            left_here = {id for id, _ in self._memberships(tx)}
            found = [
                space
                for space in own_spaces.each(tx, self._context)
                if space.n not in seen
                and space.remote_n is not None
                and (space.role != FORMER or space.id in left_here)
            ]
        return found[0] if found else None

    def _name_device(self, account: Account) -> bool:
        """Whether this device had no name yet, by which the others call it; they may have given it one that came."""
        with self._engine.write() as tx:
            if items.find(tx, DEVICE, account.keys.id, visible_to=(self._context.me.space,)) is not None:
                return False
            add_in(tx, self._context, DEVICE, NameContent(self._device_name), None, id=account.keys.id)
            return True

    def count_elsewhere(self) -> int:
        """How many circles the person is in whose remote this device does not know."""
        with self._engine.read() as tx:
            return sum(place is None for _, place in self._circles_not_met(tx))

    def _meet_circles(self) -> None:
        """Circles that the person joined on another device: their logs are read from now on."""
        with self._engine.write() as tx:
            for id, place in self._circles_not_met(tx):
                if place is not None:
                    spaces.add(tx, id, kind="circle", name="", role="reader", remote=place.n)
        self.changed()

    def _circles_not_met(self, tx: Tx) -> list[tuple[bytes, RemotePlace | None]]:
        return [(id, place) for id, place in self._memberships(tx) if spaces.find(tx, id) is None]

    def _memberships(self, tx: Tx) -> list[tuple[bytes, RemotePlace | None]]:
        """The circles that the person is in, as they know on any of their devices, and where their logs lie."""
        remotes = {place.id.hex(): place for place in spaces.remotes(tx)}
        found = items.select(
            tx, MEMBERSHIP, "deleted_us IS NULL", visible_to=(self._context.me.space,), order="n", limit=10_000
        )
        return [(bytes.fromhex(one.content.circle), remotes.get(one.content.remote)) for one in found]


def _alerts(tx: Tx, space: Space) -> tuple[str, ...]:
    return tuple(f"{ALERTS.get(kind, kind)}: {about}" for kind, about, _ in logs.alerts(tx, space.n))

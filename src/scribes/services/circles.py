"""Circles: people who share notes and prayers, sealed for them alone. Founded, joined by invitation, left."""

from __future__ import annotations

from functools import partial

from ..crypto.control import wraps
from ..crypto.devices import fingerprint, keys_from_secret
from ..crypto.keys import new_code
from ..domain import access
from ..domain.circles import (
    CIRCLE,
    MEMBER,
    MEMBERSHIP,
    MemberContent,
    MembershipContent,
    NameContent,
    circle_item,
    clean_name,
    member_item,
    membership_item,
)
from ..domain.dates import DAY_US, from_us
from ..domain.keyring import CIRCLE as CIRCLE_KIND
from ..domain.keyring import OPEN, SEALED, Keyring
from ..errors import Ambiguous, Conflict, Forbidden, InvalidInput, NotFound
from ..models.sync import Circle, Invitation, Member, OpenInvitation
from ..records import replaced
from ..storage import items, operations, spaces
from . import account as accounts
from . import own_spaces
from .controlling import bring_in, decide, found_space
from .items import add_in, write_in
from .joining import INVITATION, SECRET_CHARS, let_oneself_in, link_to, parts_of, secret_of, server_in
from .names import member_name
from .own_spaces import own_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..crypto.devices import DevicePublic
    from ..domain.items import Kind
    from ..ports import Tx
    from ..storage.spaces import RemotePlace, Space
    from .account import Account
    from .context import Context
    from .pushing import Push
    from .sync import Sync

MAX_INVITE_DAYS, MAX_USES = 365, 1_000


class Circles:
    """The circles a person is in. `ref` is a circle's name, or the start of its id."""

    def __init__(self, context: Context, sync: Sync, *, my_name: str) -> None:
        self._context = context
        self._engine = context.engine
        self._sync = sync
        self._my_name = my_name

    def each(self) -> list[Circle]:
        """All circles, those that were left too."""
        with self._engine.read() as tx:
            places = {place.n: place.place for place in spaces.remotes(tx)}
            return [
                Circle(
                    id=space.id.hex(),
                    name=space.name or space.id.hex()[:8],
                    role=space.role,
                    members=len(accounts.keyring(tx, space).members),
                    remote=places.get(space.remote_n or 0, ""),
                    mode=space.mode,
                )
                for space in own_spaces.each(tx, self._context)
                if space.kind == CIRCLE_KIND
            ]

    def get(self, ref: str) -> Circle:
        """A circle, one that was left too.

        Raises: NotFound, Ambiguous.
        """
        return self._shown(self._space(ref, former=True).id)

    def create(self, name: str, *, place: RemotePlace | None = None, mode: str = SEALED) -> Circle:
        """A new circle, whose owner the person is; its log lies where their own notes lie, or at `place`. `mode` is
        sealed, for its members alone, or open, where the server that keeps the log may be let in; it never changes.

        Raises: InvalidInput, AlreadyExists, NotFound (sync is not set up), Unavailable.
        """
        name = clean_name("circle", name)
        with self._engine.write() as tx:
            if any(space.name.casefold() == name.casefold() for space in own_spaces.each(tx, self._context)):
                raise Conflict(f"there is a circle {name} already", hint="scribes circle list")
            place = place or self._home(tx)
            account = accounts.get_or_found(tx, self._context.me)
        remote = self._sync.checked(place)
        if mode not in (SEALED, OPEN):
            raise InvalidInput(f"there is no mode {mode!r}", hint="sealed or open")
        space = found_space(
            self._context, remote, account, kind=CIRCLE_KIND, place=place, space=None, name=name, mode=mode
        )
        with self._engine.write() as tx:
            add_in(tx, self._context, CIRCLE, NameContent(name), None, id=circle_item(space.id), space=space.n)
            self._settle_in(tx, space, account, place)
        self._sync.changed()
        self._sync.run_space(space, account)
        self._sync.bring_own_devices(space, account)
        return self._shown(space.id)

    def invite(self, ref: str, *, role: str = access.MEMBER, days: int = 7, uses: int = 1) -> Invitation:
        """An invitation: whoever has its link may join once (or `uses` times), within so many days.

        Raises: NotFound, InvalidInput, Forbidden, Unavailable, Busy.
        """
        if role not in (access.READER, access.MEMBER, access.ADMIN):
            raise InvalidInput(f"nobody is invited as {role!r}", hint="reader, member or admin")
        if not 1 <= days <= MAX_INVITE_DAYS or not 1 <= uses <= MAX_USES:
            raise InvalidInput("an invitation is for 1 to 365 days, and 1 to 1000 people")
        space, account = self._space(ref), self._account()
        access.check(space.role, "invite", where=space.name)
        code = new_code(SECRET_CHARS)
        keys = keys_from_secret(secret_of(code), INVITATION)
        public = keys.public()
        until = 0

        def write(push: Push) -> None:
            nonlocal until
            with self._engine.read() as tx:
                until = tx.now_us + days * DAY_US
            push.control(
                lambda ring: {
                    "box": public.box.hex(),
                    "invite": keys.id.hex(),
                    "k": "invite",
                    "role": role,
                    "sign": public.sign.hex(),
                    "until": until,
                    "uses": uses,
                    "wraps": wraps(ring.space, ring.epoch, push.key(), {keys.id: public.box}),
                }
            )

        decide(self._sync, self._context, space, account, write)
        with self._engine.read() as tx:
            place = next(one for one in spaces.remotes(tx) if one.n == space.remote_n)
        link = link_to(space.id, place.id, code, server=place.place if place.kind == "server" else "")
        return Invitation(link, space.name, role, from_us(until))

    def invitations(self, ref: str) -> list[OpenInvitation]:
        """The invitations to a circle that wait. Their links are not kept.

        Raises: NotFound, Ambiguous, Forbidden.
        """
        space = self._space(ref)
        access.check(space.role, "invite", where=space.name)
        with self._engine.read() as tx:
            found = accounts.keyring(tx, space).invites.values()
            return [OpenInvitation(one.id.hex(), one.role, from_us(one.until_us), one.uses) for one in found]

    def uninvite(self, ref: str, *, only: str = "") -> int:
        """How many open invitations of a circle were taken back, or whether the one of an id was; the key changes, as
        they had it.

        Raises: NotFound, Forbidden, Unavailable, Busy.
        """
        space, account = self._space(ref), self._account()
        access.check(space.role, "invite", where=space.name)
        taken = 0

        def write(push: Push) -> None:
            nonlocal taken
            for invite in list(push.ring.invites):
                if only in ("", invite.hex()):
                    push.uninvite(invite)
                    taken += 1

        decide(self._sync, self._context, space, account, write)
        return taken

    def join(self, link: str, *, place: RemotePlace | None = None) -> Circle:
        """The circle of an invitation, whose member the person is now. `place` says where its log lies here.

        Raises: InvalidInput, NotFound (no such log or invitation), Forbidden (used, or run out), Conflict, Unavailable.
        """
        id, remote_id, code = parts_of(link)
        with self._engine.write() as tx:
            account = accounts.get_or_found(tx, self._context.me)
            known = next((one for one in spaces.remotes(tx) if one.id == remote_id), None)
            before = spaces.find(tx, id)
            # A log that was set back may not know of them any more, and they come in anew.
            is_in = before is not None and accounts.keyring(tx, before).role_of(account.keys.id) != access.FORMER
        if before is not None and is_in:
            raise Conflict(f"you are in {before.name or 'this circle'} already")
        place = place or known
        if place is None or place.id != remote_id:
            raise NotFound(
                f"the circle lies at {at}, where this device is not signed in"
                if (at := server_in(link))
                else "the circle lies in a folder that is not known here",
                hint=f"scribes login {at} --new, or without --new if you have an account there; then join again"
                if at
                else "scribes circle join LINK --folder FOLDER, with the folder you share",
            )
        space = let_oneself_in(self._context, self._sync.checked(place), id, account, code, place)
        with self._engine.write() as tx:
            self._settle_in(tx, space, account, place)
        self._sync.changed()
        self._sync.run_space(space, account)
        self._sync.bring_own_devices(space, account)
        return self._shown(id)

    def let_server_in(self, ref: str, device: DevicePublic) -> Circle:
        """An open circle in which the server reads and writes for the person from now on, as a device of theirs.

        Raises: NotFound, Forbidden (a sealed circle), Unavailable, Busy.
        """
        space, account = self._space(ref), self._account()
        if space.mode != OPEN:
            raise Forbidden(f"{space.name} is sealed for its members", hint="only an open circle is read by a server")
        decide(self._sync, self._context, space, account, partial(bring_in, new=device))
        return self._shown(space.id)

    def members(self, ref: str) -> list[Member]:
        """The members of a circle, the owner first.

        Raises: NotFound, Ambiguous.
        """
        space, account = self._space(ref, former=True), self._account()
        with self._engine.read() as tx:
            ring = accounts.keyring(tx, space)
            found = []
            for member, role in ring.members.items():
                devices = ring.devices_of(member)
                found.append(
                    Member(
                        id=member.hex(),
                        name=member_name(tx, space, member),
                        role=role,
                        devices=len(devices),
                        is_me=member == account.member,
                        fingerprint=fingerprint(*(device.sign + device.box for device in devices)),
                    )
                )
        return sorted(found, key=lambda one: (-access.ROLES.index(one.role), one.name))

    def set_role(self, ref: str, who: str, role: str) -> Member:
        """A member in another role; ownership is handed over instead.

        Raises: NotFound, InvalidInput, Forbidden, Unavailable, Busy.
        """
        if role not in (access.READER, access.MEMBER, access.ADMIN):
            raise InvalidInput(f"there is no role {role!r} to give", hint="reader, member or admin")
        return self._of_member(ref, who, "set role", {"k": "role", "role": role})

    def hand_over(self, ref: str, who: str) -> Member:
        """The new owner of a circle; who owned it is an admin now.

        Raises: NotFound, Forbidden, Unavailable, Busy.
        """
        return self._of_member(ref, who, "hand over", {"k": "handover"})

    def remove(self, ref: str, who: str) -> Member:
        """A member who is out, and the key changed in the same step. What they could read, they keep.

        Raises: NotFound, Forbidden, Unavailable, Busy.
        """
        return self._of_member(ref, who, "remove", {"k": "remove"})

    def leave(self, ref: str) -> Circle:
        """A circle that the person is no longer in; what they have of it stays readable. The last one may go, too.

        Raises: NotFound, Forbidden (an owner hands over first), Unavailable, Busy.
        """
        space, account = self._space(ref), self._account()
        shown = self._shown(space.id)

        def write(push: Push) -> None:
            push.control(lambda ring: {"cuts": self._cuts(push, ring, account.member), "k": "leave"})

        if space.role == access.OWNER and shown.members > 1:
            raise Forbidden(f"{space.name} needs an owner", hint="scribes circle handover CIRCLE MEMBER, then leave")
        # First of all, what was written in it reaches the others.
        self._sync.run_space(space, account)
        decide(self._sync, self._context, space, account, write)
        with self._engine.write() as tx:
            self._forget_membership(tx, space)
        return replaced(shown, role=access.FORMER)

    def rename(self, ref: str, name: str) -> Circle:
        """A circle under another name.

        Raises: NotFound, InvalidInput, Forbidden.
        """
        space, name = self._space(ref), clean_name("circle", name)
        self._name(space, CIRCLE, circle_item(space.id), NameContent(name))
        return replaced(self._shown(space.id), name=name)

    def call_me(self, ref: str, name: str) -> None:
        """What the person is called in a circle.

        Raises: NotFound, InvalidInput, Forbidden.
        """
        space, account = self._space(ref), self._account()
        member = account.member or b""
        content = MemberContent(member.hex(), clean_name("member", name))
        self._name(space, MEMBER, member_item(space.id, member), content)

    def _name(self, space: Space, kind: Kind, item: bytes, content: Any) -> None:
        with self._engine.write() as tx:
            operation = operations.begin(tx, self._context.command)
            stored = items.find(tx, kind, item, visible_to=(space.n,))
            if stored is None:
                add_in(tx, self._context, kind, content, operation, id=item, space=space.n)
            else:
                write_in(tx, self._context, kind, stored, content, operation)

    def _of_member(self, ref: str, who: str, action: str, body: dict[str, Any]) -> Member:
        space, account = self._space(ref), self._account()
        access.check(space.role, action, where=space.name)
        found = self.member(ref, who)
        member = bytes.fromhex(found.id)

        def write(push: Push) -> None:
            def said(ring: Keyring) -> dict[str, Any]:
                about = {**body, "cuts": self._cuts(push, ring, member), "member": member.hex()}
                if body["k"] != "remove":
                    return about
                gone = [device.id for device in ring.devices_of(member)]
                return {**about, **push.rotated(ring, without=gone)}

            push.control(said)

        decide(self._sync, self._context, space, account, write)
        return replaced(found, role=body.get("role", access.OWNER if body["k"] == "handover" else access.FORMER))

    def _cuts(self, push: Push, ring: Keyring, member: bytes | None) -> dict[str, int]:
        return push.cuts([device.id for device in ring.devices_of(member or b"")])

    def member(self, ref: str, who: str) -> Member:
        """A member of a circle by their name or the start of their id.

        Raises: NotFound, Ambiguous.
        """
        members = self.members(ref)
        # A name that looks like the id of another one stands for neither.
        found = [one for one in members if one.name.casefold() == who.casefold() or one.id == who.lower()]
        found += [one for one in members if len(who) >= 4 and one.id.startswith(who.lower()) and one not in found]
        if len(found) > 1:
            raise Ambiguous(f"more than one member is called {who}", hint="give the start of the id")
        if not found:
            raise NotFound(f"nobody in {ref} is called {who}", hint="scribes circle members CIRCLE lists them")
        return found[0]

    def _settle_in(self, tx: Tx, space: Space, account: Account, place: RemotePlace) -> None:
        """The person's name in the circle, and the circle among what their devices know."""
        member = account.member or b""
        item = member_item(space.id, member)
        # Not where a reader may write nothing: then they are known by their account alone.
        if access.may(space.role, "write") and items.find(tx, MEMBER, item, visible_to=(space.n,)) is None:
            add_in(tx, self._context, MEMBER, MemberContent(member.hex(), self._my_name), None, id=item, space=space.n)
        item, own = own_id(tx, self._context, membership_item(space.id)), self._context.me.space
        if not own:
            # On a server that does not have the person's own notes: their devices know.
            return
        content = MembershipContent(space.id.hex(), place.id.hex())
        stored = items.find(tx, MEMBERSHIP, item, visible_to=(own,))
        if stored is None:
            add_in(tx, self._context, MEMBERSHIP, content, None, id=item)
        else:
            write_in(tx, self._context, MEMBERSHIP, stored, content, None)

    def _forget_membership(self, tx: Tx, space: Space) -> None:
        own = self._context.me.space
        stored = items.find(tx, MEMBERSHIP, own_id(tx, self._context, membership_item(space.id)), visible_to=(own,))
        if stored is not None:
            write_in(tx, self._context, MEMBERSHIP, stored, replaced(stored.content, deleted_us=tx.now_us), None)

    def _account(self) -> Account:
        with self._engine.read() as tx:
            return accounts.get(tx, self._context.me)

    def _home(self, tx: Tx) -> RemotePlace:
        own = own_spaces.get(tx, self._context, self._context.me.space)
        place = next((one for one in spaces.remotes(tx) if one.n == own.remote_n), None)
        if place is None:
            raise NotFound(
                "sync is not set up here",
                hint="scribes login SERVER or scribes sync setup FOLDER first; or circle create --folder FOLDER",
            )
        return place

    def _space(self, ref: str, *, former: bool = False) -> Space:
        return find_circle(self._engine_spaces(), ref, former=former)

    def _engine_spaces(self) -> list[Space]:
        with self._engine.read() as tx:
            return own_spaces.each(tx, self._context)

    def _shown(self, id: bytes) -> Circle:
        return next(one for one in self.each() if one.id == id.hex())


def find_circle(found: list[Space], ref: str, *, former: bool = False) -> Space:
    """The circle of a name, or whose id starts so.

    Raises: NotFound, Ambiguous; Forbidden, for one that was left.
    """
    circles = [space for space in found if space.kind == CIRCLE_KIND]
    fitting = [space for space in circles if space.name.casefold() == ref.casefold()]
    # A name that looks like the id of another one stands for neither.
    by_id = [space for space in circles if len(ref) >= 4 and space.id.hex().startswith(ref.lower())]
    fitting += [space for space in by_id if space not in fitting]
    if len(fitting) > 1:
        fitting = [space for space in fitting if space.role != access.FORMER] or fitting
    if len(fitting) > 1:
        raise Ambiguous(f"more than one circle is called {ref}", hint="give the start of the id: scribes circle list")
    if not fitting:
        raise NotFound(f"there is no circle {ref!r}", hint="scribes circle list shows them")
    if fitting[0].role == access.FORMER and not former:
        raise Forbidden(f"you are no longer in {fitting[0].name or ref}", hint="what you have of it can still be read")
    return fitting[0]

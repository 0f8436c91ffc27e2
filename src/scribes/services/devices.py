"""The devices of a person: a new one is let in by an old one, each has its name, a lost one is shut out."""

from __future__ import annotations

import json
from functools import partial

from ..canonical import blake2b, encode
from ..crypto.devices import DevicePublic, fingerprint, open_for, open_under, seal_for, seal_under
from ..crypto.keys import new_code, normal_code
from ..domain.access import FORMER
from ..domain.circles import DEVICE, NameContent, clean_name
from ..errors import Conflict, Damaged, InvalidInput, NotFound, ScribesError
from ..models.sync import DeviceInfo, Pairing
from ..records import record, replaced
from ..storage import items, logs, meta, operations, spaces
from . import account as accounts
from . import own_spaces
from .controlling import bring_in, decide, shut_out
from .items import add_in, write_in
from .sync import DEVICE_THERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..domain.keyring import Device
    from ..ports import Remote, Tx
    from ..storage.spaces import RemotePlace
    from .context import Context
    from .sync import Sync

CODE_CHARS = 20
PAIRING = "pairing"
ASK, LET = b"scribes.ask", b"scribes.let"


@record
class Asking:
    """A device that asks to be let in: its public keys, its name, and at which remote it asks."""

    public: DevicePublic
    name: str
    place: RemotePlace

    @property
    def fingerprint(self) -> str:
        """What is compared with what the new device shows."""
        return fingerprint(self.public.sign, self.public.box)


class Devices:
    """The devices of the person's account."""

    def __init__(self, context: Context, sync: Sync, *, device_name: str) -> None:
        self._context = context
        self._engine = context.engine
        self._sync = sync
        self._device_name = device_name

    def ask(self, remote: Remote, *, kind: str, place: str) -> Pairing:
        """What this new device shows to be let into the account of another one, whose notes lie at a remote.

        Asking again before an answer came shows the same.

        Raises: Conflict, where this vault has an account of its own; Unavailable, NotFound.
        """
        id = remote.identify()
        with self._engine.write() as tx:
            known_account = accounts.find(tx, self._context.me)
            has_account = known_account is not None and known_account.member is not None
            if has_account or own_spaces.get(tx, self._context, self._context.me.space).remote_n is not None:
                raise Conflict(
                    "this vault is synchronised already",
                    hint="a new device begins with a vault that is not: scribes --vault FILE devices add",
                )
            known = spaces.put_remote(tx, id, kind=kind, place=place)
            public = accounts.own_keys(tx, self._context.me).public()
            pending = _pending(tx)
            code = pending[0] if pending and pending[1] == known.n else new_code(CODE_CHARS)
            meta.put(tx, PAIRING, encode([code, known.n]))
        said = {
            "box": public.box.hex(),
            "device": public.id.hex(),
            "name": self._device_name,
            "sign": public.sign.hex(),
        }
        remote.send(_slot(code, ASK), seal_under(_key(code), encode(said).encode(), purpose=ASK))
        return Pairing(code, fingerprint(public.sign, public.box))

    def is_let_in(self, accept: Callable[[str, str], bool] | None = None) -> bool:
        """Whether the answer to `ask` has come; then this device belongs to the account, and the next sync brings all.
        `accept` is asked first, with the name and the fingerprint of the device that lets it in: whoever saw the code
        could answer too, and would get the notes that are here already.

        Raises: NotFound, where nothing was asked; Unavailable; Damaged, where the answer is not from one who has the
        code.
        """
        with self._engine.read() as tx:
            me, pending = self._context.me, _pending(tx)
            keys = accounts.own_keys(tx, me) if accounts.find(tx, me) else None
            place = next((one for one in spaces.remotes(tx) if pending and one.n == pending[1]), None)
        if pending is None or place is None or keys is None:
            raise NotFound("this device has not asked to be let in", hint="scribes devices add --folder FOLDER")
        remote = self._sync.checked(place)
        answer = remote.receive(_slot(pending[0], LET))
        if answer is None:
            return False
        said = _read(open_for(keys.box, open_under(_key(pending[0]), answer, purpose=LET), about=LET + keys.id))
        try:
            member, space = bytes.fromhex(said["member"]), bytes.fromhex(said["space"])
            by = [bytes.fromhex(said["by"][name]) for name in ("sign", "box")]
            name = clean_name("device", str(said["by"]["name"]))
        except (KeyError, TypeError, ValueError) as e:
            raise Damaged("the answer of the other device cannot be read") from e
        if accept is not None and not accept(name, fingerprint(*by)):
            raise Conflict("it was not taken", hint="nothing of this device has left it")
        with self._engine.write() as tx:
            accounts.put(tx, self._context.me, accounts.Account(keys, member))
            spaces.found(tx, self._context.me.space, id=space, remote=place.n)
            # What the old device had seen: a remote that hands out less is noticed.
            seen = encode({"claimed": {"": said["heads"]}, "told": {}})
            logs.put_state(tx, self._context.me.space, replaced(logs.LogState(), seen=seen))
            meta.remove(tx, PAIRING)
        remote.discard(_slot(pending[0], LET))
        return True

    def asking(self, code: str) -> Asking:
        """The new device that shows a code, at one of this vault's remotes.

        Raises: InvalidInput, NotFound, Unavailable; Damaged, where something else lies there.
        """
        code = normal_code(code, chars=CODE_CHARS, what="code")
        with self._engine.read() as tx:
            accounts.get(tx, self._context.me)
            places = spaces.remotes(tx)
        for place in places:
            letter = self._sync.checked(place).receive(_slot(code, ASK))
            if letter is not None:
                said = _read(open_under(_key(code), letter, purpose=ASK))
                try:
                    public = DevicePublic(*(bytes.fromhex(said[name]) for name in ("device", "sign", "box")))
                    return Asking(public, clean_name("device", str(said["name"])), place)
                except (KeyError, TypeError, ValueError) as e:
                    raise Damaged("what the new device asks cannot be read") from e
        raise NotFound(
            "no device asks with this code",
            hint="scribes devices add --folder FOLDER on the new one, at the same remote",
        )

    def let_in(self, code: str, *, compared: str = "") -> DeviceInfo:
        """Let the device that shows a code into the account and into all circles of the person. `compared` is the
        fingerprint that the person has compared: no other device is let in for it.

        Raises: as `asking`; Busy; Conflict, where another device asks by now.
        """
        code = normal_code(code, chars=CODE_CHARS, what="code")
        new = self.asking(code)
        if compared and compared != new.fingerprint:
            raise Conflict("another device asks with this code now", hint="compare again; who else has the code?")
        with self._engine.read() as tx:
            account = accounts.get(tx, self._context.me)
            own = own_spaces.get(tx, self._context, self._context.me.space)
            others = [
                space
                for space in own_spaces.each(tx, self._context)
                if space.kind != "personal" and space.role != FORMER
            ]
        if own.remote_n != new.place.n:
            raise InvalidInput(
                "the new device asks at another remote than that of your notes",
                hint="there: scribes devices add --folder FOLDER, the folder that scribes sync --status shows here",
            )
        for space in (own, *others):
            decide(self._sync, self._context, space, account, partial(bring_in, new=new.public))
        # Its name is there before it comes, or it would bring a second one.
        with self._engine.write() as tx:
            if items.find(tx, DEVICE, new.public.id, visible_to=(own.n,)) is None:
                add_in(tx, self._context, DEVICE, NameContent(new.name), None, id=new.public.id)
        self._sync.run_space(own, account)
        with self._engine.read() as tx:
            heads = {device.hex(): number for device, (number, _) in logs.heads(tx, own.n).items()}
        me = account.keys.public()
        said = {
            "by": {"box": me.box.hex(), "name": self._device_name, "sign": me.sign.hex()},
            "heads": heads,
            "member": (account.member or b"").hex(),
            "space": own.id.hex(),
        }
        inner = seal_for(new.public.box, encode(said).encode(), about=LET + new.public.id)
        remote = self._sync.checked(new.place)
        remote.send(_slot(code, LET), seal_under(_key(code), inner, purpose=LET))
        remote.discard(_slot(code, ASK))
        return DeviceInfo(new.public.id.hex(), new.name, is_this=False, is_active=True, fingerprint=new.fingerprint)

    def each(self) -> list[DeviceInfo]:
        """The devices of the account, in the order in which they came; those that are shut out too, and those that are
        in a circle alone.

        Raises: NotFound, where sync is not set up.
        """
        with self._engine.read() as tx:
            account = accounts.get(tx, self._context.me)
            devices: dict[bytes, Device] = {}
            # Where there are open circles, the server is one more device.
            there = {one.place: meta.get(tx, f"{DEVICE_THERE}.{one.n}") for one in spaces.remotes(tx)}
            servers = {said[:16]: f"the server {place}" for place, said in there.items() if said}
            for space in own_spaces.each(tx, self._context):
                for device in accounts.keyring(tx, space).devices.values():
                    known = devices.get(device.id)
                    # Active anywhere is active: it can still read there.
                    if device.member == account.member and (known is None or device.is_active):
                        devices[device.id] = device
            return [
                DeviceInfo(
                    id=device.id.hex(),
                    name=spaces.device_name(tx, device.id) or servers.get(device.id) or device.id.hex()[:8],
                    is_this=device.id == account.keys.id,
                    is_active=device.is_active,
                    fingerprint=fingerprint(device.sign, device.box),
                )
                for device in devices.values()
            ]

    def rename(self, ref: str, name: str) -> DeviceInfo:
        """A device under a new name, on all devices after the next sync.

        Raises: NotFound, InvalidInput.
        """
        found, name = self.find(ref), clean_name("device", name)
        with self._engine.write() as tx:
            id, own = bytes.fromhex(found.id), self._context.me.space
            stored = items.find(tx, DEVICE, id, visible_to=(own,))
            operation = operations.begin(tx, self._context.command)
            if stored is None:
                add_in(tx, self._context, DEVICE, NameContent(name), operation, id=id)
            else:
                write_in(tx, self._context, DEVICE, stored, replaced(stored.content, name=name), operation)
        return replaced(found, name=name)

    def revoke(self, ref: str) -> DeviceInfo:
        """A device, shut out of everything that is written from now on. What it has, it keeps.

        Raises: NotFound, InvalidInput (this very device), Unavailable, Busy.
        """
        found = self.find(ref)
        if found.is_this:
            raise InvalidInput("this is the device you are at", hint="revoke it from another one")
        if not found.is_active:
            raise InvalidInput(f"{found.name} is revoked already")
        id, errors = bytes.fromhex(found.id), []
        with self._engine.read() as tx:
            account = accounts.get(tx, self._context.me)
            inside = [
                space
                for space in own_spaces.each(tx, self._context)
                if space.role != FORMER and space.remote_n is not None
            ]
        for space in inside:
            try:
                decide(self._sync, self._context, space, account, partial(shut_out, device=id))
            except ScribesError as e:
                errors.append(e)
        if errors:
            # The next sync goes on with those: what is revoked among the person's own is shut out everywhere.
            raise errors[0]
        return replaced(found, is_active=False)

    def find(self, ref: str) -> DeviceInfo:
        """A device by its name, its id or the end of that.

        Raises: NotFound.
        """
        devices = self.each()
        # A name that looks like the id of another one stands for neither.
        found = [one for one in devices if ref.casefold() == one.name.casefold() or one.id == ref]
        found += [one for one in devices if len(ref) >= 4 and one.id.endswith(ref.lower()) and one not in found]
        if len(found) != 1:
            raise NotFound(f"there is no device {ref!r}, or several", hint="scribes devices list shows them")
        return found[0]


def _pending(tx: Tx) -> tuple[str, int] | None:
    text = meta.get(tx, PAIRING)
    if text is None:
        return None
    code, remote = json.loads(text)
    return str(code), int(remote)


def _key(code: str) -> bytes:
    return blake2b(code.replace("-", "").encode(), digest_size=32, person=b"scribes.pair").digest()


def _slot(code: str, purpose: bytes) -> bytes:
    """Where a letter lies: who does not have the code cannot tell whose it is, nor open it."""
    return blake2b(purpose, digest_size=16, key=_key(code), person=b"scribes.slot").digest()


def _read(data: bytes) -> dict[str, Any]:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError) as e:
        raise Damaged("a letter between devices cannot be read") from e
    if not isinstance(said, dict):
        raise Damaged("a letter between devices is malformed")
    return said

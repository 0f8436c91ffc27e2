"""Logs written by hand: devices with fixed keys, spaces, and entries that no Scribes would write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

from scribes.canonical import encode
from scribes.crypto.control import admitted, proof, rotation, wraps
from scribes.crypto.devices import DeviceKeys, DevicePublic, keys_from_secret, member_id
from scribes.crypto.envelope import BUNDLE, CONTROL, FIRST, Entry, Header, in_clear, sealed
from scribes.domain import bundles
from scribes.domain.changes import Change, new_change
from scribes.domain.keyring import Keyring, space_id
from scribes.storage.coding import pack

AT_US = 1_763_806_800_000_000
Body = dict[str, Any]


def some_bytes(what: str, size: int = 16) -> bytes:
    """Bytes that follow from a name."""
    return blake2b(what.encode(), digest_size=size).digest()


class Pen:
    """A device: its keys follow from its name. `member` is its account, its own where it founded one."""

    def __init__(self, name: str, *, member: bytes | None = None, keys: DeviceKeys | None = None) -> None:
        self.name = name
        self.keys = keys or keys_from_secret(name.encode(), b"scribes.test")
        self.public: DevicePublic = self.keys.public()
        self.member = member or member_id(self.public)
        self.chains: dict[bytes, tuple[int, bytes]] = {}

    @property
    def id(self) -> bytes:
        return self.keys.id

    def said(self) -> Body:
        """Its public keys, as a control entry says them."""
        return {"box": self.public.box.hex(), "sign": self.public.sign.hex()}

    def second(self, name: str) -> Pen:
        """Another device of the same account."""
        return Pen(name, member=self.member)


def note(
    pen: Pen, name: str = "Grace", text: str = "Grace upon grace.", *, parents: Sequence[bytes] = (), **more: Any
) -> Change:
    """A change of a note, or of another item."""
    fields = more.pop("fields", {"title": name, "occurred": [AT_US, 60]} if not parents else {})
    return new_change(
        item=more.pop("item", some_bytes(name)),
        kind=more.pop("kind", "note"),
        parents=tuple(parents),
        device=more.pop("device", pen.id),
        at_us=more.pop("at_us", AT_US),
        edits=more.pop("edits", [[0, 0, text]] if text else []),
        fields=fields,
    )


class Space:
    """A space and its log, as everybody has it. `write` and `bundle` put entries at the end of it."""

    def __init__(self, founder: Pen, *, kind: str = "circle", salt: str = "space", mode: str = "sealed") -> None:
        self.log: list[Entry] = []
        self.keys = {1: some_bytes(f"{salt} epoch 1", 32)}
        body = {
            **founder.said(), "c": 1, "k": "create", "kind": kind, "member": founder.member.hex(), "mode": mode,
            "p": "", "salt": some_bytes(salt).hex(), "t": AT_US,
        }  # fmt: skip
        self.id = space_id(body)
        self.ring = Keyring(self.id)
        body["wraps"] = wraps(self.id, 1, self.keys[1], {founder.id: founder.public.box})
        self.write(founder, body)

    def control(self, pen: Pen, body: Body, **header: Any) -> Entry:
        """A control entry that is not in the log, and need not be in order."""
        said = {"t": AT_US, "c": self.ring.number + 1, "p": self.ring.head.hex(), **body}
        return in_clear(self._header(pen, CONTROL, **header), encode(said).encode(), sign_key=pen.keys.sign)

    def write(self, pen: Pen, body: Body) -> Entry:
        """A control entry at the end of the log, which everybody admits."""
        entry = self.control(pen, body)
        self.ring = admitted(self.ring, entry)
        return self.put(pen, entry)

    def put(self, pen: Pen, entry: Entry) -> Entry:
        """Any entry at the end of the log."""
        pen.chains[self.id] = (entry.header.number, entry.id)
        self.log.append(entry)
        return entry

    def sealed(self, pen: Pen, content: bytes | str, **header: Any) -> Entry:
        """A bundle of any content, that is not in the log."""
        made = self._header(pen, BUNDLE, **header)
        packed = content if isinstance(content, bytes) else pack(content)
        key = self.keys.get(made.epoch) or some_bytes("another key", 32)
        return sealed(made, packed, epoch_key=key, sign_key=pen.keys.sign)

    def bundle(self, pen: Pen, *changes: Change, seen: dict[bytes, int] | None = None, **header: Any) -> Entry:
        """A bundle at the end of the log."""
        text = bundles.written(bundles.Bundle(seen or {}, changes, {}))
        return self.put(pen, self.sealed(pen, text, **header))

    def raws(self) -> list[bytes]:
        return [entry.raw for entry in self.log]

    # What people do

    def brings(self, pen: Pen, new: Pen, *, cut: int = 0) -> Body:
        made = wraps(self.id, self.ring.epoch, self.keys[self.ring.epoch], {new.id: new.public.box})
        return {**new.said(), "cuts": {new.id.hex(): cut}, "device": new.id.hex(), "k": "device", "wraps": made}

    def rotates(self, *, without: Iterable[bytes] = (), links_end: bool = False) -> Body:
        epoch = self.ring.epoch + 1
        self.keys[epoch] = some_bytes(f"{self.id.hex()} epoch {epoch}", 32)
        gone = {*without, *(self.ring.invites if links_end else ())}
        receivers = {id: box for id, box in self.ring.receivers().items() if id not in gone}
        return rotation(self.ring, epoch_key=self.keys[epoch], old_key=self.keys[epoch - 1], receivers=receivers)

    def revokes(self, gone: Pen, *, cut: int = 1_000) -> Body:
        return {
            "cuts": {gone.id.hex(): cut}, "device": gone.id.hex(), "k": "revoke",
            **self.rotates(without=[gone.id], links_end=True),
        }  # fmt: skip

    def invites(self, secret: str, *, role: str = "member", uses: Any = 1, until: Any = AT_US * 2) -> Body:
        keys = invitation(secret)
        made = wraps(self.id, self.ring.epoch, self.keys[self.ring.epoch], {keys.id: keys.public().box})
        return {
            **Pen("", keys=keys).said(), "invite": keys.id.hex(), "k": "invite", "role": role, "until": until,
            "uses": uses, "wraps": made,
        }  # fmt: skip

    def uninvites(self, secret: str) -> Body:
        id = invitation(secret).id
        return {"invite": id.hex(), "k": "uninvite", **self.rotates(without=[id])}

    def joins(self, pen: Pen, secret: str, *, cut: int = 0, at_us: int = AT_US) -> Body:
        keys = invitation(secret)
        body: Body = {
            **pen.said(), "cuts": {pen.id.hex(): cut}, "invite": keys.id.hex(), "k": "add", "member": pen.member.hex(),
            "t": at_us,
            "wraps": wraps(self.id, self.ring.epoch, self.keys[self.ring.epoch], {pen.id: pen.public.box}),
        }  # fmt: skip
        return {**body, "proof": proof(self.id, pen.id, body, invitation=keys)}

    def removes(self, *gone: Pen, cut: int = 1_000) -> Body:
        cuts = {one.id.hex(): cut for one in gone}
        rotated = self.rotates(without=[one.id for one in gone], links_end=True)
        return {"cuts": cuts, "k": "remove", "member": gone[0].member.hex(), **rotated}

    def gives_role(self, pen: Pen, role: str, *, cut: int = 1_000) -> Body:
        return {"cuts": {pen.id.hex(): cut}, "k": "role", "member": pen.member.hex(), "role": role}

    def hands_over(self, pen: Pen, *, cut: int = 1_000) -> Body:
        return {"cuts": {pen.id.hex(): cut}, "k": "handover", "member": pen.member.hex()}

    def leaves(self, pen: Pen, *, cut: int = 1_000) -> Body:
        return {"cuts": {pen.id.hex(): cut}, "k": "leave"}

    def changes_key(self) -> Body:
        return {"k": "epoch", **self.rotates()}

    def let_in(self, by: Pen, pen: Pen, role: str) -> Pen:
        """Somebody is invited by one, and joins."""
        secret = f"{pen.name} {role} {self.ring.number}"
        self.write(by, self.invites(secret, role=role))
        self.write(pen, self.joins(pen, secret, cut=pen.chains.get(self.id, (0, FIRST))[0]))
        return pen

    def _header(self, pen: Pen, type: int, **header: Any) -> Header:
        number, last = pen.chains.get(self.id, (0, FIRST))
        said = {
            "type": type, "space": self.id, "device": pen.id, "epoch": self.ring.epoch, "number": number + 1,
            "previous": last, **header,
        }  # fmt: skip
        return Header(**said)


def invitation(secret: str) -> DeviceKeys:
    """The keys in the secret of an invitation."""
    return keys_from_secret(secret.encode(), b"scribes.invite")

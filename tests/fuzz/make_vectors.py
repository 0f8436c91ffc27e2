"""Makes the golden vectors of the wire format anew: `python -m tests.fuzz.make_vectors`. Old ones are never edited."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scribes.canonical import encode
from scribes.crypto.control import epoch_key_in
from scribes.crypto.devices import DeviceKeys, fingerprint, keys_from_secret, member_id, seal_for
from scribes.crypto.envelope import BUNDLE, CONTROL, FIRST, SNAPSHOT, Entry, Header, in_clear, parse, sealed
from scribes.domain import bundles
from scribes.domain.bundles import Bundle
from scribes.domain.keyring import space_id
from scribes.storage.coding import pack
from tests.fuzz.by_hand import AT_US, Pen, Space, invitation, note, some_bytes

FOLDER = Path(__file__).parents[1] / "vectors"
KEY, SALT = some_bytes("epoch", 32), some_bytes("salt")
# RFC 9180, A.2.1.1, sequence number 0.
RFC_9180 = {
    "source": "RFC 9180, A.2.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305, base mode",
    "skRm": "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
    "enc": "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
    "info": "4f6465206f6e2061204772656369616e2055726e",
    "key": "ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91",
    "base_nonce": "5c4d98150661b848853b547f",
    "aad": "436f756e742d30",
    "pt": "4265617574792069732074727574682c20747275746820626561757479",
    "ct": "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
}


def fixed(salt: bytes) -> Callable[[int], bytes]:
    return lambda size: salt[:size].ljust(size, b"\0")


def envelope() -> dict[str, Any]:
    pen = Pen("anna")
    text = bundles.written(Bundle({}, (note(pen),), {}))
    good = []
    for content, changed in ((b"", {}), (b"x", {"number": 1}), (pack(text), {}), (pack(text), {"flags": SNAPSHOT})):
        header = Header(
            **{
                "type": BUNDLE, "space": some_bytes("space"), "device": pen.id, "epoch": 3, "number": 7,
                "previous": some_bytes("before", 32), **changed,
            }
        )  # fmt: skip
        entry = sealed(header, content, epoch_key=KEY, sign_key=pen.keys.sign)
        good.append(
            {
                "header": {
                    "space": header.space.hex(), "device": header.device.hex(), "epoch": header.epoch,
                    "number": header.number, "previous": header.previous.hex(), "flags": header.flags,
                },
                "salt": SALT.hex(), "sign_seed": pen.keys.sign.hex(), "sign": pen.public.sign.hex(),
                "epoch_key": KEY.hex(), "content": content.hex(), "entry": entry.raw.hex(), "id": entry.id.hex(),
            }
        )  # fmt: skip
    raw = bytes.fromhex(good[2]["entry"])

    def bad(why: str, error: str, entry: bytes, *, key: bytes = KEY) -> dict[str, str]:
        sign = pen.public.sign.hex()
        return {"why": why, "error": error, "entry": entry.hex(), "sign": sign, "epoch_key": key.hex()}

    def signed(unsigned: bytes) -> bytes:
        return in_clear(parse(unsigned + bytes(64)).header, unsigned[96:], sign_key=pen.keys.sign).raw

    def altered(place: int, value: int) -> bytes:
        return raw[:place] + bytes([value]) + raw[place + 1 :]

    return {
        "good": good,
        "bad": [
            bad("a newer version", "newer", altered(0, 2)),
            bad("an unknown type", "newer", altered(1, 3)),
            bad("number 0", "damaged", altered(47, 0)),
            bad("a number of 64 bits", "damaged", altered(40, 0x80)),
            bad("epoch 0", "damaged", altered(39, 0)),
            bad("a flipped bit in the space", "damaged", altered(4, raw[4] ^ 1)),
            bad("a flipped bit in the salt", "damaged", altered(80, raw[80] ^ 1)),
            bad("a flipped bit in the body", "damaged", altered(100, raw[100] ^ 1)),
            bad("a flipped bit in the signature", "damaged", altered(len(raw) - 1, raw[-1] ^ 1)),
            bad("moved to another space and signed", "damaged", signed(raw[:4] + bytes(16) + raw[20:-64])),
            bad("made a snapshot and signed", "damaged", signed(raw[:3] + b"\1" + raw[4:-64])),
            bad("another key", "damaged", raw, key=bytes(32)),
            bad("cut", "damaged", raw[:-1]),
            bad("too short", "damaged", raw[:159]),
            bad("empty", "damaged", b""),
            bad("longer", "damaged", raw + b"\0"),
        ],
    }


def control() -> dict[str, Any]:
    anna, carl, phone = Pen("anna"), Pen("carl"), Pen("anna").second("anna's phone")
    pens = [anna, carl, phone]
    space = Space(anna)
    said: list[dict[str, Any]] = []

    def take(entry: Entry) -> None:
        body = json.loads(entry.body)
        opened = {pen.name: epoch_key_in(space.id, space.ring.epoch, body, pen.keys) for pen in pens}
        said.append(
            {
                "kind": body["k"], "entry": entry.raw.hex(), "id": entry.id.hex(), "epoch": space.ring.epoch,
                "members": {member.hex(): role for member, role in space.ring.members.items()},
                "devices": {id.hex(): one.is_active for id, one in space.ring.devices.items()},
                "keys": {name: key.hex() if key else None for name, key in opened.items()},
            }
        )  # fmt: skip

    take(space.log[0])
    take(space.write(anna, space.brings(anna, phone)))
    take(space.write(anna, space.invites("the secret")))
    before = space.ring
    bad = []

    def refuse(why: str, error: str, entry: Entry) -> None:
        bad.append({"why": why, "error": error, "after": len(said), "entry": entry.raw.hex()})

    joining = space.joins(carl, "the secret")
    refuse("joins without the secret", "forbidden", space.control(carl, {**joining, "proof": "00" * 64}))
    refuse("joins with another's proof", "forbidden", space.control(Pen("ghost"), {**joining, **Pen("ghost").said()}))
    refuse("joins too late", "forbidden", space.control(carl, space.joins(carl, "the secret", at_us=AT_US * 3)))
    refuse("is by a stranger", "forbidden", space.control(carl, space.invites("another")))
    refuse("has a stale number", "outrun", space.control(anna, {**space.invites("another"), "c": 3}))
    refuse("stands on another one", "outrun", space.control(anna, {**space.invites("another"), "p": "00" * 32}))
    refuse("is of an unknown kind", "damaged", space.control(anna, {"k": "bless"}))
    refuse("invites as what is no role", "forbidden", space.control(anna, space.invites("another", role="banana")))
    refuse("invites an owner", "forbidden", space.control(anna, space.invites("another", role="owner")))
    refuse("is of another space", "forbidden", space.control(anna, space.invites("another"), space=bytes(16)))
    body = encode({**space.invites("another"), "c": 4, "p": space.ring.head.hex(), "t": AT_US})
    header = Header(CONTROL, space.id, anna.id, 1, 4, FIRST)
    refuse("is signed by another", "forbidden", in_clear(header, body.encode(), sign_key=carl.keys.sign))
    spaced = body.replace(":", ": ", 1).encode()
    refuse("is spelled otherwise", "damaged", in_clear(header, spaced, sign_key=anna.keys.sign))
    refuse("is no JSON", "damaged", in_clear(header, b"{", sign_key=anna.keys.sign))
    refuse("is a bundle", "damaged", space.sealed(anna, "{}"))
    take(space.write(carl, joining))
    refuse("uses an invitation again", "forbidden", space.control(Pen("dora"), space.joins(Pen("dora"), "the secret")))
    refuse("removes the owner", "forbidden", space.control(carl, space.removes(anna, phone)))
    rotation = space.changes_key()
    less = {id: key for id, key in rotation["wraps"].items() if id != phone.id.hex()}
    refuse("keeps a key from one who is in", "forbidden", space.control(anna, {**rotation, "wraps": less}))
    more = {**rotation["wraps"], "00" * 16: "00"}
    refuse("gives a key to a ghost", "forbidden", space.control(anna, {**rotation, "wraps": more}))
    take(space.write(anna, space.gives_role(carl, "admin", cut=1)))
    take(space.write(anna, space.removes(carl, cut=1)))
    refuse("is by one who was removed", "forbidden", space.control(carl, space.invites("another")))
    assert before.number == 3
    founding = {name: value for name, value in json.loads(space.log[0].body).items() if name != "wraps"}
    return {
        "keys_from_secret": [
            {
                "secret": secret, "purpose": purpose, "id": keys.id.hex(), "sign": keys.sign.hex(),
                "box": keys.box.hex(),
                "public_sign": keys.public().sign.hex(), "public_box": keys.public().box.hex(),
                "member": member_id(keys.public()).hex(),
                "fingerprint": fingerprint(keys.public().sign, keys.public().box),
            }
            for secret, purpose in (
                ("0123456789ABCDEFGHJKMNPQRSTVWXYZPD7M", "scribes.invite"), ("anna", "scribes.test"),
            )
            for keys in [keys_from_secret(secret.encode(), purpose.encode())]
        ],
        "hpke": [
            {
                "box": keys.box.hex(), "info": info.hex(), "plain": KEY.hex(),
                "sealed": seal_for(keys.public().box, KEY, about=info).hex(),
            }
            for keys in [DeviceKeys(bytes(16), bytes(32), some_bytes("box", 32)), invitation("the secret")]
            for info in (b"", b"scribes.epoch" + bytes(16) + b"\0\0\0\1" + keys.id)
        ],
        "rfc9180": RFC_9180,
        "space_id": [
            {"body": body, "id": space_id(body).hex()} for body in (founding, {**founding, "mode": "open"})
        ],
        "log": {
            "space": space.id.hex(),
            "pens": [
                {"name": pen.name, "device": pen.id.hex(), "sign": pen.keys.sign.hex(), "box": pen.keys.box.hex()}
                for pen in pens
            ],
            "entries": said,
        },
        "bad": bad,
    }  # fmt: skip


def bundled() -> dict[str, Any]:
    anna, carl = Pen("anna"), Pen("carl")
    first = note(anna)
    second = note(carl, "Grace", "mercy", parents=[first.id], at_us=AT_US - 5)
    other = note(anna, "Peace", "é\U0001f54a\n\t", parents=[second.id, some_bytes("elsewhere")], at_us=-7)
    prayer = note(anna, "Rain", "", kind="prayer", fields={"title": "Rain"}, at_us=AT_US + 1)
    covers = encode({anna.id.hex(): [3, some_bytes("three", 32).hex()]})

    def good(what: str, bundle: Bundle, more: str = "") -> dict[str, Any]:
        text = bundles.written(bundle)
        text = f"{text[:-1]}{more}}}"
        return {
            "what": what, "text": text, "packed": pack(text).hex(), "changes": [one.id.hex() for one in bundle.changes],
            "seen": {device.hex(): number for device, number in bundle.seen.items()},
            "members": {device.hex(): member.hex() for device, member in bundle.members.items()},
        }  # fmt: skip

    text = bundles.written(Bundle({}, (first,), {}))
    said = json.loads(text)

    def bad(why: str, text: str, error: str = "damaged") -> dict[str, Any]:
        return {"why": why, "error": error, "packed": pack(text).hex()}

    def with_row(place: int, value: Any) -> str:
        row = list(said["c"][0])
        row[place] = value
        return json.dumps({**said, "c": [row]})

    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"\x01" + deflate.compress(b" " * 300_000) + deflate.flush()
    return {
        "good": [
            good("nothing", Bundle({}, (), {})),
            good("one note", Bundle({}, (first,), {})),
            good(
                "changes by two devices", Bundle({carl.id: 3}, (first, second, other, prayer), {carl.id: carl.member})
            ),
            good("a snapshot", Bundle({}, (first, second), {carl.id: carl.member}), f',"s":{covers}'),
        ],
        "bad": [
            bad("no object", "[]"),
            bad("no changes", '{"d":[],"i":[],"k":[],"v":{}}'),
            bad("a float", with_row(4, 1.5)),
            bad("a float in a field", with_row(6, {"b": [], "f": {"x": 1.5}})),
            bad("NaN", text.replace(f"[0,0,0,[],{AT_US}", "[0,0,0,[],NaN")),
            bad("a device that is not there", with_row(0, 1)),
            bad("a parent that comes later", with_row(3, [0])),
            bad("a parent that is no id", with_row(3, ["00"])),
            bad("an item that is no id", json.dumps({**said, "i": ["00"]})),
            bad("a kind without a name", json.dumps({**said, "k": [""]})),
            bad("an instant after the year 9999", with_row(4, 253_402_300_800_000_000)),
            bad("schema 0", with_row(5, 0)),
            bad("content that is no object", with_row(6, [])),
            bad("an edit that is none", with_row(6, {"b": [[0, 0]], "f": {}})),
            bad("a lone surrogate", with_row(6, {"b": [[0, 0, "\ud800"]], "f": {}})),
            bad("nested too deeply", '{"c":' + "[" * 5_000),
            {"why": "another coding", "error": "newer", "packed": "02" + pack(text).hex()[2:]},
            {"why": "empty", "error": "newer", "packed": ""},
            {"why": "cut", "error": "damaged", "packed": pack(text).hex()[:-8]},
            {"why": "inflates too far", "error": "damaged", "packed": bomb.hex(), "most_bytes": 200_000},
        ],
    }


def main() -> None:
    real = os.urandom
    os.urandom = fixed(SALT)
    try:
        made = {"envelope": envelope(), "control": control(), "bundles": bundled()}
    finally:
        os.urandom = real
    for name, vectors in made.items():
        text = json.dumps(vectors, indent=1, ensure_ascii=True)
        (FOLDER / f"{name}.json").write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    main()

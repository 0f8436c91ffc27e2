"""Entries of a log: any altered bit is noticed, nothing can be moved, and padding hides sizes."""

from __future__ import annotations

import json
import random
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from scribes.crypto.devices import DeviceKeys
from scribes.crypto.envelope import (
    BUNDLE,
    CONTROL,
    HEADER,
    MAX_ENTRY_BYTES,
    SIGNATURE_BYTES,
    SNAPSHOT,
    Entry,
    Header,
    in_clear,
    padded_size,
    parse,
    sealed,
)
from scribes.errors import Damaged, NewerFormat, ScribesError
from scribes.storage.coding import pack, unpack
from tests.fuzz.by_hand import Pen, some_bytes

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "envelope.json").read_bytes())
PEN = Pen("anna")
KEY = some_bytes("epoch", 32)
CONTENT = pack('{"c":[],"d":[],"i":[],"k":[],"v":{}}')


def header(**changed: Any) -> Header:
    said = {
        "type": BUNDLE, "space": some_bytes("space"), "device": PEN.id, "epoch": 3, "number": 7,
        "previous": some_bytes("before", 32), "flags": 0,
    }  # fmt: skip
    return Header(**{**said, **changed})


def entry(content: bytes = CONTENT, **changed: Any) -> Entry:
    return sealed(header(**changed), content, epoch_key=KEY, sign_key=PEN.keys.sign)


def accepted(raw: bytes) -> bytes:
    """The content, as a reader takes it: apart, verified, opened. Raises what a reader would raise."""
    found = parse(raw)
    if not found.is_by(PEN.public.sign):
        raise Damaged("another signature")
    return found.opened(KEY)


def flipped(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_an_entry_comes_out_as_it_went_in() -> None:
    made = entry()

    assert parse(made.raw) == made
    assert accepted(made.raw) == CONTENT
    assert (made.header.number, made.header.epoch, made.header.device) == (7, 3, PEN.id)


def test_every_flipped_bit_of_the_header_is_refused() -> None:
    raw = entry().raw

    for bit in range(HEADER.size * 8):
        with pytest.raises((Damaged, NewerFormat)):
            accepted(flipped(raw, bit))


def test_flipped_bits_of_body_and_signature_are_refused() -> None:
    raw = entry(pack("x" * 3_000)).raw
    source = random.Random(5)
    body = [source.randrange(HEADER.size * 8, (len(raw) - SIGNATURE_BYTES) * 8) for _ in range(300)]
    signature = range((len(raw) - SIGNATURE_BYTES) * 8, len(raw) * 8)

    for bit in (*body, *signature):
        with pytest.raises(Damaged):
            accepted(flipped(raw, bit))


def test_the_seal_alone_notices_every_flipped_bit_of_the_header() -> None:
    """Without its signature, too, a body opens under its own header alone."""
    made = entry()

    for bit in range(16, HEADER.size * 8):
        altered = flipped(made.raw, bit)
        try:
            found = parse(altered)
        except ScribesError:
            continue
        with pytest.raises(Damaged):
            found.opened(KEY)


@pytest.mark.parametrize(
    "moved",
    [
        {"space": some_bytes("another space")},
        {"device": some_bytes("another device")},
        {"number": 8},
        {"epoch": 4},
        {"previous": some_bytes("another", 32)},
        {"flags": SNAPSHOT},
        {"flags": 2},
    ],
)
def test_a_bundle_cannot_be_moved_even_by_one_who_signs_it_anew(moved: dict[str, Any]) -> None:
    made = entry()
    clear = header(**moved, salt=made.header.salt).to_bytes()
    other = Pen("mallory")
    forged = in_clear(parse(clear + bytes(64)).header, made.body, sign_key=other.keys.sign)
    # in_clear keeps header and body as they are, signed by another key
    assert forged.raw[: HEADER.size] == clear

    with pytest.raises(Damaged):
        forged.opened(KEY)


def test_a_bundle_does_not_open_with_another_key() -> None:
    with pytest.raises(Damaged, match="key of its epoch"):
        entry().opened(some_bytes("another key", 32))


def test_another_device_has_not_signed_it() -> None:
    made = entry()

    assert made.is_by(PEN.public.sign)
    assert not made.is_by(Pen("mallory").public.sign)
    assert not made.is_by(bytes(32))
    assert not made.is_by(b"short")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({0: 2}, NewerFormat),
        ({0: 0}, NewerFormat),
        ({1: 0}, NewerFormat),
        ({1: 3}, NewerFormat),
        ({47: 0}, Damaged),
        ({40: 0x80}, Damaged),
        ({39: 0}, Damaged),
    ],
)
def test_a_header_that_says_what_cannot_be_is_refused(changed: dict[int, int], error: type[ScribesError]) -> None:
    raw = bytearray(entry().raw)
    for place, value in changed.items():
        raw[place] = value

    with pytest.raises(error):
        parse(bytes(raw))


@pytest.mark.parametrize("size", [0, 1, 95, 96, 159])
def test_a_short_entry_is_refused(size: int) -> None:
    with pytest.raises(Damaged):
        parse(entry().raw[:size])


def test_an_entry_of_more_than_80_mib_is_refused_before_it_is_read() -> None:
    with pytest.raises(Damaged):
        parse(bytes(MAX_ENTRY_BYTES + 1))


def test_a_cut_entry_is_refused() -> None:
    raw = entry().raw

    for size in range(160, len(raw)):
        with pytest.raises(Damaged):
            accepted(raw[:size])


@pytest.mark.parametrize("size", range(40))
def test_small_contents_come_out_of_their_padding(size: int) -> None:
    content = bytes(range(size))

    assert accepted(entry(content).raw) == content


def test_padding_hides_sizes_and_costs_at_most_an_eighth() -> None:
    sizes = [*range(3_000), *(1 << n for n in range(12, 27)), *((1 << n) - 1 for n in range(12, 27)), 83_000_000]

    for size in sizes:
        assert size <= padded_size(size) <= size * 1.12 + 1
        assert padded_size(padded_size(size)) == padded_size(size)
    assert [padded_size(size) for size in (0, 1, 2, 9, 100, 1_000, 10_000)] == [0, 1, 2, 10, 104, 1_024, 10_240]
    # Of a million sizes there are few that are seen.
    assert len({padded_size(size) for size in range(65_536, 131_072)}) == 33


@pytest.mark.parametrize("padding", [b"\x01", b"", b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"])
def test_other_padding_is_refused(padding: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """One content has one sealed size: so nothing is carried beside it."""
    from scribes.crypto import envelope

    content = b"nine char"
    monkeypatch.setattr(envelope, "padded_size", lambda size: size + len(padding))
    made = sealed(header(), _Padded(content, padding), epoch_key=KEY, sign_key=PEN.keys.sign)
    monkeypatch.undo()

    with pytest.raises(Damaged, match="padded"):
        accepted(made.raw)


class _Padded(bytes):
    """A content that is padded with something else."""

    padding: bytes

    def __new__(cls, content: bytes, padding: bytes) -> _Padded:
        made = super().__new__(cls, content)
        made.padding = padding
        return made

    def ljust(self, _size: Any, _fill: Any = b" ", /) -> bytes:
        return bytes(self) + self.padding


def test_each_sealing_has_a_salt_and_so_a_key_of_its_own() -> None:
    made = [entry() for _ in range(50)]

    assert len({one.header.salt for one in made}) == 50
    assert len({one.body for one in made}) == 50


def test_a_bomb_that_a_member_sealed_is_refused_in_bounded_memory() -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"\x01" + b"".join(deflate.compress(b" " * (1 << 20)) for _ in range(600)) + deflate.flush()
    bomb = entry(packed)
    assert len(bomb.raw) < 1 << 20
    tracemalloc.start()
    try:
        with pytest.raises(Damaged):
            unpack(bomb.opened(KEY), most_bytes=128 << 20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 300 << 20


@pytest.mark.parametrize("part", [b"[],", b"0,", b'"",', b'{"":0},'])
def test_a_text_that_becomes_many_times_its_size_is_refused_in_bounded_memory(part: bytes) -> None:
    """40 MiB of small lists would take more than a gigabyte."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = part * ((1 << 20) // len(part))
    pieces = [deflate.compress(b'{"c":['), *[deflate.compress(block) for _ in range(40)], deflate.compress(b"0]}")]
    bomb = b"\x01" + b"".join(pieces) + deflate.flush()
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    try:
        with pytest.raises(Damaged):
            unpack(bomb, most_bytes=128 << 20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 600 << 20


def test_a_large_text_of_somebody_who_likes_commas_is_read() -> None:
    text = '{"b":"' + ',[{\\"' * 2_000_000 + '"}'

    assert unpack(pack(text))[0] == text


def test_a_control_entry_is_in_clear_and_signed() -> None:
    made = in_clear(header(type=CONTROL), b'{"k":"epoch"}', sign_key=PEN.keys.sign)

    assert parse(made.raw).body == b'{"k":"epoch"}'
    assert made.is_by(PEN.public.sign)
    assert not parse(flipped(made.raw, 97 * 8)).is_by(PEN.public.sign)


# Golden vectors


def test_the_golden_entries_are_made_and_opened_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    for vector in VECTORS["good"]:
        said = vector["header"]
        salt = bytes.fromhex(vector["salt"])
        monkeypatch.setattr("os.urandom", lambda _size, salt=salt: salt)
        keys = DeviceKeys(bytes.fromhex(said["device"]), bytes.fromhex(vector["sign_seed"]), bytes(32))
        made = sealed(
            Header(
                BUNDLE,
                bytes.fromhex(said["space"]),
                keys.id,
                said["epoch"],
                said["number"],
                bytes.fromhex(said["previous"]),
                said["flags"],
            ),
            bytes.fromhex(vector["content"]),
            epoch_key=bytes.fromhex(vector["epoch_key"]),
            sign_key=keys.sign,
        )

        assert made.raw.hex() == vector["entry"]
        assert made.id.hex() == vector["id"]
        assert parse(made.raw).opened(bytes.fromhex(vector["epoch_key"])).hex() == vector["content"]


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda vector: vector["why"])
def test_the_bad_golden_entries_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(ScribesError) as caught:
        _read(vector)

    assert caught.value.code == vector["error"]


def _read(vector: dict[str, str]) -> None:
    found = parse(bytes.fromhex(vector["entry"]))
    if not found.is_by(bytes.fromhex(vector["sign"])):
        raise Damaged("a wrong signature")
    found.opened(bytes.fromhex(vector["epoch_key"]))


# A second reader, written from docs/reference/wire.md alone: what the page says is enough.


def second_reader(raw: bytes, *, epoch_key: bytes, sign: bytes) -> bytes:
    """The content of a bundle."""
    from hashlib import blake2b

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    Ed25519PublicKey.from_public_bytes(sign).verify(raw[-64:], raw[:-64])
    assert raw[0] == 1
    assert raw[1] == 1
    key = blake2b(b"", digest_size=32, key=epoch_key, salt=raw[80:96], person=b"scribes.bundle").digest()
    padded = ChaCha20Poly1305(key).decrypt(bytes(12), raw[96:-64], raw[:96])
    length = int.from_bytes(padded[:4], "big")
    assert not any(padded[4 + length :])
    step = 1
    if length > 1:
        exponent = length.bit_length() - 1
        step = 1 << exponent - (exponent.bit_length() - 1) - 1 if exponent else 1
    assert len(padded) - 4 == -(-length // step) * step
    return padded[4 : 4 + length]


def test_a_second_reader_opens_the_golden_entries() -> None:
    import hashlib
    import struct

    for vector in VECTORS["good"]:
        raw, said = bytes.fromhex(vector["entry"]), vector["header"]
        content = second_reader(raw, epoch_key=bytes.fromhex(vector["epoch_key"]), sign=bytes.fromhex(vector["sign"]))

        assert content.hex() == vector["content"]
        assert hashlib.sha256(raw).hexdigest() == vector["id"]
        found = struct.unpack(">H16s16sIQ32s", raw[2:80])
        assert found == (
            said["flags"],
            bytes.fromhex(said["space"]),
            bytes.fromhex(said["device"]),
            said["epoch"],
            said["number"],
            bytes.fromhex(said["previous"]),
        )


def test_a_second_reader_reads_the_golden_bundles() -> None:
    from hashlib import blake2b

    folder = Path(__file__).parents[3]
    dictionary = (folder / "src/scribes/storage/dictionary-1.txt").read_bytes()
    for vector in json.loads((folder / "tests/vectors/bundles.json").read_bytes())["good"]:
        packed = bytes.fromhex(vector["packed"])
        assert packed[0] == 1
        said = json.loads(zlib.decompressobj(-15, dictionary).decompress(packed[1:]))
        ids: list[str] = []
        instant = 0
        for device, item, kind, parents, after, schema, content in said["c"]:
            instant += after
            about = {
                "i": said["i"][item], "k": said["k"][kind], "s": schema, "t": instant, "u": said["d"][device][0],
                "p": [ids[parent] if isinstance(parent, int) else parent for parent in parents],
            }  # fmt: skip
            texts = (
                json.dumps(one, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for one in (content, about)
            )
            ids.append(blake2b("".join(texts).encode(), digest_size=16).hexdigest())

        assert ids == vector["changes"]

"""A second reader of a vault, written from docs/reference/file-format.md alone: what the page says is enough."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import unicodedata
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

import scribes

DICTIONARY = Path(scribes.__file__).parent / "storage" / "dictionary-1.txt"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PASSPHRASE = "blesse\u0301d assurance"


@dataclass
class Written:
    """A vault that Scribes wrote, closed again."""

    path: Path
    recovery_key: str
    backup: Path
    key_file: bytes

    @property
    def header(self) -> dict[str, Any]:
        return json.loads(Path(f"{self.path}.keys.json").read_bytes())  # type: ignore[no-any-return]

    @property
    def data_key(self) -> bytes:
        slot = next(slot for slot in self.header["slots"] if slot["kind"] == "recovery")
        secret = self.recovery_key.replace("-", "").encode()
        return opened(slot, blake(secret, 32, salt=bytes.fromhex(slot["salt"]), person=b"scribes.recovery"), self)

    def connect(self) -> apsw.Connection:
        connection = apsw.Connection(str(self.path))
        sub_key = blake(b"", 32, key=self.data_key, person=b"scribes.file")
        connection.execute(f"PRAGMA key = 'raw:{sub_key.hex()}'")
        return connection


def blake(data: bytes, size: int, **options: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=size, **options).digest()  # type: ignore[arg-type]


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def opened(slot: dict[str, Any], wrapping: bytes, vault: Written) -> bytes:
    public = {name: value for name, value in slot.items() if name not in ("nonce", "sealed")}
    associated = canonical({"vault": vault.header["vault"], **public}).encode()
    return ChaCha20Poly1305(wrapping).decrypt(bytes.fromhex(slot["nonce"]), bytes.fromhex(slot["sealed"]), associated)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    home = tmp_path_factory.mktemp("home")
    path, backup = home / "a.scribes", home / "a.backup"
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("SCRIBES_", "XDG_"))]:
            patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        patch.setenv("SCRIBES_KEYSTORE", "file")
        with scribes.open(path) as s:
            note = s.notes.add("On grace", "John 1:16, für alle \U0001f54a #grace", topics=["End of Days"])
            s.notes.change(note.id, scribes.NotePatch(body="John 1:17, für alle \U0001f54a", speaker="A. Keller"))
            s.keys.set_passphrase(unicodedata.normalize("NFC", PASSPHRASE))
            s.backups.make(str(backup))
            recovery_key = s.keys.recovery_key()
    (key_file,) = home.rglob("*.key")
    return Written(path, recovery_key, backup, key_file.read_bytes())


def test_the_key_file_and_both_slots_hold_the_same_key(written: Written) -> None:
    slot = next(slot for slot in written.header["slots"] if slot["kind"] == "passphrase")
    derivation = Argon2id(
        salt=bytes.fromhex(slot["salt"]),
        length=32,
        iterations=slot["passes"],
        lanes=slot["lanes"],
        memory_cost=slot["memory_kib"],
    )
    from_passphrase = opened(slot, derivation.derive(unicodedata.normalize("NFC", PASSPHRASE).encode()), written)
    vault = bytes.fromhex(written.header["vault"])

    assert from_passphrase == written.data_key
    assert written.key_file == f"scribes-key-1 {written.data_key.hex()} 0\n".encode()
    assert written.header["check"] == blake(vault, 16, key=written.data_key, person=b"scribes.check").hex()


def test_the_header_is_canonical_and_stands_inside_the_vault_too(written: Written) -> None:
    beside = Path(f"{written.path}.keys.json").read_bytes()
    inside = written.connect().execute("SELECT value FROM meta WHERE name = 'header'").fetchone()

    assert beside == canonical(written.header).encode() + b"\n"
    assert inside == (beside,)


def test_the_recovery_key_ends_with_its_checksum(written: Written) -> None:
    plain = written.recovery_key.replace("-", "")
    number = int.from_bytes(blake(plain[:32].encode(), 4, person=b"scribes.checksum"), "big")

    assert plain[32:] == "".join(ALPHABET[number >> 5 * place & 31] for place in range(4))


def test_a_note_can_be_made_anew_from_its_changes(written: Written) -> None:
    connection = written.connect()
    text, fields = "", {}
    rows = connection.execute(
        "SELECT change.id, item_id, kind, parents, device.id, at_us, schema, body FROM change"
        " JOIN device ON device.n = device_id ORDER BY change.n"
    ).fetchall()
    for id, item, kind, parents, device, at_us, schema, body in rows:
        assert body[:1] == b"\x01"
        content = zlib.decompressobj(-15, DICTIONARY.read_bytes()).decompress(body[1:]).decode()
        about = {"i": item.hex(), "k": kind, "s": schema, "t": at_us, "u": device.hex()}
        about["p"] = [parents[at : at + 16].hex() for at in range(0, len(parents), 16)]
        assert blake((content + canonical(about)).encode(), 16) == id
        change = json.loads(content)
        for start, removed, inserted in reversed(change["b"]):
            text = text[:start] + inserted + text[start + removed :]
        fields.update(change["f"])

    stored = connection.execute("SELECT title, body, speaker, tags, topics, occurred_us, heads FROM note").fetchone()
    assert len(rows) == 2
    assert stored == (
        fields["title"],
        text,
        fields["speaker"],
        "\n".join(fields["tags"]),
        "\n".join(fields["topics"]),
        fields["occurred"][0],
        rows[-1][0],
    )


def test_a_backup_is_three_members_and_their_checksums(written: Written) -> None:
    with tarfile.open(written.backup, "r:") as archive:
        members = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    manifest = json.loads(members["manifest.json"])

    assert list(members) == ["manifest.json", "keys.json", "vault"]
    assert (manifest["format"], manifest["version"]) == ("scribes-backup", 1)
    assert manifest["vault"] == written.header["vault"]
    assert manifest["sha256"] == {name: hashlib.sha256(members[name]).hexdigest() for name in ("keys.json", "vault")}

"""One contract for every place a key can rest; the desktop's keyring is a person's device, so a fake stands for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keyring
import keyring.backend
import pytest

import scribes
from scribes.adapters.keystore_file import FileKeyStore
from scribes.adapters.keystore_keyring import KeyringKeyStore, works
from scribes.adapters.keystore_linux import LinuxKeyStore
from scribes.config import load
from scribes.errors import Damaged, Unavailable
from scribes.ids import new_id
from scribes.ports import KeyStore


class MemoryKeyring(keyring.backend.KeyringBackend):
    """The desktop's keyring, in memory."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError


@pytest.fixture
def desktop() -> Iterator[MemoryKeyring]:
    before, fake = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(fake)
    yield fake
    keyring.set_keyring(before)


@pytest.fixture(params=["file", "expiring file", "kernel", "keyring"])
def store(request: pytest.FixtureRequest, tmp_path: Path, desktop: MemoryKeyring) -> KeyStore:
    if request.param == "kernel":
        kernel = LinuxKeyStore(lifetime_s=60)
        try:
            kernel.put(new_id(1), b"k" * 32)
        except Unavailable:
            pytest.skip("this system's kernel keyring cannot be used here")
        return kernel
    if request.param == "keyring":
        return KeyringKeyStore()
    return FileKeyStore(str(tmp_path), lifetime_s=60 if "expiring" in request.param else None)


def test_a_key_is_kept_given_back_replaced_and_forgotten(store: KeyStore) -> None:
    vault = new_id(1)

    assert store.get(vault) is None
    store.put(vault, b"k" * 32)
    assert store.get(vault) == b"k" * 32
    store.put(vault, b"\x00" * 32)
    assert store.get(vault) == b"\x00" * 32
    assert store.remove(vault)
    assert store.get(vault) is None
    assert not store.remove(vault)


def test_a_file_that_expired_has_forgotten_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileKeyStore(str(tmp_path), lifetime_s=60)
    store.put(new_id(1), b"k" * 32)
    vault = store.vaults()[0]
    monkeypatch.setattr("time.time", lambda: 2**33)

    assert store.get(vault) is None
    assert store.vaults() == []


def test_a_damaged_key_file_says_so(tmp_path: Path) -> None:
    store, vault = FileKeyStore(str(tmp_path)), new_id(1)
    Path(store.path(vault)).write_text("scribes-key-1 zz 0")

    with pytest.raises(Damaged):
        store.get(vault)


def test_a_working_keyring_holds_the_key_of_a_new_vault_and_no_file_does(
    desktop: MemoryKeyring, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIBES_KEYSTORE", "auto")
    assert works()

    with scribes.open(settings=load()) as s:
        s.notes.add("grace")
        assert s.keys.resting_in() == ["system keyring"]
    assert len(desktop.kept) == 1
    assert not list(home.rglob("*.key"))
    with scribes.open(settings=load()) as s:
        s.keys.rotate()
    with scribes.open(settings=load()) as s:
        assert s.notes.count() == 1


def test_a_keyring_that_is_asked_for_and_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBES_KEYSTORE", "keyring")
    monkeypatch.setattr("scribes.adapters.keystore_keyring.works", lambda: False)

    with pytest.raises(Unavailable):
        scribes.open(settings=load())

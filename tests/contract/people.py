"""Vaults of several people and devices at one remote, for tests of sync."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import scribes
from scribes.adapters.remote_folder import FolderRemote
from scribes.config import Settings, load
from scribes.models.sync import SpaceSynced
from scribes.ports import Remote
from scribes.wiring import open as open_vault

KINDS = ("folder", "scribes")


class People:
    """Vaults by name, below a folder. `remote` is where their logs lie; what is opened is closed at the end."""

    def __init__(self, folder: Path, kind: str, wrap: Callable[[Remote], Remote] = lambda remote: remote) -> None:
        self.folder, self.kind = folder, kind
        self.vaults: dict[str, scribes.Scribes] = {}
        self.relay: scribes.Scribes | None = None
        self.good = self._good()
        self._wrap = wrap
        self.remote = wrap(self.good)

    def _good(self) -> Remote:
        if self.kind == "folder":
            found = FolderRemote(str(self.folder / "remote"))
            found.found()
            return found
        self.relay = open_vault(settings=self.settings("relay"))
        return self.relay.as_remote()

    def settings(self, name: str) -> Settings:
        return load(
            {
                "HOME": str(self.folder / name), "SCRIBES_KEYSTORE": "file", "SCRIBES_DEVICE": name,
                "SCRIBES_NAME": name, "SCRIBES_INDEXING": "manual", "USER": name,
            }
        )  # fmt: skip

    def open(self, name: str) -> scribes.Scribes:
        """The vault of a device, at the remote."""
        if name not in self.vaults:
            self.vaults[name] = open_vault(settings=self.settings(name))
            self.vaults[name].attach(self.remote)
        return self.vaults[name]

    def shut(self, name: str) -> None:
        """Close a vault, as when its machine is switched off."""
        self.vaults.pop(name).close()

    def founder(self, name: str) -> scribes.Scribes:
        """Somebody who sets up sync."""
        vault = self.open(name)
        vault.sync.set_up(self.remote, kind=self.kind, place=self.remote.name)
        vault.sync.run()
        return vault

    def device(self, of: str, name: str) -> scribes.Scribes:
        """Another device of somebody."""
        new = self.open(name)
        code = new.devices.ask(self.remote, kind=self.kind, place=self.remote.name).code
        self.open(of).devices.let_in(code)
        assert new.devices.is_let_in()
        new.sync.run()
        return new

    def circle(self, owner: str, *names: str, called: str = "Bethel", role: str = "member") -> list[scribes.Scribes]:
        """A circle of somebody, joined by others, whose vaults are given back."""
        self.open(owner).circles.create(called)
        return [self.joins(owner, name, called=called, role=role) for name in names]

    def joins(self, owner: str, name: str, *, called: str = "Bethel", role: str = "member") -> scribes.Scribes:
        link = self.open(owner).circles.invite(called, role=role).link
        vault = self.founder(name)
        vault.circles.join(link)
        return vault

    def settle(self, *names: str, rounds: int = 3) -> list[SpaceSynced]:
        """Everybody syncs in turn until all have all."""
        done: list[SpaceSynced] = []
        for _ in range(rounds):
            done = [one for name in names or list(self.vaults) for one in self.open(name).sync.run()]
        return done

    def copy(self, name: str, to: str) -> None:
        """A copy of a switched-off machine under another name, keys and all."""
        shutil.copytree(self.folder / name, self.folder / to)

    def keep_remote(self) -> None:
        """A backup of the remote as it is now."""
        self._let_go()
        shutil.rmtree(self._old, ignore_errors=True)
        shutil.copytree(self._place, self._old)
        self._take_up()

    def restore_remote(self) -> None:
        """The remote as it was when it was kept."""
        self._let_go()
        shutil.rmtree(self._place)
        shutil.copytree(self._old, self._place)
        self._take_up()

    @property
    def _place(self) -> Path:
        return self.folder / ("remote" if self.kind == "folder" else "relay")

    @property
    def _old(self) -> Path:
        return self.folder / "old remote"

    def _let_go(self) -> None:
        if self.relay:
            self.relay.close()

    def _take_up(self) -> None:
        self.good = self._good()
        self.remote = self._wrap(self.good)
        for vault in self.vaults.values():
            vault.attach(self.remote)

    def close(self) -> None:
        for vault in self.vaults.values():
            vault.close()
        if self.relay:
            self.relay.close()


def notes(vault: scribes.Scribes) -> dict[str, str]:
    """The texts of a vault's notes, by title and text: what the person has."""
    return {f"{note.title}|{note.id}": note.body for note in vault.notes.recent(limit=1_000)}


def words(vault: scribes.Scribes) -> list[str]:
    """Title and text of all notes, sorted."""
    return sorted(f"{note.title}: {note.body}" for note in vault.notes.recent(limit=1_000))


def is_sound(vault: scribes.Scribes) -> bool:
    """Whether everything about the vault is as it should be."""
    found = [check for check in vault.checks.run() if check.state not in ("ok", "warning")]
    assert found == []
    return True


def files_below(folder: str | Path) -> list[Path]:
    """All files below a folder."""
    return sorted(Path(root) / name for root, _, names in os.walk(folder) for name in names)

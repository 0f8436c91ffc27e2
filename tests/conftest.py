"""What every test stands on: a home of its own, so that no test sees another's vault or the person's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

import scribes
from scribes.config import Settings, load
from tests.contract import engines

hypothesis_settings.register_profile("ci", deadline=None, max_examples=100)
hypothesis_settings.register_profile("nightly", deadline=None, max_examples=5_000)
hypothesis_settings.load_profile("ci")

XDG = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder; nothing of the real environment that Scribes reads."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in (*XDG, "EDITOR", "VISUAL", "PAGER", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    import os

    for name in list(os.environ):
        if name.startswith("SCRIBES_"):
            monkeypatch.delenv(name)
    # The kernel's keyring outlives a test's home, and a desktop's keyring belongs to a person.
    monkeypatch.setenv("SCRIBES_KEYSTORE", "file")
    # Only tests of it want a process that goes on after the command is over.
    monkeypatch.setenv("SCRIBES_INDEXING", "manual")
    return folder


@pytest.fixture
def settings(home: Path) -> Settings:
    """The settings of a person who set nothing."""
    return load()


@pytest.fixture
def vault(settings: Settings) -> Iterator[scribes.Scribes]:
    """An open, empty vault."""
    with scribes.open(settings=settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres() -> Iterator[engines.Postgres]:
    """A server of Postgres, for this run."""
    with engines.postgres() as server:
        yield server

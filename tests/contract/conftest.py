"""Engines as a fixture. What is marked `every_engine` and uses `vault`, `store` or `engine` runs on each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import scribes
from scribes.config import Settings
from scribes.ports import Engine

from . import engines
from .engines import Store


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on the engines that its marks name."""
    if metafunc.definition.get_closest_marker("every_engine") is None:
        return
    left_out = {kind for mark in metafunc.definition.iter_markers("not_on") for kind in mark.args}
    kinds = [kind for kind in engines.ENGINES if kind not in left_out]
    for name in ("vault", "store"):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, kinds, indirect=True)
            return


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store with the tables and the first rows of a vault."""
    kind = getattr(request, "param", engines.VAULT)
    if kind == engines.POSTGRES:
        with request.getfixturevalue("postgres").store() as found:
            yield found
    else:
        yield engines.file_store(kind, str(tmp_path / "store.scribes"))


@pytest.fixture
def engine(store: Store) -> Iterator[Engine]:
    """The engine over a store."""
    opened = store()
    yield opened
    opened.close()


@pytest.fixture
def vault(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[scribes.Scribes]:
    """An open, empty vault: a person's own, or over an engine of a server."""
    kind = getattr(request, "param", engines.VAULT)
    if kind == engines.VAULT:
        with scribes.open(settings=settings) as opened:
            yield opened
    elif kind == engines.POSTGRES:
        with request.getfixturevalue("postgres").store() as store, engines.over(store(), settings) as opened:
            yield opened
    else:
        store = engines.file_store(kind, str(tmp_path / "server.scribes"))
        with engines.over(store(), settings) as opened:
            yield opened

"""A server over a new database, asked over ASGI by people who are signed in."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from scribes.errors import NotSignedIn
from scribes.hosting import Hosted
from scribes.server.access import server_of, signed_in
from scribes.server.app import create_app
from scribes.server.settings import ServerSettings

from ..contract import engines

# Read before a test clears the environment.
ENGINE = os.environ.get("SCRIBES_TEST_ENGINE", "")


@pytest.fixture(scope="session")
def postgres() -> Iterator[engines.Postgres]:
    """A server of Postgres, for this run."""
    with engines.postgres() as found:
        yield found


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the server keeps all: in a file (""), or with SCRIBES_TEST_ENGINE=postgres in a new database there."""
    if ENGINE != engines.POSTGRES:
        yield ""
        return
    with request.getfixturevalue("postgres").database("template0") as url:
        yield url


@pytest.fixture
def app(tmp_path: Path, database: str) -> FastAPI:
    """The app of a new server."""
    return create_app(ServerSettings(mode="development", data_folder=str(tmp_path / "server"), database=database))


class Person:
    """Somebody who asks: signed in by a header, so that a test of notes is none of accounts."""

    def __init__(self, app: FastAPI, key: int) -> None:
        self.key = key
        # What goes wrong inside is answered, as by a real server.
        self.http = TestClient(app, headers={"X-Test-Person": str(key)}, raise_server_exceptions=False)


@pytest.fixture
def people(app: FastAPI) -> Iterator[tuple[Person, Person]]:
    """Two people with open personal spaces."""

    def by_header(request: Request) -> Hosted:
        named = request.headers.get("X-Test-Person")
        if named is None:
            raise NotSignedIn("sign in first")
        return server_of(request).host.of(int(named))

    app.dependency_overrides[signed_in] = by_header
    host = app.state.server.host
    with TestClient(app):
        yield (
            Person(app, host.found("Anna", personal=True)),
            Person(app, host.found("Ben", personal=True)),
        )


@pytest.fixture
def anna(people: tuple[Person, Person]) -> TestClient:
    """The client of one person."""
    return people[0].http


@pytest.fixture
def ben(people: tuple[Person, Person]) -> TestClient:
    """The client of another."""
    return people[1].http


@pytest.fixture
def web(app: FastAPI) -> Iterator[TestClient]:
    """Somebody whom the server does not know yet."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what the engine that was asked for does not do."""
    for item in items:
        if any(ENGINE in mark.args for mark in item.iter_markers("not_on")) and "every_engine" not in item.keywords:
            item.add_marker(pytest.mark.skip(reason=f"not on {ENGINE}"))


class Terminal:
    """Somebody with Scribes on a device of theirs."""

    def __init__(self, folder: Path, name: str) -> None:
        self.home = folder / name
        self.home.mkdir()
        self.name = name

    def run(self, *words: str, ok: bool = True, said: str = "") -> str:
        """What a command prints."""
        done = subprocess.run(
            [sys.executable, "-m", "scribes", *words],
            env=self.environment(), input=said, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert (done.returncode == 0) == ok, done.stdout + done.stderr
        return done.stdout if ok else done.stderr

    def data(self, *words: str) -> Any:
        """What a command prints for programs."""
        return json.loads(self.run(*words, "--json"))

    def environment(self) -> dict[str, str]:
        """Of a new user, whose sources are those under test."""
        return {
            "HOME": str(self.home), "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path),
            "SCRIBES_KEYSTORE": "file", "SCRIBES_INDEXING": "manual", "SCRIBES_NAME": self.name.title(),
            "SCRIBES_SERVER_PASSWORD": f"correct horse battery {self.name}", "NO_COLOR": "1",
        }  # fmt: skip


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a server that was started as the README says."""
    home = Terminal(tmp_path, "server")
    log = (tmp_path / "server.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "scribes", "serve", "--port", "0"],
        env={**home.environment(), "SCRIBES_SERVER_INDEX_MEANING": "false"},
        stdout=subprocess.PIPE, stderr=log, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        found = next((at for line in process.stdout if (at := re.search(r"listens on (http://[^\s,]+)", line))), None)
        assert found is not None, (tmp_path / "server.log").read_text()
        yield found[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        process.stdout.close()
        log.close()
    text = (tmp_path / "server.log").read_text()
    assert "unexpected" not in text
    assert "battery" not in text
    assert "mercy" not in text

"""What whoever runs a server does with its accounts, by the command line, while the server runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from scribes.cli.main import main
from tests.server.accounts import ANNA, BEN, bearer, code, events, served, signed_up


@pytest.fixture
def web(tmp_path: Path) -> Any:
    with served(tmp_path / "server", registration="invite") as web:
        yield web


class Typed:
    """Runs commands on the server's data."""

    def __init__(self, folder: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SCRIBES_SERVER_DATA_FOLDER", str(folder))
        monkeypatch.setenv("SCRIBES_SERVER_MODE", "development")
        self._capsys, self._patch = capsys, monkeypatch

    def __call__(self, *words: str, typed: str = "") -> tuple[int, Any]:
        import io

        self._patch.setattr("sys.stdin", io.StringIO(typed))
        self._capsys.readouterr()
        status = main(["server", *words, "--json"])
        said = self._capsys.readouterr().out
        return status, json.loads(said) if said else None


@pytest.fixture
def server(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Typed:
    return Typed(tmp_path / "server", capsys, monkeypatch)


def login(web: TestClient) -> Any:
    return web.post("/v1/auth/login", json=ANNA)


def test_an_account_is_made_disabled_enabled_and_deleted_while_the_server_runs(web: TestClient, server: Typed) -> None:
    status, made = server("user", "add", ANNA["email"], "--name", "Anna", typed=ANNA["password"] + "\n")
    assert (status, made["email"], made["is_disabled"]) == (0, ANNA["email"], False)
    me = bearer(login(web).json())
    assert web.post("/v1/notes", json={"title": "Grace"}, headers=me).status_code == 201
    assert server("user", "disable", ANNA["email"])[0] == 0
    assert web.get("/v1/auth/me", headers=me).status_code in (401, 403)
    assert code(login(web)) == (403, "forbidden")
    assert server("user", "enable", ANNA["email"])[0] == 0
    assert login(web).status_code == 200
    status, gone = server("user", "delete", ANNA["email"], "--yes")

    assert (status, gone["removed"]["notes"]) == (0, 1)
    assert login(web).status_code == 401
    assert server("user", "list") == (0, [])
    assert [one for one in events(web) if one != "login"] == [
        "added", "disabled", "enabled", "deleted", "login_failed"
    ]  # fmt: skip


def test_an_invitation_from_the_command_line_lets_one_in(web: TestClient, server: Typed) -> None:
    assert code(web.post("/v1/auth/signup", json=ANNA)) == (403, "forbidden")
    _, made = server("invite", "--days", "2")

    signed_up(web, invite=made["code"])
    assert code(web.post("/v1/auth/signup", json={**BEN, "invite": made["code"]})) == (403, "forbidden")


def test_a_quota_is_set_and_taken_back(web: TestClient, server: Typed) -> None:
    server("user", "add", ANNA["email"], typed=ANNA["password"] + "\n")

    assert server("user", "quota", ANNA["email"], "1000")[1]["quota_bytes"] == 1000
    assert server("user", "quota", ANNA["email"])[1]["quota_bytes"] is None
    assert server("user", "quota", ANNA["email"], "--", "-1")[0] == 2


def test_keys_are_rotated_by_hand_and_tokens_that_are_out_stay_good(web: TestClient, server: Typed) -> None:
    server("user", "add", ANNA["email"], typed=ANNA["password"] + "\n")
    me = bearer(login(web).json())
    _, made = server("rotate-keys")

    assert made["kid"] in [one["kid"] for one in web.get("/.well-known/jwks.json").json()["keys"]]
    assert web.get("/v1/auth/me", headers=me).status_code == 200


def test_who_is_not_there_is_said_to_be_not_there(web: TestClient, server: Typed) -> None:
    for words in (("disable",), ("enable",), ("quota",), ("delete", "--yes")):
        assert server("user", words[0], "nobody@example.org", *words[1:])[0] == 3
    assert server("user", "add", ANNA["email"], typed="short\n")[0] == 2


def test_a_folder_without_a_server_is_refused_and_nothing_is_made_there(server: Typed, tmp_path: Path) -> None:
    mistyped = tmp_path / "servr"

    assert server("user", "list", "--data", str(mistyped))[0] == 3
    assert server("backup", str(tmp_path / "copy.db"), "--data", str(mistyped))[0] == 3
    assert not mistyped.exists()

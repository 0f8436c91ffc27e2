"""Signing up, in and out, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import update

from scribes.errors import Unavailable
from scribes.server.tables.accounts import Account
from tests.contract.engines import POSTGRES, SQLITE
from tests.server.accounts import served

ANNA = {"email": "anna@example.org", "password": "four words are good"}


@pytest.fixture(params=[SQLITE, POSTGRES])
def web(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TestClient]:
    with ExitStack() as stack:
        database = ""
        if request.param == POSTGRES:
            database = stack.enter_context(request.getfixturevalue("postgres").database("template0"))
        yield stack.enter_context(served(tmp_path / "server", database=database, index_meaning=False))


def bearer(said: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {said['access_token']}"}


def test_who_signs_up_is_signed_in_and_has_notes(web: TestClient) -> None:
    said = web.post("/v1/auth/signup", json={**ANNA, "name": "Anna"})
    me = bearer(said.json())

    assert said.status_code == 201
    assert said.headers["cache-control"] == "no-store"
    assert web.get("/v1/auth/me", headers=me).json()["email"] == "anna@example.org"
    assert web.post("/v1/notes", json={"title": "Grace"}, headers=me).status_code == 201


def test_login_with_a_wrong_password_and_of_nobody_is_heard_in_the_same_words(web: TestClient) -> None:
    web.post("/v1/auth/signup", json=ANNA)
    answers = [
        web.post("/v1/auth/login", json={"email": email, "password": "not this one"})
        for email in ("anna@example.org", "ben@example.org", "no address")
    ]

    assert [one.status_code for one in answers] == [401, 401, 401]
    said = [{k: v for k, v in one.json()["error"].items() if k != "traceId"} for one in answers]
    assert said == [{"code": "not_signed_in", "message": "the address or the password is wrong"}] * 3


def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_session(web: TestClient) -> None:
    first = web.post("/v1/auth/signup", json=ANNA).json()
    second = web.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]}).json()
    assert web.get("/v1/auth/me", headers=bearer(second)).status_code == 200
    again = web.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})

    assert again.status_code == 401
    assert web.get("/v1/auth/me", headers=bearer(second)).status_code == 401
    assert web.post("/v1/auth/refresh", json={"refresh_token": second["refresh_token"]}).status_code == 401


def test_after_logout_neither_token_is_good(web: TestClient) -> None:
    said = web.post("/v1/auth/signup", json=ANNA).json()
    assert web.get("/v1/auth/me", headers=bearer(said)).status_code == 200
    assert web.post("/v1/auth/logout", headers=bearer(said)).status_code == 204

    assert web.get("/v1/auth/me", headers=bearer(said)).status_code == 401
    assert web.post("/v1/auth/refresh", json={"refresh_token": said["refresh_token"]}).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic YTpi", "bearer\xe9"])
def test_what_is_no_token_is_answered_with_401(web: TestClient, header: str) -> None:
    answer = web.get("/v1/auth/me", headers={"Authorization": header.encode("latin-1")})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_an_account_that_the_core_never_heard_of_is_made_whole_at_the_next_login(web: TestClient) -> None:
    web.app.state.server.accounts.people.add(**ANNA, name="Anna")  # type: ignore[attr-defined]
    with web.app.state.server.accounts.database.write() as db:  # type: ignore[attr-defined]
        db.exec(update(Account).values(hosted_n=None))
    me = bearer(web.post("/v1/auth/login", json=ANNA).json())

    assert web.post("/v1/notes", json={"title": "Grace"}, headers=me).status_code == 201


def test_a_signup_that_fails_half_way_leaves_nothing(web: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise Unavailable("the disk is gone")

    monkeypatch.setattr("scribes.services.hosting.found_personal_space", fails)
    assert web.post("/v1/auth/signup", json=ANNA).status_code == 503
    monkeypatch.undo()

    assert web.post("/v1/auth/signup", json=ANNA).status_code == 201


def test_the_answer_to_an_expired_and_to_a_foreign_token_says_where_to_go(web: TestClient) -> None:
    answer = web.get("/v1/auth/me", headers={"Authorization": "Bearer x"})

    assert answer.json()["error"]["hint"] == "POST /v1/auth/login"

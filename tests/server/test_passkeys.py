"""Passkeys in software: what is good, and everything that is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient

from tests.server.accounts import ANNA, BEN, bearer, code, events, served, signed_up
from tests.server.authenticator import PRESENT, Authenticator, text

ORIGIN = "http://localhost:8000"
PATH = "/v1/auth/passkeys"


@pytest.fixture
def web(tmp_path: Path) -> Any:
    with served(tmp_path / "server", public_url=ORIGIN) as web:
        yield web


@pytest.fixture
def device() -> Authenticator:
    return Authenticator(ORIGIN)


def asked(web: TestClient, me: dict[str, str], password: str = ANNA["password"]) -> Any:
    return web.post(f"{PATH}/options", json={"password": password}, headers=me)


def added(web: TestClient, me: dict[str, str], device: Authenticator, name: str = "phone") -> Any:
    begun = asked(web, me).json()
    body = {"challenge_id": begun["challenge_id"], "credential": device.make(begun["options"]), "name": name}
    return web.post(PATH, json=body, headers=me)


def signed(web: TestClient, device: Authenticator, **more: Any) -> Any:
    begun = web.post(f"{PATH}/login/options").json()
    body = {"challenge_id": begun["challenge_id"], "credential": device.sign(begun["options"]), **more}
    return web.post(f"{PATH}/login", json=body)


def test_a_passkey_signs_in_without_a_password_or_an_address(web: TestClient, device: Authenticator) -> None:
    me = bearer(signed_up(web))
    made = added(web, me, device)
    first, second = signed(web, device), signed(web, device)

    assert (made.status_code, made.json()["name"], made.json()["used_at"]) == (201, "phone", None)
    assert (first.status_code, second.status_code) == (200, 200)
    assert web.get("/v1/auth/me", headers=bearer(second.json())).json()["email"] == ANNA["email"]
    assert web.get(PATH, headers=me).json()[0]["used_at"] is not None
    assert events(web) == ["signup", "passkey_added", "login_by_passkey", "login_by_passkey"]


def test_adding_one_asks_for_the_password(web: TestClient) -> None:
    me = bearer(signed_up(web))

    assert code(asked(web, me, "not this one")) == (403, "forbidden")
    assert code(web.post(f"{PATH}/options", json={"password": ANNA["password"]})) == (401, "not_signed_in")


def test_a_challenge_is_good_once_for_its_account_and_for_five_minutes(web: TestClient, device: Authenticator) -> None:
    me, ben = bearer(signed_up(web)), bearer(signed_up(web, BEN))
    begun = asked(web, me).json()
    body = {"challenge_id": begun["challenge_id"], "credential": device.make(begun["options"])}
    assert code(web.post(PATH, json=body, headers=ben)) == (422, "invalid")
    assert code(web.post(PATH, json=body, headers=me)) == (422, "invalid")
    with time_machine.travel("2026-11-28T08:00Z", tick=True) as clock:
        me = bearer(web.post("/v1/auth/login", json=ANNA).json())
        begun = asked(web, me).json()
        clock.shift(301)

        body = {"challenge_id": begun["challenge_id"], "credential": device.make(begun["options"])}
        assert code(web.post(PATH, json=body, headers=me)) == (422, "invalid")


def test_a_login_cannot_be_replayed(web: TestClient, device: Authenticator) -> None:
    added(web, bearer(signed_up(web)), device)
    begun = web.post(f"{PATH}/login/options").json()
    body = {"challenge_id": begun["challenge_id"], "credential": device.sign(begun["options"])}

    assert web.post(f"{PATH}/login", json=body).status_code == 200
    assert code(web.post(f"{PATH}/login", json=body)) == (401, "not_signed_in")
    other = web.post(f"{PATH}/login/options").json()
    again = {**body, "challenge_id": other["challenge_id"]}
    assert code(web.post(f"{PATH}/login", json=again)) == (401, "not_signed_in")


def test_a_copy_that_counts_anew_is_refused_and_audited(web: TestClient, device: Authenticator) -> None:
    added(web, bearer(signed_up(web)), device)
    assert signed(web, device).status_code == 200
    assert signed(web, device).status_code == 200
    device.count = 0

    assert code(signed(web, device)) == (401, "not_signed_in")
    assert events(web)[-1] == "passkey_copied"


def test_another_origin_another_key_and_nobody_present_are_refused(web: TestClient, device: Authenticator) -> None:
    added(web, bearer(signed_up(web)), device)
    right = device.key
    device.origin = "http://evil.example.org"
    assert code(signed(web, device)) == (401, "not_signed_in")
    device.origin, device.key = ORIGIN, Authenticator(ORIGIN).key
    assert code(signed(web, device)) == (401, "not_signed_in")
    device.key, device.flags = right, PRESENT
    assert code(signed(web, device)) == (401, "not_signed_in")
    device.flags, device.rp = PRESENT | 4, "evil.example.org"
    assert code(signed(web, device)) == (401, "not_signed_in")
    device.rp, user, device.user = "localhost", device.user, text(b"somebody else ..")
    assert code(signed(web, device)) == (401, "not_signed_in")
    device.user = user
    assert signed(web, device).status_code == 200


@pytest.mark.parametrize(
    "credential",
    [{}, {"id": 3}, {"id": "é"}, {"id": "AAAA", "response": []}, {"id": "AAAA", "rawId": "AAAA", "response": {}}],
)
def test_what_is_no_credential_is_refused_in_the_envelope(web: TestClient, credential: dict[str, Any]) -> None:
    begun = web.post(f"{PATH}/login/options").json()
    me = bearer(signed_up(web))
    mine = asked(web, me).json()
    login = web.post(f"{PATH}/login", json={"challenge_id": begun["challenge_id"], "credential": credential})
    made = web.post(PATH, json={"challenge_id": mine["challenge_id"], "credential": credential}, headers=me)

    assert code(login) == (401, "not_signed_in")
    assert code(made) == (422, "invalid")


def test_malformed_answers_for_a_known_passkey_are_refused(web: TestClient, device: Authenticator) -> None:
    added(web, bearer(signed_up(web)), device)
    for broken in (
        {},
        [],
        "x",
        {"userHandle": 3},
        {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": ""},
    ):
        begun = web.post(f"{PATH}/login/options").json()
        credential = {**device.sign(begun["options"]), "response": broken}
        answer = web.post(f"{PATH}/login", json={"challenge_id": begun["challenge_id"], "credential": credential})

        assert code(answer) == (401, "not_signed_in")


def test_passkeys_are_renamed_and_removed_by_their_owner_alone(web: TestClient, device: Authenticator) -> None:
    me, ben = bearer(signed_up(web)), bearer(signed_up(web, BEN))
    id = added(web, me, device).json()["id"]
    assert code(web.patch(f"{PATH}/{id}", json={"name": "mine"}, headers=ben)) == (404, "not_found")
    assert code(web.delete(f"{PATH}/{id}", headers=ben)) == (404, "not_found")
    assert web.patch(f"{PATH}/{id}", json={"name": "old"}, headers=me).json()["name"] == "old"
    assert web.delete(f"{PATH}/{id}", headers=me).status_code == 204

    assert code(signed(web, device)) == (401, "not_signed_in")
    assert web.get(PATH, headers=me).json() == []


def test_where_they_are_switched_off_nothing_of_them_is_there(tmp_path: Path) -> None:
    with served(tmp_path / "off", passkeys=False) as web:
        me = bearer(signed_up(web))

        assert code(web.post(f"{PATH}/login/options")) == (404, "not_found")
        assert code(asked(web, me)) == (404, "not_found")


def test_a_browser_signs_in_with_one_into_cookies(web: TestClient, device: Authenticator) -> None:
    added(web, bearer(signed_up(web)), device)
    answer = signed(web, device, session="cookie")

    assert answer.json()["access_token"] is None
    assert web.get("/v1/auth/me").json()["email"] == ANNA["email"]

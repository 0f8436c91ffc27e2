"""Signing up by mail, where nobody is to learn who has an account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient

from tests.contract.certificates import Authority
from tests.contract.mail_server import Mailbox, serving
from tests.server.accounts import ANNA, BEN, bearer, code, served


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def web(mailbox: Mailbox, tmp_path: Path) -> Iterator[TestClient]:
    with (
        serving(mailbox, "none", Authority(tmp_path), "localhost") as port,
        served(
            tmp_path / "server", confirm_addresses=True, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none",
            smtp_from="scribes@example.org", signup_page="https://app.example.org/confirm",
        ) as web,
    ):  # fmt: skip
        yield web


def mailed(web: TestClient, mailbox: Mailbox) -> str:
    web.app.state.server.accounts.mailer._thread.submit(lambda: None).result(timeout=10)  # type: ignore[attr-defined]
    return "".join(str(mailbox.mails[-1].get_content()).split())


def code_in(text: str) -> str:
    return text.partition("confirm#")[2].partition("Ifitwas")[0]


def confirmed(web: TestClient, given: str) -> Any:
    return web.post("/v1/auth/signup/confirm", json={"code": given})


def test_an_address_is_taken_only_by_who_reads_its_mail(web: TestClient, mailbox: Mailbox) -> None:
    web.post("/v1/auth/signup", json=ANNA)
    me = bearer(confirmed(web, code_in(mailed(web, mailbox))).json())
    new = {"email": "carol@example.org", "password": ANNA["password"]}
    asked = web.post("/v1/auth/email", json=new, headers=me)
    given = mailed(web, mailbox).partition("aday:")[2].partition("Ifitwas")[0]
    before = web.get("/v1/auth/me", headers=me).json()["email"]
    wrong = [
        web.post("/v1/auth/email", json={**new, **more, "code": code}, headers=me).status_code
        for more, code in (({}, "x"), ({}, given[:-8]), ({"email": "dora@example.org"}, given))
    ]
    wrong_password = web.post("/v1/auth/email", json={**new, "password": "not this one"}, headers=me)
    moved = web.post("/v1/auth/email", json={**new, "code": given}, headers=me)

    assert (asked.status_code, before, wrong) == (202, ANNA["email"], [403, 403, 403])
    assert wrong_password.status_code == 403
    assert (moved.status_code, moved.json()["email"]) == (200, "carol@example.org")


def test_asking_for_anothers_address_tells_its_owner_and_not_the_one_who_asks(
    web: TestClient, mailbox: Mailbox
) -> None:
    web.post("/v1/auth/signup", json=BEN)
    confirmed(web, code_in(mailed(web, mailbox)))
    web.post("/v1/auth/signup", json=ANNA)
    me = bearer(confirmed(web, code_in(mailed(web, mailbox))).json())
    answers = [
        web.post("/v1/auth/email", json={"email": email, "password": ANNA["password"]}, headers=me)
        for email in ("nobody@example.org", BEN["email"])
    ]
    told = mailed(web, mailbox)

    assert answers[0].json() == answers[1].json()
    assert "belongstoanotheraccount" in told


def test_an_account_is_made_when_the_mail_was_read_and_the_answer_tells_nothing(
    web: TestClient, mailbox: Mailbox
) -> None:
    first = web.post("/v1/auth/signup", json=ANNA)
    given = code_in(mailed(web, mailbox))
    assert web.post("/v1/auth/login", json=ANNA).status_code == 401
    made = confirmed(web, given)
    again = web.post("/v1/auth/signup", json=ANNA)
    told = mailed(web, mailbox)
    other = web.post("/v1/auth/signup", json=BEN)

    assert made.status_code == 201
    assert web.get("/v1/auth/me", headers=bearer(made.json())).json()["email"] == ANNA["email"]
    assert {(one.status_code, one.text) for one in (first, again, other)} == {(202, first.text)}
    assert "hasanaccounttherealready" in told
    assert code(confirmed(web, given)) == (401, "not_signed_in")


def test_a_code_is_good_for_a_day_and_none_can_be_made_up(web: TestClient, mailbox: Mailbox) -> None:
    with time_machine.travel("2026-11-28T08:00Z", tick=True) as clock:
        web.post("/v1/auth/signup", json=ANNA)
        given = code_in(mailed(web, mailbox))
        for bad in ("", "x", "é", given[:-4], "A" * 400):
            assert code(confirmed(web, bad)) == (401, "not_signed_in")
        clock.shift(24 * 3600 + 1)

        assert code(confirmed(web, given)) == (401, "not_signed_in")


def test_the_password_does_not_stand_in_the_code(web: TestClient, mailbox: Mailbox) -> None:
    import base64

    web.post("/v1/auth/signup", json=ANNA)
    given = code_in(mailed(web, mailbox))

    assert b"argon2" not in base64.urlsafe_b64decode(given)

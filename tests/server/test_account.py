"""What people change about their account, and who may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import time_machine
from fastapi.testclient import TestClient

from tests.contract.certificates import Authority
from tests.contract.mail_server import Mailbox, serving
from tests.server.accounts import ANNA, BEN, bearer, code, events, secret, served, signed_up

NEW = "another four words"


def login(web: TestClient, password: str = ANNA["password"]) -> Any:
    return web.post("/v1/auth/login", json={"email": ANNA["email"], "password": password})


def test_a_password_is_changed_with_the_old_one_alone_and_other_sessions_end(web: TestClient) -> None:
    here = bearer(signed_up(web))
    there = bearer(login(web).json())
    refused = web.post("/v1/auth/password", json={"password": "wrong one", "new_password": NEW}, headers=here)
    done = web.post("/v1/auth/password", json={"password": ANNA["password"], "new_password": NEW}, headers=here)

    assert code(refused) == (403, "forbidden")
    assert done.status_code == 204
    assert web.get("/v1/auth/me", headers=here).status_code == 200
    assert web.get("/v1/auth/me", headers=there).status_code == 401
    assert login(web).status_code == 401
    assert login(web, NEW).status_code == 200
    assert events(web) == ["signup", "login", "login_failed", "password_changed", "login_failed", "login"]


@pytest.mark.parametrize("new", ["short", "aaaaaaaaaaaa", "s1$AAAA", "s1$!!!", secret(b"x"), "x" * 300])
def test_what_cannot_be_the_password_of_a_plain_account_is_refused_and_not_quoted(web: TestClient, new: str) -> None:
    me = bearer(signed_up(web))
    answer = web.post("/v1/auth/password", json={"password": ANNA["password"], "new_password": new}, headers=me)

    assert code(answer) == (422, "invalid")
    assert new not in answer.text


def test_the_address_is_changed_with_the_password_alone(web: TestClient) -> None:
    me = bearer(signed_up(web))
    signed_up(web, BEN)
    body = {"email": "Anna@New.Example.org", "password": ANNA["password"]}
    assert code(web.post("/v1/auth/email", json={**body, "password": "wrong one"}, headers=me)) == (403, "forbidden")
    assert code(web.post("/v1/auth/email", json={**body, "email": BEN["email"]}, headers=me)) == (409, "exists")
    assert web.post("/v1/auth/email", json=body, headers=me).json()["email"] == "anna@new.example.org"

    assert login(web).status_code == 401
    assert web.post("/v1/auth/login", json=body).status_code == 200


def test_another_name_is_known_in_the_core_too(web: TestClient) -> None:
    me = bearer(signed_up(web, name="Anna"))
    answer = web.patch("/v1/auth/me", json={"name": "  Anna\n Berg "}, headers=me)

    assert answer.json()["name"] == "Anna Berg"
    assert code(web.patch("/v1/auth/me", json={"name": " "}, headers=me)) == (422, "invalid")


def test_sessions_are_listed_and_one_is_signed_out_at_once(web: TestClient) -> None:
    here = bearer(signed_up(web, device_name="laptop"))
    there = bearer(web.post("/v1/auth/login", json={**ANNA, "device_name": "phone"}).json())
    stranger = bearer(signed_up(web, BEN))
    assert web.get("/v1/auth/me", headers=there).status_code == 200
    found = web.get("/v1/auth/devices", headers=here).json()
    phone = next(one["id"] for one in found if one["label"] == "phone")

    assert [one["is_this"] for one in found if one["label"] == "laptop"] == [True]
    assert code(web.delete(f"/v1/auth/devices/{phone}", headers=stranger)) == (404, "not_found")
    assert web.delete(f"/v1/auth/devices/{phone}", headers=here).status_code == 204
    assert web.get("/v1/auth/me", headers=there).status_code == 401
    assert web.get("/v1/auth/me", headers=here).status_code == 200


# Derived accounts


def test_prelogin_says_the_same_of_an_address_before_and_after_somebody_has_it(web: TestClient) -> None:
    before = web.post("/v1/auth/prelogin", json={"email": "Anna@example.org "}).json()
    signed_up(web)
    after = web.post("/v1/auth/prelogin", json={"email": "anna@example.org"}).json()
    other = web.post("/v1/auth/prelogin", json={"email": "ben@example.org"}).json()

    assert before == after
    assert before["salt"] != other["salt"]
    assert {**before, "salt": ""} == {**other, "salt": ""}


def test_a_derived_account_has_no_notes_of_its_own_here(web: TestClient) -> None:
    said = signed_up(web, {"email": ANNA["email"], "password": secret(b"a")})

    assert said["account"]["kind"] == "derived"
    assert code(web.post("/v1/notes", json={"title": "Grace"}, headers=bearer(said))) == (403, "sealed")


def test_a_plain_account_is_upgraded_with_its_keys_in_one_step(web: TestClient) -> None:
    me = bearer(signed_up(web))
    there = bearer(login(web).json())
    body = {"password": ANNA["password"], "new_password": secret(b"b"), "keys": "c2VhbGVk"}
    answer = web.post("/v1/account/upgrade", json=body, headers=me)

    assert answer.json()["kind"] == "derived"
    assert web.get("/v1/account/keys", headers=me).json() == {"keys": "c2VhbGVk"}
    assert web.get("/v1/auth/me", headers=there).status_code == 401
    assert login(web).status_code == 401
    assert login(web, secret(b"b")).status_code == 200
    again = {**body, "password": secret(b"b"), "new_password": secret(b"c")}
    assert code(web.post("/v1/account/upgrade", json=again, headers=me)) == (422, "invalid")


def test_a_derived_account_changes_its_address_and_password_together(web: TestClient) -> None:
    me = bearer(signed_up(web, {"email": ANNA["email"], "password": secret(b"a")}))
    body = {"email": "anna@new.example.org", "password": secret(b"a")}

    assert code(web.post("/v1/auth/email", json=body, headers=me)) == (422, "invalid")
    assert web.post("/v1/auth/email", json={**body, "new_password": secret(b"b")}, headers=me).status_code == 200
    assert web.post("/v1/auth/login", json={**body, "password": secret(b"b")}).status_code == 200


def test_keys_are_kept_for_their_account_and_never_overwritten_unseen(web: TestClient) -> None:
    me, stranger = bearer(signed_up(web)), bearer(signed_up(web, BEN))
    assert code(web.get("/v1/account/keys", headers=me)) == (404, "not_found")
    assert code(web.put("/v1/account/keys", json={"keys": "YQ=="}, headers=me)) == (428, "precondition")
    first = web.put("/v1/account/keys", json={"keys": "YQ=="}, headers={**me, "If-None-Match": "*"})
    assert first.status_code == 204
    tag = web.get("/v1/account/keys", headers=me).headers["etag"]

    assert tag == first.headers["etag"]
    assert code(web.put("/v1/account/keys", json={"keys": "Yg=="}, headers={**me, "If-None-Match": "*"}))[0] == 409
    assert code(web.put("/v1/account/keys", json={"keys": "Yg=="}, headers={**me, "If-Match": '"x"'}))[0] == 409
    assert web.put("/v1/account/keys", json={"keys": "Yg=="}, headers={**me, "If-Match": tag}).status_code == 204
    assert code(web.put("/v1/account/keys", json={"keys": "YQ=="}, headers={**me, "If-Match": tag}))[0] == 409
    assert web.get("/v1/account/keys", headers=me).json() == {"keys": "Yg=="}
    assert code(web.get("/v1/account/keys", headers=stranger)) == (404, "not_found")
    assert code(web.put("/v1/account/keys", json={"keys": "?"}, headers={**me, "If-Match": "*"}))[0] == 422


# Resets


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def posted(mailbox: Mailbox, tmp_path: Path) -> Any:
    authority = Authority(tmp_path)
    with (
        serving(mailbox, "none", authority, "localhost") as port,
        served(
            tmp_path / "mailing", smtp_host="127.0.0.1", smtp_port=port, smtp_security="none",
            smtp_from="scribes@example.org", reset_page="https://app.example.org/reset",
        ) as web,
    ):  # fmt: skip
        yield web


def mailed_code(web: TestClient, mailbox: Mailbox) -> str:
    web.app.state.server.accounts.mailer.later(lambda: None)  # type: ignore[attr-defined]
    web.app.state.server.accounts.mailer._thread.submit(lambda: None).result(timeout=10)  # type: ignore[attr-defined]
    text = mailbox.mails[-1].get_content()
    return str(text.partition("reset#")[2].split()[0])


def reset(web: TestClient, code: str, password: str = NEW) -> Any:
    return web.post("/v1/auth/password/reset/confirm", json={"code": code, "new_password": password})


def test_a_reset_is_good_once_and_ends_all_sessions(posted: TestClient, mailbox: Mailbox) -> None:
    me = bearer(signed_up(posted))
    known = posted.post("/v1/auth/password/reset", json={"email": ANNA["email"]})
    unknown = posted.post("/v1/auth/password/reset", json={"email": "ben@example.org"})
    mailed = mailed_code(posted, mailbox)

    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json()) == (202, known.json())
    assert [mail["To"] for mail in mailbox.mails] == [ANNA["email"]]
    assert code(reset(posted, mailed, secret(b"x"))) == (422, "invalid")
    assert reset(posted, mailed).status_code == 204
    assert code(reset(posted, mailed)) == (401, "not_signed_in")
    assert posted.get("/v1/auth/me", headers=me).status_code == 401
    assert login(posted).status_code == 401
    assert login(posted, NEW).status_code == 200


def test_a_reset_is_good_for_an_hour_and_not_after_the_password_changed(posted: TestClient, mailbox: Mailbox) -> None:
    with time_machine.travel("2026-11-28T08:00Z", tick=True) as clock:
        me = bearer(signed_up(posted))
        posted.post("/v1/auth/password/reset", json={"email": ANNA["email"]})
        mailed = mailed_code(posted, mailbox)
        clock.shift(3601)
        assert reset(posted, mailed).status_code == 401
        posted.post("/v1/auth/password/reset", json={"email": ANNA["email"]})
        mailed = mailed_code(posted, mailbox)
        me = bearer(login(posted).json())
        changed = {"password": ANNA["password"], "new_password": NEW}
        assert posted.post("/v1/auth/password", json=changed, headers=me).status_code == 204

        assert reset(posted, mailed).status_code == 401


def test_without_a_mail_server_a_reset_answers_the_same(web: TestClient) -> None:
    signed_up(web)

    assert web.post("/v1/auth/password/reset", json={"email": ANNA["email"]}).status_code == 202

"""What somebody tries who wants in: tokens that are not ours, tokens used again, guesses, pages of others."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient
from sqlmodel import select, update

from scribes.server.accounts import invites
from scribes.server.tables.accounts import Account, PasswordReset, RefreshToken, SigningKey
from tests.server.accounts import ANNA, BEN, bearer, code, events, served, signed_up


def accounts(web: TestClient) -> Any:
    return web.app.state.server.accounts  # type: ignore[attr-defined]


def status(web: TestClient, token: str) -> int:
    return web.get("/v1/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def right_key(web: TestClient) -> tuple[str, Any]:
    signing = accounts(web).tokens._signing
    return signing[0], signing[1]


# Tokens


def test_a_token_is_good_for_a_quarter_of_an_hour_also_when_it_was_seen_before(web: TestClient) -> None:
    with time_machine.travel("2026-11-28T08:00Z", tick=False) as clock:
        token = signed_up(web)["access_token"]
        clock.shift(899)
        assert status(web, token) == 200
        clock.shift(2)

        assert status(web, token) == 401
        assert status(web, token) == 401


def test_an_unsigned_token_and_one_signed_with_the_public_key_are_refused(web: TestClient) -> None:
    token = signed_up(web)["access_token"]
    header, said = jwt.get_unverified_header(token), claims(token)
    public = web.get("/.well-known/jwks.json").json()["keys"][0]
    raw = base64.urlsafe_b64decode(public["x"] + "=")
    for alg in ("none", "None", "NONE", "nOnE"):
        unsigned = f"{part({**header, 'alg': alg})}.{part(said)}."
        assert status(web, unsigned) == 401
        assert status(web, unsigned + token.rpartition(".")[2]) == 401
    for secret in (raw, public["x"].encode() * 2, json.dumps(public).encode()):
        signed = f"{part({**header, 'alg': 'HS256'})}.{part(said)}"
        mark = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), "sha256")).rstrip(b"=").decode()
        assert status(web, f"{signed}.{mark}") == 401

    assert status(web, token) == 200


@pytest.mark.parametrize("kid", [None, "", "0" * 16, "../../etc/passwd", "' OR 1=1 --", 7, ["x"]])
def test_a_token_of_another_key_is_refused_whatever_its_kid(web: TestClient, kid: Any) -> None:
    token = signed_up(web)["access_token"]
    forged = Ed25519PrivateKey.generate()
    said = claims(token)
    mine = jwt.encode(said, forged, algorithm="EdDSA", headers={"kid": right_key(web)[0]})
    header = {"alg": "EdDSA", "typ": "JWT", **({} if kid is None else {"kid": kid})}
    signed = f"{part(header)}.{part(said)}"
    mark = base64.urlsafe_b64encode(forged.sign(signed.encode())).rstrip(b"=").decode()

    assert status(web, mine) == 401
    assert status(web, f"{signed}.{mark}") == 401


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "other"}, {"iss": "https://evil.example.org"}, {"sid": "x"}, {"sid": None}, {"sid": 3}, {"exp": 1},
        {"exp": "soon"}, {"sid": "00000000-0000-0000-0000-000000000000"}, {"aud": None}, {"nbf": 32503680000},
    ],
)  # fmt: skip
def test_even_with_our_signature_a_token_has_to_say_the_right_things(web: TestClient, change: dict[str, Any]) -> None:
    said = claims(signed_up(web)["access_token"])
    kid, key = right_key(web)
    made = {name: value for name, value in {**said, **change}.items() if value is not None}
    signed = jwt.api_jws.encode(json.dumps(made).encode(), key.key, algorithm="EdDSA", headers={"kid": kid})

    assert status(web, signed) == 401


def test_an_altered_and_a_huge_token_are_refused(web: TestClient) -> None:
    token = signed_up(web)["access_token"]
    said, other = claims(token), signed_up(web, BEN)
    head, _, mark = token.split(".")

    assert status(web, f"{head}.{part({**said, 'sid': claims(other['access_token'])['sid']})}.{mark}") == 401
    assert status(web, token[:-2]) == 401
    assert status(web, "a" * 7000) == 401
    assert status(web, "[" * 2000) == 401


def test_a_disabled_account_is_shut_out_at_once_and_so_is_a_revoked_session(web: TestClient) -> None:
    said = signed_up(web)
    assert status(web, said["access_token"]) == 200
    with accounts(web).database.write() as db:
        found = db.exec(select(Account)).one()
        found.disabled_us = db.now_us

    assert code(web.get("/v1/auth/me", headers=bearer(said))) == (403, "forbidden")
    assert code(web.post("/v1/auth/login", json=ANNA)) == (403, "forbidden")
    assert code(web.post("/v1/auth/login", json={**ANNA, "password": "a wrong one"})) == (401, "not_signed_in")
    assert code(web.post("/v1/auth/refresh", json={"refresh_token": said["refresh_token"]})) == (401, "not_signed_in")


def test_keys_rotate_with_an_overlap_and_the_old_one_ends(web: TestClient) -> None:
    with time_machine.travel("2026-11-28T08:00Z", tick=False) as clock:
        old = signed_up(web)
        accounts(web).tokens.rotated()
        new = web.post("/v1/auth/refresh", json={"refresh_token": old["refresh_token"]}).json()
        kids = [jwt.get_unverified_header(one["access_token"])["kid"] for one in (old, new)]

        assert kids[0] != kids[1]
        assert sorted(one["kid"] for one in web.get("/.well-known/jwks.json").json()["keys"]) == sorted(kids)
        assert (status(web, old["access_token"]), status(web, new["access_token"])) == (200, 200)
        clock.shift(3601)
        assert [one["kid"] for one in web.get("/.well-known/jwks.json").json()["keys"]] == [kids[1]]
        clock.shift(31 * 86_400)
        later = web.post("/v1/auth/login", json=ANNA).json()
        assert jwt.get_unverified_header(later["access_token"])["kid"] not in kids


def test_private_keys_and_secrets_do_not_lie_in_the_tables(web: TestClient) -> None:
    said = signed_up(web)
    web.post("/v1/auth/password/reset", json={"email": ANNA["email"]})
    accounts(web).mailer._thread.submit(lambda: None).result()
    with accounts(web).database.read() as db:
        key, account = db.exec(select(SigningKey)).one(), db.exec(select(Account)).one()
        tokens, resets = db.exec(select(RefreshToken)).all(), db.exec(select(PasswordReset)).all()

    private = base64.urlsafe_b64decode(right_key(web)[1]._jwk_data["d"] + "=")
    assert private not in key.sealed
    assert account.password.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert [len(one.digest) for one in (*tokens, *resets)] == [32, 32]
    assert said["refresh_token"].encode() not in tokens[0].digest


# Refresh tokens


def test_of_two_who_refresh_at_once_one_at_most_goes_on(web: TestClient) -> None:
    token = signed_up(web)["refresh_token"]

    def refresh(_: int) -> Any:
        return web.post("/v1/auth/refresh", json={"refresh_token": token})

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(refresh, range(4)))

    assert sorted(one.status_code for one in answers) == [200, 401, 401, 401]
    # Somebody used it twice, so nobody has the session.
    won = next(one.json() for one in answers if one.status_code == 200)
    assert status(web, won["access_token"]) == 401
    assert events(web).count("refresh_reused") == 1


def test_a_refresh_token_ends_with_its_session_after_thirty_days(web: TestClient) -> None:
    with time_machine.travel("2026-11-28T08:00Z", tick=False) as clock:
        token = signed_up(web)["refresh_token"]
        clock.shift(29 * 86_400)
        token = web.post("/v1/auth/refresh", json={"refresh_token": token}).json()["refresh_token"]
        clock.shift(30 * 86_400 + 1)

        assert web.post("/v1/auth/refresh", json={"refresh_token": token}).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 150])
def test_what_is_no_refresh_token_is_refused(web: TestClient, token: str) -> None:
    assert web.post("/v1/auth/refresh", json={"refresh_token": token}).status_code == 401


# Browsers


def in_browser(web: TestClient, who: dict[str, str] = ANNA) -> dict[str, str]:
    said = signed_up(web, who, session="cookie")
    assert said["access_token"] is None
    assert said["refresh_token"] is None
    return {"X-CSRF-Token": said["csrf_token"]}


def test_cookies_are_for_this_server_and_not_for_scripts(tmp_path: Path) -> None:
    with served(tmp_path / "public", public_url="https://notes.example.org") as web:
        answer = web.post("/v1/auth/signup", json={**ANNA, "session": "cookie"})
    found = {line.partition("=")[0]: line.lower() for line in answer.headers.get_list("set-cookie")}

    assert set(found) == {"scribes_access", "scribes_refresh", "scribes_csrf"}
    assert all("secure" in line for line in found.values())
    assert [name for name, line in found.items() if "httponly" not in line] == ["scribes_csrf"]
    assert "path=/v1/auth/refresh;" in found["scribes_refresh"]
    assert "samesite=strict" in found["scribes_refresh"]
    assert "samesite=lax" in found["scribes_access"]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_browser_changes_nothing_without_the_token_of_its_session(web: TestClient, method: str) -> None:
    proof = in_browser(web)
    path = {"POST": "/v1/notes", "PATCH": "/v1/auth/me", "DELETE": "/v1/auth/devices"}[method]
    body = None if method == "DELETE" else {"title": "Grace"} if method == "POST" else {"name": "Anna"}

    def asked(headers: dict[str, str]) -> int:
        return web.request(method, path, json=body, headers=headers).status_code

    assert web.get("/v1/auth/me").status_code == 200
    assert asked({}) == 403
    assert asked({"X-CSRF-Token": ""}) == 403
    assert asked({"X-CSRF-Token": "0" * 64}) == 403
    assert asked({**proof, "Origin": "https://evil.example.org"}) == 403
    assert asked({**proof, "Origin": "null"}) == 403
    assert asked({**proof, "Sec-Fetch-Site": "cross-site"}) == 403
    assert asked({**proof, "Origin": "http://127.0.0.1:8000"}) in (200, 201, 204)
    assert asked(proof) in (200, 201, 204)


def test_the_token_of_another_session_is_not_good(web: TestClient) -> None:
    other = in_browser(web, BEN)
    web.cookies.clear()
    in_browser(web)

    assert code(web.post("/v1/notes", json={"title": "x"}, headers=other)) == (403, "forbidden")


def test_a_browser_refreshes_by_its_cookie_and_its_tokens_never_stand_in_a_body(web: TestClient) -> None:
    proof = in_browser(web)
    assert code(web.post("/v1/auth/refresh")) == (403, "forbidden")
    before = web.cookies["scribes_refresh"]
    answer = web.post("/v1/auth/refresh", headers=proof)

    assert answer.status_code == 200
    assert answer.json()["refresh_token"] is None
    assert web.cookies["scribes_refresh"] != before
    # It is not good as a token in a body either, and trying ends the session.
    stolen = {"refresh_token": web.cookies["scribes_refresh"]}
    assert web.post("/v1/auth/refresh", json=stolen).status_code == 401


def test_another_page_cannot_sign_a_browser_in(web: TestClient) -> None:
    signed_up(web)
    headers = {"Origin": "https://evil.example.org"}

    assert code(web.post("/v1/auth/login", json={**ANNA, "session": "cookie"}, headers=headers)) == (403, "forbidden")
    assert "set-cookie" not in web.post("/v1/auth/login", json=ANNA, headers=headers).headers


def test_logout_takes_the_cookies_away(web: TestClient) -> None:
    proof = in_browser(web)
    assert web.post("/v1/auth/logout", headers=proof).status_code == 204

    assert not web.cookies
    assert web.get("/v1/auth/me").status_code == 401


# Guesses


def test_after_ten_wrong_passwords_an_address_is_closed_for_a_while_known_or_not(web: TestClient) -> None:
    signed_up(web)
    for email in (ANNA["email"], "nobody@example.org"):
        answers = [web.post("/v1/auth/login", json={"email": email, "password": f"guess {i}"}) for i in range(11)]
        assert [one.status_code for one in answers] == [401] * 10 + [429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 300

    assert code(web.post("/v1/auth/login", json=ANNA)) == (429, "too_many")


def test_an_address_of_the_network_may_not_try_without_end(web: TestClient) -> None:
    answers = [web.post("/v1/auth/prelogin", json={"email": f"p{i}@example.org"}) for i in range(31)]

    assert [one.status_code for one in answers] == [200] * 30 + [429]
    assert code(web.post("/v1/auth/login", json=ANNA)) == (429, "too_many")


def test_guessing_the_password_of_ones_own_session_is_counted_too(web: TestClient) -> None:
    me = bearer(signed_up(web))
    guess = {"password": "a guess", "new_password": "another four words"}
    answers = [web.post("/v1/auth/password", json=guess, headers=me).status_code for _ in range(11)]

    assert answers == [403] * 10 + [429]


def test_an_account_may_not_ask_without_end(tmp_path: Path) -> None:
    with served(tmp_path / "slow", requests_a_minute=5) as web:
        me = bearer(signed_up(web))
        answers = [web.get("/v1/auth/me", headers=me) for _ in range(6)]

        assert [one.status_code for one in answers] == [200] * 5 + [429]
        assert bearer(signed_up(web, BEN)) != me
        assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_wrong_password_takes_as_long_as_an_address_that_nobody_has(web: TestClient) -> None:
    signed_up(web)
    people = accounts(web).people

    def taken_s(email: str) -> float:
        began = time.thread_time()
        with pytest.raises(Exception, match="wrong"):
            people.sign_in(email, "not this one", kind="bearer", label="", address="")
        return time.thread_time() - began

    taken_s("warm@example.org")
    known = median(taken_s(ANNA["email"]) for _ in range(5))
    unknown = median(taken_s(f"nobody{i}@example.org") for i in range(5))

    assert 0.5 < known / unknown < 2


# Registration


def test_a_closed_server_takes_nobody_and_says_the_same_of_every_address(tmp_path: Path) -> None:
    with served(tmp_path / "closed", registration="closed") as web:
        accounts(web).people.add(**ANNA, name="Anna")
        answers = [web.post("/v1/auth/signup", json=who) for who in (ANNA, BEN)]

        assert [code(one) for one in answers] == [(403, "forbidden")] * 2
        assert len({one.json()["error"]["message"] for one in answers}) == 1
        assert web.post("/v1/auth/login", json=ANNA).status_code == 200


def test_an_invitation_lets_one_in_and_without_one_nobody_learns_who_is_there(tmp_path: Path) -> None:
    with served(tmp_path / "invite", registration="invite") as web:
        accounts(web).people.add(**ANNA, name="Anna")
        with accounts(web).database.write() as db:
            good = invites.make(db, days=7)
        answers = [web.post("/v1/auth/signup", json={**who, "invite": "guess"}) for who in (ANNA, BEN)]

        assert [code(one) for one in answers] == [(403, "forbidden")] * 2
        # A signup that fails does not use it up.
        assert code(web.post("/v1/auth/signup", json={**ANNA, "invite": good})) == (409, "exists")
        assert web.post("/v1/auth/signup", json={**BEN, "invite": good}).status_code == 201
        carl = {"email": "carl@example.org", "password": "four more words here"}
        assert code(web.post("/v1/auth/signup", json={**carl, "invite": good})) == (403, "forbidden")


def test_an_address_is_one_however_it_is_written(web: TestClient) -> None:
    signed_up(web)

    assert code(web.post("/v1/auth/signup", json={**ANNA, "email": " ANNA@Example.ORG"})) == (409, "exists")
    assert web.post("/v1/auth/login", json={**ANNA, "email": "Anna@EXAMPLE.org "}).status_code == 200


@pytest.mark.parametrize(
    "email", ["", "anna", "@example.org", "anna@", "a b@example.org", "a@b@c", "a@x.org\nBcc: b@x.org", "<a@b.c>"]
)
def test_what_is_no_address_is_refused(web: TestClient, email: str) -> None:
    assert code(web.post("/v1/auth/signup", json={**ANNA, "email": email})) == (422, "invalid")


# Traces


def test_neither_passwords_nor_tokens_nor_addresses_are_in_logs_or_errors(
    web: TestClient, capfd: Any, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    said = signed_up(web)
    answers = [
        web.post("/v1/auth/login", json={**ANNA, "password": "wrong words here"}),
        web.post("/v1/auth/login", json={"email": ANNA["email"], "password": ["wrong words here"]}),
        web.post("/v1/auth/signup", json={**ANNA, "password": "short"}),
        web.post("/v1/auth/refresh", json={"refresh_token": said["refresh_token"]}),
        web.post("/v1/auth/refresh", json={"refresh_token": said["refresh_token"]}),
        web.get("/v1/auth/me", headers={"Authorization": f"Bearer {said['access_token']}x"}),
    ]
    web.post("/v1/auth/password/reset", json={"email": ANNA["email"]})
    accounts(web).mailer._thread.submit(lambda: None).result()
    captured = capfd.readouterr()
    logged = captured.out + captured.err + caplog.text
    errors = " ".join(one.text for one in answers if one.status_code >= 400)

    for secret in ("wrong words here", ANNA["password"], said["refresh_token"], said["access_token"], ANNA["email"]):
        assert secret not in logged
        assert secret not in errors


def test_a_browser_that_slept_while_the_keys_changed_refreshes_its_session(tmp_path: Path) -> None:
    with served(tmp_path / "server") as web:
        token = signed_up(web, session="cookie")["csrf_token"]
        tokens = accounts(web).tokens
        with tokens._database.write() as db:
            # As an hour after the keys changed, when no token of the old one is alive.
            db.exec(update(SigningKey).values(expires_us=db.now_us - 1))
        tokens.rotated()

        assert web.post("/v1/auth/refresh").status_code == 403
        assert web.post("/v1/auth/refresh", headers={"X-CSRF-Token": token}).status_code == 200
        assert web.get("/v1/notes").status_code == 200

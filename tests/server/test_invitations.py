"""Invitations to circles by address: who sees them, what becomes of them, and what they do not tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.contract.certificates import Authority
from tests.contract.mail_server import Mailbox, serving

from .accounts import ANNA, BEN, bearer, code, secret, served, signed_up

CARL = {"email": "carl@example.org", "password": "a third one has these"}
DAY_US = 24 * 60 * 60 * 1_000_000


class Somebody:
    """Somebody with an account, who asks."""

    def __init__(self, web: TestClient, who: dict[str, str], **more: Any) -> None:
        self._web, self._headers = web, bearer(signed_up(web, who, **more))

    def __call__(self, method: str, path: str, **more: Any) -> Any:
        headers = {**self._headers, **more.pop("headers", {})}
        return self._web.request(method, path, headers=headers, **more)

    def received(self) -> list[dict[str, Any]]:
        return list(self("GET", "/v1/invitations").json())


@pytest.fixture
def anna(web: TestClient) -> Somebody:
    return Somebody(web, ANNA, name="Anna")


@pytest.fixture
def ben(web: TestClient) -> Somebody:
    return Somebody(web, BEN, name="Ben")


@pytest.fixture
def circle(anna: Somebody) -> str:
    return str(anna("POST", "/v1/circles", json={"name": "Bethel"}).json()["id"])


def invited(who: Somebody, circle: str, address: str = BEN["email"], **more: Any) -> Any:
    return who("POST", f"/v1/circles/{circle}/invitations", json={"address": address, **more})


def sent(who: Somebody, circle: str) -> list[tuple[str, str]]:
    listed = who("GET", f"/v1/circles/{circle}/invitations/sent").json()
    return [(one["address"], one["state"]) for one in listed]


def test_who_has_the_address_sees_the_invitation_and_accepts_it(anna: Somebody, ben: Somebody, circle: str) -> None:
    assert invited(anna, circle, " Ben@Example.org", role="reader").status_code == 201
    waiting = ben.received()
    assert [(one["circle"], one["by"], one["role"]) for one in waiting] == [("Bethel", "Anna", "reader")]
    assert anna.received() == []
    path = f"/v1/invitations/{waiting[0]['id']}/accept"
    accepted = ben("POST", path)

    assert accepted.status_code == 200, accepted.text
    assert (accepted.json()["id"], accepted.json()["role"]) == (circle, "reader")
    assert sent(anna, circle) == [("ben@example.org", "accepted")]
    assert ben.received() == []
    assert code(ben("POST", path)) == (404, "not_found")
    assert len(anna("GET", f"/v1/circles/{circle}/members").json()) == 2


def test_who_signs_up_later_finds_it_waiting(anna: Somebody, circle: str, web: TestClient) -> None:
    invited(anna, circle, CARL["email"])
    carl = Somebody(web, CARL)

    assert carl("POST", f"/v1/invitations/{carl.received()[0]['id']}/accept").json()["name"] == "Bethel"


def test_what_is_declined_waits_no_more_and_the_inviter_sees_it(anna: Somebody, ben: Somebody, circle: str) -> None:
    invited(anna, circle)
    id = ben.received()[0]["id"]

    assert ben("POST", f"/v1/invitations/{id}/decline").status_code == 204
    assert ben.received() == []
    assert sent(anna, circle) == [("ben@example.org", "declined")]
    assert code(ben("POST", f"/v1/invitations/{id}/accept")) == (404, "not_found")


def test_what_is_withdrawn_is_good_no_more_not_even_its_link(anna: Somebody, ben: Somebody, circle: str) -> None:
    invited(anna, circle)
    other = anna("POST", f"/v1/circles/{circle}/invitations", json={}).json()["link"]
    waiting = ben.received()[0]
    id = anna("GET", f"/v1/circles/{circle}/invitations/sent").json()[0]["id"]
    path = f"/v1/circles/{circle}/invitations/{id}"
    assert anna("DELETE", path).status_code == 204

    assert ben.received() == []
    assert sent(anna, circle) == [("ben@example.org", "withdrawn")]
    assert code(ben("POST", f"/v1/invitations/{waiting['id']}/accept")) == (404, "not_found")
    assert code(ben("POST", "/v1/circles/join", json={"link": waiting["link"]})) == (403, "forbidden")
    assert anna("DELETE", path).status_code == 204
    assert ben("POST", "/v1/circles/join", json={"link": other}).status_code == 200


def test_an_invitation_by_link_alone_is_withdrawn_by_its_id(anna: Somebody, circle: str) -> None:
    anna("POST", f"/v1/circles/{circle}/invitations", json={})
    listed = anna("GET", f"/v1/circles/{circle}/invitations").json()
    path = f"/v1/circles/{circle}/invitations/{listed[0]['id']}"

    assert anna("DELETE", path).status_code == 204
    assert anna("GET", f"/v1/circles/{circle}/invitations").json() == []
    assert code(anna("DELETE", path)) == (404, "not_found")


def test_nobody_elses_invitation_is_accepted_declined_or_seen(
    web: TestClient, anna: Somebody, ben: Somebody, circle: str
) -> None:
    invited(anna, circle)
    carl = Somebody(web, CARL)
    id = ben.received()[0]["id"]

    for end in ("accept", "decline"):
        assert code(carl("POST", f"/v1/invitations/{id}/{end}")) == (404, "not_found")
        assert code(ben("POST", f"/v1/invitations/nonsense/{end}")) == (422, "invalid")
    assert code(ben("GET", f"/v1/circles/{circle}/invitations/sent")) == (404, "not_found")
    assert code(ben("DELETE", f"/v1/circles/{circle}/invitations/{id}")) == (404, "not_found")
    ben("POST", f"/v1/invitations/{id}/accept")
    assert code(ben("GET", f"/v1/circles/{circle}/invitations/sent")) == (403, "forbidden")
    assert code(ben("DELETE", f"/v1/circles/{circle}/invitations/{id}")) == (403, "forbidden")
    assert code(invited(ben, circle, CARL["email"])) == (403, "forbidden")


def test_the_answer_does_not_tell_whether_anybody_has_the_address(anna: Somebody, ben: Somebody, circle: str) -> None:
    known, unknown = invited(anna, circle), invited(anna, circle, "nobody@example.org")

    assert known.status_code == unknown.status_code == 201
    assert known.json().keys() == unknown.json().keys()
    assert len(known.content) == len(unknown.content)
    assert sent(anna, circle) == [("nobody@example.org", "waiting"), ("ben@example.org", "waiting")]
    again = [invited(anna, circle, one) for one in (BEN["email"], "nobody@example.org")]
    assert [code(one) for one in again] == [(409, "conflict")] * 2


def test_one_that_ran_out_waits_no_more(web: TestClient, anna: Somebody, ben: Somebody, circle: str) -> None:
    invited(anna, circle)
    id = ben.received()[0]["id"]
    with web.app.state.server.host.engine.write() as tx:  # type: ignore[attr-defined]
        tx.run("UPDATE circle_invitation SET expires_us = made_us - 1")

    assert ben.received() == []
    assert sent(anna, circle) == [("ben@example.org", "expired")]
    assert code(ben("POST", f"/v1/invitations/{id}/accept")) == (404, "not_found")
    assert invited(anna, circle).status_code == 201


def test_one_whose_link_was_used_by_hand_is_closed(web: TestClient, anna: Somebody, ben: Somebody, circle: str) -> None:
    link = invited(anna, circle).json()["link"]
    id = ben.received()[0]["id"]
    carl = Somebody(web, CARL)
    assert carl("POST", "/v1/circles/join", json={"link": link}).status_code == 200

    assert sent(anna, circle) == [("ben@example.org", "closed")]
    assert code(ben("POST", f"/v1/invitations/{id}/accept")) == (403, "forbidden")
    assert ben("GET", "/v1/circles").json() == []


def test_who_is_in_already_accepts_and_nothing_happens(anna: Somebody, ben: Somebody, circle: str) -> None:
    link = invited(anna, circle).json()["link"]
    ben("POST", "/v1/circles/join", json={"link": link})
    accepted = ben("POST", f"/v1/invitations/{ben.received()[0]['id']}/accept")

    assert accepted.json()["id"] == circle
    assert sent(anna, circle) == [("ben@example.org", "accepted")]


def test_whose_own_notes_are_sealed_joins_with_the_link_on_a_device(
    web: TestClient, anna: Somebody, circle: str
) -> None:
    invited(anna, circle, CARL["email"])
    carl = Somebody(web, {**CARL, "password": secret(b"c")})
    waiting = carl.received()[0]

    assert code(carl("POST", f"/v1/invitations/{waiting['id']}/accept")) == (403, "sealed")
    assert waiting["link"].startswith("scribes://join/")
    assert len(carl.received()) == 1


def test_what_cannot_be_an_invitation_is_refused(anna: Somebody, circle: str) -> None:
    assert code(invited(anna, circle, "no address")) == (422, "invalid")
    assert code(invited(anna, circle, uses=2)) == (422, "invalid")
    assert code(invited(anna, circle, days=400)) == (422, "invalid")
    assert code(invited(anna, circle, role="owner")) == (422, "invalid")
    assert sent(anna, circle) == []


def test_nobody_invites_half_the_world(anna: Somebody, circle: str) -> None:
    answers = [invited(anna, circle, f"{number}@example.org", days=400) for number in range(31)]

    assert code(answers[-1]) == (429, "too_many")
    assert answers[-1].headers["retry-after"]


def test_the_link_lies_sealed_and_an_accepted_one_is_answered_again_by_its_key(
    web: TestClient, anna: Somebody, ben: Somebody, circle: str
) -> None:
    key = {"Idempotency-Key": "one"}
    path = f"/v1/circles/{circle}/invitations"
    made = [anna("POST", path, json={"address": BEN["email"]}, headers=key) for _ in range(2)]
    accept = f"/v1/invitations/{ben.received()[0]['id']}/accept"
    accepted = [ben("POST", accept, headers=key) for _ in range(2)]

    assert made[0].content == made[1].content
    assert [one.status_code for one in accepted] == [200, 200]
    assert accepted[1].headers["Idempotency-Replayed"] == "true"
    with web.app.state.server.host.engine.read() as tx:  # type: ignore[attr-defined]
        assert b"join" not in tx.value("SELECT link FROM circle_invitation")


def test_with_an_account_go_its_webhooks_and_the_invitations_by_it_and_for_it(
    web: TestClient, anna: Somebody, ben: Somebody, circle: str
) -> None:
    his = ben("POST", "/v1/circles", json={"name": "His"}).json()["id"]
    invited(ben, his, CARL["email"])
    hook = ben("POST", f"/v1/circles/{his}/webhooks", json={"url": "https://hooks.example.invalid./x"})
    assert code(hook) == (422, "invalid")
    hook = ben("POST", f"/v1/circles/{his}/webhooks", json={"url": "http://127.0.0.1:9/x"}).json()
    ben("POST", f"/v1/circles/{his}/webhooks/{hook['id']}/test")
    invited(anna, circle)
    said = ben("GET", "/v1/account/export").json()
    assert [one["url"] for one in said["webhooks"]] == ["http://127.0.0.1:9/x"]
    assert [one["address"] for one in said["invitations"]] == [CARL["email"]]
    gone = ben("POST", "/v1/account/deletion", json={"password": BEN["password"]})

    assert gone.status_code == 200, gone.text
    assert sent(anna, circle) == []
    with web.app.state.server.host.engine.read() as tx:  # type: ignore[attr-defined]
        for table in ("webhook", "webhook_delivery", "circle_invitation", "idempotency_key"):
            assert tx.value(f"SELECT count(*) FROM {table}") == 0


# Mail


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def posted(mailbox: Mailbox, tmp_path: Path) -> Iterator[TestClient]:
    with (
        serving(mailbox, "none", Authority(tmp_path), "localhost") as port,
        served(
            tmp_path / "mailing", smtp_host="127.0.0.1", smtp_port=port, smtp_security="none",
            smtp_from="scribes@example.org",
        ) as web,
    ):  # fmt: skip
        yield web


def mails(web: TestClient, mailbox: Mailbox) -> list[Any]:
    web.app.state.server.accounts.mailer._thread.submit(lambda: None).result(timeout=10)  # type: ignore[attr-defined]
    return mailbox.mails


def test_it_is_mailed_with_its_link_whether_or_not_anybody_has_the_address(
    posted: TestClient, mailbox: Mailbox
) -> None:
    anna, _ = Somebody(posted, ANNA, name="Anna"), Somebody(posted, BEN)
    circle = anna("POST", "/v1/circles", json={"name": "Bethel"}).json()["id"]
    links = [invited(anna, circle, address).json()["link"] for address in (BEN["email"], CARL["email"])]
    found = mails(posted, mailbox)

    assert [mail["To"] for mail in found] == [BEN["email"], CARL["email"]]
    assert {mail["Subject"] for mail in found} == {"An invitation to a circle"}
    for mail, link in zip(found, links, strict=True):
        assert "Anna invites you to the circle Bethel, as member" in mail.get_content()
        assert link in mail.get_content()


def test_what_was_not_kept_or_was_answered_before_is_not_mailed(posted: TestClient, mailbox: Mailbox) -> None:
    anna = Somebody(posted, ANNA)
    circle = anna("POST", "/v1/circles", json={"name": "Bethel"}).json()["id"]
    key = {"Idempotency-Key": "one"}
    invited(anna, circle, "no address")
    for _ in range(2):
        path = f"/v1/circles/{circle}/invitations"
        assert anna("POST", path, json={"address": CARL["email"]}, headers=key).status_code == 201

    assert [mail["To"] for mail in mails(posted, mailbox)] == [CARL["email"]]

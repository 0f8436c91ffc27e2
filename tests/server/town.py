"""A server on which people have one of everything, so that any route can be asked with somebody else's things."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from scribes.adapters.webhook_http import Answered
from scribes.domain.frames import BINARY
from scribes.server.app import create_app
from scribes.server.settings import ServerSettings

from .authenticator import Authenticator
from .document import Operation, operations

ORIGIN = "http://localhost:8000"
PASSWORD = "four words are good"
MARK = "zephyrwort"
"""A word that stands in everything of Anna's, and that nobody else shall ever read."""

QUIET = {"index_meaning": False, "requests_a_minute": 10**6}


class Somebody:
    """A person with an account: asks with their token, and makes things when a test needs them."""

    def __init__(self, town: Town, name: str, mark: str, *, friend: Somebody | None = None) -> None:
        self.town, self.name, self.mark, self.friend = town, name, mark, friend
        self.email = f"{name.lower()}@example.org"
        self._made: dict[str, str] = {}
        self.said = town.client.post(
            "/v1/auth/signup", json={"email": self.email, "password": PASSWORD, "name": name}
        ).json()
        self.headers = {"Authorization": f"Bearer {self.said['access_token']}"}

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """An answer of the server."""
        headers = {**self.headers, **more.pop("headers", {})}
        return self.town.client.request(method, path, headers=headers, **more)

    def made(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """What the server made, which it has to."""
        answer = self.ask(method, path, **({} if body is None else {"json": body}), **more)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    def thing(self, place: str) -> str:
        """What this person would put in a place of a path, made at the first time."""
        if place not in self._made:
            self._made[place] = makers[place](self)
        return self._made[place]

    # What there is

    def note(self) -> str:
        """A note."""
        return self.thing("/v1/notes/{id}")

    def circle(self) -> str:
        """A circle in which somebody else is too."""
        return self.thing("/v1/circles/{circle}")


class Nowhere:
    """Posts to nobody, and says that it was taken."""

    def __call__(self, *_: Any) -> Answered:
        return Answered(200, None)

    def end(self) -> None:
        """As the real one."""


class Town:
    """A server and its people: Anna, to whom things belong; Ben, who wants to see them. Each has a friend."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        given = {"mode": "development", "public_url": ORIGIN, "log_level": "error", **QUIET, **settings}
        self.app: FastAPI = create_app(ServerSettings(data_folder=str(folder), **given))
        # Webhooks lead to names that nobody has: nothing leaves this machine.
        self.app.state.server.delivering._post = Nowhere()
        self.client = TestClient(self.app, raise_server_exceptions=False, follow_redirects=False)

    @contextmanager
    def opened(self) -> Iterator[Town]:
        """The server, as long as it runs."""
        with self.client:
            self.anna = Somebody(self, "Anna", MARK, friend=Somebody(self, "Cleo", "cloverstem"))
            self.ben = Somebody(self, "Ben", "brambleleaf", friend=Somebody(self, "Dora", "dandelion"))
            yield self

    @property
    def operations(self) -> list[Operation]:
        """All that can be asked."""
        return [one for one in operations(self.app) if is_known(one)]


def _note(who: Somebody) -> str:
    said = {"title": f"On {who.mark}", "body": f"{who.mark}: John 1:16. #{who.mark}", "tags": [who.mark]}
    return str(who.made("POST", "/v1/notes", said)["id"])


def _revision(who: Somebody) -> str:
    return str(who.made("GET", f"/v1/notes/{who.note()}/revisions")[0]["id"])


def _circle(who: Somebody) -> str:
    circle = str(who.made("POST", "/v1/circles", {"name": f"Those of {who.mark}"})["id"])
    invitation = who.made("POST", f"/v1/circles/{circle}/invitations", {"uses": 1})
    assert who.friend is not None
    who.friend.made("POST", "/v1/circles/join", {"link": invitation["link"]})
    return circle


def _member(who: Somebody) -> str:
    members = who.made("GET", f"/v1/circles/{who.circle()}/members")
    return str(next(one for one in members if one["role"] == "member")["id"])


def _shared(who: Somebody) -> str:
    note = _note(who)
    return str(who.made("POST", f"/v1/circles/{who.circle()}/shared", {"item": note})["id"])


def _space(who: Somebody) -> str:
    who.circle()
    until_s = time.monotonic() + 10
    while time.monotonic() < until_s:
        # The thread behind the requests may be at it already.
        who.town.app.state.server.host.flush()
        for one in who.made("GET", "/v1/spaces"):
            if one["kind"] == "circle":
                return str(one["id"])
    raise AssertionError("the circle is in no space")


def _slot(who: Somebody) -> str:
    slot = os.urandom(16).hex()
    who.made("PUT", f"/v1/sync/mail/{slot}", content=who.mark.encode(), headers={"content-type": BINARY})
    return slot


def _blob(who: Somebody) -> str:
    content = f"A picture of {who.mark}".encode()
    said = {"size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "file_name": f"{who.mark}.txt"}
    id = str(who.made("POST", "/v1/blobs", said)["id"])
    who.made("PATCH", f"/v1/blobs/{id}", content=content, headers={"Upload-Offset": "0", "content-type": BINARY})
    return id


def _part(who: Somebody) -> str:
    name, space = os.urandom(32).hex(), who.thing("/v1/spaces/{space}")
    who.made("PUT", f"/v1/spaces/{space}/blobs/{name}", content=who.mark.encode(), headers={"content-type": BINARY})
    return name


def _received(who: Somebody) -> str:
    assert who.friend is not None
    circle = who.friend.made("POST", "/v1/circles", {"name": f"Friends of {who.mark}"})["id"]
    who.friend.made("POST", f"/v1/circles/{circle}/invitations", {"address": who.email})
    return str(who.made("GET", "/v1/invitations")[0]["id"])


def _sent(who: Somebody) -> str:
    path = f"/v1/circles/{who.circle()}/invitations"
    who.made("POST", path, {"address": f"{who.mark}@example.org"})
    return str(who.made("GET", f"{path}/sent")[0]["id"])


def _webhook(who: Somebody) -> str:
    said = {"url": f"https://hooks.example.org/{who.mark}"}
    return str(who.made("POST", f"/v1/circles/{who.circle()}/webhooks", said)["id"])


def _open_invitation(who: Somebody) -> str:
    path = f"/v1/circles/{who.circle()}/invitations"
    who.made("POST", path, {})
    return str(who.made("GET", path)[0]["id"])


def _invitation(who: Somebody) -> str:
    """One that waits for them."""
    assert who.friend is not None
    circle = who.friend.made("POST", "/v1/circles", {"name": f"Friends of {who.mark}"})["id"]
    who.friend.made("POST", f"/v1/circles/{circle}/invitations", {"address": who.email})
    return str(who.made("GET", "/v1/invitations")[0]["id"])


def _conflict(who: Somebody) -> str:
    note = _note(who)
    base = who.made("GET", f"/v1/notes/{note}")["revision"]
    for word in ("first", "second"):
        who.made("PATCH", f"/v1/notes/{note}", {"body": f"{who.mark} {word}"}, params={"base": base})
    return str(who.made("GET", "/v1/conflicts", params={"item": note})["items"][0]["id"])


def _comment(who: Somebody) -> str:
    said = {"text": f"Amen, {who.mark}"}
    return str(who.made("POST", f"/v1/notes/{_shared(who)}/comments", said)["id"])


def _prayer(who: Somebody) -> str:
    return str(who.made("POST", "/v1/prayers", {"title": f"For {who.mark}", "people": [who.mark]})["id"])


def _reminder(who: Somebody) -> str:
    said = {"about": who.note(), "when": "2040-05-06 18:00", "zone": "UTC", "text": who.mark}
    return str(who.made("POST", "/v1/reminders", said)["id"])


def _card(who: Somebody) -> str:
    return str(who.made("POST", "/v1/reviews/cards", {"kind": "note", "of": _note(who)})[0]["id"])


def _answer(who: Somebody) -> str:
    return str(who.made("POST", f"/v1/reviews/cards/{_card(who)}/answer", {"rating": 3})["review"])


def _session(who: Somebody) -> str:
    said = {"email": who.email, "password": PASSWORD, "device_name": who.mark}
    who.made("POST", "/v1/auth/login", said)
    return str(next(one["id"] for one in who.made("GET", "/v1/auth/devices") if not one["is_this"]))


def _passkey(who: Somebody) -> str:
    begun = who.made("POST", "/v1/auth/passkeys/options", {"password": PASSWORD})
    credential = Authenticator(ORIGIN).make(begun["options"])
    said = {"challenge_id": begun["challenge_id"], "credential": credential, "name": who.mark}
    return str(who.made("POST", "/v1/auth/passkeys", said)["id"])


def _worked_on(who: Somebody, path: str, id: str) -> str:
    """The id of a work, which has ended."""
    until_s = time.monotonic() + 20
    while who.made("GET", f"{path}/{id}")["state"] in ("waiting", "running"):
        assert time.monotonic() < until_s
        time.sleep(0.05)
    return id


def _export(who: Somebody) -> str:
    _note(who)
    id = str(who.made("POST", "/v1/exports", {"format": "json"})["id"])
    return _worked_on(who, "/v1/exports", id)


def _import(who: Somebody) -> str:
    return _worked_on(who, "/v1/imports", str(who.made("POST", "/v1/imports", {"blob": _blob(who)})["id"]))


makers: dict[str, Callable[[Somebody], str]] = {
    "/v1/notes/{id}": _note,
    "/v1/notes/{id}/revisions/{revision}": _revision,
    "/v1/notes/{id}/crossrefs/{other}": _note,
    "/v1/circles/{circle}": _circle,
    "/v1/circles/{circle}/members/{member}": _member,
    "/v1/circles/{circle}/shared/{item}": _shared,
    "/v1/circles/{circle}/webhooks/{id}": _webhook,
    "/v1/circles/{circle}/invitations/{id}": _open_invitation,
    "/v1/invitations/{id}": _invitation,
    "/v1/sync/{space}": _space,
    "/v1/sync/mail/{slot}": _slot,
    "/v1/spaces/{space}": lambda who: who.thing("/v1/sync/{space}"),
    "/v1/spaces/{space}/blobs/{name}": _part,
    "/v1/blobs/{id}": _blob,
    "/v1/exports/{id}": _export,
    "/v1/imports/{id}": _import,
    "/v1/conflicts/{id}": _conflict,
    "/v1/comments/{id}": _comment,
    "/v1/prayers/{id}": _prayer,
    "/v1/reminders/{id}": _reminder,
    "/v1/reviews/cards/{id}": _card,
    "/v1/reviews/answers/{review}": _answer,
    "/v1/auth/devices/{id}": _session,
    "/v1/auth/passkeys/{id}": _passkey,
}
"""How each thing is made that a path can name: by the path up to its place."""

EVERYBODYS = {
    "/v1/scripture/passages/{ref}": "John 1:16",
    "/v1/scripture/crossrefs/{ref}": "John 1:16",
    "/v1/scripture/topics/{name}": "Graces",
    "/v1/scripture/topics-of/{ref}": "John 1:16",
}
"""Places of a path whose things belong to nobody."""


def is_known(operation: Operation) -> bool:
    """Whether there is something to put in each place of a path; one test says where there is not."""
    return all(place in makers or place in EVERYBODYS for _, place in operation.places)


def filled(operation: Operation, who: Somebody, *, other: Somebody | None = None, at: str = "") -> str:
    """The path of an operation with somebody's things in its places; in the place `at`, with another's."""
    path = operation.path
    for name, place in operation.places:
        owner = other if other is not None and place == at else who
        value = EVERYBODYS.get(place) or owner.thing(place)
        path = re.sub(rf"\{{{name}\}}", lambda _, value=value: value, path, count=1)
    return path

"""People who have accounts, for the tests of accounts."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from scribes.server.app import create_app
from scribes.server.settings import ServerSettings
from scribes.server.tables.accounts import Audit

ANNA = {"email": "anna@example.org", "password": "sunday morning songs"}
BEN = {"email": "ben@example.org", "password": "other words are too"}


def secret(seed: bytes) -> str:
    """What a client would derive from a password."""
    return "s1$" + base64.b64encode(seed * 32).decode()


def bearer(said: dict[str, Any]) -> dict[str, str]:
    """The header that goes with an answer to a login."""
    return {"Authorization": f"Bearer {said['access_token']}"}


def signed_up(web: TestClient, who: dict[str, str] = ANNA, **more: Any) -> dict[str, Any]:
    """The answer to a signup."""
    answer = web.post("/v1/auth/signup", json={**who, **more})
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


def code(answer: Any) -> tuple[int, str]:
    """The status and the code of an answer."""
    return answer.status_code, answer.json()["error"]["code"] if answer.content else ""


def events(web: TestClient) -> list[str]:
    """What the audit says, the oldest first."""
    from sqlmodel import select

    with web.app.state.server.accounts.database.read() as db:  # type: ignore[attr-defined]
        return [one.event for one in db.exec(select(Audit).order_by(Audit.n))]  # type: ignore[arg-type]


@contextmanager
def served(folder: Path, **settings: Any) -> Iterator[TestClient]:
    """A client of a server with other settings."""
    given: dict[str, Any] = {"mode": "development", "data_folder": str(folder), **settings}
    app = create_app(ServerSettings(**given))
    with TestClient(app, raise_server_exceptions=False, base_url=app.state.server.settings.base_url) as client:
        yield client

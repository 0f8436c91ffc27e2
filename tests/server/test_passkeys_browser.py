"""Passkeys in a real browser: Chromium with a virtual authenticator, against a real server on this machine."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from scribes.server.app import create_app
from scribes.server.settings import ServerSettings

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
)  # fmt: skip
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
# In CI it has to be there: `nox -s tests` installs it.
pytestmark = pytest.mark.skipif(
    not os.path.exists(CHROMIUM) and not os.environ.get("CI"), reason="Chromium is not here: apt-get install chromium"
)
CALL = """async ([path, body, headers]) => {
  const answer = await fetch(path, {
    method: "POST",
    headers: {"content-type": "application/json", ...headers},
    body: JSON.stringify(body),
  });
  return [answer.status, await answer.json().catch(() => null)];
}"""
CREATE = """async options => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({publicKey})).toJSON();
}"""
GET = """async options => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({publicKey})).toJSON();
}"""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a real server, whose name is localhost: browsers make passkeys there without TLS."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    url = f"http://localhost:{port}"
    settings = ServerSettings(mode="development", data_folder=str(tmp_path / "server"), public_url=url)
    config = uvicorn.Config(create_app(settings), host="127.0.0.1", port=port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield url
    server.should_exit = True
    thread.join(timeout=30)


@pytest.fixture
def page(address: str, tmp_path: Path) -> Iterator[Any]:
    """A page of the server in a browser that has an authenticator with a screen lock."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(FLAGS))
        # The page that stands in for the app is an answer of the API, whose policy lets it call nothing.
        page = browser.new_context(bypass_csp=True).new_page()
        page.goto(f"{address}/healthz")
        yield page
        browser.close()


def with_authenticator(page: Any) -> tuple[Any, str]:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return session, made["authenticatorId"]


def call(page: Any, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    status, said = page.evaluate(CALL, [f"/v1/auth/{path}", body, headers])
    return status, said


def added(page: Any) -> dict[str, str]:
    """Sign up in the browser and add a passkey; the headers that prove the page."""
    account = {"email": "anna@example.org", "password": "four words are good", "session": "cookie"}
    status, said = call(page, "signup", account)
    assert status == 201
    proof = {"X-CSRF-Token": said["csrf_token"]}
    status, begun = call(page, "passkeys/options", {"password": account["password"]}, **proof)
    assert status == 200
    credential = page.evaluate(CREATE, begun["options"])
    body = {"challenge_id": begun["challenge_id"], "credential": credential, "name": "virtual"}
    status, _ = call(page, "passkeys", body, **proof)
    assert status == 201
    return proof


def signed(page: Any) -> tuple[int, Any]:
    _, begun = call(page, "passkeys/login/options", {})
    credential = page.evaluate(GET, begun["options"])
    body = {"challenge_id": begun["challenge_id"], "credential": credential, "session": "cookie"}
    return call(page, "passkeys/login", body)


def me(page: Any) -> int:
    status: int = page.evaluate("async () => (await fetch('/v1/auth/me')).status")
    return status


def test_a_browser_adds_a_passkey_and_signs_in_with_it_alone(page: Any) -> None:
    with_authenticator(page)
    proof = added(page)
    # Without the token of its session a page of ours is like any other.
    assert call(page, "logout", {})[0] == 403
    assert call(page, "logout", {}, **proof)[0] == 204
    assert me(page) == 401
    status, said = signed(page)

    assert (status, said["account"]["email"]) == (200, "anna@example.org")
    assert me(page) == 200
    assert page.evaluate("document.cookie").startswith("scribes_csrf=")
    assert "scribes_access" not in page.evaluate("document.cookie")


def test_a_copied_passkey_is_refused_in_a_browser_too(page: Any) -> None:
    session, authenticator = with_authenticator(page)
    added(page)
    copied = session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"][0]
    assert signed(page)[0] == 200
    assert signed(page)[0] == 200
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    session.send("WebAuthn.addCredential", {"authenticatorId": made["authenticatorId"], "credential": copied})

    assert signed(page)[0] == 401

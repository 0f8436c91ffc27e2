"""Who is not signed in, and who asks for what is somebody else's, on every route there is: the tests grow with them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .document import NOTHING, Operation, operations, undocumented
from .town import EVERYBODYS, MARK, PASSWORD, Somebody, Town, filled, makers

pytestmark = pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")

PUBLIC = {
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /.well-known/jwks.json",
    "POST /v1/auth/prelogin",
    "POST /v1/auth/signup",
    "POST /v1/auth/signup/confirm",
    "POST /v1/auth/login",
    "POST /v1/auth/refresh",
    "POST /v1/auth/logout",
    "POST /v1/auth/password/reset",
    "POST /v1/auth/password/reset/confirm",
    "POST /v1/auth/passkeys/login/options",
    "POST /v1/auth/passkeys/login",
}
"""What somebody may ask who is not signed in. Each has tests of its own."""

UNTOLD = {"/docs", "/docs/oauth2-redirect", "/v1/openapi.json", "/metrics"}
"""What is answered and not documented: the document itself, its page in development, and figures for the operator."""

NOT_REFUSED = {
    "PUT /v1/sync/mail/{slot}": "a slot is one's own: another account's of the same name is another slot",
    "DELETE /v1/sync/mail/{slot}": "as above; to take out what is not there is fine",
    "PUT /v1/spaces/{space}/blobs/{name}": "in one's own space a part has the name that one gives it",
    "DELETE /v1/spaces/{space}/blobs/{name}": "as above: it is one's own part that goes",
    "POST /v1/sync/{space}": "what is no entry is malformed, whether or not there is such a log",
}
"""Where another's id is not refused as such: why not."""

CHANGES_BY_ITSELF = {
    "GET /v1/auth/devices",
    "GET /v1/imports",
    "GET /v1/imports/{id}",
    "GET /readyz",
    "GET /v1/circles/{circle}/webhooks/{id}/deliveries",
}
"""What may be different from one moment to the next while nobody touches what is Anna's."""

FOREIGN = {
    "note": "/v1/notes/{id}",
    "blob": "/v1/blobs/{id}",
    "notes": "/v1/notes/{id}",
    "item": "/v1/notes/{id}",
    "about": "/v1/notes/{id}",
    "of": "/v1/notes/{id}",
    "id": "/v1/notes/{id}",
    "space": "/v1/sync/{space}",
    "circle": "/v1/circles/{circle}",
    "member": "/v1/circles/{circle}/members/{member}",
}
"""Names of fields and of parameters of the query that hold an id, and what that names."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town") / "server").opened() as town:
        yield town


def test_everything_that_is_answered_is_documented(town: Town) -> None:
    assert set(undocumented(town.app)) <= UNTOLD


def test_every_place_of_a_path_has_a_maker(town: Town) -> None:
    places = {place for one in operations(town.app) for _, place in one.places}

    assert sorted(places - makers.keys() - EVERYBODYS.keys()) == [], "add a maker in tests/server/town.py"


def test_nobody_gets_in_without_a_token(town: Town) -> None:
    strays = {}
    for one in town.operations:
        if str(one) not in PUBLIC:
            answer = town.client.request(one.method, filled(one, town.anna), **sent(one))
            has_said = one.method == "HEAD" or answer.json()["error"]["code"] == "not_signed_in"
            if answer.status_code != 401 or not has_said:
                strays[str(one)] = answer.status_code, answer.text[:200]

    assert strays == {}


def test_who_owns_things_is_given_them(town: Town) -> None:
    """Otherwise the tests below prove nothing: a wrong id is refused to everybody."""
    refused = {}
    for one in town.operations:
        if one.method == "GET" and one.places and not one.answers_with_events:
            answer = town.anna.ask("GET", filled(one, town.anna), params=queried(one, town.anna))
            if answer.status_code >= 300:
                refused[str(one)] = answer.status_code, answer.text[:200]

    assert refused == {}


def test_what_is_anothers_is_refused_on_every_route_and_stays_as_it_was(town: Town) -> None:
    for one in town.operations:
        filled(one, town.anna), filled(one, town.ben)
    before = settled(town, town.anna)
    let_in, told = {}, {}
    for one in town.operations:
        for where, path, query, body in with_foreign_things(town, one):
            answer = town.ben.ask(one.method, path, params=query, **sent(one, body))
            if MARK in answer.text:
                told[f"{one} by {where}"] = answer.text[:300]
            if answer.status_code not in (403, 404) and str(one) not in NOT_REFUSED:
                let_in[f"{one} by {where}"] = answer.status_code, answer.text[:200]

    assert told == {}
    assert let_in == {}
    after = everything_of(town, town.anna)
    changed = [question for question in before if before[question] != after[question]]
    assert changed == [], {question: (before[question], after[question]) for question in changed[:3]}


def test_lists_and_searches_tell_nothing_of_others(town: Town) -> None:
    everything_of(town, town.anna)
    told = {}
    for one in town.operations:
        if one.method == "GET" and not one.places and not one.answers_with_events and str(one) not in PUBLIC:
            for word in (MARK, f"{MARK[:5]}*", "%", f'"{MARK}"'):
                asked = {each["name"]: word for each in one.parameters("query") if is_text(one, each)}
                answer = town.ben.ask("GET", one.path, params=asked)
                # A message may say again what was asked; only what was found, and hints, come from notes.
                text = answer.text if answer.is_success else answer.json()["error"].get("hint", "")
                if MARK in text.replace(word, ""):
                    told[str(one)] = text[:300]

    assert told == {}


# Tokens


def tampered(town: Town) -> dict[str, str]:
    """Tokens that are none, by what is wrong with them."""
    good = town.anna.said["access_token"]
    head, payload, signature = good.split(".")
    header = json.loads(unpacked(head))
    claims = json.loads(unpacked(payload))
    other = Ed25519PrivateKey.generate()
    known = town.client.get("/.well-known/jwks.json").json()["keys"][0]
    public = unpacked(known["x"])
    raw = other.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": packed(raw)}
    own = town.app.state.server.accounts.tokens._signing

    def by(key: Any, changed: dict[str, Any] | None = None, **more: Any) -> str:
        return jwt.encode({**claims, **(changed or {})}, key, algorithm="EdDSA", headers={"kid": known["kid"], **more})

    def keyed(secret: bytes) -> str:
        first = packed(json.dumps({"alg": "HS256", "typ": "JWT", "kid": known["kid"]}).encode())
        mac = hmac.new(secret, f"{first}.{payload}".encode(), hashlib.sha256).digest()
        return f"{first}.{payload}.{packed(mac)}"

    now_s = int(time.time())
    ours = own[1]
    return {
        "without a signature": f"{head}.{payload}.",
        "of two parts": f"{head}.{payload}",
        "with a signature cut short": good[:-4],
        "with a bit of the signature turned": f"{head}.{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        "with other claims": f"{head}.{packed(json.dumps({**claims, 'sid': claims['sub']}).encode())}.{signature}",
        **{
            f"alg={alg}": f"{packed(json.dumps({**header, 'alg': alg}).encode())}.{payload}.{end}"
            for alg in ("none", "None", "NONE", "", "RS256", "ES256")
            for end in ("", signature)
        },
        "HS256 by the public key": keyed(public),
        "HS256 by the public key as it is told": keyed(known["x"].encode()),
        "HS256 by nothing": keyed(b""),
        "by another key": by(other),
        "by another key that it brings along": by(other, jwk=jwk),
        "by another key with another kid": by(other, kid="other"),
        "by our key with another kid": by(ours, kid="other"),
        "with a kid that is a path": by(ours, kid="../../etc/passwd"),
        "with a kid that is SQL": by(ours, kid="' or 1=1 --"),
        "that ran out": by(ours, {"exp": now_s - 1}),
        "that never runs out": by(ours, {"exp": None}),
        "for another audience": by(ours, {"aud": "others"}),
        "of another issuer": by(ours, {"iss": "https://elsewhere.example"}),
        "of a session that is none": by(ours, {"sid": "00" * 16}),
        "of a session that is no id": by(ours, {"sid": "' or 1=1 --"}),
        "of a session that is a number": by(ours, {"sid": 1}),
        "that is used too soon": by(ours, {"iat": now_s + 3600, "nbf": now_s + 3600}),
        "that is a refresh token": town.anna.said["refresh_token"],
        "that is long": "x" * 5000,
        "that is empty": "",
    }


def test_no_token_but_a_good_one_gets_in(town: Town) -> None:
    assert town.anna.ask("GET", "/v1/notes").status_code == 200
    let_in = {}
    for name, token in tampered(town).items():
        answer = town.client.get("/v1/notes", headers={"Authorization": f"Bearer {token}"})
        by_cookie = town.client.get("/v1/notes", headers={"Cookie": f"scribes_access={token}"})
        if (answer.status_code, by_cookie.status_code) != (401, 401):
            let_in[name] = answer.status_code, by_cookie.status_code

    assert let_in == {}


def test_a_refresh_token_that_was_used_ends_its_session_and_no_other(town: Town) -> None:
    first, other = signed_in(town, "Anna"), signed_in(town, "Anna")
    once = {"refresh_token": first["refresh_token"]}
    second = town.client.post("/v1/auth/refresh", json=once).json()

    assert town.client.post("/v1/auth/refresh", json=once).status_code == 401
    assert asked_with(town, first) == asked_with(town, second) == 401
    assert town.client.post("/v1/auth/refresh", json={"refresh_token": second["refresh_token"]}).status_code == 401
    assert asked_with(town, other) == 200


def test_an_access_token_refreshes_nothing(town: Town) -> None:
    token = signed_in(town, "Anna")["access_token"]

    assert town.client.post("/v1/auth/refresh", json={"refresh_token": token[:190]}).status_code == 401


def test_no_token_of_an_account_that_was_removed_gets_in(town: Town) -> None:
    eve = Somebody(town, "Eve", "elderberry")
    eve.made("POST", "/v1/account/deletion", {"password": PASSWORD})
    again = {"email": eve.email, "password": PASSWORD}

    assert eve.ask("GET", "/v1/notes").status_code == 401
    assert eve.ask("POST", "/v1/notes", json={"title": "x"}).status_code == 401
    assert town.client.post("/v1/auth/refresh", json={"refresh_token": eve.said["refresh_token"]}).status_code == 401
    assert town.client.post("/v1/auth/login", json=again).status_code == 401


def signed_in(town: Town, name: str) -> dict[str, Any]:
    said = {"email": f"{name.lower()}@example.org", "password": PASSWORD}
    made: dict[str, Any] = town.client.post("/v1/auth/login", json=said).json()
    return made


def asked_with(town: Town, said: dict[str, Any]) -> int:
    headers = {"Authorization": f"Bearer {said['access_token']}"}
    return int(town.client.get("/v1/notes", headers=headers).status_code)


# What is asked


def sent(one: Operation, body: Any = NOTHING) -> dict[str, Any]:
    """What goes with a request: a body that would be taken, and the word that an edit stands on what is there."""
    needed = {each["name"]: "0" for each in one.parameters("header") if each.get("required")}
    headers = {"If-Match": "*", **needed}
    if not one.bodies:
        return {"headers": headers}
    body = one.example() if body is NOTHING else body
    if body is not NOTHING:
        return {"headers": headers, "json": body}
    return {"headers": {**headers, "content-type": next(iter(one.bodies))}, "content": b"x"}


def queried(one: Operation, who: Somebody) -> dict[str, str]:
    """The parameters that have to be there."""
    return {
        each["name"]: who.thing(FOREIGN[each["name"]]) if each["name"] in FOREIGN else example_of(each)
        for each in one.parameters("query")
        if each.get("required")
    }


def with_foreign_things(town: Town, one: Operation) -> Iterator[tuple[str, str, dict[str, str], Any]]:
    """Ways in which Ben can name what is Anna's in a request: everywhere, and in one place, the others being his."""
    anna, ben = town.anna, town.ben
    own_body = replaced(one.example(), ben)
    mine = filled(one, ben)
    own = [place for _, place in one.places if place not in EVERYBODYS]
    if own:
        yield "all", filled(one, anna), queried(one, anna), replaced(one.example(), anna)
    for place in own[1:]:
        yield place, filled(one, ben, other=anna, at=place), queried(one, ben), own_body
    for each in one.parameters("query"):
        if each["name"] in FOREIGN and is_text(one, each):
            foreign = {**queried(one, ben), each["name"]: anna.thing(FOREIGN[each["name"]])}
            yield f"?{each['name']}", mine, foreign, own_body
    for number, body in enumerate(one.examples()):
        foreign = replaced(body, anna)
        if foreign != replaced(body, ben):
            yield f"example {number}", mine, queried(one, ben), foreign
        for name in one.fields().keys() & FOREIGN.keys() if isinstance(body, dict) else ():
            if name not in body:
                more = {**replaced(body, ben), name: anna.thing(FOREIGN[name])}
                yield f"example {number} with {name}", mine, queried(one, ben), more


def replaced(body: Any, who: Somebody, name: str = "") -> Any:
    """A body, with somebody's ids where it names things."""
    if isinstance(body, dict):
        return {key: replaced(value, who, key) for key, value in body.items()}
    if isinstance(body, list):
        return [replaced(value, who, name) for value in body]
    is_id = isinstance(body, str) and name in FOREIGN and re.fullmatch(r"[0-9a-f-]{32,36}", body)
    return who.thing(FOREIGN[name]) if is_id else body


def example_of(parameter: dict[str, Any]) -> str:
    if "examples" in parameter:
        return str(next(iter(parameter["examples"].values()))["value"])
    schema = parameter["schema"]
    return str(schema.get("examples", [MARK])[0])


def is_text(one: Operation, parameter: dict[str, Any]) -> bool:
    schema = one.resolved(parameter["schema"])
    return schema.get("type") == "string" and not {"enum", "format", "const", "pattern"} & schema.keys()


def everything_of(town: Town, who: Somebody) -> dict[str, Any]:
    """All that somebody can see, by the question."""
    found = {}
    for one in town.operations:
        if one.method == "GET" and str(one) not in CHANGES_BY_ITSELF and not one.answers_with_events:
            answer = who.ask("GET", filled(one, who), params=queried(one, who))
            found[str(one)] = answer.status_code, answer.text if answer.status_code < 300 else ""
    return found


def settled(town: Town, who: Somebody) -> dict[str, Any]:
    """All that somebody can see, once the work behind the requests, which puts it into logs, has ended."""
    found = everything_of(town, who)
    for _ in range(10):
        town.app.state.server.host.flush()
        before, found = found, everything_of(town, who)
        if found == before:
            break
    return found


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

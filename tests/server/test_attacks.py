"""What somebody types who means ill, in every place that a route has: answered, never with a fault or others' words."""

from __future__ import annotations

import copy
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from .document import JSON, Operation
from .test_strangers import queried, sent
from .town import EVERYBODYS, MARK, PASSWORD, Town, filled

# Of all of these each place gets so many; over the places all of them come by.
EACH = 9
STRINGS = [
    "' OR '1'='1",
    "'; DROP TABLE item; --",
    '" OR ""="',
    "1) UNION SELECT sql FROM sqlite_master --",
    "\\'; SELECT pg_sleep(9); --",
    "%",
    "_",
    "%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%",
    '"',
    '""',
    "*",
    f"{MARK[:4]}*",
    f"NEAR({MARK[:-1]}* x, 5)",
    f"{{title body}} : {MARK[:-1]}*",
    f'title:"{MARK[:-1]}*" OR body:*',
    "AND OR NOT",
    "((((((((((",
    "^ - + : ( ) { } [ ] ~",
    'passage:"',
    "tag: -tag:",
    "before:9999-99-99 after:-1",
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "....//....//etc/passwd",
    "file:///etc/passwd",
    "a\r\nX-Evil: 1\r\n\r\n<script>",
    "\x00",
    "a\x00b",
    "\x1b[31m\x07\x7f",
    "\u202eevil\u202c\u200b\ufeff\u2066",
    "e\u0301" * 50,
    "\u0130\u0131\u017f\u212a\ufb03",
    "👩\u200d👩\u200d👧\u200d👦" * 10,
    "\U000e0001\U0010ffff\uffff",
    "z" + "\u0335" * 500,
    "0",
    "-1",
    "1e999",
    "9" * 400,
    "NaN",
    "true",
    "null",
    "[]",
    "{}",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "$(id)`id`|id;id",
    "a" * 3000,
    "Genesis 1:1-Revelation 22:21",
    "John 99999999999999999999:1",
    "Ps 119:" + ",".join(str(n) for n in range(1, 150)),
    "personal",
    ".",
    "..",
    " ",
]
# As bytes of an address: what no text can hold.
RAW = [
    "%ED%A0%80",
    "%FF%FE",
    "%C0%AF%C0%AE",
    "%00",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%252e%252e%252f",
    "..%2f..%2f",
    "%0d%0aX-Evil:%201",
]
# What is also found by a name, which may be anything.
BY_NAME = {*EVERYBODYS, "/v1/circles/{circle}"}
NUMBERS: list[Any] = [-1, 0, 2**31, 2**63, 10**30, 1e308, -0.5, True, "1", None, [], float("nan"), float("inf")]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town") / "server").opened() as town:
        for one in town.operations:
            filled(one, town.anna), filled(one, town.ben)
        yield town


def some(of: list[Any], seed: str, number: int = EACH) -> list[Any]:
    """Some of a list, other ones for each seed, and the same ones each time."""
    start = zlib.crc32(seed.encode())
    step = max(1, len(of) // number)
    return [of[(start + at * step) % len(of)] for at in range(min(number, len(of)))]


def wrong_with(answer: Any) -> str:
    """What an answer gives away, or breaks; "" where it is fine."""
    if answer.status_code >= 500 and answer.status_code != 503:
        return f"{answer.status_code} {answer.text[:200]}"
    if "x-evil" in answer.headers:
        return "a header came in"
    if answer.is_success and MARK in answer.text:
        return f"Anna's words: {answer.text[:200]}"
    if answer.status_code >= 400 and answer.text and set(answer.json()) != {"error"}:
        return f"no envelope: {answer.text[:200]}"
    return "root:" if "root:x:0" in answer.text else ""


# Strings


def test_no_text_in_a_query_or_header_is_a_fault_or_finds_what_is_anothers(town: Town) -> None:
    wrong = {}
    for one in town.operations:
        if one.answers_with_events:
            continue
        for each in one.parameters("query") + one.parameters("header"):
            place = f"{one} {each['name']}"
            for value in [quote(text, safe="") for text in some(STRINGS, place)] + some(RAW, place, 2):
                request = sent(one)
                address = filled(one, town.ben)
                if each["in"] == "header":
                    request["headers"][each["name"]] = value.encode()
                    params = "&".join(f"{k}={quote(v)}" for k, v in queried(one, town.ben).items())
                else:
                    others = {k: v for k, v in queried(one, town.ben).items() if k != each["name"]}
                    params = "&".join([f"{each['name']}={value}", *(f"{k}={quote(v)}" for k, v in others.items())])
                answer = town.ben.ask(one.method, f"{address}?{params}", **request)
                if found := wrong_with(answer):
                    wrong[f"{place} {value[:60]}"] = found

    assert wrong == {}


def test_no_text_in_a_path_is_a_fault_or_leads_elsewhere(town: Town) -> None:
    wrong = {}
    for one in town.operations:
        if one.answers_with_events:
            continue
        for name, place in one.places:
            for value in [quote(text, safe="") for text in some(STRINGS, f"{one} {name}")] + some(RAW, str(one), 3):
                head = filled(Operation(one.method, place.removesuffix(f"{{{name}}}"), {}, {}), town.ben)
                tail = filled(Operation(one.method, one.path, {}, {}), town.ben).split("/")[len(place.split("/")) :]
                address = "/".join([f"{head}{value}", *tail])
                params = queried(one, town.ben)
                answer = town.ben.ask(one.method, address, params=params or None, **sent(one))
                if found := wrong_with(answer):
                    wrong[f"{one} {value[:60]}"] = found
                elif answer.is_success and place not in BY_NAME and not is_a_name(value):
                    wrong[f"{one} {value[:60]}"] = f"{answer.status_code} {answer.text[:100]}"

    assert wrong == {}


def is_a_name(value: str) -> bool:
    """Whether it names something of one's own after all: dots are gone from an address before it is sent, and a digit
    may be the start of a handle.
    """
    return value in ("personal", ".", "..", quote(" ")) or re.fullmatch(r"[0-9a-f]{1,12}", value) is not None


def test_no_text_or_number_in_a_body_is_a_fault(town: Town) -> None:
    wrong = {}
    for one in town.operations:
        for example in one.examples()[:1]:
            for path in places_in(example):
                seed = f"{one} {path}"
                for value in some([*STRINGS, "\ud800", "\udfff\ud800"], seed) + some(NUMBERS, seed, 2):
                    body = with_value(example, path, value)
                    request = sent(one)
                    request.pop("json", None)
                    request["headers"]["content-type"] = JSON
                    answer = town.ben.ask(
                        one.method, filled(one, town.ben), params=queried(one, town.ben) or None,
                        content=json.dumps(body).encode(), **request,
                    )  # fmt: skip
                    if found := wrong_with(answer):
                        wrong[f"{seed} {value!r:.60}"] = found

    assert wrong == {}


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places of a body that hold a value."""
    if isinstance(value, dict):
        return [found for key, part in value.items() for found in places_in(part, (*path, key))]
    if isinstance(value, list):
        return [found for at, part in enumerate(value) for found in places_in(part, (*path, at))]
    return [path]


def with_value(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    body = copy.deepcopy(body)
    where = body
    for step in path[:-1]:
        where = where[step]
    where[path[-1]] = value
    return body


BODIES = [
    b"", b"null", b"[]", b"{}", b"0", b'"text"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"9" * 5_000,
    b'{"title":' + b"9" * 5_000 + b"}", b'{"__proto__":{"a":1},"constructor":1}', b'{"title":"a","title":"b"}',
    b'\xef\xbb\xbf{"title":"a"}', b"\x00" * 100, b'{"title":NaN}', b"--x\r\nContent-Disposition: form-data\r\n\r\n",
]  # fmt: skip
TYPES = [
    JSON,
    "",
    "text/plain",
    "application/xml",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-7",
]


def test_no_body_that_is_none_is_a_fault(town: Town) -> None:
    wrong = {}
    for one in town.operations:
        if one.bodies:
            for body in some(BODIES, str(one), 4):
                request = {**sent(one)["headers"], "content-type": some(TYPES, f"{one} {body[:9]!r}", 1)[0]}
                params = queried(one, town.ben) or None
                answer = town.ben.ask(
                    one.method, filled(one, town.ben), params=params, content=body, headers=request
                )  # fmt: skip
                if found := wrong_with(answer):
                    wrong[f"{one} {body[:20]!r}"] = found

    assert wrong == {}


# Pages


def test_a_cursor_that_is_made_up_or_anothers_shows_nothing_of_others(town: Town) -> None:
    for word in ("one", "two"):
        town.anna.made("POST", "/v1/notes", {"title": f"{MARK} {word}"})
    wrong, given = {}, ["MQ", "LTE", "OTk5OTk5OTk5OTk5OTk5OQ", "x" * 4096, "e30", "eyJrIjpbMV19", "%", "\u0661"]
    for one in town.operations:
        if any(each["name"] == "cursor" for each in one.parameters("query")):
            page = town.anna.ask("GET", filled(one, town.anna), params={"limit": 1}).json()
            if page.get("next"):
                given.append(page["next"])
    for one in town.operations:
        if any(each["name"] in ("cursor", "after") for each in one.parameters("query")):
            for cursor in given:
                params = {"limit": 1, "cursor": cursor, "after": cursor}
                if found := wrong_with(town.ben.ask("GET", filled(one, town.ben), params=params)):
                    wrong[f"{one} {cursor[:40]}"] = found

    assert len(given) > 9
    assert wrong == {}


# Versions


def test_the_revision_of_anothers_note_brings_none_of_its_words(town: Town) -> None:
    anna, ben = town.anna, town.ben
    foreign = anna.made("GET", f"/v1/notes/{anna.note()}")["revision"]
    mine = ben.made("POST", "/v1/notes", {"title": "Mine", "body": "my own words"})["id"]
    other = ben.made("POST", "/v1/notes", {"title": "Other", "body": "other words"})
    for base in (foreign, other["revision"], "0" * 32, "' OR 1=1 --", "*", ",".join([foreign] * 50)):
        for headers, params in (({"If-Match": f'"{base}"'}, None), ({}, {"base": base})):
            text = f"my own words, again {base[:3]}"
            answer = ben.ask("PATCH", f"/v1/notes/{mine}", json={"body": text}, headers=headers, params=params)
            now = ben.made("GET", f"/v1/notes/{mine}")

            assert answer.status_code in (200, 404, 409, 412, 422), answer.text
            assert MARK not in answer.text
            assert MARK not in now["body"] + now["title"]
            assert "my own words" in now["body"]
    assert ben.ask("GET", f"/v1/notes/{mine}/revisions/{foreign}").status_code == 404
    assert ben.ask("POST", f"/v1/notes/{mine}/revisions/{foreign}/restore").status_code == 404


def test_edits_on_one_old_version_make_no_note_grow_without_end(town: Town) -> None:
    note = town.ben.made("POST", "/v1/notes", {"title": "Long", "body": "x" * 900_000})
    answers = [
        town.ben.ask("PATCH", f"/v1/notes/{note['id']}", json={"body": each * 900_000}, params={"base": base})
        for each, base in (("y", note["revision"]), ("z", note["revision"]), ("w", note["revision"]), ("v", "00" * 16))
    ]
    again = town.ben.ask("PATCH", f"/v1/notes/{note['id']}", json={"body": "short"}, headers={"If-Match": "*"})

    assert [answer.status_code for answer in answers] == [200, 200, 409, 409]
    assert again.json()["note"]["body"] == "short"


def test_edits_on_one_old_version_leave_a_revision_that_can_be_named(town: Town) -> None:
    note = town.ben.made("POST", "/v1/notes", {"title": "Often", "body": "one"})
    answers = [
        town.ben.ask("PATCH", f"/v1/notes/{note['id']}", json={"body": f"one {n}"}, params={"base": note["revision"]})
        for n in range(70)
    ]
    again = town.ben.ask("PATCH", f"/v1/notes/{note['id']}", json={"body": "short"}, headers={"If-Match": "*"})

    assert {answer.status_code for answer in answers} == {200, 409}
    assert again.status_code == 200


# Around the request


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_header_makes_no_other_method_of_a_request(town: Town, header: str) -> None:
    note = town.ben.made("POST", "/v1/notes", {"title": "Stays"})["id"]
    for method in ("GET", "POST"):
        town.ben.ask(method, f"/v1/notes/{note}", headers={header: "DELETE"}, params={"_method": "DELETE"})

    assert town.ben.made("GET", f"/v1/notes/{note}")["deleted_at"] is None


@pytest.mark.parametrize("header", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path", "X-Forwarded-Prefix"])
def test_a_header_makes_no_other_path_of_a_request(town: Town, header: str) -> None:
    answer = town.client.get("/healthz", headers={header: f"/v1/notes/{town.anna.note()}"})

    assert answer.json() == {"status": "ok"}


def test_a_compressed_body_is_not_unpacked(town: Town) -> None:
    bomb = gzip.compress(b'{"title":"' + b"a" * 50_000_000 + b'"}')
    headers = {"content-type": JSON, "content-encoding": "gzip"}

    assert town.ben.ask("POST", "/v1/notes", content=bomb, headers=headers).status_code in (400, 415, 422)


def test_the_names_of_files_in_an_export_stay_in_its_folder(town: Town) -> None:
    import io
    import zipfile

    for title in ("../../evil", "/etc/passwd", "..\\..\\evil", "C:\\evil", "con", "a/b/c", "\u202egpj.evil", "." * 300):
        town.ben.made("POST", "/v1/notes", {"title": title})
    id = town.ben.made("POST", "/v1/exports", {"format": "markdown"})["id"]
    for _ in range(400):
        answer = town.ben.ask("GET", f"/v1/exports/{id}/download")
        if answer.status_code == 200:
            break
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()

    assert len(names) >= 8
    for name in names:
        assert ".." not in name.split("/"), name
        assert not name.startswith(("/", "\\")), name
        assert not any(letter in "\\:" or not letter.isprintable() for letter in name), name
        assert len(name.rpartition("/")[2].encode()) <= 255


# What is left behind


def test_no_words_password_or_token_is_in_the_logs_or_readable_on_the_disk(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Everything is made, read and asked for wrongly, with the log as talkative as it gets."""
    with Town(tmp_path / "server", log_level="debug").opened() as town:
        anna = town.anna
        secrets = [MARK, PASSWORD, anna.said["access_token"], anna.said["refresh_token"], anna.email]
        for one in town.operations:
            if not one.answers_with_events:
                if is_harmless(one):
                    anna.ask(one.method, filled(one, anna), params=queried(one, anna), **sent(one))
                anna.ask("GET", filled(one, anna), params={MARK: MARK, "q": MARK, "limit": MARK})
                town.client.request(one.method, filled(one, anna), headers={"Authorization": f"Bearer {MARK}"})
        town.app.state.server.host.flush()
        content = b"".join(path.read_bytes() for path in (tmp_path / "server").rglob("*") if path.is_file())
    logged = "".join(capfd.readouterr())

    assert '"event": "request"' in logged
    assert [one for one in secrets if one in logged] == []
    assert [one for one in secrets if one.encode() in content] == []


def is_harmless(one: Operation) -> bool:
    """Whether it changes nothing that the rest of a test needs."""
    is_of_account = one.path.startswith(("/v1/auth", "/v1/account"))
    return one.method == "GET" or (one.method == "POST" and not is_of_account and not one.places)

"""What stands around every request: trace ids, the log, figures, headers, limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from scribes.server import logs
from scribes.server.app import TAKEN_HEADERS, create_app
from scribes.server.guarding import takes
from scribes.server.settings import ServerSettings
from scribes.server.tracing import Tracer, without_words

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def made(tmp_path: Path, **given: Any) -> FastAPI:
    """A server with routes of this test."""
    app = create_app(ServerSettings(data_folder=str(tmp_path / "server"), **given))
    router = APIRouter(prefix="/v1/test")

    @router.get("/things/{id}")
    def thing(id: str) -> dict[str, str]:
        return {"id": id}

    @router.post("/things")
    def take(body: dict[str, Any]) -> dict[str, int]:
        return {"fields": len(body)}

    @router.post("/large")
    @takes(64 * 1024)
    def large(body: dict[str, Any]) -> dict[str, int]:
        return {"fields": len(body)}

    @router.get("/fault")
    def fault() -> None:
        raise RuntimeError("Psalm 23 in my own words")

    @router.get("/broken")
    def broken() -> StreamingResponse:
        def pieces() -> Iterator[bytes]:
            yield b"a beginning"
            raise RuntimeError("Psalm 23 in my own words")

        return StreamingResponse(pieces())

    app.include_router(router)
    return app


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    app = made(tmp_path, max_body_bytes=2048, metrics="loopback", public_url="https://notes.example.org")
    with opened(app) as client:
        yield client


def opened(app: FastAPI, **headers: str) -> TestClient:
    return TestClient(
        app,
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 5),
        raise_server_exceptions=False,
        follow_redirects=False,
        headers=headers,
    )


def test_every_answer_has_a_trace_id_and_a_failure_says_it_in_its_body(client: TestClient) -> None:
    fine, missing = client.get("/healthz"), client.get("/v1/nothing")

    assert len(fine.headers["x-trace-id"]) == 32
    assert missing.json()["error"] == {
        "code": "not_found", "message": "there is nothing here", "traceId": missing.headers["x-trace-id"],
    }  # fmt: skip


def test_a_well_formed_trace_id_is_taken_over_and_no_other(client: TestClient) -> None:
    assert client.get("/healthz", headers={"traceparent": PARENT}).headers["x-trace-id"] == TRACE
    for bad in ("00-" + "0" * 32 + "-b7ad6b7169203331-01", PARENT.upper(), PARENT + "-x", f"00-{'x' * 32}-b7-01", "\n"):
        try:
            answer = client.get("/healthz", headers={"traceparent": bad})
        except ValueError:
            continue
        assert answer.headers["x-trace-id"] not in bad.lower()


def test_the_log_has_the_route_as_declared_and_no_id_query_token_or_address(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.get("/v1/test/things/secret-id?q=secret-word", headers={"authorization": "Bearer secret-token"})
    client.get("/v1/secret-path")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    asked = [line for line in lines if line["event"] == "request"]

    assert [(line["method"], line["route"], line["status"]) for line in asked] == [
        ("GET", "/v1/test/things/{id}", 200),
        ("GET", "none", 404),
    ]
    assert "secret" not in json.dumps(lines)
    assert "127.0.0.1" not in json.dumps(lines)


def test_a_fault_is_answered_in_the_envelope_with_all_headers_and_its_words_stand_nowhere(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.get("/v1/test/fault")
    err = capsys.readouterr().err

    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "failure"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Psalm" not in answer.text
    assert "Psalm" not in err
    found = next(line for line in map(json.loads, err.splitlines()) if line["event"] == "unexpected")
    assert found["trace"] == answer.headers["x-trace-id"]
    assert found["error"] == ["RuntimeError"]
    assert found["where"][-1].endswith(" fault")


def test_an_answer_that_breaks_off_is_written_down_without_its_words(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.get("/v1/test/broken")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    found = next(line for line in lines if line["event"] == "broken off")

    assert found["route"] == "/v1/test/broken"
    assert "Psalm" not in json.dumps(lines)


def test_answers_cannot_be_framed_guessed_at_or_kept_by_caches(client: TestClient) -> None:
    headers = client.get("/v1/test/things/1").headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["strict-transport-security"].startswith("max-age=")


def test_without_https_a_browser_is_not_told_to_insist_on_it(tmp_path: Path) -> None:
    with opened(made(tmp_path)) as client:
        assert "strict-transport-security" not in client.get("/healthz").headers


def test_a_body_that_is_too_large_is_refused_in_the_envelope_by_its_length_and_in_pieces(client: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"a":"'
        for _ in range(30):
            yield b"x" * 100
        yield b'"}'

    json_type = {"content-type": "application/json"}
    whole = client.post("/v1/test/things", content=b'{"a":"' + b"x" * 3000 + b'"}', headers=json_type)
    chunked = client.post("/v1/test/things", content=pieces(), headers=json_type)
    lies = client.post("/v1/test/things", content=b"{}", headers={**json_type, "content-length": "9" * 40})

    for answer in (whole, chunked, lies):
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "too_large"
        assert answer.headers["connection"] == "close"
    assert client.post("/v1/test/large", content=pieces(), headers=json_type).json() == {"fields": 1}


@pytest.mark.parametrize("body", ["[" * 500, '{"a":' * 300 + "1" + "}" * 300, "{", "\xff", "nul\x00l", ""])
def test_a_body_that_is_no_json_is_answered_in_the_envelope(client: TestClient, body: str) -> None:
    answer = client.post(
        "/v1/test/things", content=body.encode("latin-1"), headers={"content-type": "application/json"}
    )

    assert answer.status_code in (200, 400, 422)
    assert answer.status_code == 200 or answer.json()["error"]["code"] == "invalid"


def test_json_that_is_nested_beyond_reason_is_an_invalid_body(tmp_path: Path) -> None:
    with opened(made(tmp_path)) as client:
        for body in ("[" * 400_000, '{"a":' * 150_000):
            answer = client.post("/v1/test/things", content=body, headers={"content-type": "application/json"})

            assert answer.status_code in (400, 422)
            assert answer.json()["error"]["code"] == "invalid"


def test_another_method_is_refused_with_those_there_are(client: TestClient) -> None:
    answer = client.put("/healthz")
    head = client.head("/v1/nothing")

    assert (answer.status_code, answer.headers["allow"], answer.json()["error"]["code"]) == (405, "GET", "method")
    assert head.status_code == 404
    assert head.content == b""


@pytest.mark.parametrize("host", ["evil.example", "notes.example.org.evil.example", "notes.example.org@evil", "", "["])
def test_a_request_for_another_host_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/healthz", headers={"host": host})

    assert answer.status_code == 421
    assert answer.json()["error"]["code"] == "invalid"


@pytest.mark.parametrize(
    "host", ["notes.example.org", "NOTES.example.org:443", "localhost:8000", "127.0.0.1", "[::1]:8000", "192.168.1.5"]
)
def test_a_request_for_this_host_is_answered(client: TestClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


def test_addresses_and_headers_beyond_reason_are_refused(client: TestClient) -> None:
    assert client.get("/v1/" + "x" * 3000).status_code == 414
    assert client.get("/v1/test/things/1?" + "x" * 9000).status_code == 414
    assert client.get("/healthz", headers={f"x-{n}": "1" for n in range(200)}).status_code == 431


def test_a_page_of_another_origin_may_call_where_it_is_on_the_list_and_only_then(tmp_path: Path) -> None:
    app = made(tmp_path, allowed_origins=("https://app.example.org",))
    asks = {"access-control-request-method": "PATCH", "access-control-request-headers": "if-match,authorization"}
    with opened(app) as client:
        ours = client.get("/healthz", headers={"origin": "https://app.example.org"})
        evil = client.get("/healthz", headers={"origin": "https://app.example.org.evil.example"})
        before = client.options("/v1/test/things/1", headers={"origin": "https://app.example.org", **asks})
        none = client.options("/v1/test/things/1", headers={"origin": "null", **asks})

    assert ours.headers["access-control-allow-origin"] == "https://app.example.org"
    assert ours.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in evil.headers
    assert before.status_code == 200
    assert none.status_code == 400


def test_every_header_that_a_route_reads_may_be_sent_by_a_page_on_the_list(tmp_path: Path) -> None:
    app = made(tmp_path)
    read = {
        parameter["name"].lower()
        for path in app.openapi()["paths"].values()
        for route in path.values()
        for parameter in route.get("parameters", ())
        if parameter["in"] == "header"
    }
    app.state.server.close()

    assert read - set(TAKEN_HEADERS) == set()


def test_without_a_list_no_other_origin_may_call(client: TestClient) -> None:
    answer = client.get("/healthz", headers={"origin": "https://app.example.org"})

    assert "access-control-allow-origin" not in answer.headers


def test_the_figures_name_routes_as_declared_and_how_much_waits(client: TestClient) -> None:
    client.get("/v1/test/things/secret-id")
    client.request("BREW", "/v1/secret-path")
    text = client.get("/metrics").text

    assert 'scribes_request_seconds_count{method="GET",route="/v1/test/things/{id}",status="200"} 1.0' in text
    assert 'scribes_request_seconds_count{method="other",route="none",status="404"} 1.0' in text
    assert "scribes_requests_in_flight 1.0" in text
    assert 'scribes_waiting{what="jobs"} 0.0' in text
    assert 'scribes_jobs_total{outcome="parked"} 0.0' in text
    assert "scribes_sync_lag_seconds_count 0.0" in text
    assert "scribes_paraphrase_seconds_count 0.0" in text
    assert "secret" not in text


def test_the_figures_are_for_this_machine_alone_and_not_through_its_proxy(tmp_path: Path) -> None:
    app = made(tmp_path, metrics="loopback")
    with opened(app) as client:
        assert client.get("/metrics").status_code == 200
        assert client.get("/metrics", headers={"x-forwarded-for": "127.0.0.1"}).status_code == 403
        elsewhere = TestClient(app, base_url="http://127.0.0.1", client=("192.0.2.7", 1))
        assert elsewhere.get("/metrics").status_code == 403


def test_the_figures_are_for_who_has_the_token(tmp_path: Path) -> None:
    token = "0123456789abcdef"
    with opened(made(tmp_path, metrics="token", metrics_token=token)) as client:
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"authorization": "Bearer 0123456789abcdeX"}).status_code == 401
        assert client.get("/metrics", headers={"authorization": f"Bearer {token}"}).status_code == 200


def test_without_a_setting_there_are_no_figures(tmp_path: Path) -> None:
    with opened(made(tmp_path)) as client:
        assert client.get("/metrics").status_code == 404
        assert client.get("/docs").status_code == 404


def test_packages_that_are_not_there_are_a_warning_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import importlib.util

    real = importlib.util.find_spec
    missing = ("prometheus_client", "opentelemetry.sdk", "sentry_sdk")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name in missing else real(name, *rest))
    app = made(tmp_path, metrics="loopback", traces=True, sentry_dsn="https://key@sentry.example/1")
    with opened(app) as client:
        assert client.get("/healthz").status_code == 200
    events = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]

    assert {"no metrics", "no traces", "no reports of faults"} <= set(events)


def test_a_span_has_the_route_and_the_trace_id_and_no_path_query_or_address(tmp_path: Path) -> None:
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    app = made(tmp_path)
    app.state.server.tracer = Tracer(provider)
    with opened(app) as client:
        client.get("/v1/test/things/secret-id?q=secret-word", headers={"traceparent": PARENT})
        client.get("/v1/test/fault")
    fine, fault = spans.get_finished_spans()

    assert f"{fine.context.trace_id:032x}" == TRACE
    assert fine.attributes == {
        "http.request.method": "GET", "http.route": "/v1/test/things/{id}", "http.response.status_code": 200,
    }  # fmt: skip
    assert fault.status.is_ok is False
    assert "secret" not in fine.to_json()


def test_a_report_of_a_fault_has_its_kind_and_place_and_no_words() -> None:
    event = {
        "exception": {"values": [{"type": "ValueError", "value": "Psalm 23", "stacktrace": {"frames": []}}]},
        "request": {"url": "https://notes.example.org/?q=Psalm"},
        "user": {"ip_address": "192.0.2.7"},
    }

    assert without_words(event, None) == {
        "exception": {"values": [{"type": "ValueError", "value": "", "stacktrace": {"frames": []}}]}
    }


def test_a_line_for_a_terminal_is_in_words_and_moves_no_cursor() -> None:
    line = {"method": "GET", "route": "/v1/notes/{id}", "ms": 12.4, "account": 3, "event": "request", "level": "info"}
    at = {"timestamp": "2026-11-28T07:07:52.616648Z"}

    taken = logs.in_words({**line, **at, "status": 200, "trace": "af84"})
    refused = logs.in_words({**line, **at, "status": 404, "trace": "af84", "method": "\x1b[2J"})

    assert taken[8:] == "  200      12 ms  GET /v1/notes/{id}  account 3"
    assert refused[8:] == "  404      12 ms  ?[2J /v1/notes/{id}  account 3  af84"
    assert (
        logs.in_words({**at, "event": "web server", "level": "error", "said": "x"})[8:]
        == "  error: web server  said: x"
    )


def test_a_line_of_the_log_says_the_kind_of_an_error_and_never_its_message() -> None:
    try:
        try:
            raise KeyError("a word of a note")
        except KeyError as e:
            raise ValueError("another word") from e
    except ValueError as e:
        line = logs.without_messages(None, "error", {"event": "x", "exc_info": e})

    assert line["error"] == ["ValueError", "KeyError"]
    assert "word" not in json.dumps(line)

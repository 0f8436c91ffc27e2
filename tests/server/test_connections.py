"""Connections to a real server: slow ones, crowds, what is no HTTP; and how requests at work end with it."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from .serving import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that is in a hurry, has one thread, and takes few connections."""
    with Served(
        tmp_path_factory.mktemp("hurry") / "data",
        header_timeout_s="0.5", body_timeout_s="0.5", threads="1", max_connections="20", keep_alive_s="1",
    ) as started:  # fmt: skip
        yield started


def connected(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=10)


def answer_on(client: socket.socket) -> tuple[int, dict[str, str]]:
    """The status and the error that came before the server closed the connection."""
    got = b""
    while piece := client.recv(65536):
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]


def test_a_head_that_does_not_arrive_is_answered_and_the_connection_closed(served: Served) -> None:
    for begun in (b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: "):
        with connected(served) as client:
            client.sendall(begun)
            since = time.monotonic()
            status, error = answer_on(client)

            assert (status, error["code"]) == (408, "unavailable")
            assert time.monotonic() - since < 5


def test_a_head_that_drips_gets_no_more_time_than_one_that_stops(served: Served) -> None:
    with connected(served) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        since = time.monotonic()
        try:
            while time.monotonic() - since < 5:
                client.sendall(b"G")
                time.sleep(0.1)
        except OSError:
            pass

        assert time.monotonic() - since < 5


def test_a_body_that_does_not_arrive_is_answered_and_the_connection_closed(served: Served) -> None:
    head = b"POST /v1/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    for rest in (b"content-length: 100\r\n\r\n{", b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"):
        with connected(served) as client:
            client.sendall(head + rest)
            status, error = answer_on(client)

            assert (status, error["code"]) == (408, "unavailable")
            assert len(error["traceId"]) == 32


def test_slow_bodies_hold_no_thread(served: Served) -> None:
    slow = [connected(served) for _ in range(8)]
    try:
        for client in slow:
            client.sendall(b"POST /v1/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{")
        since = time.monotonic()

        assert httpx2.get(served.url + "/readyz").status_code == 200
        assert time.monotonic() - since < 0.4
    finally:
        for client in slow:
            client.close()


@pytest.mark.parametrize("sent", [b"no http at all\r\n\r\n", b"GET / HTTP/1.1\r\nx: " + b"x" * 200_000 + b"\r\n\r\n"])
def test_what_is_no_http_is_refused_in_the_envelope(served: Served, sent: bytes) -> None:
    with connected(served) as client:
        try:
            client.sendall(sent)
            status, error = answer_on(client)
        except OSError:
            # More was on its way than the server reads: it closed the connection, which is as well.
            return

        assert (status, error["code"]) == (400, "invalid")


def test_more_connections_than_are_taken_are_turned_away_and_others_served_again_after(served: Served) -> None:
    crowd = [connected(served) for _ in range(20)]
    try:
        with connected(served) as client:
            status, error = answer_on(client)

            assert (status, error["code"]) == (503, "unavailable")
    finally:
        for client in crowd:
            client.close()
    time.sleep(0.2)
    assert httpx2.get(served.url + "/healthz").status_code == 200


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of files are those of Unix")
def test_a_limit_of_files_that_is_too_low_is_raised_or_said(tmp_path: Path) -> None:
    low = ("/bin/sh", "-c", 'ulimit -S -n 64; ulimit -H -n 300; exec "$@"', "sh")
    with Served(tmp_path / "data", inside=low, max_connections="80") as served:
        crowd = [connected(served) for _ in range(79)]
        answered = httpx2.get(served.url + "/readyz").status_code
        for client in crowd:
            client.close()
        said = served.said()
    with Served(tmp_path / "data", inside=low, max_connections="1000") as served:
        assert "may hold 300 open files" in served.said()

    assert answered == 200
    assert "too few" not in said


def test_a_request_at_work_ends_before_the_server_does(tmp_path: Path) -> None:
    with Served(tmp_path / "data") as served:
        body = b'{"email": "anna@example.org", "password": "four words are good", "name": "Anna"}'
        client = connected(served)
        client.sendall(
            b"POST /v1/auth/signup HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            + f"content-length: {len(body)}\r\n\r\n".encode()
            + body[:10]
        )
        time.sleep(0.3)
        os.kill(served.process.pid, signal.SIGTERM)
        time.sleep(0.3)
        client.sendall(body[10:])
        got = b""
        while piece := client.recv(65536):
            got += piece
        client.close()
        served.stop()

        assert got.startswith(b"HTTP/1.1 201")
    with Served(tmp_path / "data") as served:
        login = {"email": "anna@example.org", "password": "four words are good"}
        assert httpx2.post(served.url + "/v1/auth/login", json=login).status_code == 200


def test_a_stream_of_events_ends_when_the_server_does(tmp_path: Path) -> None:
    with Served(tmp_path / "data") as served:
        token = served.signed_up("anna@example.org")["access_token"]
        read: list[str] = []

        def listen() -> None:
            headers = {"authorization": f"Bearer {token}"}
            with httpx2.stream("GET", served.url + "/v1/events", headers=headers, timeout=30) as answer:
                read.append(str(answer.status_code))
                read.extend(answer.iter_lines())

        thread = threading.Thread(target=listen)
        thread.start()
        until = time.monotonic() + 5
        while not read and time.monotonic() < until:
            time.sleep(0.05)
        since = time.monotonic()
        served.stop()
        thread.join(timeout=10)

        assert read[0] == "200"
        assert not thread.is_alive()
        assert time.monotonic() - since < 5

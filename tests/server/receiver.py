"""Somebody who receives webhooks on this machine, and answers by what is asked for."""

from __future__ import annotations

import json
import queue
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Got:
    """A post that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


class Receiver:
    """`/ok` takes it, `/fail` does not, `/redirect` leads to `/ok`, `/gone` is gone, `/big` answers without an end,
    `/slow` only once `answer` is set.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.got: queue.Queue[Got] = queue.Queue()
        self.answer = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.put(Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                try:
                    receiver.reply(self)
                except OSError:
                    pass  # It was broken off.

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def reply(self, handler: BaseHTTPRequestHandler) -> None:
        statuses = {"/fail": 500, "/redirect": 302, "/gone": 410}
        if handler.path == "/slow":
            self.answer.wait(30)
        handler.send_response(statuses.get(handler.path, 200))
        if handler.path == "/redirect":
            handler.send_header("Location", f"{self.url}/ok")
        if handler.path != "/big":
            handler.send_header("Content-Length", "0")
        handler.end_headers()
        while handler.path == "/big":
            handler.wfile.write(b"x" * 65536)

    def next(self, within_s: float = 15) -> Got:
        return self.got.get(timeout=within_s)

    def close(self) -> None:
        self.answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

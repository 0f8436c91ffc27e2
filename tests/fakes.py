"""Services that cost money or need a key, spoken by real servers on this machine: one for each port."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class AssistantService(BaseHTTPRequestHandler):
    """Speaks `/v1/chat/completions`. `faults` are done first, one a request; then `rewrite` says what it answers."""

    protocol_version = "HTTP/1.1"
    url: str
    faults: list[Callable[[AssistantService], None]]
    asked: list[dict[str, Any]]
    rewrite: Callable[[str], str]

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["content-length"])))
        system, user = (message["content"] for message in question["messages"])
        fence, _, rest = user.partition("\n")
        note, _, remark = rest.partition(f"\n{fence}")
        self.asked.append(
            {
                "path": self.path,
                "key": self.headers["authorization"],
                "model": question["model"],
                "system": system,
                "fence": fence,
                "note": note,
                "remark": remark.strip(),
            }
        )
        if self.faults:
            self.faults.pop(0)(self)
            return
        self.say(type(self).rewrite(note))

    def say(self, text: object, **more: object) -> None:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"} | more
        self.answer(200, json.dumps({"object": "chat.completion", "choices": [choice]}).encode())

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self._send(body)

    def drip(self, seconds: float) -> None:
        """Send a header that never ends, a letter at a time."""
        end = time.monotonic() + seconds
        self.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
        while time.monotonic() < end and self._send(b"a"):
            time.sleep(0.02)
        self.close_connection = True

    def hang_up(self) -> None:
        self.close_connection = True

    def _send(self, body: bytes) -> bool:
        try:
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            return False
        return True


@contextmanager
def assistant_service() -> Iterator[type[AssistantService]]:
    """A service of its own that gives back what it gets until it is told what else to say."""
    handler: Any = type("Told", (AssistantService,), {"faults": [], "asked": [], "rewrite": staticmethod(str)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    # A client that hangs up is part of the tests.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    handler.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield handler
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

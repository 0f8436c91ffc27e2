"""A real `scribes serve` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2

SOURCE = Path(__file__).parents[2] / "src"


class Served:
    """A server that listens; `stop` ends it as a person would, `kill` as a power cut would."""

    def __init__(self, folder: Path, *words: str, inside: tuple[str, ...] = (), **settings: str) -> None:
        given = {f"SCRIBES_SERVER_{name.upper()}": value for name, value in settings.items()}
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1", **given}
        self._log = folder.parent / f"{folder.name}.log"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*inside, sys.executable, "-m", "scribes", "serve", "--port", "0", "--data", str(folder), *words],
                env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        self.lines: list[str] = []
        assert self.process.stdout is not None
        self.url = ""
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            found = re.search(r"listens on (\S+),", line)
            if found:
                self.url = found[1]
                break
        else:
            self.stop()
            raise AssertionError(self.said())

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def signed_up(self, email: str) -> dict[str, Any]:
        """The session of a new account."""
        body = {"email": email, "password": "four words are good", "name": email.partition("@")[0]}
        answer = httpx2.post(self.url + "/v1/auth/signup", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def said(self) -> str:
        """What the server wrote to standard error."""
        return self._log.read_text("utf-8")

    def stop(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(timeout=40)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return status

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

"""A machine for end-to-end tests: a fresh HOME, and `scribes` as a person runs it, in a pipe or on a terminal."""

from __future__ import annotations

import fcntl
import os
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path

import pyte

BIN = Path(sys.executable).parent
SCRIBES = str(BIN / "scribes")
TIMEOUT_S = 60.0
# Makes the terminal on its standard input the controlling one, then becomes the command.
ON_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
PASSED_ON = ("SYSTEMROOT", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "LD_LIBRARY_PATH")
EDITOR = """\
import os, sys, time
path = sys.argv[1]
text = open(path, encoding="utf-8").read()
{code}
open(path, "w", encoding="utf-8").write(text)
"""


@dataclass
class Done:
    """What a command printed, and its exit status. On a terminal both streams are in `out`."""

    out: str
    err: str
    status: int

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Machine:
    """One person's machine: nothing of the machine the tests run on shines through."""

    def __init__(self, folder: Path, name: str = "home") -> None:
        self.folder = folder
        self.home = folder / name
        self.home.mkdir(parents=True, exist_ok=True)
        self.temporary = folder / f"{name}-tmp"
        self.temporary.mkdir(exist_ok=True)
        self.env = {key: os.environ[key] for key in PASSED_ON if key in os.environ} | {
            "HOME": str(self.home),
            "PATH": os.pathsep.join([str(BIN), *os.defpath.split(os.pathsep)]),
            "TMPDIR": str(self.temporary),
            "TZ": "Europe/Berlin",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "PAGER": "cat",
            # A test must not talk to the keyring of whoever runs it.
            "SCRIBES_KEYSTORE": "file",
            # Only tests of it want a process that goes on after the command is over.
            "SCRIBES_INDEXING": "manual",
            "SCRIBES_DEVICE": "desk",
        }

    @property
    def vault(self) -> Path:
        return self.home / ".local/share/scribes/notes.scribes"

    def runtime(self) -> Path:
        """A runtime folder of its own, for tests that leave an editor's files behind."""
        folder = self.folder / f"{self.home.name}-run"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.env["XDG_RUNTIME_DIR"] = str(folder)
        return folder

    def path(self, name: str) -> Path:
        return self.home / name

    def file(self, name: str, text: str | bytes) -> Path:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def editor(self, code: str) -> Path:
        """Make the editor a program that runs `code` between reading the file into `text` and writing it back."""
        path = self.folder / "editor.py"
        path.write_text(EDITOR.format(code=code), encoding="utf-8")
        self.env["EDITOR"] = f"{sys.executable} {path}"
        return path

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[bytes]:
        """`scribes` started and not waited for."""
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen([SCRIBES, *arguments], cwd=self.home, env=self.env, **streams)  # type: ignore[call-overload, no-any-return]

    def run(self, *arguments: str, stdin: str | bytes = b"") -> Done:
        """`scribes` run through pipes."""
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        done = subprocess.run(
            [SCRIBES, *arguments], cwd=self.home, env=self.env, input=data, capture_output=True, timeout=TIMEOUT_S
        )
        return Done(done.stdout.decode(), done.stderr.decode(), done.returncode)

    def ok(self, *arguments: str, stdin: str | bytes = b"") -> str:
        """What `scribes` printed; a failure is one of the test."""
        done = self.run(*arguments, stdin=stdin)
        assert done.status == 0, f"scribes {' '.join(arguments)}: {done.status}\n{done.err}"
        return done.out

    def terminal(self, *arguments: str, columns: int = 80, lines: int = 24) -> Terminal:
        """`scribes` started on a terminal."""
        return Terminal(self, [SCRIBES, *arguments], columns=columns, lines=lines)


class Terminal:
    """A command on a real pseudo-terminal; `screen` is what the person sees."""

    def __init__(self, machine: Machine, command: list[str], *, columns: int = 80, lines: int = 24) -> None:
        if not hasattr(os, "openpty"):  # pragma: no cover - Windows
            raise NotImplementedError
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        program = shutil.which(command[0], path=machine.env["PATH"]) or command[0]
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", ON_TERMINAL, program, *command[1:]],
            stdin=slave, stdout=slave, stderr=slave, cwd=machine.home, env=machine.env, start_new_session=True,
        )  # fmt: skip
        os.close(slave)

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", "replace")

    @property
    def shown(self) -> list[str]:
        """The lines of the screen, without the empty ones at its end. Wide characters stand once."""
        lines = [line.rstrip() for line in self.screen.display]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def send(self, data: str | bytes) -> None:
        os.write(self._master, data if isinstance(data, bytes) else data.encode())

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def wait_for(self, *ends: str, after: int = 0, timeout_s: float = TIMEOUT_S) -> bool:
        """Read until what came after so many bytes ends with one of these (or contains it); False at the end."""
        deadline = time.monotonic() + timeout_s
        while not any(end.encode() in self.raw[after:] for end in ends):
            assert time.monotonic() < deadline, f"no {ends} in {self.text!r}"
            if not self._read(deadline):
                return False
        return True

    def finish(self, timeout_s: float = TIMEOUT_S) -> int:
        """Read to the end; the exit status."""
        deadline = time.monotonic() + timeout_s
        while self._read(deadline):
            assert time.monotonic() < deadline, f"still running: {self.text!r}"
        status = self.process.wait(timeout_s)
        self.close()
        return status

    def close(self) -> None:
        """Take the terminal away."""
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _read(self, deadline: float) -> bool:
        """Take in what there is; False when the other side is closed."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, min(1.0, deadline - time.monotonic())))
        if not ready:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)

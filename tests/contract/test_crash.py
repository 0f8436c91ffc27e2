"""What was acknowledged survives `kill -9` at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import scribes

KILLS = 200
WRITER = Path(__file__).parent / "writer.py"


def test_nothing_acknowledged_is_lost_by_200_kills_at_random_moments(home: Path) -> None:
    source = random.Random(7)
    expected: dict[str, str] = {}
    with scribes.open() as s:
        s.notes.add("first")
    started = [_start(number) for number in range(2)]
    for kill in range(KILLS):
        # The next writer is started early, so that its start-up costs no time of this loop.
        writer = started.pop(0)
        assert writer.stdout is not None
        writer.stdout.readline()
        writer.stdin.write(b"go\n")  # type: ignore[union-attr]
        writer.stdin.flush()  # type: ignore[union-attr]
        time.sleep(source.random() * 0.12)
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged = writer.communicate()[0].decode().splitlines()
        started.append(_start(kill + 2))
        for line in acknowledged:
            verb, _, rest = line.partition(" ")
            if verb == "done" and len(rest.split(" ")) == 2:
                id, body = rest.split(" ")
                expected[id] = body
        _compare(expected)
    for writer in started:
        writer.kill()
        writer.communicate()

    assert len(expected) > KILLS / 2
    with scribes.open() as s:
        assert {check.state for check in s.checks.run()} <= {"ok", "warning"}


def _start(number: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(WRITER), str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _compare(expected: dict[str, str]) -> None:
    """Every acknowledged note holds what was acknowledged last, or what was being written when the kill came."""
    with scribes.open() as s:
        assert s._context.engine.problems() == []
        for id, body in list(expected.items())[-40:]:
            note = s.notes.get(id)
            if body == "removed":
                assert note.deleted_at is not None
            else:
                assert int(note.body.split("-")[1]) >= int(body.split("-")[1])

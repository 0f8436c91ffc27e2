"""Every transcript runs as it is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from . import transcripts

FILES = sorted(Path(__file__).parent.glob("*.txt"))


def _parameter(path: Path) -> object:
    directives = transcripts.parse(path).directives
    marks = []
    if "xfail" in directives:
        marks.append(pytest.mark.xfail(strict=True, reason=directives["xfail"]))
    if "tty" in directives:
        marks.append(pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal"))
    return pytest.param(path, id=path.stem, marks=marks)


@pytest.mark.parametrize("path", [_parameter(path) for path in FILES])
def test_transcript_runs_as_written(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    transcript = transcripts.parse(path)
    update = bool(request.config.getoption("--update-transcripts", default=False))

    differences = transcripts.Player(transcript, tmp_path).play(update=update)
    if update:
        path.write_text(transcripts.written(transcript), encoding="utf-8")

    assert not differences, "\n\n".join(differences)

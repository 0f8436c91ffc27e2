"""The page that goes around the server with curl, copied line by line."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "api.md"


def test_the_commands_of_the_page_work_when_they_are_copied(served: str) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    script = "\n".join(blocks).replace("SERVER=http://127.0.0.1:8000", f"SERVER={served}")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for expected in ('"merged":true', "Anna Keller", '"commented"', '"not_signed_in"', '"not_found"', "every sunday"):
        assert expected in done.stdout, expected

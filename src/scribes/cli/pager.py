"""Long output goes through a pager, as git and man do it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys

from .prompts import without_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .session import Session


def page(session: Session, text: str) -> None:
    """Show a text in the pager; print it where there is none."""
    try:
        command = shlex.split(session.settings.pager or os.environ.get("PAGER", "")) or ["less"]
    except ValueError:
        command = ["less"]
    if command == ["cat"] or shutil.which(command[0]) is None:
        sys.stdout.write(text)
        return
    # R keeps colours, F leaves at once when all fits, X does not clear the screen behind it.
    environment = {"LESS": "FRX", "LESSCHARSET": "utf-8", **without_secrets()}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)
    try:
        process.communicate(text.encode())
    except BrokenPipeError:
        pass
    except KeyboardInterrupt:
        process.wait()

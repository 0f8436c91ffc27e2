"""What is said once, when a vault is made."""

from __future__ import annotations

import os

from .output import BOLD, YELLOW, say, style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..wiring import Scribes
    from .session import Session


def founded(session: Session, opened: Scribes) -> None:
    """Say where the vault is and how to get the recovery key; warn of a folder that a cloud service tears apart."""
    from ..services.vault import cloud_folder

    say(session, f"your notes are kept, encrypted, in {shortened(opened.path)}")
    key = style(session, "scribes key", BOLD)
    say(session, f"{key} shows the recovery key, which opens them without this machine: write it down")
    folder = cloud_folder(opened.path)
    if folder:
        say(
            session,
            style(
                session,
                f"warning: {shortened(folder)} is synchronised by a cloud service, which can tear the file apart",
                YELLOW,
            ),
        )
        say(session, "hint: keep the vault elsewhere, and put backups there: scribes backup")


def shortened(path: str) -> str:
    """The path, or text with paths in it, with ~ for the home folder."""
    home = os.path.expanduser("~")
    return path.replace(home + os.sep, "~" + os.sep)

"""Notices on this desktop, by the program that each system has for it.

The texts are arguments or variables of that program, and never part of a script. While it runs, who may list the
processes of this machine may see them on Linux and macOS: the programs there take texts in no other way.
"""

from __future__ import annotations

import os
import sys

from ..errors import Unavailable
from ..models.notices import heading, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.notices import Notice

_SHOWN_MS = 30_000
_MAC_SCRIPT = (
    "on run argv",
    "display notification (item 3 of argv) with title (item 2 of argv)",
    "end run",
)
# Windows shows toasts of known programs alone: the notice comes in the name of PowerShell, which every Windows knows.
_WINDOWS_SCRIPT = """
$ErrorActionPreference = 'Stop'
$manager = [Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$page = $manager::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$texts = $page.GetElementsByTagName('text')
[void]$texts.Item(0).AppendChild($page.CreateTextNode($env:SCRIBES_NOTICE_TITLE))
[void]$texts.Item(1).AppendChild($page.CreateTextNode($env:SCRIBES_NOTICE_BODY))
$toast = [Windows.UI.Notifications.ToastNotification]::new($page)
$toast.Tag = $env:SCRIBES_NOTICE_TAG
$toast.Group = 'scribes'
$name = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
$manager::CreateToastNotifier($name).Show($toast)
"""
_PROGRAMS = {"darwin": "osascript", "win32": "powershell"}
_HINTS = {
    "darwin": "osascript is part of macOS: is PATH set",
    "win32": "Windows PowerShell is part of Windows: is PATH set",
}


class DesktopNotifier:
    """The desktop of the person who runs this process. A second notice of a key takes the place of the first."""

    def __init__(self, *, platform: str = sys.platform, timeout_s: float = 20.0) -> None:
        self._platform = platform
        self._program = _PROGRAMS.get(platform, "notify-send")
        self._timeout_s = timeout_s

    def send(self, notice: Notice) -> None:
        """Show the notice.

        Raises: Unavailable, where the program is missing, fails, or does not end in time.
        """
        if self._platform == "win32":
            return self._run(*_windows(notice))
        return self._run(_mac(notice) if self._platform == "darwin" else _linux(notice), {})

    def close(self) -> None:
        """Nothing is held."""

    def _run(self, arguments: list[str], variables: dict[str, str]) -> None:
        import subprocess

        command = [self._found(), *arguments]
        try:
            done = subprocess.run(
                # Bytes, so that the texts are UTF-8 in any locale.
                [argument.encode() for argument in command] if os.name == "posix" else command,
                env={**os.environ, **variables},
                # What the program writes is not read: it may quote the notice, or be kept open by a child.
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            # Not from the error, which quotes the arguments.
            raise Unavailable(
                f"{self._program} did not end in {self._timeout_s:g} s", hint="is a desktop session running?"
            ) from None
        except OSError as e:
            raise Unavailable(f"{self._program} could not be run: {e.strerror}") from e
        if done.returncode != 0:
            raise Unavailable(
                f"{self._program} ended with status {done.returncode}",
                hint="is a desktop session running, and is the session bus known to this process?",
            )

    def _found(self) -> str:
        """Return the program's path; one that lies in the working folder is not meant."""
        import shutil

        folders = [folder for folder in os.get_exec_path() if os.path.isabs(folder)]
        found = shutil.which(self._program, path=os.pathsep.join(folders))
        if found is None or not os.path.isabs(found):
            hint = _HINTS.get(self._platform, "install libnotify (the package libnotify-bin or libnotify)")
            raise Unavailable(f"there is no program {self._program}", hint=hint)
        return found


def _linux(notice: Notice) -> list[str]:
    # notify-send turns \n and its like in the body into what they mean; the desktop reads the body as markup.
    body = words(notice).replace("\\", "\\\\")
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        body = body.replace(character, entity)
    return [
        "--app-name=Scribes",
        f"--expire-time={_SHOWN_MS}",
        f"--hint=string:x-canonical-private-synchronous:{_tag(notice)}",
        "--",
        heading(notice),
        body,
    ]


def _mac(notice: Notice) -> list[str]:
    lines = [option for line in _MAC_SCRIPT for option in ("-e", line)]
    # osascript reads options up to the first argument that is none: the texts may begin with a dash.
    return [*lines, "scribes", heading(notice), words(notice)]


def _windows(notice: Notice) -> tuple[list[str], dict[str, str]]:
    variables = {
        "SCRIBES_NOTICE_TITLE": heading(notice),
        "SCRIBES_NOTICE_BODY": words(notice),
        "SCRIBES_NOTICE_TAG": _tag(notice),
    }
    return ["-NoProfile", "-NonInteractive", "-Command", _WINDOWS_SCRIPT], variables


def _tag(notice: Notice) -> str:
    """Return the key in 16 hexadecimal digits: the length that every Windows takes, and no character to be read."""
    from ..canonical import blake2b

    return blake2b(notice.key.encode("utf-8", "replace"), digest_size=8).hexdigest()

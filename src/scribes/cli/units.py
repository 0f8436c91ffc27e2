"""What starts the daemon at login: a systemd user unit, or a launchd agent."""

from __future__ import annotations

import os
import subprocess
import sys

from ..canonical import blake2b
from ..errors import InvalidInput, Unavailable
from ..files import remove_quietly, write_atomically
from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LABEL = "org.scribes.daemon"
TIMEOUT_S = 20
# What the daemon needs of the environment it was installed from; secrets are not among it.
PASSED_ON = ("SCRIBES_CONFIG", "SCRIBES_KEYSTORE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "TZ")


@record
class Unit:
    """A file that makes the system start the daemon, and the commands that make the system read it."""

    path: str
    text: str
    starts: tuple[tuple[str, ...], ...]
    stops: tuple[tuple[str, ...], ...]

    @property
    def start_words(self) -> str:
        """What a person types to start it."""
        return " && ".join(" ".join(words) for words in self.starts)


def of_this_machine(vault: str, platform: str = sys.platform) -> Unit:
    """The unit of the daemon of a vault.

    Raises: Unavailable, where neither systemd nor launchd is.
    """
    words = [sys.executable, "-P", "-m", "scribes", "--vault", vault, "daemon", "run"]
    environment = {name: os.environ[name] for name in PASSED_ON if os.environ.get(name)}
    if not all(map(str.isprintable, [*words, *environment.values()])):
        raise InvalidInput("a path with control characters cannot stand in a unit", hint="move the vault elsewhere")
    # Each vault has a daemon of its own, so each unit a name.
    mark = blake2b(vault.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    if platform == "darwin":
        return _launchd(words, environment, mark)
    if platform.startswith("linux"):
        return _systemd(words, environment, mark)
    raise Unavailable(
        f"Scribes cannot install a daemon on {platform}", hint="let the system run at login: scribes daemon run"
    )


def install(unit: Unit) -> bool:
    """Write the file and start the daemon; False where the file stands but the system does not start it.

    Raises: InvalidInput, StorageFull.
    """
    if os.path.exists(unit.path):
        # An older one of this vault: launchd would go on with what it read then.
        for words in unit.stops:
            _done(words)
    os.makedirs(os.path.dirname(unit.path), exist_ok=True)
    write_atomically(unit.path, unit.text.encode(), mode=0o644)
    # All of them, whatever becomes of one.
    return [_done(words) for words in unit.starts].count(False) == 0


def uninstall(unit: Unit) -> bool:
    """Stop the daemon and remove the file; False where there was none."""
    if not os.path.exists(unit.path):
        return False
    _done(unit.stops[0])
    remove_quietly(unit.path)
    for words in unit.stops[1:]:
        _done(words)
    return True


def _systemd(words: Sequence[str], environment: dict[str, str], mark: str) -> Unit:
    folder = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    lines = [
        "[Unit]",
        "Description=Scribes: reminders, backups and the index of the vault",
        "",
        "[Service]",
        f"ExecStart={' '.join(_quoted(word).replace('$', '$$') for word in words)}",
        *(f"Environment={_quoted(f'{name}={value}')}" for name, value in sorted(environment.items())),
        "Restart=on-failure",
        "RestartSec=10",
        "Nice=5",
        "NoNewPrivileges=true",
        "",
        "[Install]",
        "WantedBy=default.target",
        "",
    ]
    name = f"scribes-{mark}.service"
    control = ("systemctl", "--user")
    return Unit(
        os.path.join(folder, "systemd", "user", name),
        "\n".join(lines),
        ((*control, "daemon-reload"), (*control, "enable", name), (*control, "restart", name)),
        ((*control, "disable", "--now", name), (*control, "daemon-reload")),
    )


def _launchd(words: Sequence[str], environment: dict[str, str], mark: str) -> Unit:
    import plistlib

    home = os.path.expanduser("~")
    label = f"{LABEL}.{mark}"
    path = os.path.join(home, "Library", "LaunchAgents", f"{label}.plist")
    log = os.path.join(home, "Library", "Logs", f"scribes-{mark}.log")
    settings = {
        "Label": label,
        "ProgramArguments": list(words),
        "EnvironmentVariables": environment,
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ProcessType": "Background",
        "StandardErrorPath": log,
    }
    domain = f"gui/{os.getuid()}" if hasattr(os, "getuid") else "gui"
    return Unit(
        path,
        plistlib.dumps(settings).decode(),
        (("launchctl", "bootstrap", domain, path), ("launchctl", "kickstart", "-k", f"{domain}/{label}")),
        (("launchctl", "bootout", f"{domain}/{label}"),),
    )


def _quoted(word: str) -> str:
    """A word as systemd reads it: in quotes, with its own sign % doubled."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _done(words: Sequence[str]) -> bool:
    try:
        return subprocess.run(words, capture_output=True, timeout=TIMEOUT_S, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False

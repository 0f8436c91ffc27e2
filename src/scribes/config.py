"""Settings: from the environment, then a TOML file, then defaults; read once. docs/reference/settings.md lists them."""

from __future__ import annotations

import os
import sys

from .errors import InvalidInput
from .records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ENVIRONMENT_PASSPHRASE = "SCRIBES_PASSPHRASE"  # noqa: S105 - a name, not a secret
ENVIRONMENT_SERVER_PASSWORD = "SCRIBES_SERVER_PASSWORD"  # noqa: S105


@record
class Setting:
    """One setting: its name in the file, its default and what it is for. The environment has it as SCRIBES_NAME."""

    name: str
    default: str | int | bool
    help: str


SETTINGS = (
    Setting("vault", "", "the vault file; empty: `notes.scribes` in the data folder"),
    Setting(
        "keystore", "auto", "where the key rests: `auto` (system keyring if it works, else file), `keyring`, `file`"
    ),
    Setting("unlock_minutes", 60, "how long `scribes unlock` keeps the key at hand"),
    Setting("editor", "", "the editor; empty: $VISUAL, $EDITOR, then the first of nano, vim, vi"),
    Setting("pager", "", "the pager for long output; empty: $PAGER, then `less`; `cat` turns it off"),
    Setting("list_limit", 20, "how many notes a listing or a search shows"),
    Setting("trash_days", 30, "after how many days `scribes trash empty` takes a deleted note by default"),
    Setting("argon2_memory_mib", 64, "memory for deriving a key from the passphrase, at least 64"),
    Setting("argon2_passes", 3, "passes for deriving a key from the passphrase, at least 3"),
    Setting("translation", "web", "the Bible text that is read where none is named"),
    Setting("scripture_service", "", "a service for further texts: helloao (no key), esv, api.bible, bible-api.com"),
    Setting("scripture_url", "", "another address of that service, as of a mirror"),
    Setting(
        "embedder",
        "local",
        "what finds meaning: `local` (MiniLM), `light` (small and fast), `http` (a service), `off`",
    ),
    Setting("embedder_url", "", "the OpenAI-compatible service for `http`: notes and prayers are sent to it as text"),
    Setting("embedder_model", "", "the model of that service"),
    Setting(
        "assistant_url",
        "",
        "the OpenAI-compatible service for `scribes paraphrase`: the note's text is sent to it; empty: off",
    ),
    Setting("assistant_model", "", "the model of that service; empty: off"),
    Setting(
        "indexing",
        "background",
        "when notes are embedded: `background`, after each change, or `manual`, by scribes index",
    ),
    Setting("time_zone", "", "the zone of new reminders, as Europe/Berlin; empty: that of this machine"),
    Setting("review_retention", 90, "of a hundred reviews, how many you want to remember: 70 to 97"),
    Setting("review_new", 20, "how many new cards a day"),
    Setting("prayers_a_day", 12, "how many prayers without a rhythm come up on a day, at most"),
    Setting("prayer_days", 7, "within how many days each of them comes up, where that many a day are enough"),
    Setting("readings", "bible", "what `scribes today` gives to read: bible, nt, psalms, proverbs, gospels, or off"),
    Setting("backup_days", 7, "after how many days the daemon makes a backup"),
    Setting("device", "", "the name of this device in the history; empty: the host name"),
    Setting("name", "", "how circles call you; empty: the name of the login"),
    Setting("sync_minutes", 5, "after how many minutes the daemon synchronises; 0: only by scribes sync"),
)
MAY_BE_ZERO = ("sync_minutes",)
CHOICES = {
    "keystore": ("auto", "keyring", "file"),
    "embedder": ("local", "light", "http", "off"),
    "indexing": ("background", "manual"),
}


@record
class Settings:
    """What a process was told, and the folders it uses."""

    vault: str
    keystore: str
    unlock_minutes: int
    editor: str
    pager: str
    list_limit: int
    trash_days: int
    argon2_memory_mib: int
    argon2_passes: int
    translation: str
    scripture_service: str
    scripture_url: str
    embedder: str
    embedder_url: str
    embedder_model: str
    assistant_url: str
    assistant_model: str
    indexing: str
    time_zone: str
    review_retention: int
    review_new: int
    prayers_a_day: int
    prayer_days: int
    readings: str
    backup_days: int
    device: str
    name: str
    sync_minutes: int
    config_folder: str
    data_folder: str
    state_folder: str
    runtime_folder: str


def load(environment: Mapping[str, str] | None = None, **overrides: str | int) -> Settings:
    """The settings of this process.

    Raises: InvalidInput, naming the setting that cannot be read.
    """
    env = os.environ if environment is None else environment
    folders = _folders(env)
    path = env.get("SCRIBES_CONFIG") or os.path.join(folders["config_folder"], "config.toml")
    written = _read_file(path, required="SCRIBES_CONFIG" in env)
    values: dict[str, Any] = {setting.name: _value(setting, env, written, overrides) for setting in SETTINGS}
    if not values["vault"]:
        values["vault"] = os.path.join(folders["data_folder"], "notes.scribes")
    values["vault"] = os.path.realpath(os.path.expanduser(str(values["vault"])))
    for name, choices in CHOICES.items():
        if values[name] not in choices:
            raise InvalidInput(f"{name} is {values[name]!r}", hint=f"{', '.join(choices[:-1])} or {choices[-1]}")
    return Settings(**{**values, **folders})


def _value(setting: Setting, env: Mapping[str, str], written: dict[str, Any], overrides: dict[str, Any]) -> Any:
    variable = f"SCRIBES_{setting.name.upper()}"
    given = overrides.get(setting.name) or env.get(variable) or written.get(setting.name, setting.default)
    if not isinstance(setting.default, int):
        if isinstance(given, str):
            return given
        raise InvalidInput(f"the setting {setting.name} is {given!r}", hint="it takes a text")
    try:
        number = int(given)
    except (TypeError, ValueError):
        number = -1
    least = 0 if setting.name in MAY_BE_ZERO else 1
    if not least <= number < 2**31:
        hint = "it takes a whole number, or 0" if not least else "it takes a whole number above 0"
        raise InvalidInput(f"the setting {setting.name} is {given!r}", hint=hint)
    return number


def _read_file(path: str, *, required: bool) -> dict[str, Any]:
    """The settings file. `tomllib` costs more than a whole command, so it is only loaded where there is a file."""
    if not required and not os.path.exists(path):
        return {}
    import tomllib

    try:
        with open(path, "rb") as file:
            written = tomllib.load(file)
    except (OSError, ValueError) as e:
        raise InvalidInput(f"the settings file {path} cannot be read: {e}", hint="it is TOML: name = value") from e
    unknown = set(written) - {setting.name for setting in SETTINGS}
    if unknown:
        raise InvalidInput(f"unknown setting {min(unknown)!r} in {path}", hint="docs/reference/settings.md lists them")
    return written


def _folders(env: Mapping[str, str]) -> dict[str, str]:
    """Where things lie: XDG on Linux and BSD by hand (platformdirs costs two thirds of a command), else its answer."""
    if sys.platform in ("darwin", "win32"):
        import platformdirs

        return {
            "config_folder": platformdirs.user_config_dir("scribes", appauthor=False, roaming=False),
            "data_folder": platformdirs.user_data_dir("scribes", appauthor=False),
            "state_folder": platformdirs.user_state_dir("scribes", appauthor=False),
            "runtime_folder": "",
        }
    home = env.get("HOME") or os.path.expanduser("~")

    def folder(variable: str, fallback: str) -> str:
        given = env.get(variable, "")
        return os.path.join(given if os.path.isabs(given) else os.path.join(home, fallback), "scribes")

    # Folders in memory only: what lies there is gone with the session, or at the latest with the power.
    runtime = env.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime):
        runtime = os.path.join(runtime, "scribes")
    else:
        runtime = f"/dev/shm/scribes-{os.getuid()}" if os.path.isdir("/dev/shm") else ""  # noqa: S108
    return {
        "config_folder": folder("XDG_CONFIG_HOME", ".config"),
        "data_folder": folder("XDG_DATA_HOME", ".local/share"),
        "state_folder": folder("XDG_STATE_HOME", ".local/state"),
        "runtime_folder": runtime,
    }

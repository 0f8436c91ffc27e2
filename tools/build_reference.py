"""Make the generated pages of docs/reference: cli.md, settings.md, api.md and others. A test holds them to the code.

python tools/build_reference.py            writes them
python tools/build_reference.py --check    only says which are out of date; exit status 1 if any is
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

import typer
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).resolve().parent))
import api_page
from scribes import errors
from scribes.cli.app import INTRODUCTION, build
from scribes.cli.main import ALIASES, SWITCHES
from scribes.config import SETTINGS
from scribes.server.settings import PREFIX as SERVER_PREFIX
from scribes.server.settings import ServerSettings

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTICE = "<!-- Made by tools/build_reference.py. Do not edit. -->"
SWITCH_HELP = {
    "json": "print data as JSON, and errors as JSON on standard error ([shapes](json.md))",
    "quiet": "print ids or paths alone, and no remarks",
    "yes": "answer every question with yes",
    "no_color": "no colours",
    "no_pager": "no pager, however long the output",
}
ENVIRONMENT = (
    ("SCRIBES_CONFIG", "the settings file; it must exist. Without it: `config.toml` in the configuration folder"),
    ("SCRIBES_PASSPHRASE", "the passphrase, for a vault whose key is not on this machine; nothing asks then"),
    ("SCRIBES_SCRIPTURE_KEY", "the key of the service in `scripture_service`; it is read from nowhere else"),
    ("SCRIBES_EMBEDDER_KEY", "the key of the service in `embedder_url`; it is read from nowhere else"),
    ("SCRIBES_ASSISTANT_KEY", "the key of the service in `assistant_url`; it is read from nowhere else"),
    ("SCRIBES_DEBUG", "set: an unexpected error shows its Python traceback, which may hold text of notes"),
    ("NO_COLOR", "set and not empty: no colours"),
    ("TERM", "`dumb`: output as for a program, without colours or alignment"),
    ("COLUMNS", "the width of the output, instead of the terminal's"),
    ("LINES", "the height after which a pager is used, instead of the terminal's"),
    ("PAGER", "the pager, where the setting `pager` is empty; `cat` turns it off"),
    ("LESS", "options for `less`; without it, Scribes sets `FRX`"),
    ("VISUAL", "the editor, where the setting `editor` is empty"),
    ("EDITOR", "the editor, where neither the setting nor `VISUAL` is there"),
    ("XDG_CONFIG_HOME", "above the configuration folder; without it `~/.config` (Linux, BSD)"),
    ("XDG_DATA_HOME", "above the data folder; without it `~/.local/share` (Linux, BSD)"),
    ("XDG_STATE_HOME", "above the state folder; without it `~/.local/state` (Linux, BSD)"),
    ("XDG_RUNTIME_DIR", "above the runtime folder; without it `/dev/shm/scribes-UID` where there is one (Linux, BSD)"),
)
FOLDERS = (
    ("configuration", "`~/.config/scribes`", "`config.toml`; key files in `keys`"),
    ("data", "`~/.local/share/scribes`", "`notes.scribes` and the files beside it; `backups`; added Bible `texts`"),
    ("state", "`~/.local/state/scribes`", "`listings`: the ids of the last listing of each terminal, and no text"),
    ("runtime", "`$XDG_RUNTIME_DIR/scribes`, in memory only", "`unlocked`: keys that expire, without a kernel keyring"),
)


def pages() -> dict[str, str]:
    """The text of each generated page by its file name."""
    return {
        "cli.md": cli(),
        "settings.md": settings(),
        "errors.md": error_codes(),
        "server-settings.md": server_settings(),
        "api.md": api_page.page(NOTICE),
        "../../.env.example": server_environment(),
    }


def cli() -> str:
    """Every command with its examples, arguments and options."""
    lines = ["# The command line", "", NOTICE, "", INTRODUCTION, ""]
    lines += ["`scribes` alone shows what was written last. Bare text with a space in it is a note:"]
    lines += ['`scribes "Grace upon grace"` is `scribes add "Grace upon grace"`.', ""]
    lines += ["A NOTE is a number of the last listing, the start of an id, or `-` for the note touched last.", ""]
    lines += ["## Options of every command", "", "| option | what it does |", "|---|---|"]
    for meaning, text in SWITCH_HELP.items():
        flags = ", ".join(f"`{flag}`" for flag, name in SWITCHES.items() if name == meaning)
        lines.append(f"| {flags} | {text} |")
    lines.append("| `--vault FILE` | the vault to work on, instead of the one in the settings |")
    lines.append("| `--help`, `-h` | show the help of a command |")
    lines += ["", "`scribes --version` (`-V`) prints the version.", ""]
    short = ", ".join(f"`{alias}` is `{name}`" for alias, name in ALIASES.items())
    lines += ["## Short names", "", f"{short}.", "", "## Commands"]
    root: Any = typer.main.get_command(build())
    for name, command in root.commands.items():
        lines += _command(f"scribes {name}", command)
    return "\n".join(lines) + "\n"


def _command(path: str, command: Any) -> list[str]:
    examples, text = _examples(command.help or "")
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option" and parameter.help]
    options = [option for option in options if "--help" not in option.opts]
    subcommands = getattr(command, "commands", {})
    words = [path, "[OPTIONS]" if options else "", *map(_metavar, arguments)]
    if subcommands:
        words.append("[COMMAND]" if command.invoke_without_command else "COMMAND")
    lines = ["", f"### {path}", "", "```", " ".join(filter(None, words)), "```", ""]
    lines += [*text.strip().split("\n"), ""]
    if examples:
        lines += ["Examples:", "", "```sh", *examples, "```", ""]
    if arguments or options:
        lines += ["| | |", "|---|---|"]
        lines += [f"| `{_metavar(one)}` | {_cell(one.help or '')} |" for one in arguments]
        lines += [f"| {_flags(one)} | {_cell(one.help)}{'; may come again' * one.multiple} |" for one in options]
        lines.append("")
    for name, sub in subcommands.items():
        lines += _command(f"{path} {name}", sub)[1:]
        lines.append("")
    while not lines[-1]:
        lines.pop()
    return lines


def _examples(text: str) -> tuple[list[str], str]:
    """The examples that a command's help opens with, and the rest of it."""
    if not text.startswith("\b\n"):
        return [], text
    shown, _, rest = text.removeprefix("\b\n").partition("\n\n")
    return [line.strip() for line in shown.split("\n")], rest


def _metavar(argument: Any) -> str:
    if argument.metavar:
        return str(argument.metavar)
    name = argument.name.upper()
    return name if argument.required else f"[{name}]"


def _flags(option: Any) -> str:
    value = "" if option.is_flag else " NUMBER" if "int" in type(option.type).__name__.lower() else " TEXT"
    return ", ".join(f"`{flag}{value}`" for flag in sorted(option.opts, key=len))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def settings() -> str:
    """Every setting and every variable of the environment."""
    lines = ["# Settings", "", NOTICE, ""]
    lines += ["Scribes needs none. A setting comes from the option of a command (`--vault`), else from the"]
    lines += [
        "environment, else from `config.toml` in the configuration folder, else from its default. It is TOML:",
        "",
    ]
    lines += ["```toml", 'vault = "~/notes/study.scribes"', "unlock_minutes = 15", "```", ""]
    lines += ["A name that is not in this table, or a value that cannot be read, is an error (exit status 2).", ""]
    lines += ["| setting | environment | default | what it is |", "|---|---|---|---|"]
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default != "" else "empty"
        variable = f"SCRIBES_{setting.name.upper()}"
        lines.append(f"| `{setting.name}` | `{variable}` | {default} | {_cell(setting.help)} |")
    lines += ["", "Numbers are whole and above 0; `sync_minutes` may be 0."]
    lines += ["In the environment an empty value counts as not set.", ""]
    lines += ["## Other variables of the environment", "", "| variable | what it does |", "|---|---|"]
    lines += [f"| `{name}` | {text} |" for name, text in ENVIRONMENT]
    lines += ["", "## Folders", "", "| folder | on Linux and BSD | what is in it |", "|---|---|---|"]
    lines += [f"| {name} | {place} | {content} |" for name, place, content in FOLDERS]
    lines += ["", "On macOS and Windows they are where `platformdirs` says such files belong."]
    return "\n".join(lines) + "\n"


def server_settings() -> str:
    """Every setting of the server."""
    lines = ["# Settings of the server", "", NOTICE, ""]
    lines += [
        "A server that one person tries out needs none. A setting comes from an option of `scribes serve`, else from"
    ]
    lines += [
        "the environment, else from the TOML file that `SCRIBES_SERVER_CONFIG` names, else from its default. There is"
    ]
    lines += ["a file to start from: [.env.example](../../.env.example)."]
    lines += ["", "A name that is not in this table, or a value that cannot be taken, is an error (exit status 2).", ""]
    lines += ["| setting | environment | default | what it is |", "|---|---|---|---|"]
    for name, default, text in _of_server():
        shown = f"`{default}`" if default else "empty"
        lines.append(f"| `{name}` | `{SERVER_PREFIX}{name.upper()}` | {shown} | {_cell(text)} |")
    lines += ["", "A list is one line with commas in the environment, and a list in TOML:", ""]
    lines += ["```toml", 'public_url = "https://notes.example.org"']
    lines += ['allowed_origins = ["https://app.example.org"]', "```"]
    return "\n".join(lines) + "\n"


def server_environment() -> str:
    """Every setting of the server with its default, as a file for an environment."""
    lines = ["# Settings of `scribes serve`. Each is shown with its default: take the # away from what you change."]
    lines += ["# Made by tools/build_reference.py. What they mean at length: docs/reference/server-settings.md"]
    for name, default, text in _of_server():
        lines += ["", *(f"# {line}" for line in textwrap.wrap(" ".join(text.split()), 110))]
        lines.append(f"#{SERVER_PREFIX}{name.upper()}={default}")
    return "\n".join(lines) + "\n"


def _of_server() -> list[tuple[str, str, str]]:
    """Name, default and description of each setting of the server."""
    found = []
    for name, field in ServerSettings.model_fields.items():
        default: Any = field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        elif isinstance(default, tuple):
            default = ",".join(default)
        elif isinstance(default, bool):
            default = str(default).lower()
        found.append((name, str(default), field.description or ""))
    return found


def error_codes() -> str:
    """Every error code."""
    lines = ["# Errors", "", NOTICE, ""]
    lines += ["An error has a `code` for programs, a message for people and often a hint. The code is public: it"]
    lines += ["keeps its meaning. The command line prints `scribes: message` and `hint: …` on standard error and ends"]
    lines += [
        'with the exit status; under `--json` it prints `{"error": {…}}` there ([shapes](json.md)). In Python the'
    ]
    lines += ["class is raised; all of them are `scribes.ScribesError`. The HTTP status is what a server answers with."]
    lines += ["", "| code | class in `scribes.errors` | kind of | exit | HTTP | when |", "|---|---|---|---|---|---|"]
    for error in error_classes():
        parent = error.__mro__[1]
        kind = f"`{parent.code}`" if issubclass(parent, errors.ScribesError) and parent.code != "failure" else ""
        numbers = f"{errors.EXIT_STATUS[error.code]} | {errors.HTTP_STATUS[error.code]}"
        when = _cell((error.__doc__ or "").split("\n\n")[0])
        lines.append(f"| `{error.code}` | `{error.__name__}` | {kind} | {numbers} | {when} |")
    lines += ["", "## Exit statuses", "", "| status | meaning |", "|---|---|"]
    lines += [f"| {status} | {_cell(meaning)} |" for status, meaning in STATUSES]
    return "\n".join(lines) + "\n"


STATUSES = (
    (0, "done"),
    (1, "failure: a full disk, an editor that failed, a fault in Scribes"),
    (2, "usage, or input that cannot be taken; also a question that was not answered with yes"),
    (3, "nothing found: no such note, or no note fits the query"),
    (4, "locked, the wrong key, or not allowed in a circle"),
    (5, "a conflict to look at, or something that would be overwritten"),
    (6, "another process is at work, or something outside did not answer"),
    (7, "the store is damaged, or newer than this Scribes"),
    (130, "stopped with Ctrl-C"),
    (141, "the reader of the output went away (`scribes list | head`)"),
)


def error_classes() -> list[type[errors.ScribesError]]:
    """The error classes of `scribes.errors`, in the order they are written there."""
    found = [value for value in vars(errors).values() if isinstance(value, type)]
    return [error for error in found if issubclass(error, errors.ScribesError)]


def main(arguments: list[str]) -> int:
    """Write the pages, or say which differ."""
    made = pages()
    stale = [
        name
        for name, text in made.items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text("utf-8") != text
    ]
    if "--check" in arguments:
        print("\n".join(f"out of date: docs/reference/{name}" for name in stale) or "up to date")
        return int(bool(stale))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (FOLDER / name).write_text(made[name], "utf-8")
        print(f"written: docs/reference/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

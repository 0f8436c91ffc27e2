"""The Typer app: every command with its help, its options and its completion.

For one command only the module that holds it is loaded; for help, completion and mistakes all are.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer
from typer import _click as click
from typer.core import TyperGroup

from ..errors import InvalidInput
from . import hot
from .main import COMPLETION, INTERRUPTED

# Which module registers which command, in the order of the help.
MODULES = {
    "notes": ("edit", "rm", "restore", "history", "undo", "tag", "tags", "trash", "drafts"),
    "index": ("index",),
    "links": ("links", "link", "unlink"),
    "graph": ("graph",),
    "assistant": ("paraphrase",),
    "bible": ("bible",),
    "reminders": ("remind", "reminders"),
    "review": ("review",),
    "notify": ("notify", "jobs"),
    "daemon": ("daemon",),
    "serve": ("serve", "server"),
    "pray": ("pray",),
    "sync": ("sync",),
    "login": ("login", "logout"),
    "devices": ("devices",),
    "circle": ("circle",),
    "conflicts": ("conflicts",),
    "day": ("today",),
    "stats": ("stats",),
    "transfer": ("import", "export"),
    "vault": ("init", "lock", "unlock", "key", "backup", "restore-backup", "doctor", "completion"),
}
COMMON = "Every command also takes --json, --quiet (-q), --yes (-y), --vault FILE, --no-color and --no-pager."
INTRODUCTION = "Keep the notes of sermons, Bible studies and prayers: in one encrypted file, found again in a moment."


def build(only: str | None = None) -> typer.Typer:
    """The app with all commands, or with the one that is run."""
    app = typer.Typer(
        name="scribes",
        help=f"{INTRODUCTION}\n\n{COMMON}",
        add_completion=bool(os.environ.get(COMPLETION)),
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        pretty_exceptions_enable=False,
    )
    app.callback()(_start)
    for command in hot.COMMANDS.values():
        if only is None or command.name == only:
            put(app, command.name, typer_function(command), hot.EXAMPLES[command.name], command.help)
    for module, names in MODULES.items():
        if only is None or only in names:
            import_module(f"scribes.cli.{module}").register(app)
    return app


def names() -> list[str]:
    """Every command there is."""
    return [*hot.COMMANDS, *(name for group in MODULES.values() for name in group)]


def run(words: list[str]) -> int:
    """Run the words with Typer; its mistakes in our words."""
    name = words[0]
    if name not in names() and not name.startswith("-"):
        raise InvalidInput(f"there is no command {name!r}", hint=_did_you_mean(name))
    command = typer.main.get_command(build(name if name in names() else None))
    try:
        status = command.main(args=words, prog_name="scribes", standalone_mode=False)
        if status == INTERRUPTED:
            raise KeyboardInterrupt
        return status if isinstance(status, int) else 0
    except click.exceptions.NoArgsIsHelpError as e:
        sys.stdout.write(e.format_message() + "\n")
        return 2
    except click.exceptions.UsageError as e:
        where = e.ctx.command_path if e.ctx else f"scribes {name}" if name in names() else "scribes"
        raise InvalidInput(_lower(e.format_message()), hint=f"{where} --help") from e
    except click.exceptions.ClickException as e:
        raise InvalidInput(_lower(e.format_message())) from e
    except typer.Exit as e:
        return int(e.exit_code)
    except typer.Abort as e:
        raise KeyboardInterrupt from e


def complete() -> int:
    """Answer a shell that asks what could come next."""
    try:
        typer.main.get_command(build()).main(prog_name="scribes")
    except SystemExit as e:
        return e.code if isinstance(e.code, int) else 0
    return 0


def put(
    app: typer.Typer, name: str, function: Callable[..., int], examples: tuple[str, ...], text: str | None = None
) -> None:
    """Register a command, described by `text` or its docstring.

    Its line in a list of commands is the first sentence of that, not its examples.
    """
    text = text or function.__doc__ or ""
    first = inspect.cleandoc(text).partition("\n")[0].partition(". ")[0].rstrip(".")
    app.command(name, help=described(text, examples), short_help=first)(function)


def group_of(
    function: Callable[..., int], examples: tuple[str, ...], *, cls: type[TyperGroup] = TyperGroup
) -> typer.Typer:
    """A group of commands that does something by itself, described by the docstring of that."""
    text = inspect.cleandoc(function.__doc__ or "")
    group = typer.Typer(rich_markup_mode=None, cls=cls)
    first = text.partition("\n")[0].partition(". ")[0].rstrip(".")
    group.callback(invoke_without_command=True, help=described(text, examples), short_help=first)(function)
    return group


def described(text: str, examples: tuple[str, ...]) -> str:
    """Help that opens with examples which work when pasted."""
    shown = "\n".join(f"  {example}" for example in examples)
    return f"\b\n{shown}\n\n{inspect.cleandoc(text)}"


def typer_function(command: hot.Command) -> Callable[..., int]:
    """A function with the signature that a declaration describes, which Typer reads like a written one."""

    def run_declared(**values: Any) -> int:
        return hot.run(
            command, {name: value if value is not None else [] for name, value in values.items()} | _nones(values)
        )

    def _nones(values: dict[str, Any]) -> dict[str, Any]:
        multiple = {command.words, *(option.name for option in command.options if option.multiple)}
        return {name: None for name, value in values.items() if value is None and name not in multiple}

    parameters = [
        _parameter(
            command.words,
            list[str],
            typer.Argument(help=command.words_help, metavar=f"[{command.words.upper()}]..."),
            None,
        )
    ]
    kinds: dict[str, Any] = {"text": str, "number": int, "flag": bool}
    for option in command.options:
        kind = list[str] if option.multiple else kinds[option.kind]
        default = False if option.kind == "flag" else None
        parameters.append(_parameter(option.name, kind, typer.Option(*option.flags, help=option.help), default))
    run_declared.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run_declared.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run_declared


def _parameter(name: str, kind: Any, info: Any, default: Any) -> inspect.Parameter:
    annotation: Any = Annotated[kind if default is False else kind | None, info]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _start() -> None:
    """Shared options are taken out before Typer sees the words (main.py)."""


def _did_you_mean(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, names(), n=1, cutoff=0.5)
    return (
        f"did you mean {near[0]}? scribes --help lists all"
        if near
        else f'scribes --help lists all; a note is written with scribes add "{name} …"'
    )


def _lower(message: str) -> str:
    return (message[:1].lower() + message[1:]).rstrip(".")

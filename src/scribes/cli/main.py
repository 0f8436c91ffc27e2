"""The entry of the command line: options that every command takes, the quick way for hot commands, errors."""

from __future__ import annotations

import os
import sys

from ..errors import EXIT_STATUS, InvalidInput, ScribesError
from .session import Session, begin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED, BROKEN_PIPE = 130, 141
ALIASES = {"a": "add", "f": "find", "l": "list", "ls": "list", "s": "show", "e": "edit", "u": "undo"}
SWITCHES = {
    "--json": "json",
    "--quiet": "quiet",
    "-q": "quiet",
    "--yes": "yes",
    "-y": "yes",
    "--no-color": "no_color",
    "--no-pager": "no_pager",
}
COMPLETION = "_SCRIBES_COMPLETE"


def run() -> None:
    """The console script. It leaves without tearing the interpreter down, which costs a third of a bare start."""
    import gc

    # A command is over before there is anything to collect.
    gc.disable()
    status = main()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        status = status or BROKEN_PIPE
    if "coverage" in sys.modules:
        sys.exit(status)
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if os.environ.get(COMPLETION):
        from .app import complete

        return complete()
    for stream in (sys.stdout, sys.stderr):
        # A terminal or locale that cannot show a letter gets its number, not an error after the note was saved.
        if hasattr(stream, "reconfigure") and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="backslashreplace")
    session = None
    try:
        words, options = _common_options(given)
        session = Session(words, options)
        begin(session)
        status = _dispatch(words)
        sys.stdout.flush()
        session.leave()
        return status
    except ScribesError as e:
        return _report(e, as_json="--json" in given, color=bool(session and session.error_color))
    except BrokenPipeError:
        # The reader of our output went away (`| head`): no more can be said, and nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except EOFError:
        error = InvalidInput("there was no answer", hint="nothing was changed")
        return _report(error, as_json="--json" in given, color=False)
    except KeyboardInterrupt:
        sys.stderr.write("\nscribes: stopped; what was saved before is kept\n")
        return INTERRUPTED
    except Exception as e:
        if os.environ.get("SCRIBES_DEBUG"):
            raise
        # A fault of ours. The message of an unknown error may hold text of a note, so only its kind is shown.
        fault = ScribesError(f"unexpected {type(e).__name__}", hint="a fault in scribes; SCRIBES_DEBUG=1 shows where")
        return _report(fault, as_json="--json" in given, color=False)


def _dispatch(words: list[str]) -> int:
    if not words:
        from .today import overview

        return overview()
    name = ALIASES.get(words[0], words[0])
    if words[0] == "help":
        words = [*words[1:], "--help"]
        name = ALIASES.get(words[0], words[0])
    if words[0] in ("--version", "-V"):
        from ..version import __version__

        sys.stdout.write(f"scribes {__version__}\n")
        return 0
    from . import hot

    # Bare text with a space in it is a note.
    rest = words[1:]
    if " " in words[0].strip() and not words[0].startswith("-"):
        name, rest = "add", words
    command = hot.COMMANDS.get(name)
    if command is not None:
        values = hot.parse(command, rest)
        if values is not None:
            return hot.run(command, values)
    from .app import run

    return run([name, *rest])


def _common_options(given: list[str]) -> tuple[list[str], dict[str, str | bool]]:
    """The options that every command takes, wherever they stand, and the words that are left."""
    words: list[str] = []
    options: dict[str, str | bool] = {}
    rest = iter(given)
    for word in rest:
        if word == "--":
            words += [word, *rest]
        elif word in SWITCHES:
            options[SWITCHES[word]] = True
        elif word == "--vault" or word.startswith("--vault="):
            path = word.partition("=")[2] or next(rest, "")
            if not path:
                raise InvalidInput("--vault needs a file", hint="scribes --vault ~/notes.scribes list")
            options["vault"] = path
        else:
            words.append(word)
    return words, options


def _report(error: ScribesError, *, as_json: bool, color: bool) -> int:
    """Say what is wrong on standard error; the exit status of its kind."""
    try:
        sys.stdout.flush()
    except OSError:
        pass
    from .output import plain

    if as_json:
        import json

        body = {"code": error.code, "message": error.message, "traceId": os.urandom(8).hex()}
        if error.hint:
            body["hint"] = error.hint
        sys.stderr.write(json.dumps({"error": body}, ensure_ascii=False) + "\n")
    else:
        prefix = "\x1b[31mscribes:\x1b[0m" if color else "scribes:"
        sys.stderr.write(f"{prefix} {plain(error.message)}\n")
        if error.hint:
            sys.stderr.write(f"hint: {plain(error.hint)}\n")
    return EXIT_STATUS[error.code]

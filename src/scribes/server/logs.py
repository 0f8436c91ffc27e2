"""Logs: a line of JSON each, on a terminal a line to read, with the trace id, and without a word of any person."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from datetime import datetime
from typing import Any

import structlog

Line = MutableMapping[str, Any]

FIRST_REFUSAL = 400


def set_up(level: str = "info") -> None:
    """Write the lines of this process to standard error, from a level on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_messages,
            rendered,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: _STANDARD_ERROR,
        cache_logger_on_first_use=False,
    )
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers = [_Handler()]
        logger.propagate = False


def rendered(log: Any, level: str, line: Line) -> str:
    """A line as JSON or, where somebody looks on, in words."""
    if not sys.stderr.isatty():
        return str(structlog.processors.JSONRenderer()(log, level, line))
    return in_words(line)


def in_words(line: Line) -> str:
    """A line for a terminal. A request that was refused shows its trace id: somebody may ask about that."""
    rest = dict(line)
    at = datetime.fromisoformat(rest.pop("timestamp")).astimezone()
    level, event = rest.pop("level"), rest.pop("event")
    if event == "request":
        status, trace, account = rest["status"], rest["trace"], rest["account"]
        said = f"{status}  {rest['ms']:6.0f} ms  {rest['method']} {rest['route']}"
        said += f"  account {account}" if account is not None else ""
        said += f"  {trace}" if status >= FIRST_REFUSAL else ""
    else:
        said = "  ".join((f"{level}: {event}", *(f"{name}: {value}" for name, value in rest.items())))
    return "".join(sign if sign.isprintable() else "?" for sign in f"{at:%H:%M:%S}  {said}")


def without_messages(_: Any, __: str, line: Line) -> Line:
    """Of an exception its kind and where it came from: its message may hold text of a note, or values of a query."""
    error = line.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        line["error"] = kinds(error)
        line["where"] = places(error)
    return line


def kinds(error: BaseException) -> list[str]:
    """The kind of an error and those of its causes, the outermost first."""
    found: list[str] = []
    one: BaseException | None = error
    while one is not None and len(found) < 5:
        found.append(type(one).__name__)
        one = one.__cause__ or one.__context__
    return found


def places(error: BaseException) -> list[str]:
    """Where an error came from, the innermost place last: file, line, function."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    return [f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno} {frame.name}" for frame in frames]


class _StandardError:
    """Writes lines to what standard error is at the time."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    log = debug = info = warning = error = critical = msg


_STANDARD_ERROR = _StandardError()


class _Handler(logging.Handler):
    """What the web server has to say, in our lines; it says no more than which kind of thing went wrong."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger("scribes.server")
        # A constant of the code; what would be filled in may be text of a caller.
        log.log(max(record.levelno, logging.DEBUG), "web server", said=str(record.msg)[:200], exc_info=record.exc_info)

"""Every failure as `{"error": {"code", "message", "traceId"}}`, and nothing of the inside in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Route

from ..errors import HTTP_STATUS, ScribesError, TooMany
from .tracing import fault

log = structlog.get_logger("scribes.server")


@dataclass
class Failure:
    """What went wrong: a code of the closed list (docs/reference/errors.md), words for people, the id of the request,
    and what to do next, where there is something to do.
    """

    code: str
    message: str
    traceId: str  # noqa: N815 - as clients know it
    hint: str = ""


@dataclass
class FailureAnswer:
    """Every failure is answered so."""

    error: Failure


# What each route may answer beside what it says itself.
RESPONSES: dict[int | str, dict[str, Any]] = {
    422: {"model": FailureAnswer, "description": "What was sent cannot be taken."},
    "default": {"model": FailureAnswer, "description": "Any other failure."},
}

# The code of what the framework itself refuses, by its status.
CODES = {
    400: "invalid",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method",
    408: "unavailable",
    413: "too_large",
}
WORDS = {
    404: "there is nothing here",
    405: "this is not done that way",
    408: "the request took too long to arrive",
    413: "that is more than is taken at once",
}


def install(app: FastAPI) -> None:
    """Let every failure of an app come in the one shape."""
    app.add_exception_handler(ScribesError, _ours)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(Exception, _unexpected)


def answer(
    scope: Mapping[str, Any], status: int, code: str, message: str, *, hint: str | None = None, **headers: str
) -> JSONResponse:
    """The answer that tells of a failure."""
    said = {"code": code, "message": _sendable(message), "traceId": scope.get("trace_id", "")}
    # What to type at a terminal is no help to a program.
    if hint and "scribes " not in hint:
        said["hint"] = _sendable(hint)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse({"error": said}, status_code=status, headers=named)


def _sendable(text: str) -> str:
    """The text as UTF-8 can say it: what was sent may stand in it, and be no Unicode."""
    return text.encode("utf-8", "replace").decode()


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ScribesError)  # noqa: S101 - as it is registered
    status = HTTP_STATUS[error.code]
    if status >= 500:
        # Busy, or switched off: nothing is broken.
        tell = log.error if status == 500 else log.warning
        tell("failed", code=error.code, trace=request.scope.get("trace_id", ""), exc_info=error)
    headers = {}
    if isinstance(error, TooMany):
        headers["retry_after"] = str(error.retry_after_s)
    if status == 401:
        headers["www_authenticate"] = "Bearer"
    if status == 500:
        return answer(request.scope, status, error.code, "something went wrong here", hint="try again later", **headers)
    return answer(request.scope, status, error.code, error.message, hint=error.hint, **headers)


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return answer(request.scope, 422, "invalid", f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}")


async def _of_framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    status = error.status_code
    code = CODES.get(status, "invalid" if status < 500 else "failure")
    said = answer(request.scope, status, code, WORDS.get(status, str(error.detail)[:200]))
    said.headers.update(error.headers or {})
    if status == 405:
        said.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return said


def _methods(request: Request) -> set[str]:
    """The methods that the routes of the path take: the framework names those of the first alone. Where it is the very
    path of a route, those that take anything in its place are others.
    """
    from .routes import routers

    path = request.url.path
    routes = [route for router in routers() for route in router.routes if isinstance(route, Route)]
    found = [route for route in routes if route.path_regex.match(path)]
    fewest = min((len(route.param_convertors) for route in found), default=0)
    return {name for route in found if len(route.param_convertors) == fewest for name in route.methods or ()}


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected", trace=request.scope.get("trace_id", ""), exc_info=error)
    fault(error)
    return answer(request.scope, 500, "failure", "something went wrong here", hint="try again later")

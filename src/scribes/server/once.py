"""Idempotency keys: a request that is sent again, because its answer was lost, is answered again and not done again.

A route says so by `@once` under its method. The key, the answer and all that the core wrote are one transaction: after
a crash either all of it is there, or nothing, and then the same request is done as if for the first time.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from pydantic import TypeAdapter
from sqlmodel import col, delete

from ..errors import Conflict
from ..hosting import Host
from .database import Database
from .tables.idempotency import IdempotencyKey

KEPT_US = 24 * 60 * 60 * 1_000_000
MAX_KEY_CHARS = 128
REPLAYED = "Idempotency-Replayed"
PURPOSE = "server.answers"

Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=MAX_KEY_CHARS,
        pattern=r"^[\x21-\x7e]+$",
        description=(
            "Anything random, another for each thing to be done. The same request with the same key within 24 hours is"
            f" answered as it was, with `{REPLAYED}: true`, and not done again; another request with it is a conflict."
        ),
        examples=["0198c5d2-5f6a-7c11-9a40-3d2f6c1b8e77"],
    ),
]


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_again: bool = False

    def response(self) -> Response:
        """The answer as it is sent."""
        response = Response(self.body, self.status, media_type="application/json")
        for name, value in self.headers:
            response.headers[name] = value
        if self.is_again:
            response.headers[REPLAYED] = "true"
        return response


@dataclass(frozen=True)
class Attempt:
    """A request as far as its key is concerned; `key` is "" where it has none."""

    key: str
    route: str = ""
    digest: bytes = b""
    status: int = 200
    answers: Answers | None = None


async def attempt(request: Request, key: Key = "") -> Attempt:
    """The key of a request, and what tells it from another one."""
    if not key:
        return Attempt("")
    said = f"{request.url.query}\0{request.headers.get('if-match', '')}\0".encode()
    digest = hashlib.sha256(said + await request.body()).digest()
    status = getattr(request.scope.get("route"), "status_code", None) or 200
    return Attempt(key, f"{request.method} {request.url.path}", digest, status, request.app.state.server.answers)


class Answers:
    """The answers that are kept for a day."""

    def __init__(self, host: Host) -> None:
        self._host, self._database = host, Database(host.engine)

    def give(self, account: int, asked: Attempt, make: Callable[[], Answer]) -> Answer:
        """The answer of `make`, which is kept with all that it writes; or the one that was given before.

        Of two at the same time the second waits for the first.

        Raises: Conflict, where the key belongs to another request; Busy; whatever `make` raises, and then nothing of it
        is kept.
        """
        with self._database.joint() as db:
            db.exec(delete(IdempotencyKey).where(col(IdempotencyKey.created_us) < db.now_us - KEPT_US))
            kept = db.get(IdempotencyKey, (account, asked.key))
            if kept is not None:
                return self._again(kept, asked)
            answer = make()
            row = IdempotencyKey(
                account=account, key=asked.key, route=asked.route, request=asked.digest, status=answer.status,
                headers=json.dumps(answer.headers), body=self._host.sealed(answer.body, purpose=PURPOSE),
                created_us=db.now_us,
            )  # fmt: skip
            db.add(row)
        return answer

    def _again(self, kept: IdempotencyKey, asked: Attempt) -> Answer:
        if (kept.route, kept.request) != (asked.route, asked.digest):
            raise Conflict("this idempotency key belongs to another request", hint="take a new one for each thing")
        headers = tuple((name, value) for name, value in json.loads(kept.headers))
        return Answer(kept.status, headers, self._host.opened(kept.body, purpose=PURPOSE), is_again=True)


def once(call: Callable[..., Any]) -> Callable[..., Any]:
    """A route whose requests may have an idempotency key. It names who asks `me`, and its answer, if at all,
    `response`.
    """
    signature = inspect.signature(call, eval_str=True)
    returned = signature.return_annotation

    def keyed(*, asked: Attempt, **given: Any) -> Any:
        if asked.answers is None:
            return call(**given)
        kept = asked.answers.give(given["me"].key, asked, lambda: _made(call, given, returned, asked.status))
        return kept.response()

    added = inspect.Parameter("asked", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[Attempt, Depends(attempt)])
    # As the framework reads it: no `__wrapped__`, behind which it would look for the parameters.
    keyed.__signature__ = signature.replace(parameters=[*signature.parameters.values(), added])  # type: ignore[attr-defined]
    keyed.__name__, keyed.__qualname__ = call.__name__, call.__qualname__
    keyed.__doc__, keyed.__module__ = call.__doc__, call.__module__
    return keyed


def _made(call: Callable[..., Any], given: dict[str, Any], returned: Any, status: int) -> Answer:
    value = call(**given)
    if isinstance(value, Response):
        return Answer(value.status_code, _headers(value), bytes(value.body))
    adapter = _adapter(returned)
    body = adapter.dump_json(adapter.validate_python(value, from_attributes=True), by_alias=True)
    response: Response | None = given.get("response")
    headers = _headers(response) if response is not None else ()
    return Answer(response.status_code if response and response.status_code else status, headers, body)


def _headers(response: Response) -> tuple[tuple[str, str], ...]:
    """What a route said in headers; how long an answer is and what it holds is said anew."""
    return tuple((name, value) for name, value in response.headers.items() if not name.startswith("content-"))


@cache
def _adapter(returned: Any) -> TypeAdapter[Any]:
    return TypeAdapter(returned)

"""Answers that are written where they are made: the framework would change threads once more to write them."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import Response
from pydantic import TypeAdapter


def written(value: Any, response: Response, status: int = 200) -> Response:
    """A record as the answer, with the headers that were set on `response`. The route names it as `response_model`, so
    that the document knows it.
    """
    kind: Any = type(value)
    answer = Response(_adapter(kind).dump_json(value), status, media_type="application/json")
    answer.raw_headers += [pair for pair in response.raw_headers if pair[0] not in (b"content-length", b"content-type")]
    return answer


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)

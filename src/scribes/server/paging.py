"""Lists come in pages: what each of them takes and answers."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Query

from ..errors import InvalidInput

T = TypeVar("T")
MOST = 200

Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[str, Query(max_length=4096, description="The `next` of the page before; empty for the first.")]


@dataclass
class Page(Generic[T]):
    """A part of a list, and the cursor of the part behind it; null at the end."""

    items: Sequence[T]
    next: str | None


def skipped(cursor: str) -> int:
    """How many items the pages before had, where a list is counted through.

    Raises: InvalidInput.
    """
    if not cursor:
        return 0
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidInput("the cursor is none of this list", hint="the `next` of the page before")
    return int(text)


def part_of(found: Sequence[T], *, cursor: str, limit: int) -> Page[T]:
    """A page of a list that is there as a whole.

    Raises: InvalidInput.
    """
    skip = skipped(cursor)
    return counted(found[skip : skip + limit + 1], skip=skip, limit=limit)


def counted(found: Sequence[T], *, skip: int, limit: int) -> Page[T]:
    """A page of a list that is counted through, of which `limit + 1` items were asked for behind `skip`."""
    more = base64.urlsafe_b64encode(str(skip + limit).encode()).decode().rstrip("=") if len(found) > limit else None
    return Page(found[:limit], more)

"""Versions over HTTP: a note's `ETag` names the changes it stands on, and `If-Match` brings that back with an edit."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Response

from ..errors import InvalidInput, PreconditionRequired
from ..models.notes import Note

ANY = "*"

IfMatch = Annotated[
    str, Header(description="The ETag of the note as it was read; * for as it is now.", max_length=8192)
]
IfNoneMatch = Annotated[str, Header(max_length=8192)]


def tag(note: Note) -> str:
    """The ETag of a note."""
    return f'"{note.revision}"'


def tagged(note: Note, response: Response) -> Note:
    """The note, and its ETag on the answer."""
    response.headers["ETag"] = tag(note)
    return note


def base_in(if_match: str, base: str = "") -> str:
    """The revision that an edit stands on; "*" where it shall stand on whatever is there.

    Raises: PreconditionRequired, where none is said; InvalidInput.
    """
    if base:
        return base
    if not if_match:
        raise PreconditionRequired(
            "say which version you have changed", hint="If-Match with the ETag of the note, or `base` with its revision"
        )
    if if_match == ANY:
        return ANY
    named = if_match.removeprefix("W/").strip()
    if len(named) < 2 or named[0] != '"' or named[-1] != '"':
        raise InvalidInput("If-Match is no ETag", hint='as it was sent: "…", or *')
    return named[1:-1]

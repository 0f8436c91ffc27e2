"""What people type into a route: short enough to be looked at, and whole for every database."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator


def _sound(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a text has no character 0")
    return text


Sound = AfterValidator(_sound)
Words = Annotated[str, Query(min_length=1, max_length=1000), Sound]
Passage = Annotated[str, Query(min_length=1, max_length=200, description="As people write it: John 3:16-18."), Sound]
PassagePath = Annotated[str, Path(min_length=1, max_length=200, description="As people write it: John 3:16-18."), Sound]
Code = Annotated[str, Query(max_length=64, description="A translation by its code, as web."), Sound]

"""What people type into a route: short enough to be looked at, and whole for every database."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BeforeValidator


def _sound(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a text has no character 0")
    return text


def _written(value: object) -> object:
    """Not a number: whether it counts seconds or milliseconds nobody can say."""
    if isinstance(value, (int, float)) or (isinstance(value, str) and re.fullmatch(r"\s*[-+]?[\d.]*\s*", value)):
        raise ValueError("a date or time is written out, as 2026-11-22T10:00:00+01:00")
    return value


def _counted(value: object) -> object:
    if value is True or value is False:
        raise ValueError("true and false are no numbers")
    return value


WHOLE = BeforeValidator(_counted)
Moment = Annotated[datetime, BeforeValidator(_written)]
Day = Annotated[date, BeforeValidator(_written)]
Sound = AfterValidator(_sound)
Words = Annotated[str, Query(min_length=1, max_length=1000), Sound]
Passage = Annotated[str, Query(min_length=1, max_length=200, description="As people write it: John 3:16-18."), Sound]
PassagePath = Annotated[str, Path(min_length=1, max_length=200, description="As people write it: John 3:16-18."), Sound]
Code = Annotated[str, Query(max_length=64, description="A translation by its code, as web."), Sound]

"""What is sent in a body: a name that is not known is refused, since it would be lost without a word."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeVar, dataclass_transform

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")
STRICT = ConfigDict(extra="forbid")

if TYPE_CHECKING:

    @dataclass_transform()
    def shape(cls: type[T]) -> type[T]:
        """The class as a dataclass that takes the names it has, and no others."""

else:

    def shape(cls: type[T]) -> type[T]:
        """The class as a dataclass that takes the names it has, and no others."""
        made = dataclasses.dataclass(cls)
        made.__pydantic_config__ = STRICT
        return made


class Shape(BaseModel):
    """A model that takes the names it has, and no others."""

    model_config = STRICT

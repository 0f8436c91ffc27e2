"""The core's models, as FastAPI reads them: their annotations name types that the core does not load."""

from __future__ import annotations

import collections.abc
import dataclasses
import importlib
import pkgutil
from typing import Any

from .. import models
from .shapes import STRICT
from .texts import Day, Moment

# Left out of the core's modules at run time, since importing them costs more than a whole command.
LEFT_OUT: dict[str, Any] = {
    "datetime": Moment,
    "date": Day,
    "Sequence": collections.abc.Sequence,
    "Mapping": collections.abc.Mapping,
    "Any": Any,
}


def complete() -> None:
    """Give the modules of models the names that their annotations use."""
    found = [importlib.import_module(f"{models.__name__}.{one.name}") for one in pkgutil.iter_modules(models.__path__)]
    named = dict(LEFT_OUT)
    for module in found:
        named.update({name: value for name, value in vars(module).items() if isinstance(value, type)})
    for module in found:
        for name, value in named.items():
            if not hasattr(module, name):
                setattr(module, name, value)
    for value in named.values():
        if dataclasses.is_dataclass(value):
            # A name that is not known would be lost without a word.
            value.__pydantic_config__ = STRICT  # type: ignore[union-attr]

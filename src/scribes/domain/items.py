"""Items: what has a history and is no note. A kind says how the content of one is kept and how it changes."""

from __future__ import annotations

from ..records import fields, record
from .dates import instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .changes import State

DELETED = "deleted_us"


@record
class Kind:
    """A kind of item: the name its changes carry, its table, and the record of its content.

    Each field of the record has a default and is a column of the table: a text, a number, None, or a tuple of texts
    where the default is one.
    """

    name: str
    table: str
    content: type

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold the content."""
        return tuple(self.content.__slots__)  # type: ignore[attr-defined]

    @property
    def lists(self) -> frozenset[str]:
        """The fields that hold several texts."""
        return frozenset(name for name, value in fields(self.content()).items() if isinstance(value, tuple))


def fields_between(kind: Kind, before: Any, after: Any) -> dict[str, Any]:
    """The fields of a change that leads from one content to another; `before` is None for a new item.

    What is gone is called `deleted` for every item, so that a merge needs to know one name only.
    """
    old, new = fields(before if before is not None else kind.content()), fields(after)
    changed = {name: value for name, value in new.items() if old[name] != value}
    if DELETED in changed:
        changed["deleted"] = changed.pop(DELETED)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in changed.items()}


def content_at(kind: Kind, state: State) -> Any:
    """The content that a state of the history holds; what a newer Scribes put beside it is left alone.

    What a field cannot be counts as not said, as in a note.
    """
    said = dict(state.fields)
    if "deleted" in said:
        said[DELETED] = said.pop("deleted")
    blank = fields(kind.content())
    return kind.content(**{name: _checked(said.get(name, default), default) for name, default in blank.items()})


def _checked(value: Any, default: Any) -> Any:
    """A value of the type that the field's default has; else the default."""
    if isinstance(default, tuple):
        fits = isinstance(value, (list, tuple)) and all(isinstance(part, str) and "\x00" not in part for part in value)
        return tuple(value) if fits else default
    if isinstance(default, str):
        return value if isinstance(value, str) and "\x00" not in value else default
    found = instant(value)
    return default if found is None else found

"""The `record` decorator: a frozen, slotted dataclass that does not pay for importing `dataclasses`.

Importing `dataclasses` costs 1.6 times a bare interpreter, more than a whole `scribes add` (docs/decisions/0011). A
record has the same constructor, equality, hash and repr, and answers `dataclasses.fields`, `replace` and `asdict`
(and so FastAPI), which load the real module when they are asked.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar, dataclass_transform

    T = TypeVar("T")

    @dataclass_transform(frozen_default=True)
    def record(cls: type[T]) -> type[T]:
        """The class as a frozen, slotted record."""

else:

    def record(cls):
        """The class with slots, a constructor, equality, hash and repr, made from its annotations."""
        names = tuple(cls.__annotations__)
        space = dict(cls.__dict__)
        defaults = {name: space.pop(name) for name in names if name in space}
        for made_anew in ("__dict__", "__weakref__"):
            space.pop(made_anew, None)
        space.update(
            __slots__=names,
            __match_args__=names,
            __setattr__=_refuse,
            __delattr__=_refuse,
            __eq__=_equal,
            __hash__=_hash,
            __repr__=_repr,
            __reduce__=_reduce,
            __replace__=_replace,
        )
        made = type(cls)(cls.__name__, cls.__bases__, space)
        made.__init__ = _constructor(made, names, defaults)
        made.__dataclass_fields__ = _LazyFields(names, defaults, cls.__annotations__, cls.__module__)
        return made


class _LazyFields:
    """`__dataclass_fields__`, made by the real module the first time somebody asks."""

    def __init__(
        self, names: tuple[str, ...], defaults: dict[str, Any], annotations: dict[str, Any], module: str
    ) -> None:
        self._body = {"__annotations__": {name: annotations[name] for name in names}, "__module__": module, **defaults}

    def __get__(self, instance: object, owner: type) -> Any:
        import dataclasses

        for name, value in self._body.items():
            if type(value).__hash__ is None and name != "__annotations__":
                # Never changed in place, as no record is; the real module wants it made anew.
                self._body[name] = dataclasses.field(default_factory=type(value))
        fields = dataclasses.dataclass(frozen=True)(type(owner.__name__, (), self._body)).__dataclass_fields__  # type: ignore[attr-defined]
        owner.__dataclass_fields__ = fields  # type: ignore[attr-defined]
        return fields


def _constructor(cls: type, names: tuple[str, ...], defaults: dict[str, Any]) -> Any:
    """A constructor that is compiled when it is first called: most commands make few of the records they load."""

    def first_call(self: object, *args: Any, **kwargs: Any) -> None:
        # Slot descriptors are set directly, past `__setattr__`: a tenth of the cost of object.__setattr__ by name.
        scope: dict[str, Any] = {f"_set_{name}": cls.__dict__[name].__set__ for name in names}
        scope.update({f"_default_{name}": value for name, value in defaults.items()})
        parameters = ", ".join(f"{name}=_default_{name}" if name in defaults else name for name in names)
        body = "\n".join(f"    _set_{name}(self, {name})" for name in names) or "    pass"
        exec(f"def __init__(self, {parameters}):\n{body}", scope)  # noqa: S102 - made of our own field names
        cls.__init__ = scope["__init__"]  # type: ignore[misc]
        scope["__init__"](self, *args, **kwargs)

    return first_call


def _values(self: Any) -> tuple[Any, ...]:
    return tuple(getattr(self, name) for name in self.__slots__)


def _refuse(self: object, name: str, *_value: object) -> None:
    raise AttributeError(f"{type(self).__name__} is frozen: cannot set {name}")


def _equal(self: object, other: object) -> bool:
    return _values(self) == _values(other) if type(self) is type(other) else NotImplemented


def _hash(self: object) -> int:
    return hash((type(self), _values(self)))


def _repr(self: Any) -> str:
    return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


def _reduce(self: object) -> tuple[type, tuple[Any, ...]]:
    return type(self), _values(self)


def _replace(self: Any, **changes: Any) -> Any:
    return type(self)(**{**{name: getattr(self, name) for name in self.__slots__}, **changes})


def fields(value: object) -> dict[str, Any]:
    """The fields of a record by name, one level deep."""
    return {name: getattr(value, name) for name in type(value).__slots__}  # type: ignore[attr-defined]


def replaced(value: T, **changes: object) -> T:
    """The record with some fields changed; `dataclasses.replace` without its import."""
    return type(value)(**{**fields(value), **changes})


def as_data(value: object) -> dict[str, Any]:
    """A record as plain JSON data, records inside it too; instants as ISO 8601: what `--json` prints."""
    return {name: _plain(field) for name, field in fields(value).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if hasattr(type(value), "__dataclass_fields__"):
        return as_data(value)
    return value.isoformat() if hasattr(value, "isoformat") else value

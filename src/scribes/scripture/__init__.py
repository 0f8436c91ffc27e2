"""References to passages of Scripture: find them in text, parse one as typed, write one down. Usable alone.

>>> from scribes.scripture import find, format, parse
>>> [span.osis for span in find("Read Rom 8:28-30 and v. 35")]
['Rom.8.28-Rom.8.30', 'Rom.8.35']
>>> format(*parse("jn 3 16").passage, style="long")
'John 3:16'
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scribes.scripture.formatting import format_passage as format
    from scribes.scripture.parsing import parse
    from scribes.scripture.search import find
    from scribes.scripture.spans import Span

_HOMES = {"Span": "spans", "find": "search", "format": "formatting", "parse": "parsing"}


def __getattr__(name: str) -> object:
    """The public names, each loaded when it is first asked for: who reads a text needs no finder."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_HOMES[name]}")
    value: object = getattr(module, "format_passage" if name == "format" else name)
    globals()[name] = value
    return value


__all__ = ["Span", "find", "format", "parse"]

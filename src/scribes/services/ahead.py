"""Asking a server about all logs at once, so that a sync with nothing new is one question, however many spaces."""

from __future__ import annotations

from contextlib import contextmanager

from ..domain.access import FORMER
from ..errors import ScribesError
from ..storage import logs, spaces
from . import own_spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..ports import Remote
    from ..storage.spaces import RemotePlace
    from .context import Context


@contextmanager
def asked_ahead(context: Context, connect: Callable[[RemotePlace], Remote]) -> Iterator[None]:
    """While entered, remotes that can be asked about many logs at once know what is new in each."""
    cursors: dict[int, dict[bytes, str]] = {}
    with context.engine.read() as tx:
        for space in own_spaces.each(tx, context):
            if space.remote_n is not None and space.role != FORMER:
                cursors.setdefault(space.remote_n, {})[space.id] = logs.state(tx, space.n).cursor
        places = [place for place in spaces.remotes(tx) if place.n in cursors]
    asked = []
    for place in places:
        try:
            ask = getattr(connect(place), "ask_ahead", None)
            if ask is not None:
                asked.append(ask)
                ask(cursors[place.n])
        except ScribesError:
            # Each space asks for itself then, and says what is wrong.
            continue
    try:
        yield
    finally:
        for ask in asked:
            # What was known a while ago is worth nothing later.
            ask({})

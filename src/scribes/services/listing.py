"""Listings of notes by filter and order, a page at a time."""

from __future__ import annotations

import base64
import binascii
import json

from ..canonical import encode
from ..domain.labels import clean_tags
from ..errors import InvalidInput
from ..models.notes import NoteFilter, NotePage
from ..storage import note_pages
from . import own_spaces
from .circles import find_circle
from .rows import to_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Tx, Value
    from .context import Context

PERSONAL = "personal"
MOST = 500


class Listing:
    """Notes in an order, as lists of programs want them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def page(
        self, wanted: NoteFilter | None = None, *, order: str = "-occurred", cursor: str = "", limit: int = 50
    ) -> NotePage:
        """A page of notes behind `cursor`, which an earlier page of the same order gave. `order` is occurred, created,
        changed or title; with - before it, the last first. What changes meanwhile neither shifts nor doubles others.

        Raises: InvalidInput, NotFound (no such circle).
        """
        wanted, name = wanted or NoteFilter(), order.removeprefix("-")
        if name not in note_pages.ORDERS:
            raise InvalidInput(
                f"notes are not ordered by {name!r}", hint=f"{', '.join(note_pages.ORDERS)}, - before it"
            )
        if not 1 <= limit <= MOST:
            raise InvalidInput(f"a page has 1 to {MOST} notes")
        after = _place(cursor, order) if cursor else None
        with self._context.engine.read() as tx:
            found = note_pages.page(
                tx,
                _tidy(wanted),
                visible_to=self._spaces(tx, wanted),
                order=name,
                descending=order.startswith("-"),
                after=after,
                limit=limit + 1,
            )
            is_cut = limit >= len(found) > note_pages.FEW and note_pages.is_large(found)
            shown = found[:-1] if is_cut else found[:limit]
            items = tuple(to_note(tx, stored, self._context) for stored in shown)
        more = _cursor(order, *note_pages.place_of(shown[-1], name)) if len(shown) < len(found) else None
        return NotePage(items, more)

    def _spaces(self, tx: Tx, wanted: NoteFilter) -> tuple[int, ...]:
        if not wanted.circle:
            return self._context.visible_to
        if wanted.circle == PERSONAL:
            return (self._context.me.space,)
        space = find_circle(own_spaces.each(tx, self._context), wanted.circle)
        return tuple(n for n in self._context.visible_to if n == space.n)


def _tidy(wanted: NoteFilter) -> NoteFilter:
    """The filter with its tag as tags are kept.

    Raises: InvalidInput.
    """
    from ..records import replaced

    return replaced(wanted, tag=clean_tags([wanted.tag])[0]) if wanted.tag else wanted


def _cursor(order: str, value: Value, id: bytes) -> str:
    text = encode([order, value if not isinstance(value, bytes) else value.hex(), id.hex()])
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _place(cursor: str, order: str) -> tuple[Value, bytes]:
    """The place that a cursor names.

    Raises: InvalidInput.
    """
    try:
        said = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        named, value, id = said[0], said[1], bytes.fromhex(said[2])
        is_right = type(value) is (str if order.endswith("title") else int) and len(said) == 3
    except (ValueError, binascii.Error, TypeError, KeyError, IndexError, RecursionError):
        named, value, id, is_right = "", 0, b"", False
    if not is_right or named != order or len(id) != 16 or (isinstance(value, int) and not -(2**62) < value < 2**62):
        raise InvalidInput(
            "the cursor is none of this listing", hint="the `next` of the page before, and the same order"
        )
    return value, id

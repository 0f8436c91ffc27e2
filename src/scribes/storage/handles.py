"""Handles: the short names of things, the shortest start of an id's last group that nothing of their kind shares."""

from __future__ import annotations

from ..errors import Ambiguous, InvalidInput, NotFound
from ..ids import from_text
from .visible import in_spaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Tx
    from .visible import Spaces

HANDLE_FROM, HANDLE_DIGITS, MIN_DIGITS = 10, 12, 4
HINTS = {
    "note": "scribes list shows the notes and their numbers",
    "reminder": "scribes reminders list shows the reminders and their numbers",
    "prayer": "scribes pray list shows the prayers and their numbers",
    "card": "scribes review list shows the cards and their numbers",
}


def resolve(tx: Tx, text: str, *, table: str, visible_to: Spaces) -> bytes:
    """The id of the row whose handle, or whole id, starts with `text`.

    Raises: NotFound, Ambiguous, InvalidInput.
    """
    start = text.strip().lower()
    if not start:
        raise InvalidInput(
            f"which {table}? its id is empty", hint="a number of the last listing, or the start of an id"
        )
    spaces = in_spaces(visible_to, table=table)
    if "-" in start or len(start) > HANDLE_DIGITS:
        rows = tx.rows(f"SELECT id FROM {table} WHERE id = ? AND {spaces}", (_whole(start, table),))
    else:
        low, high = _bounds(start, table)
        rows = tx.rows(f"SELECT id FROM {table} WHERE substr(id, 11) BETWEEN ? AND ? AND {spaces} LIMIT 2", (low, high))
    if not rows:
        raise NotFound(f"there is no {table} {text}", hint=HINTS.get(table))
    if len(rows) > 1:
        raise Ambiguous(f"more than one {table} starts with {text}", hint="give one more character")
    found: bytes = rows[0][0]
    return found


def shortest(tx: Tx, id: bytes, *, table: str, visible_to: Spaces) -> str:
    """The shortest start of a handle, at least four digits, that no other row of the table shares."""
    tail = id[HANDLE_FROM:]
    spaces = in_spaces(visible_to, table=table)
    neighbours = tx.rows(
        f"SELECT (SELECT substr(id, 11) FROM {table} WHERE substr(id, 11) < ?1 AND {spaces}"
        " ORDER BY substr(id, 11) DESC LIMIT 1)"
        f" UNION ALL SELECT (SELECT substr(id, 11) FROM {table} WHERE substr(id, 11) > ?1 AND {spaces}"
        " ORDER BY substr(id, 11) LIMIT 1)",
        (tail,),
    )
    digits = tail.hex()
    shared = max(_shared_digits(digits, neighbour[0]) for neighbour in neighbours)
    return digits[: max(MIN_DIGITS, shared + 1)]


def _whole(text: str, table: str) -> bytes:
    """The id that a text is.

    Raises: NotFound.
    """
    try:
        return from_text(text)
    except InvalidInput:
        raise NotFound(f"there is no {table} {text!r}", hint=HINTS.get(table)) from None


def _bounds(start: str, table: str) -> tuple[bytes, bytes]:
    """The lowest and highest handle that begin with these hex digits.

    Raises: NotFound.
    """
    try:
        return (
            bytes.fromhex(start.ljust(HANDLE_DIGITS, "0")),
            bytes.fromhex(start.ljust(HANDLE_DIGITS, "f")),
        )
    except ValueError:
        raise NotFound(
            f"there is no {table} {start!r}", hint="a number of the last listing, or the start of an id"
        ) from None


def _shared_digits(digits: str, other: bytes | None) -> int:
    if other is None:
        return 0
    text = other.hex()
    return next((at for at in range(HANDLE_DIGITS) if digits[at] != text[at]), HANDLE_DIGITS)

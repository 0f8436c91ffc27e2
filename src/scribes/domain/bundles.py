"""Bundles: several changes as the content of one log entry, each id said once, and none that follows from the rest."""

from __future__ import annotations

from ..canonical import encode
from ..errors import Damaged
from ..records import record
from .changes import ID_BYTES, Change, change_id
from .dates import FIRST_US, LAST_US

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

MOST_CHANGES, TARGET_CHARS, HASH_BYTES = 256, 256 * 1024, 32


@record
class Bundle:
    """What a bundle says: how far its device had seen the chains of others, and its changes. `members` has, for the
    device behind a change, the account it belongs to, where that is not the account of the bundle's own device.
    """

    seen: dict[bytes, int]
    changes: tuple[Change, ...]
    members: dict[bytes, bytes]


def split(changes: Sequence[Change]) -> list[list[Change]]:
    """Changes in their order, in parts that make one bundle each."""
    parts: list[list[Change]] = []
    size = 0
    for change in changes:
        if not parts or len(parts[-1]) >= MOST_CHANGES or size + len(change.content) > TARGET_CHARS:
            parts.append([])
            size = 0
        parts[-1].append(change)
        size += len(change.content)
    return parts


def written(bundle: Bundle) -> str:
    """A bundle as canonical JSON."""
    devices, items, kinds = _Index(), _Index(), _Index()
    places = {change.id: place for place, change in enumerate(bundle.changes)}
    rows, before_us = [], 0
    for place, change in enumerate(bundle.changes):
        parents = [places[parent] if places.get(parent, place) < place else parent.hex() for parent in change.parents]
        about = (devices.of(change.device.hex()), items.of(change.item.hex()), kinds.of(change.kind))
        # The content as it is: it is canonical JSON already.
        head = encode([*about, parents, change.at_us - before_us, change.schema])
        rows.append(f"{head[:-1]},{change.content}]")
        before_us = change.at_us
    said = {
        "d": [[device, bundle.members.get(bytes.fromhex(device), b"").hex()] for device in devices.values],
        "i": items.values,
        "k": kinds.values,
        "v": {device.hex(): number for device, number in bundle.seen.items()},
    }
    return f'{{"c":[{",".join(rows)}],{encode(said)[1:]}'


def read(said: Any) -> Bundle:
    """The bundle in parsed JSON; every id is made anew from the content, so none can be feigned.

    Raises: Damaged.
    """
    try:
        if not all(isinstance(said[name], list) for name in "cdik"):
            raise TypeError("a list is none")
        devices = [(_id(device), _id(member) if member else b"") for device, member in said["d"]]
        items, kinds = [_id(item) for item in said["i"]], said["k"]
        seen = {_id(device): _place(number) for device, number in said["v"].items()}
        changes: list[Change] = []
        before_us = 0
        for row in said["c"]:
            change = _change(row, changes, devices, items, kinds, before_us)
            changes.append(change)
            before_us = change.at_us
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, RecursionError) as e:
        raise Damaged("a bundle of changes is malformed") from e
    return Bundle(seen, tuple(changes), {device: member for device, member in devices if member})


def covers_in(said: dict[str, Any]) -> dict[bytes, tuple[int, bytes]]:
    """What a snapshot stands for: of each device up to which number, and the SHA-256 of that entry. Only the last of
    its bundles says so.

    Raises: Damaged.
    """
    try:
        covers = {
            bytes.fromhex(one): (number, bytes.fromhex(hash)) for one, (number, hash) in said.get("s", {}).items()
        }
    except (ValueError, TypeError, AttributeError) as e:
        raise Damaged("a snapshot does not say what it stands for") from e
    if not all(type(number) is int and len(hash) == HASH_BYTES for number, hash in covers.values()):
        raise Damaged("a snapshot does not say what it stands for")
    return covers


def _change(
    row: Any, before: list[Change], devices: list[tuple[bytes, bytes]], items: list[bytes], kinds: Any, before_us: int
) -> Change:
    device, item, kind, parents, after_us, schema, content = row
    if isinstance(after_us, bool) or not isinstance(parents, list):
        raise TypeError("a change is malformed")
    at_us = before_us + after_us
    name = kinds[_whole(kind)]
    if not isinstance(name, str) or not 0 < len(name) <= 32 or not isinstance(content, dict):
        raise ValueError("a kind or content is malformed")
    if not FIRST_US <= at_us <= LAST_US or not 0 < _whole(schema) < 1 << 31 or len(parents) > MOST_CHANGES:
        raise ValueError("a number is out of range")
    text = encode(content)
    # What cannot be written as UTF-8 has no id.
    text.encode()
    about = (devices[_whole(device)][0], items[_whole(item)])
    named = tuple(before[_whole(one)].id if isinstance(one, int) else _id(one) for one in parents)
    id = change_id(text, item=about[1], kind=name, parents=named, device=about[0], at_us=at_us, schema=schema)
    edits, fields = _edits(content.get("b", [])), content.get("f", {})
    if not isinstance(fields, dict):
        raise TypeError("fields are malformed")
    return Change(id, about[1], name, named, about[0], at_us, text, edits, fields, schema)


def _edits(edits: Any) -> Any:
    for edit in edits:
        start, removed, inserted = edit
        _whole(start), _whole(removed)
        if not isinstance(inserted, str):
            raise TypeError("an edit is malformed")
    if not isinstance(edits, list):
        raise TypeError("edits are malformed")
    return edits


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("not a whole number")
    return value


def _place(value: Any) -> int:
    # A database keeps 63 bits.
    if _whole(value) >= 1 << 63:
        raise ValueError("a number is out of range")
    return int(value)


def _id(text: Any) -> bytes:
    raw = bytes.fromhex(text)
    if len(raw) != ID_BYTES:
        raise ValueError("not an id")
    return raw


class _Index:
    """Texts in the order in which they were first asked for, and the place of each."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._places: dict[str, int] = {}

    def of(self, text: str) -> int:
        place = self._places.setdefault(text, len(self.values))
        if place == len(self.values):
            self.values.append(text)
        return place

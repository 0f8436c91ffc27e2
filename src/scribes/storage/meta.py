"""What the file knows of itself: its vault, this device, the spaces, the copy of its key header."""

from __future__ import annotations

from ..errors import Damaged
from ..ids import new_id
from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import Tx, Value


PUT = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"


@record
class Identity:
    """Who writes here: keys into `space` and `device`, the device's id as changes carry it, and the name under which
    the keys of its account are kept.
    """

    space: int
    device: int
    device_id: bytes
    account: str = "account"


def get(tx: Tx, name: str) -> Any:
    """A value by its name, or None."""
    found = tx.value("SELECT value FROM meta WHERE name = ?", (name,))
    # A column without a type is SQLite's alone: on Postgres it is text, where bytes stand in hexadecimal.
    return bytes.fromhex(found[2:]) if isinstance(found, str) and found.startswith("\\x") else found


def put(tx: Tx, name: str, value: Value) -> None:
    """Keep a value by name."""
    tx.run(PUT, (name, value))


def remove(tx: Tx, name: str) -> None:
    """Forget a value."""
    tx.run("DELETE FROM meta WHERE name = ?", (name,))


def found_vault(tx: Tx, *, vault: bytes, device_name: str) -> None:
    """The first rows of a new file: its id, the personal space, this device."""
    put(tx, "vault", vault)
    tx.run(
        "INSERT INTO space (id, kind, mode, name, created_us) VALUES (?, 'personal', 'sealed', 'personal', ?)",
        (new_id(tx.now_us), tx.now_us),
    )
    become_new_device(tx, device_name)


def become_new_device(tx: Tx, name: str) -> None:
    """Write from now on as a device that never wrote before, as a restored copy must: its log goes another way."""
    device = tx.run("INSERT INTO device (id, name, created_us) VALUES (?, ?, ?)", (new_id(tx.now_us), name, tx.now_us))
    put(tx, "device", device)


def identity(tx: Tx) -> Identity:
    """Who writes here.

    Raises: Damaged.
    """
    row = tx.row(
        "SELECT space.n, device.n, device.id FROM meta JOIN device ON device.n = CAST(meta.value AS BIGINT) JOIN space"
        " ON space.kind = 'personal' WHERE meta.name = 'device'"
    )
    if row is None:
        raise Damaged("the vault does not know its own device", hint="scribes doctor tells more")
    return Identity(*row)

"""Spaces, the remotes where their logs lie, and the devices that write in them."""

from __future__ import annotations

from ..errors import NotFound
from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from ..ports import Row, Tx

COLUMNS = "space.n, space.id, space.kind, space.name, space.role, space.remote_n, space.mode"


@record
class Space:
    """A space: its key, id, kind (personal, circle), name, the person's role in it, the key of its remote, and its
    mode: `sealed`, for its members alone, or `open`, where the server is one more device and reads along.
    """

    n: int
    id: bytes
    kind: str
    name: str
    role: str
    remote_n: int | None
    mode: str = "sealed"


@record
class RemotePlace:
    """Where logs lie: its key, the id it gives itself, its kind and its place on this machine."""

    n: int
    id: bytes
    kind: str
    place: str


def each(tx: Tx) -> list[Space]:
    """All spaces, the personal one first."""
    return [_space(row) for row in tx.rows(f"SELECT {COLUMNS} FROM space ORDER BY kind != 'personal', n")]


def some(tx: Tx, keys: Collection[int]) -> list[Space]:
    """Some spaces by their keys, the personal one first."""
    marks = ", ".join("?" * len(keys))
    sql = f"SELECT {COLUMNS} FROM space WHERE n IN ({marks}) ORDER BY kind != 'personal', n"
    return [_space(row) for row in tx.rows(sql, tuple(keys))] if keys else []


def get(tx: Tx, n: int) -> Space:
    """A space by its key.

    Raises: NotFound.
    """
    row = tx.row(f"SELECT {COLUMNS} FROM space WHERE n = ?", (n,))
    if row is None:
        raise NotFound("there is no such space")
    return _space(row)


def find(tx: Tx, id: bytes) -> Space | None:
    """A space by its id."""
    row = tx.row(f"SELECT {COLUMNS} FROM space WHERE id = ?", (id,))
    return _space(row) if row else None


def add(tx: Tx, id: bytes, *, kind: str, name: str, role: str, remote: int, mode: str = "sealed") -> Space:
    """A new space."""
    n = tx.run(
        "INSERT INTO space (id, kind, mode, name, created_us, role, remote_n) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (id, kind, mode, name, tx.now_us, role, remote),
    )
    return Space(n, id, kind, name, role, remote, mode)


def set_mode(tx: Tx, n: int, mode: str) -> None:
    """Whether a space is sealed or open, as its log says."""
    tx.run("UPDATE space SET mode = ? WHERE n = ?", (mode, n))


def name_it(tx: Tx, n: int, name: str) -> None:
    """Give a space its name."""
    tx.run("UPDATE space SET name = ? WHERE n = ?", (name, n))


def found(tx: Tx, n: int, *, id: bytes, remote: int) -> None:
    """Give a space the id and the place of its log: it had none that anybody else knew."""
    tx.run("UPDATE space SET id = ?, remote_n = ? WHERE n = ?", (id, remote, n))


def set_role(tx: Tx, n: int, role: str) -> None:
    """What the person may do in a space; "" when they are no longer in it."""
    tx.run("UPDATE space SET role = ? WHERE n = ?", (role, n))


def remotes(tx: Tx) -> list[RemotePlace]:
    """The remotes this device knows, the first one first."""
    return [RemotePlace(*row) for row in tx.rows("SELECT n, id, kind, place FROM remote ORDER BY n")]


def put_remote(tx: Tx, id: bytes, *, kind: str, place: str) -> RemotePlace:
    """A remote; one that is known may have moved to another place."""
    tx.run(
        "INSERT INTO remote (id, kind, place) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, place = excluded.place",
        (id, kind, place),
    )
    return RemotePlace(int(tx.value("SELECT n FROM remote WHERE id = ?", (id,))), id, kind, place)


def device_key(tx: Tx, id: bytes, *, member: bytes | None, is_certain: bool = False) -> int:
    """The key of a device's row, which is made where there is none. Whose it is, is as somebody said first; where it is
    certain, as the members of a space have it, that counts.
    """
    known = "excluded.member" if is_certain else "coalesce(device.member, excluded.member)"
    tx.run(
        "INSERT INTO device (id, name, created_us, member) VALUES (?, '', ?, ?)"
        f" ON CONFLICT (id) DO UPDATE SET member = {known}",
        (id, tx.now_us, member),
    )
    return int(tx.value("SELECT n FROM device WHERE id = ?", (id,)))


def member_of(tx: Tx, device: bytes) -> bytes | None:
    """The account of a device, where a log has told."""
    found: bytes | None = tx.value("SELECT member FROM device WHERE id = ?", (device,))
    return found


def name_device(tx: Tx, id: bytes, name: str) -> None:
    """What a device is called in the history."""
    device_key(tx, id, member=None)
    tx.run("UPDATE device SET name = ? WHERE id = ?", (name, id))


def _space(row: Row) -> Space:
    return Space(*row)


def keys(tx: Tx) -> tuple[int, ...]:
    """The keys of all spaces, the personal one first."""
    return tuple(row[0] for row in tx.rows("SELECT n FROM space ORDER BY kind != 'personal', n"))


def device_name(tx: Tx, id: bytes) -> str:
    """What a device is called; "" where nobody said."""
    return str(tx.value("SELECT name FROM device WHERE id = ?", (id,)) or "")

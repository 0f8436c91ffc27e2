"""The people whose open spaces a server keeps: the device through which it writes for each, and their roles."""

from __future__ import annotations

from ..errors import NotFound
from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ports import Tx

CHUNK = 500


@record
class HostedPerson:
    """Who is hosted: their key, the key and id of the device through which the server writes for them, the key of their
    personal space (0 where that is sealed, and so not here), what circles call them, and what they chose (JSON).
    """

    n: int
    device: int
    device_id: bytes
    space: int
    name: str
    settings: str


def prepare(tx: Tx) -> None:
    """What a server asks of the core's tables and a vault does not."""
    tx.run("CREATE INDEX IF NOT EXISTS change_in_space ON change (space_id, n)")


def add(tx: Tx, *, device: int, name: str) -> int:
    """A new person; their key."""
    return tx.run("INSERT INTO hosted (device_n, name) VALUES (?, ?)", (device, name))


def set_space(tx: Tx, n: int, space: int) -> None:
    """The personal space of a person lies here."""
    tx.run("UPDATE hosted SET space_n = ? WHERE n = ?", (space, n))


def rename(tx: Tx, n: int, name: str) -> None:
    """What circles call a person from now on."""
    tx.run("UPDATE hosted SET name = ? WHERE n = ?", (name, n))


def get(tx: Tx, n: int) -> HostedPerson:
    """A person by their key.

    Raises: NotFound.
    """
    row = tx.row(
        "SELECT hosted.n, device.n, device.id, coalesce(hosted.space_n, 0), hosted.name, settings FROM hosted"
        " JOIN device ON device.n = hosted.device_n WHERE hosted.n = ?",
        (n,),
    )
    if row is None:
        raise NotFound("there is no such account")
    return HostedPerson(*row)


def put_settings(tx: Tx, n: int, settings: str) -> None:
    """What a person chose, as JSON."""
    tx.run("UPDATE hosted SET settings = ? WHERE n = ?", (settings, n))


def review_rules(tx: Tx, n: int) -> str:
    """By what the cards of a person come back, parted by spaces; "" for what is so without a word."""
    return str(tx.value("SELECT review_rules FROM hosted WHERE n = ?", (n,)) or "")


def put_review_rules(tx: Tx, n: int, rules: str) -> None:
    """Keep by what the cards of a person come back."""
    tx.run("UPDATE hosted SET review_rules = ? WHERE n = ?", (rules, n))


def roles(tx: Tx, n: int) -> dict[int, str]:
    """The role of a person by the key of each space they are or were in."""
    return dict(tx.rows("SELECT space_n, role FROM hosted_space WHERE hosted_n = ?", (n,)))


def put_role(tx: Tx, n: int, space: int, role: str) -> None:
    """The role of a person in a space; "" when they are no longer in it."""
    tx.run(
        "INSERT INTO hosted_space (hosted_n, space_n, role) VALUES (?, ?, ?)"
        " ON CONFLICT (hosted_n, space_n) DO UPDATE SET role = excluded.role",
        (n, space, role),
    )


def by_device(tx: Tx, devices: Sequence[bytes]) -> dict[bytes, int]:
    """Those of some devices through which the server writes, and for whom."""
    found: dict[bytes, int] = {}
    for start in range(0, len(devices), CHUNK):
        some = devices[start : start + CHUNK]
        marks = ", ".join("?" * len(some))
        sql = f"SELECT device.id, hosted.n FROM device JOIN hosted ON device_n = device.n WHERE device.id IN ({marks})"
        found.update(tx.rows(sql, some))
    return found


def people_in(tx: Tx, space: int) -> list[tuple[int, str]]:
    """Who is in a space, with their role."""
    sql = "SELECT hosted_n, role FROM hosted_space WHERE space_n = ? AND role != '' ORDER BY hosted_n"
    return [(n, role) for n, role in tx.rows(sql, (space,))]


def ever_in(tx: Tx, space: int) -> set[int]:
    """Who is in a space, or was."""
    return {row[0] for row in tx.rows("SELECT hosted_n FROM hosted_space WHERE space_n = ?", (space,))}


def open_spaces(tx: Tx) -> tuple[int, ...]:
    """The keys of all spaces that somebody who is hosted is in."""
    return tuple(row[0] for row in tx.rows("SELECT DISTINCT space_n FROM hosted_space WHERE role != ''"))


def with_unsent(tx: Tx) -> list[int]:
    """The keys of the spaces in which something was written that their log lacks."""
    sql = (
        "SELECT DISTINCT space_id FROM change WHERE seq IS NULL"
        " AND space_id IN (SELECT space_n FROM hosted_space WHERE role != '')"
    )
    return [row[0] for row in tx.rows(sql)]


def forget(tx: Tx, n: int) -> None:
    """Remove a person; what they wrote in circles stays with those."""
    tx.run("DELETE FROM hosted_space WHERE hosted_n = ?", (n,))
    tx.run("DELETE FROM hosted WHERE n = ?", (n,))

"""The ways a reminder reaches a person from this device, and what was sent on them."""

from __future__ import annotations

from ..canonical import encode
from ..domain.breaker import Breaker
from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import Row, Tx

COLUMNS = "name, kind, config, secret, shows_text, failures, open_until_us"


@record
class StoredChannel:
    """A channel with its secrets, which leave this layer for the adapter alone."""

    name: str
    kind: str
    config: dict[str, str]
    secrets: dict[str, str]
    shows_text: bool
    breaker: Breaker


@record
class StoredDelivery:
    """What is known of one reminder on one channel."""

    key: str
    channel: str
    reminder: bytes
    due_us: int
    at_us: int
    attempts: int
    late: bool
    state: str
    error: str


def put(tx: Tx, channel: StoredChannel) -> None:
    """Keep a channel under its name."""
    tx.run(
        "INSERT INTO channel (name, kind, config, secret, shows_text, created_us) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, config = excluded.config, secret = excluded.secret,"
        " shows_text = excluded.shows_text, created_us = excluded.created_us, failures = 0, open_until_us = 0",
        (
            channel.name,
            channel.kind,
            encode(channel.config),
            encode(channel.secrets),
            int(channel.shows_text),
            tx.now_us,
        ),
    )


def remove(tx: Tx, name: str) -> None:
    """Forget a channel and its secrets."""
    tx.run("DELETE FROM channel WHERE name = ?", (name,))


def find(tx: Tx, name: str) -> StoredChannel | None:
    """A channel by its name."""
    row = tx.row(f"SELECT {COLUMNS} FROM channel WHERE name = ?", (name,))
    return _channel(row) if row else None


def each(tx: Tx) -> list[StoredChannel]:
    """All channels, the first one first."""
    return [_channel(row) for row in tx.rows(f"SELECT {COLUMNS} FROM channel ORDER BY n LIMIT 100")]


def set_breaker(tx: Tx, name: str, breaker: Breaker) -> None:
    """Keep how a channel fares."""
    sql = "UPDATE channel SET failures = ?, open_until_us = ? WHERE name = ?"
    tx.run(sql, (breaker.failures, breaker.open_until_us, name))


def record_delivery(tx: Tx, delivery: StoredDelivery) -> None:
    """Keep what is known of a delivery now; an earlier attempt of the same is replaced."""
    tx.run(
        "INSERT INTO delivery (key, channel, reminder, due_us, at_us, attempts, late, state, error)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET channel = excluded.channel,"
        " reminder = excluded.reminder, due_us = excluded.due_us, at_us = excluded.at_us,"
        " attempts = excluded.attempts, late = excluded.late, state = excluded.state, error = excluded.error",
        (
            delivery.key,
            delivery.channel,
            delivery.reminder,
            delivery.due_us,
            delivery.at_us,
            delivery.attempts,
            int(delivery.late),
            delivery.state,
            delivery.error,
        ),
    )


def give_up(tx: Tx, channel: str, *, why: str) -> None:
    """What waits for a channel does so no more."""
    tx.run("UPDATE delivery SET state = 'given up', error = ? WHERE channel = ? AND state = 'waiting'", (why, channel))


def deliveries(tx: Tx, *, limit: int) -> list[StoredDelivery]:
    """The last deliveries, the latest first."""
    sql = (
        "SELECT key, channel, reminder, due_us, at_us, attempts, late, state, error FROM delivery"
        " ORDER BY at_us DESC, key LIMIT ?"
    )
    return [StoredDelivery(*(*row[:6], bool(row[6]), *row[7:])) for row in tx.rows(sql, (limit,))]


def forget_deliveries(tx: Tx, *, before_us: int) -> None:
    """Forget what was delivered long ago."""
    tx.run("DELETE FROM delivery WHERE at_us < ?", (before_us,))


def _channel(row: Row) -> StoredChannel:
    return StoredChannel(row[0], row[1], _texts(row[2]), _texts(row[3]), bool(row[4]), Breaker(row[5], row[6]))


def _texts(packed: str) -> dict[str, str]:
    import json

    found: Any = json.loads(packed)
    return {str(name): str(value) for name, value in found.items()}

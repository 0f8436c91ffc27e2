"""What happened to accounts, for whoever runs the server: an event, a number, a network; never a secret."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import structlog

from ..database import Db
from ..tables.accounts import Audit

log = structlog.get_logger("scribes.server.audit")


def network_of(address: str) -> str:
    """The network of an address, in which it stands with many others; "" where it is none."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))


def note(db: Db, event: str, *, account: int | None, address: str) -> None:
    """Keep an event with the transaction it belongs to."""
    db.add(Audit(at_us=db.now_us, event=event, account_n=account, network=network_of(address)))
    log.info("account", event_kind=event, account=account)

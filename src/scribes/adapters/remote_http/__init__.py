"""A remote that is a server: `HttpRemote`, and the one spelling of a server's address."""

from __future__ import annotations

from .connection import address
from .remote import HttpRemote

__all__ = ["HttpRemote", "address"]

"""From which address a request comes. What proxies say of it is taken from those that are trusted, by uvicorn."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from fastapi import Request


def address_of(request: Request) -> str:
    """The address of the caller."""
    return request.client.host if request.client else ""


def rated(address: str) -> str:
    """What is counted as one caller: an IPv4 address, or the network of 64 bits that one IPv6 customer has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else address

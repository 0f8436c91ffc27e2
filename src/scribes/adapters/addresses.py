"""The address of a service that a person put into the settings, and whether texts may be sent to it."""

from __future__ import annotations

from ..errors import InvalidInput
from ..records import record

# Only these are this machine for certain, whatever a resolver says.
HERE = ("127.0.0.1", "::1", "localhost")


@record
class Address:
    """Where to post to, its host as errors name it, and whether that is this machine."""

    url: str
    host: str
    is_here: bool


def service_address(url: str, *, setting: str, ending: str, is_plain_http_allowed: bool = False) -> Address:
    """Return the address of a service that speaks OpenAI's interface, given with or without `/v1` and its `ending`.

    Raises: InvalidInput, naming the setting: it is no address, holds a password, or would send texts in the open.
    """
    from urllib.parse import urlsplit

    none = InvalidInput(f"{setting} is not an address", hint="such as http://localhost:11434")
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError as e:
        raise none from e
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise none
    if "@" in parts.netloc:
        raise InvalidInput(f"{setting} holds a password", hint="a key comes from the environment")
    is_here = host in HERE
    if parts.scheme == "http" and not is_here and not is_plain_http_allowed:
        raise InvalidInput(f"notes are not sent in the open to {host}", hint="an https:// address")
    path = parts.path.rstrip("/")
    if not path.endswith(ending):
        path += ending if path.endswith("/v1") else f"/v1{ending}"
    return Address(f"{parts.scheme}://{parts.netloc}{path}", host, is_here)

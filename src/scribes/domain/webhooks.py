"""Where a server may post what happens in a circle, and how that is signed. Rules alone: nothing is looked up."""

from __future__ import annotations

from ..errors import InvalidInput
from ..records import record

PORTS = (443, 8443)
MAX_URL_CHARS = 2_000
SIGNATURE, DELIVERY = "Scribes-Signature", "Scribes-Delivery"
HINT = "such as https://hooks.example.org/scribes"
# Names that a network gives to its own machines alone.
INNER = ("localhost", "local", "internal", "lan", "home", "corp", "intranet", "arpa", "onion", "test", "invalid")


@record
class Target:
    """Where to post to: its host as certificates name it, and what of the address is asked for there."""

    is_tls: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port, as the `Host` of a request says them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


def target(url: str, *, is_loopback_allowed: bool = False) -> Target:
    """What an address leads to. To this machine, also without TLS and at any port, only where that is allowed.

    Raises: InvalidInput.
    """
    from urllib.parse import urlsplit

    if not (url.isascii() and url.isprintable()) or set(url) & set(' "<>\\^`{|}') or len(url) > MAX_URL_CHARS:
        raise InvalidInput("this is no address for a webhook", hint=HINT)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as e:
        raise InvalidInput("this is no address for a webhook", hint=HINT) from e
    if parts.scheme not in ("https", "http") or not host or parts.fragment or "@" in parts.netloc or "%" in host:
        raise InvalidInput("this is no address for a webhook", hint=HINT)
    is_here = is_loopback_allowed and is_loopback(host)
    if not is_here:
        _check(parts.scheme, host, 443 if port is None else port)
    is_tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_tls, host, port or (443 if is_tls else 80), path)


def _check(scheme: str, host: str, port: int) -> None:
    if scheme != "https":
        raise InvalidInput("a webhook is called by https alone", hint=HINT)
    if port not in PORTS:
        raise InvalidInput("a webhook is called at port 443 or 8443", hint=HINT)
    last = host.rstrip(".").rpartition(".")[2]
    # Who ends in a number is an address in some spelling, however odd: a resolver takes 0x7f.1 for this machine.
    is_number = ":" in host or last.isdecimal() or last.startswith("0x")
    if is_number and not is_public(host):
        raise InvalidInput("a webhook is called at public addresses alone", hint=HINT)
    if not is_number and ("." not in host.rstrip(".") or last in INNER):
        raise InvalidInput("a webhook is called at public names alone", hint=HINT)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, whatever a resolver says."""
    from ipaddress import ip_address

    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Whether an address is of the public internet: none of a network of its own, of this machine, of many receivers,
    and none that stands for another one (IPv4 in IPv6).
    """
    from ipaddress import IPv6Address, ip_address, ip_network

    try:
        found = ip_address(address)
    except ValueError:
        return False
    if not found.is_global or found.is_multicast or found.is_reserved or found.is_unspecified or found.is_link_local:
        return False
    if isinstance(found, IPv6Address):
        stands_for_another = found.ipv4_mapped or found.sixtofour or found.teredo or found.scope_id
        return found in ip_network("2000::/3") and not stands_for_another
    return found not in ip_network("192.88.99.0/24")


def signature(secret: str, body: bytes, *, at_s: int) -> str:
    """What a receiver checks: the instant, and the HMAC-SHA256 of instant, a dot, and body."""
    import hashlib
    import hmac

    signed = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={signed}"

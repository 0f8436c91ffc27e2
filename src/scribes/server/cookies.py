"""Sessions of browsers: cookies that no script reads, and the proof that it was our own page that asked."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request, Response

from ..errors import Forbidden
from .accounts.sessions import IDLE_US, csrf_token, is_csrf_token
from .settings import ServerSettings

ACCESS, REFRESH, CSRF = "scribes_access", "scribes_refresh", "scribes_csrf"
CSRF_HEADER = "X-CSRF-Token"
REFRESH_PATH = "/v1/auth/refresh"
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def put(response: Response, settings: ServerSettings, *, access: str, refresh: str, csrf: str) -> None:
    """Give a browser its session."""
    secure = is_secure(settings)
    kept_s = IDLE_US // 1_000_000
    response.set_cookie(ACCESS, access, max_age=kept_s, path="/v1", secure=secure, httponly=True, samesite="lax")
    response.set_cookie(
        REFRESH, refresh, max_age=kept_s, path=REFRESH_PATH, secure=secure, httponly=True, samesite="strict"
    )
    # For our own pages to read, and to send back in a header.
    response.set_cookie(CSRF, csrf, max_age=kept_s, path="/", secure=secure, httponly=False, samesite="strict")


def clear(response: Response, settings: ServerSettings) -> None:
    """Take a browser's session away."""
    secure = is_secure(settings)
    response.delete_cookie(ACCESS, path="/v1", secure=secure, httponly=True, samesite="lax")
    response.delete_cookie(REFRESH, path=REFRESH_PATH, secure=secure, httponly=True, samesite="strict")
    response.delete_cookie(CSRF, path="/", secure=secure, httponly=False, samesite="strict")


def is_secure(settings: ServerSettings) -> bool:
    """Whether cookies travel over TLS alone: everywhere but in development and on the machine itself."""
    address = urlsplit(settings.base_url)
    return not (address.scheme == "http" and (settings.is_development or address.hostname in LOOPBACK))


def check_origin(request: Request, settings: ServerSettings) -> None:
    """Refuse what a page of another origin asks.

    Raises: Forbidden.
    """
    origin = request.headers.get("origin")
    known = (origin_of(settings.base_url), *settings.allowed_origins)
    foreign = origin not in known if origin else request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if foreign:
        raise Forbidden("a page of another origin asks")


def check_csrf(request: Request, settings: ServerSettings, key: bytes, session: bytes) -> None:
    """Refuse a change that a browser asks for without the token of its session: another page may have made it ask.

    Raises: Forbidden.
    """
    if request.method in SAFE:
        return
    check_origin(request, settings)
    if not is_csrf_token(key, session, request.headers.get(CSRF_HEADER, "")):
        raise Forbidden("the CSRF token is missing or not of this session", hint=f"send it as {CSRF_HEADER}")


def origin_of(url: str) -> str:
    """The origin of an address."""
    found = urlsplit(url)
    return f"{found.scheme}://{found.netloc}"


__all__ = ["ACCESS", "CSRF", "CSRF_HEADER", "REFRESH", "check_csrf", "check_origin", "clear", "csrf_token", "put"]

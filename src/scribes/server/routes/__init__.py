"""The routes, a module a noun: arguments in, one call, the answer out."""

from __future__ import annotations

from importlib import import_module

from fastapi import APIRouter

from .. import schemas

# The framework tries one route after another, so what is asked most comes first.
ORDER = (
    "notes.router",
    "sync.router",
    "health.router",
    "auth.router",
    "account.router",
    "account.resets",
    "passkeys.login",
    "passkeys.router",
    "highlights.router",
    "comments.router",
    "conflicts.router",
    "search.router",
    "crossrefs.router",
    "scripture.router",
    "reminders.router",
    "reviews.router",
    "prayers.router",
    "days.router",
    "assistant.router",
    "blobs.router",
    "transfers.router",
    "circles.router",
    "invitations.router",
    "webhooks.router",
    "events.router",
)


def routers() -> tuple[APIRouter, ...]:
    """All routers. They are loaded when they are first asked for: the models, of which their schemas are made, are
    complete by then.
    """
    schemas.complete()
    return tuple(_router(*place.split(".")) for place in ORDER)


def _router(module: str, name: str) -> APIRouter:
    found: APIRouter = getattr(import_module(f"{__name__}.{module}"), name)
    return found

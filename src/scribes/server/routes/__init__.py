"""The routes, a module a noun: arguments in, one call, the answer out."""

from __future__ import annotations

from fastapi import APIRouter

from . import account, auth, circles, crossrefs, events, health, notes, scripture, search, sync


def routers() -> tuple[APIRouter, ...]:
    """All routers, in the order of the documentation."""
    return (
        health.router,
        auth.router,
        account.router,
        notes.router,
        search.router,
        crossrefs.router,
        scripture.router,
        circles.router,
        sync.router,
        events.router,
    )

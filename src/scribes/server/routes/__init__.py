"""The routes, a module a noun: arguments in, one call, the answer out."""

from __future__ import annotations

from fastapi import APIRouter

from .. import schemas


def routers() -> tuple[APIRouter, ...]:
    """All routers. The framework tries one route after another, so what is asked most comes first."""
    # Now, and not before the models are complete, of which the schemas are made.
    schemas.complete()
    from . import (
        account,
        assistant,
        auth,
        blobs,
        circles,
        comments,
        conflicts,
        crossrefs,
        days,
        events,
        health,
        highlights,
        invitations,
        notes,
        passkeys,
        prayers,
        reminders,
        reviews,
        scripture,
        search,
        sync,
        transfers,
        webhooks,
    )

    return (
        notes.router,
        sync.router,
        health.router,
        auth.router,
        account.router,
        account.resets,
        passkeys.login,
        passkeys.router,
        highlights.router,
        comments.router,
        conflicts.router,
        search.router,
        crossrefs.router,
        scripture.router,
        reminders.router,
        reviews.router,
        prayers.router,
        days.router,
        assistant.router,
        blobs.router,
        transfers.router,
        circles.router,
        invitations.router,
        webhooks.router,
        events.router,
    )

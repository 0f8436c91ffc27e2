"""The document of the interface, /v1/openapi.json: what FastAPI writes, and what it cannot know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi.routing import APIRoute

from .access import BY_COOKIE, BY_TOKEN, signed_in
from .routes import routers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant

EVENTS, JSON = "text/event-stream", "application/json"


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """The document, with who has to be signed in for what, and in which form a failure of a stream comes."""
    proofs: list[dict[str, list[str]]] = [{proof.scheme_name: []} for proof in (BY_TOKEN, BY_COOKIE)]
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    for proof in (BY_TOKEN, BY_COOKIE):
        schemes[proof.scheme_name] = proof.model.model_dump(mode="json", by_alias=True, exclude_none=True)
    for route in (route for router in routers() for route in router.routes):
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in (route.methods or set()) & {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}:
                said = document["paths"][route.path_format].get(method.lower(), {})
                if any(one.call is signed_in for one in _within(route.dependant)):
                    said["security"] = proofs
                _mend(said)
    return document


def _within(dependant: Dependant) -> Iterator[Dependant]:
    """All that a route depends on, itself included."""
    yield dependant
    for one in dependant.dependencies:
        yield from _within(one)


def _mend(said: dict[str, Any]) -> None:
    """A failure is JSON also where all else is a stream of events."""
    for status, one in said.get("responses", {}).items():
        if not status.startswith("2") and EVENTS in one.get("content", {}):
            one["content"] = {JSON: one["content"][EVENTS]}

"""The document of the interface, /v1/openapi.json: what FastAPI writes, and what it cannot know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fastapi.routing import APIRoute

from .access import BY_COOKIE, BY_TOKEN, signed_in
from .routes import routers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastapi.dependencies.models import Dependant

EVENTS, JSON = "text/event-stream", "application/json"
# The groups at /docs, in the order in which somebody new meets them.
GROUPS = (
    ("auth", "Sign up, sign in, and out. Most else takes the access token as `Authorization: Bearer TOKEN`."),
    ("passkeys", "Sign in without a password."),
    ("account", "One's account: its name, address and password, where it is signed in, its end."),
    ("notes", "Write, read and change notes; nothing is final."),
    ("highlights", "Words of a note that are marked."),
    ("search", "Find notes by their words and by what they mean."),
    ("scripture", "Bible texts, and the passages that notes name."),
    ("cross-references", "Notes that belong together."),
    ("reminders", "What shall come back at its time."),
    ("reviews", "Cards to remember, spaced."),
    ("prayers", "What to pray for, and what became of it."),
    ("days", "What a day holds, figures, and what one chose."),
    ("assistant", "A note in other words, where the server has an assistant."),
    ("circles", "People who share notes and prayers."),
    ("comments", "What is said about what is shared."),
    ("conflicts", "Places that two people changed, to choose in."),
    ("webhooks", "Tell a program of one's own what happens in a circle."),
    ("files", "Files, sent in pieces."),
    ("exports and imports", "All notes as a zip, and notes from elsewhere."),
    ("sync", "What devices with Scribes on them speak: sealed logs, letters, news."),
    ("health", "Whether the server is well."),
)
TAGS = [{"name": name, "description": description} for name, description in GROUPS]
RAISES = re.compile(r"\s*\bRaises:.*", re.DOTALL)
SENTENCE_END, CLAUSE_END = re.compile(r"[.;](?=\s|$)"), re.compile(r"[.;:](?=\s|$)")
LONG_SUMMARY_CHARS = 80


def operation_id(route: APIRoute) -> str:
    """The name of an operation in the document: its group and its function, so it stays where its path changes."""
    group = str(route.tags[0]) if route.tags else "none"
    return f"{re.sub('[^a-z]+', '_', group.lower())}_{route.name}"


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
                _word(said, route)
                _mend(said)
    return document


def _within(dependant: Dependant) -> Iterator[Dependant]:
    """All that a route depends on, itself included."""
    yield dependant
    for one in dependant.dependencies:
        yield from _within(one)


def _word(said: dict[str, Any], route: APIRoute) -> None:
    """What a route says of itself is for callers, and the beginning of that is its heading."""
    described = RAISES.sub("", said.get("description", ""))
    if described:
        said["description"] = described
        said["summary"] = route.summary or _heading(" ".join(described.split()))


def _heading(described: str) -> str:
    """The first sentence, or of a long one what stands before its colon."""
    first = SENTENCE_END.split(described, maxsplit=1)[0]
    return first if len(first) <= LONG_SUMMARY_CHARS else CLAUSE_END.split(described, maxsplit=1)[0]


def _mend(said: dict[str, Any]) -> None:
    """A failure is JSON also where all else is a stream of events, which OpenAPI 3.1 has no schema for."""
    for one in said.get("parameters", ()):
        # What is left out: no value, so none that the schema would have to take.
        if one.get("schema", {}).get("default") == "":
            del one["schema"]["default"]
    for status, one in said.get("responses", {}).items():
        if not status.startswith("2") and EVENTS in one.get("content", {}):
            one["content"] = {JSON: one["content"][EVENTS]}
        elif "itemSchema" in one.get("content", {}).get(EVENTS, {}):
            one["content"][EVENTS] = {}

"""The routes of a server as its own document tells them: what a test asks of all, it asks of those to come too."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from scribes.server.routes import routers

METHODS = ("get", "head", "put", "post", "delete", "patch")
JSON = "application/json"
EVENTS = "text/event-stream"
NOTHING: Any = object()


@dataclass(frozen=True)
class Operation:
    """A method of a path, and what the document says of it."""

    method: str
    path: str
    said: dict[str, Any]
    document: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def places(self) -> list[tuple[str, str]]:
        """The parameters of the path, each with the path up to it, which tells what it names."""
        return [(found[1], self.path[: found.end()]) for found in re.finditer(r"\{(\w+)\}", self.path)]

    def parameters(self, where: str) -> list[dict[str, Any]]:
        """What it takes in the `query`, in a `header` or in the `path`."""
        return [one for one in self.said.get("parameters", ()) if one["in"] == where]

    @property
    def bodies(self) -> dict[str, Any]:
        """What it takes as a body, by the type of that."""
        found: dict[str, Any] = self.said.get("requestBody", {}).get("content", {})
        return found

    @property
    def answers_with_events(self) -> bool:
        """Whether its answer goes on and on."""
        return any(EVENTS in one.get("content", {}) for one in self.said["responses"].values())

    def example(self) -> Any:
        """The first example of its JSON body; NOTHING, where it has no such body or the body no example."""
        return self.examples()[0] if self.examples() else NOTHING

    def examples(self) -> list[Any]:
        """All examples of its JSON body."""
        media = self.bodies.get(JSON)
        if media is None:
            return []
        found = _written(media)
        return found or self._of_schema(media.get("schema", {}))

    def _of_schema(self, schema: dict[str, Any]) -> list[Any]:
        schema = self.resolved(schema)
        found = _written(schema)
        if found:
            return found
        for one in schema.get("anyOf", ()):
            found = self._of_schema(one)
            if found:
                return found
        made = {}
        for name, part in schema.get("properties", {}).items():
            found = self._of_schema(part)
            if found:
                made[name] = found[0]
            elif name in schema.get("required", ()):
                return []
        return [made] if made else []

    def fields(self) -> dict[str, Any]:
        """The fields of its JSON body, where that has some."""
        schema = self.resolved(self.bodies.get(JSON, {}).get("schema", {}))
        for one in schema.get("anyOf", ()):
            schema = self.resolved(one) if "properties" not in schema else schema
        found: dict[str, Any] = schema.get("properties", {})
        return found

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A schema, where it was named as well as where it stands in place."""
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema


def operations(app: FastAPI) -> list[Operation]:
    """Every operation of an app, as whoever fetches /v1/openapi.json reads of them."""
    document = json.loads(json.dumps(app.openapi()))
    return [
        Operation(method.upper(), path, item[method], document)
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


def undocumented(app: FastAPI) -> Iterator[str]:
    """Routes that the app answers and the document does not tell of."""
    known = app.openapi()["paths"]
    for route in (*app.routes, *(route for router in routers() for route in router.routes)):
        path = getattr(route, "path_format", getattr(route, "path", ""))
        if path and path not in known:
            yield path


def _written(where: dict[str, Any]) -> list[Any]:
    if "example" in where:
        return [where["example"]]
    found = where.get("examples", ())
    return [one["value"] for one in found.values()] if isinstance(found, dict) else list(found)

"""docs/reference/api.md from the OpenAPI document of the server: every route, what it takes and what it answers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import Any

from scribes.server.app import create_app
from scribes.server.settings import ServerSettings

METHODS = ("get", "head", "post", "put", "patch", "delete")
DEPTH = 6
INTRODUCTION = """\
All routes of a server ([how to run one](../how-to/server.md); [a walk with curl](../how-to/api.md)). The same stands
for programs at `/v1/openapi.json` of a running server, and to try out at `/docs` of one whose `mode` is `development`.

Who asks proves who they are by `Authorization: Bearer TOKEN`, or in a browser by cookies and the header `X-CSRF-Token`
([accounts](../how-to/server-accounts.md)). Every failure is answered as `{"error": {"code", "message", "traceId"}}`,
often with a `hint`; the codes stand in [errors](errors.md). Lists are walked by `cursor`: the `next` of a page is the
cursor of the next one. Times are ISO 8601 with their offset."""


def document() -> dict[str, Any]:
    """The OpenAPI document of a server whose every feature is on."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(ServerSettings(mode="development", data_folder=folder, log_level="error"))
        try:
            found: dict[str, Any] = app.openapi()
        finally:
            app.state.server.close()
    return found


def page(notice: str) -> str:
    """The page."""
    found = document()
    lines = ["# The interface under /v1", "", notice, "", INTRODUCTION, ""]
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in found["paths"].items():
        for method in METHODS:
            if method in methods:
                tag = methods[method].get("tags", ["other"])[0]
                by_tag.setdefault(tag, []).append((method.upper(), path, methods[method]))
    for tag, routes in by_tag.items():
        lines += [f"## {tag.capitalize()}", ""]
        for method, path, route in routes:
            lines += _route(found, method, path, route)
    return "\n".join(lines).rstrip() + "\n"


def _route(found: dict[str, Any], method: str, path: str, route: dict[str, Any]) -> Iterator[str]:
    yield f"### {method} {path}"
    yield ""
    text = route.get("description") or route.get("summary", "")
    yield " ".join(text.split())
    yield ""
    rows = [_parameter(found, one) for one in route.get("parameters", ())]
    if rows:
        yield from ("| parameter | in | what it takes |", "|---|---|---|", *rows, "")
    for kind, content in route.get("requestBody", {}).get("content", {}).items():
        example = _example(found, content)
        if kind == "application/json" and example is not None:
            yield from ("```json", json.dumps(example, indent=2, ensure_ascii=False), "```", "")
        else:
            yield from (f"Takes `{kind}`.", "")
    yield f"Answers {_answers(route)}."
    yield ""


def _parameter(found: dict[str, Any], one: dict[str, Any]) -> str:
    schema = one.get("schema", {})
    said = [_type(found, schema)]
    if schema.get("default") not in (None, ""):
        said.append(f"default `{schema['default']}`")
    if one.get("required") and one["in"] != "path":
        said.append("needed")
    if one.get("description"):
        said.append(one["description"].rstrip("."))
    return f"| `{one['name']}` | {one['in']} | {'; '.join(' '.join(part.split()) for part in said)} |".replace(
        "\\|", "/"
    )


def _type(found: dict[str, Any], schema: dict[str, Any]) -> str:
    schema = _resolved(found, schema)
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_type(found, part) for part in schema["anyOf"] if part.get("type") != "null")
    name = str(schema.get("format") or schema.get("type", "anything"))
    low, high = schema.get("minimum"), schema.get("maximum")
    return f"{name} {low} to {high}" if low is not None and high is not None else name


def _answers(route: dict[str, Any]) -> str:
    said = []
    for status, answer in route["responses"].items():
        if status in ("default", "422"):
            continue
        schema = next(iter(answer.get("content", {}).values()), {}).get("schema", {})
        name = _name(schema)
        said.append(f"{status} with {name}" if name else status)
    return ", ".join(said)


def _name(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if schema.get("type") == "array":
        inner = _name(schema.get("items", {}))
        return f"a list of {inner}" if inner else "a list"
    return ""


def _example(found: dict[str, Any], content: dict[str, Any]) -> Any:
    if "example" in content:
        return content["example"]
    for one in content.get("examples", {}).values():
        return one.get("value")
    return _made(found, content.get("schema", {}), DEPTH)


def _made(found: dict[str, Any], schema: dict[str, Any], depth: int) -> Any:
    """An example of a schema: what it says itself, else one of each part that must be there."""
    schema = _resolved(found, schema)
    if schema.get("examples"):
        return schema["examples"][0]
    if "example" in schema:
        return schema["example"]
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return _made(found, schema["anyOf"][0], depth)
    kind = schema.get("type")
    if kind == "object" and depth:
        return {name: _made(found, part, depth - 1) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [_made(found, schema.get("items", {}), depth - 1)] if depth else []
    return {"string": "…", "integer": 1, "number": 1.0, "boolean": True}.get(str(kind))


def _resolved(found: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        at: Any = found
        for part in schema["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        schema = at
    return schema

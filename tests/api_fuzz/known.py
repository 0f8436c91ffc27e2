"""What the fuzzer takes for a fault and is none, each with the reason."""

from __future__ import annotations

import json
import re

UNDECLARED = "Wrong response to undeclared method"
VALID_REJECTED = "Schema-valid request rejected"


def is_known(operation: str, title: str, said: str, paths: set[str]) -> bool:
    """Whether a failure is none. `said`: the body of the answer; `paths`: all of the document."""
    if title == VALID_REJECTED:
        return operation.startswith("HEAD") or not _is_of_the_document(said)
    if (operation, title) == ("PATCH /v1/settings", "Schema-violating request accepted"):
        # Its numbers are plain ones of the core, and there true counts as 1.
        return True
    # With another method, /v1/sync/news may ask for the space "news", and a circle may be called "join".
    return title == UNDECLARED and _is_of_another(operation.partition(" ")[2], paths)


def _is_of_another(path: str, paths: set[str]) -> bool:
    """Whether a path is also one of those that take anything in its place."""
    patterns = [re.sub(r"\\{\w+\\}", "[^/]+", re.escape(other)) for other in paths if other != path]
    return any(re.fullmatch(pattern, path) for pattern in patterns)


def _is_of_the_document(said: str) -> bool:
    """Whether it was the form that was refused, which the document describes, and not what it says: that the words name
    no passage, no time, no zone.
    """
    try:
        message = json.loads(said)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return True
    # A "value error" is of a check in code: that a name has only characters that can be seen, say.
    is_form = str(message).startswith(("body", "query", "path", "header", "cookie"))
    return is_form and ": value error, " not in message

"""What the fuzzer takes for a fault and is none, each with the reason."""

from __future__ import annotations

import json

VALID_REJECTED = "Schema-valid request rejected"


def is_known(operation: str, title: str, said: str) -> bool:
    """Whether a failure is none. `said`: the body of the answer."""
    if title == VALID_REJECTED:
        return operation.startswith("HEAD") or not _is_of_the_document(said)
    return False


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

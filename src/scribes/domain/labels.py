"""Tags and topics: how they are spelt, and how #tags are read from a text."""

from __future__ import annotations

from ..errors import InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LENGTH = 100
OPENERS = "([{,;\"'"


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags as they are kept: lower case, no leading #, words joined by hyphens, sorted, each once.

    Raises: InvalidInput.
    """
    return tuple(sorted({clean_tag(tag) for tag in tags}))


def clean_tag(tag: str) -> str:
    """One tag as it is kept.

    Raises: InvalidInput.
    """
    clean = "-".join(tag.strip().lstrip("#").split()).lower()
    if not clean or len(clean) > MAX_LENGTH or not any(map(str.isalnum, clean)) or not clean.isprintable():
        raise InvalidInput(f"{tag!r} is not a tag", hint=f"letters, digits and hyphens, at most {MAX_LENGTH}")
    return clean


def clean_topics(topics: Iterable[str]) -> tuple[str, ...]:
    """Topics as they are kept: white space folded, spelling as given, sorted, each once.

    Raises: InvalidInput.
    """
    folded = {" ".join(topic.split()) for topic in topics}
    for topic in folded:
        if not topic or len(topic) > MAX_LENGTH or not topic.isprintable():
            raise InvalidInput(f"{topic!r} is not a topic", hint=f"a few words, at most {MAX_LENGTH} characters")
    return tuple(sorted(folded))


def hashtags(text: str) -> set[str]:
    """The #tags in a text, in lower case."""
    return {name.lower() for name in marked(text, "#")}


def marked(text: str, sign: str) -> set[str]:
    """The names behind a sign: it stands at the start of a word, a letter behind it, then letters, digits, - and _."""
    found = set()
    at = text.find(sign)
    while at >= 0:
        end = at + 1
        while end < len(text) and (text[end].isalnum() or text[end] in "-_"):
            end += 1
        name = text[at + 1 : end].rstrip("-_")
        begins_a_word = at == 0 or text[at - 1].isspace() or text[at - 1] in OPENERS
        if begins_a_word and name[:1].isalpha() and len(name) <= MAX_LENGTH:
            found.add(name)
        at = text.find(sign, end)
    return found

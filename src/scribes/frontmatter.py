"""Markdown with YAML front matter, in and out; the only importer of `yaml`. What is read is never trusted."""

from __future__ import annotations

from datetime import date, datetime, time

import yaml

from .domain.dates import localised
from .errors import InvalidInput
from .models.notes import NewNote, Note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FENCE = "---"
MAX_FRONT_CHARS = 64 * 1024
MAX_LIST = 1_000
# libyaml where the wheel has it: fifteen times as fast. The safe loaders make plain data only, never objects.
DUMPER: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
PLAIN_TAGS = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:null")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads texts, dates and lists alone: YAML 1.1 would take 3:16 for the number 196 and yes for true."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the name and shape are PyYAML's
        first: [(tag, pattern) for tag, pattern in resolvers if tag in PLAIN_TAGS]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


SPEAKER_NAMES = ("speaker", "author", "preacher")


def read(text: str, *, fallback_title: str = "") -> NewNote:
    """The note in a Markdown text. Without a title in front it has that of a leading heading, or the fallback.

    Raises: InvalidInput.
    """
    front, body = split(text)
    fields = _fields(front)
    title = _text(fields, "title")
    # A title that is given, be it empty, is the title.
    named = fields.get("title") is not None
    if not named and body.startswith("# "):
        heading, _, rest = body.partition("\n")
        title, body = heading[2:].strip(), rest.lstrip("\n")
    return NewNote(
        title=title if named else title or fallback_title,
        body=body,
        occurred_at=_moment(fields),
        speaker=next((name for name in (_text(fields, key) for key in SPEAKER_NAMES) if name), ""),
        venue=_text(fields, "venue"),
        series=_text(fields, "series"),
        tags=_words(fields, "tags"),
        topics=_words(fields, "topics"),
    )


def write(note: Note, *, with_id: bool = True) -> str:
    """The note as Markdown with front matter; `read` gives the same note back."""
    fields: dict[str, Any] = {"id": note.id} if with_id else {}
    fields |= {"title": note.title, "date": _day_or_moment(note.occurred_at)}
    for name in ("speaker", "venue", "series", "tags", "topics"):
        value = getattr(note, name)
        if value or not with_id:
            fields[name] = list(value) if isinstance(value, tuple) else value
    front = "".join(_line(name, value) for name, value in fields.items())
    return f"{FENCE}\n{front}{FENCE}\n\n{note.body}\n"


def has_front(text: str) -> bool:
    """Whether a text begins with front matter that also ends."""
    try:
        return bool(split(text)[0].strip())
    except InvalidInput:
        return False


def split(text: str) -> tuple[str, str]:
    """The front matter (empty if there is none) and the body behind it.

    Raises: InvalidInput, when front matter begins and does not end.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if not text.startswith(FENCE + "\n"):
        return "", text.strip("\n")
    # A closing fence right behind the opening one is empty front matter.
    end = text.find(f"\n{FENCE}", len(FENCE))
    while end >= 0 and text[end + 4 : end + 5] not in ("\n", ""):
        end = text.find(f"\n{FENCE}", end + 1)
    if end < 0:
        raise InvalidInput("the front matter has no end", hint="close it with a line of three hyphens")
    if end > MAX_FRONT_CHARS:
        raise InvalidInput(f"the front matter is longer than {MAX_FRONT_CHARS} characters")
    return text[len(FENCE) + 1 : end + 1], text[end + 4 :].strip("\n")


def _line(name: str, value: Any) -> str:
    """A field as people write it: one line, lists in brackets, dates bare."""
    if isinstance(value, list):
        items = yaml.dump(value, Dumper=DUMPER, default_flow_style=True, allow_unicode=True, width=1_000_000)
        return f"{name}: {items}"
    return str(yaml.dump({name: value}, Dumper=DUMPER, default_flow_style=False, allow_unicode=True, width=1_000_000))


def _day_or_moment(moment: datetime) -> date | datetime:
    """The day alone where the time is a local midnight, else the moment."""
    midnight = localised(datetime.combine(moment.date(), time()))
    return moment.date() if (moment, moment.utcoffset()) == (midnight, midnight.utcoffset()) else moment


def _fields(front: str) -> dict[str, Any]:
    if not front.strip():
        return {}
    try:
        fields = yaml.load(front, Loader=_Loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        line = getattr(getattr(e, "problem_mark", None), "line", None)
        where = f" in line {line + 2}" if line is not None else ""
        raise InvalidInput(
            f"the front matter is not YAML{where}", hint='put quotes around text with a colon: "Acts: 1"'
        ) from e
    if fields is None:
        return {}
    if not isinstance(fields, dict):
        raise InvalidInput("the front matter is not a list of `name: value`")
    return {str(name).lower(): value for name, value in fields.items() if isinstance(name, str)}


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, (str, int, float, date)) and not isinstance(value, bool):
        return str(value)
    raise InvalidInput(f"{name} in the front matter is not a text", hint=f'{name}: "…"')


def _words(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    value = fields.get(name)
    if value is None or value == "":
        return ()
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or len(items) > MAX_LIST or not all(isinstance(x, (str, int, date)) for x in items):
        raise InvalidInput(f"{name} in the front matter is not a list of words", hint=f"{name}: [grace, hope]")
    return tuple(str(item).strip() for item in items if str(item).strip())


def _moment(fields: dict[str, Any]) -> datetime | None:
    value = fields.get("date")
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return localised(value)
    if isinstance(value, date):
        return localised(datetime.combine(value, time()))
    try:
        return localised(datetime.fromisoformat(str(value).strip()))
    except ValueError:
        raise InvalidInput(f"date in the front matter is {str(value)[:40]!r}", hint="date: 2026-11-22") from None

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
LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
SPEAKER_NAMES = ("speaker", "author", "preacher")


def read(text: str, *, fallback_title: str = "") -> NewNote:
    """The note in a Markdown text. Without a title in front it has that of a leading heading, or the fallback.

    Raises: InvalidInput.
    """
    front, body = split(text)
    fields = _fields(front)
    title = _text(fields, "title")
    if not title and body.startswith("# "):
        heading, _, rest = body.partition("\n")
        title, body = heading[2:].strip(), rest.lstrip("\n")
    return NewNote(
        title=title or fallback_title,
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
    fields["title"] = note.title
    fields["date"] = day_or_moment(note.occurred_at)
    for name in ("speaker", "venue", "series"):
        if getattr(note, name) or not with_id:
            fields[name] = getattr(note, name)
    for name in ("tags", "topics"):
        if getattr(note, name) or not with_id:
            fields[name] = list(getattr(note, name))
    front = yaml.dump(fields, Dumper=DUMPER, sort_keys=False, allow_unicode=True, default_flow_style=None, width=10_000)
    return f"{FENCE}\n{front}{FENCE}\n\n{note.body}\n"


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


def day_or_moment(moment: datetime) -> str:
    """The day alone where the time is midnight, else the moment to the second (or finer, where it has a fraction)."""
    if (
        moment.timetz().replace(tzinfo=None) == time()
        and moment.utcoffset() == localised(datetime.combine(moment.date(), time())).utcoffset()
    ):
        return moment.date().isoformat()
    return moment.isoformat()


def _fields(front: str) -> dict[str, Any]:
    if not front.strip():
        return {}
    try:
        fields = yaml.load(front, Loader=LOADER)  # noqa: S506 - a safe loader
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

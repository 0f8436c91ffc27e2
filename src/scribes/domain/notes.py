"""What a note's content is, and how it is said as the fields of a change."""

from __future__ import annotations

from ..errors import InvalidInput
from ..records import record
from .dates import from_us, instant, localised, offset_minutes, to_us
from .labels import clean_tags, clean_topics, hashtags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from ..models import NewNote, NotePatch
    from .changes import State

KIND = "note"
MOVED = "moved"
"""The field of a note that went into a circle, or out of one: the id it has there."""
MAX_BODY_CHARS = 16_000_000
MAX_LINE_CHARS = 1_000


@record
class Content:
    """All of a note that people can change. `occurred_us` is UTC; the offset (minutes east) is how it was written."""

    title: str = ""
    body: str = ""
    occurred_us: int = 0
    occurred_offset: int = 0
    speaker: str = ""
    venue: str = ""
    series: str = ""
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    deleted_us: int | None = None
    refs: tuple[tuple[str, str, int, int], ...] = ()
    """What a person chose about references (domain/passages.py): [choice, text, start, end]."""
    links: tuple[tuple[str, str, str], ...] = ()
    """What a person chose about links to other notes (domain/links.py): [choice, id, why]."""


PLAIN_FIELDS = ("title", "speaker", "venue", "series")
LISTS = ("tags", "topics")


def content_of_new(new: NewNote, now: datetime) -> Content:
    """The content of a new note; #tags in its text become tags.

    Raises: InvalidInput.
    """
    moment = localised(new.occurred_at or now.replace(microsecond=0))
    written = hashtags(new.title) | hashtags(new.body)
    return Content(
        title=_line("title", new.title),
        body=_text(new.body),
        occurred_us=to_us(moment),
        occurred_offset=offset_minutes(moment),
        speaker=_line("speaker", new.speaker),
        venue=_line("venue", new.venue),
        series=_line("series", new.series),
        tags=clean_tags([*new.tags, *written]),
        topics=clean_topics(new.topics),
    )


def patched(content: Content, patch: NotePatch) -> Content:
    """The content with a patch applied. A #tag that came into the text is added, one that left it is removed.

    Raises: InvalidInput.
    """
    moment = None if patch.occurred_at is None else localised(patch.occurred_at)
    title = content.title if patch.title is None else _line("title", patch.title)
    body = content.body if patch.body is None else _text(patch.body)
    if not title and not body.strip():
        raise InvalidInput("a note cannot be empty", hint="scribes rm moves it to the trash")
    tags = content.tags if patch.tags is None else clean_tags(patch.tags)
    before, after = hashtags(content.title) | hashtags(content.body), hashtags(title) | hashtags(body)
    return Content(
        title=title,
        body=body,
        occurred_us=content.occurred_us if moment is None else to_us(moment),
        occurred_offset=content.occurred_offset if moment is None else offset_minutes(moment),
        speaker=content.speaker if patch.speaker is None else _line("speaker", patch.speaker),
        venue=content.venue if patch.venue is None else _line("venue", patch.venue),
        series=content.series if patch.series is None else _line("series", patch.series),
        tags=clean_tags((set(tags) - (before - after)) | (after - before)),
        topics=content.topics if patch.topics is None else clean_topics(patch.topics),
        deleted_us=content.deleted_us,
        refs=content.refs,
        links=content.links,
    )


def fields_between(before: Content | None, after: Content) -> dict[str, Any]:
    """The fields of a change that leads from one content to another; the text is not among them."""
    old = before or Content()
    fields: dict[str, Any] = {}
    for name in PLAIN_FIELDS:
        if getattr(old, name) != getattr(after, name):
            fields[name] = getattr(after, name)
    for name in LISTS:
        if getattr(old, name) != getattr(after, name):
            fields[name] = list(getattr(after, name))
    occurred = [after.occurred_us, after.occurred_offset]
    if before is None or [old.occurred_us, old.occurred_offset] != occurred:
        fields["occurred"] = occurred
    if old.deleted_us != after.deleted_us:
        fields["deleted"] = after.deleted_us
    if old.refs != after.refs:
        fields["refs"] = [list(choice) for choice in after.refs]
    if old.links != after.links:
        fields["links"] = [list(choice) for choice in after.links]
    return fields


def content_at(state: State) -> Content:
    """The content that a state of the history holds.

    What a field cannot be counts as not said: it comes from a device in error, or from somebody who means ill, and must
    not make the rest of a note, or what is written on top of it, unreadable.
    """
    said = state.fields
    occurred_us, occurred_offset = _moment(said.get("occurred"), state.created_us)
    title, speaker, venue, series = (_said(said.get(name)) for name in PLAIN_FIELDS)
    return Content(
        body=state.text,
        occurred_us=occurred_us,
        occurred_offset=occurred_offset,
        deleted_us=instant(said.get("deleted")),
        title=title,
        speaker=speaker,
        venue=venue,
        series=series,
        tags=_labels(said.get("tags")),
        topics=_labels(said.get("topics")),
        refs=_choices(said["refs"]) if said.get("refs") else (),
        links=_link_choices(said["links"]) if said.get("links") else (),
    )


def summary(before: Content | None, after: Content) -> str:
    """What changed, in a few words: "title, text +12 -3 words, tag +hope"."""
    if before is None:
        return "written"
    parts = []
    if before.deleted_us != after.deleted_us:
        parts.append("taken out of the trash" if after.deleted_us is None else "moved to the trash")
    parts += [name for name in PLAIN_FIELDS if getattr(before, name) != getattr(after, name)]
    if (before.occurred_us, before.occurred_offset) != (after.occurred_us, after.occurred_offset):
        parts.append("date")
    if before.body != after.body:
        parts.append(_words_changed(before.body, after.body))
    for name in LISTS:
        came, went = set(getattr(after, name)), set(getattr(before, name))
        signed = [f"+{x}" for x in sorted(came - went)] + [f"-{x}" for x in sorted(went - came)]
        if signed:
            parts.append(f"{name} {' '.join(signed)}")
    if before.refs != after.refs:
        parts.append("references")
    if before.links != after.links:
        parts.append("links")
    return ", ".join(parts) or "nothing"


def split_text(text: str) -> tuple[str, str]:
    """The title and body in a text typed at once: a first line that is short, or marked as a heading, is the title."""
    first, _, rest = text.strip("\n").partition("\n")
    line = first.strip()
    if line.startswith("# "):
        return line[2:].strip(), rest.strip("\n")
    if 0 < len(line) <= 100 and not line.startswith(("#", ">", "-", "*", "|", "```", "---")):
        return line, rest.strip("\n")
    return "", text.strip("\n")


def _words_changed(before: str, after: str) -> str:
    from .diff import diff

    edits = diff(before, after)
    gone = sum(len(before[at : at + removed].split()) for at, removed, _ in edits)
    came = sum(len(inserted.split()) for _, _, inserted in edits)
    return "text " + " ".join([f"+{came}"] * bool(came) + [f"-{gone}"] * bool(gone) or ["spacing"])


def _moment(value: Any, otherwise_us: int) -> tuple[int, int]:
    """When a note's occasion was, as its change says; when it was written, where that is no moment."""
    if isinstance(value, list) and len(value) == 2 and all(type(part) is int for part in value):
        try:
            from_us(value[0], offset_minutes=value[1])
            return value[0], value[1]
        except (ValueError, OverflowError):
            pass
    return otherwise_us, 0


def _said(value: Any) -> str:
    return value if isinstance(value, str) and "\x00" not in value else ""


def _labels(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, (list, tuple)) else ()
    # In a row there is one a line.
    return tuple(label for label in listed if _said(label) and "\n" not in label)


def _link_choices(listed: Any) -> tuple[tuple[str, str, str], ...]:
    from .links import checked

    try:
        return checked(listed)
    except (TypeError, ValueError):
        return ()


def _choices(listed: Any) -> tuple[tuple[str, str, int, int], ...]:
    from .passages import checked

    try:
        return checked(listed)
    except (TypeError, ValueError):
        return ()


def _line(name: str, text: str) -> str:
    if not text:
        return text
    line = " ".join(_text(text).split())
    if len(line) > MAX_LINE_CHARS:
        raise InvalidInput(f"the {name} has {len(line)} characters", hint=f"at most {MAX_LINE_CHARS}")
    return line


def _text(text: str) -> str:
    """The text as it is kept: Unicode that can be written, without NUL, with Unix line ends."""
    if len(text) > MAX_BODY_CHARS:
        raise InvalidInput(f"the text has {len(text)} characters", hint=f"at most {MAX_BODY_CHARS}")
    if "\x00" in text:
        raise InvalidInput("the text holds a NUL character", hint="is this a text file?")
    try:
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError as e:
        raise InvalidInput("the text is not valid Unicode", hint="save it as UTF-8") from e
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text

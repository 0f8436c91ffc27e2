"""Commands on single notes that are not run all day."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ..errors import InvalidInput
from ..models.notes import NotePatch
from ..records import as_data
from . import references
from .app import put
from .capture import moment_of, show_all, show_saved
from .output import BOLD, CYAN, DIM, GREEN, YELLOW, day_and_time, line_of, note_lines, say, style, write, write_json
from .prompts import confirm
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.notes import Revision

# What the history calls a device whose name it was not told.
UNKNOWN = "unknown"
Ref = Annotated[str, typer.Argument(metavar="NOTE", help="a number of the last listing, the start of an id, or -")]
Refs = Annotated[list[str], typer.Argument(metavar="NOTE...", help="numbers of the last listing, starts of ids, or -")]


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    for name, function, examples in (
        ("edit", edit, ("scribes edit 2", 'scribes edit - --speaker "J. Stott"')),
        ("rm", rm, ("scribes rm 2", "scribes rm 3 4 5")),
        ("restore", restore, ("scribes restore -", "scribes restore 2 --to 1")),
        ("history", history, ("scribes history 2", "scribes history - --json")),
        ("undo", undo, ("scribes undo", "scribes undo --json")),
        ("tag", tag, ("scribes tag 2 grace hope", "scribes tag 2 --remove hope")),
        ("tags", tags, ("scribes tags", "scribes tags --json")),
    ):
        put(app, name, function, examples)
    trash = typer.Typer(help="See or empty the trash.", rich_markup_mode=None, no_args_is_help=True)
    put(trash, "list", trash_list, ("scribes trash list",))
    put(trash, "empty", trash_empty, ("scribes trash empty --older-than 90",))
    app.add_typer(trash, name="trash")
    drafts = typer.Typer(help="Text that was typed and not saved.", rich_markup_mode=None, invoke_without_command=True)
    drafts.callback()(drafts_list)
    for verb, action in (("resume", drafts_resume), ("discard", drafts_discard)):
        put(drafts, verb, action, (f"scribes drafts {verb} 1",))
    app.add_typer(drafts, name="drafts")


def edit(
    note: Ref,
    title: Annotated[str | None, typer.Option(help="a new title")] = None,
    body: Annotated[str | None, typer.Option(help="a new text; - takes it from a pipe")] = None,
    append: Annotated[str | None, typer.Option(help="a text to put at the end; - takes it from a pipe")] = None,
    date: Annotated[str | None, typer.Option("--date", "-d", help="when it was heard")] = None,
    speaker: Annotated[str | None, typer.Option("--speaker", "-s", help="who spoke")] = None,
    venue: Annotated[str | None, typer.Option(help="where")] = None,
    series: Annotated[str | None, typer.Option(help="the series it belongs to")] = None,
    topic: Annotated[list[str] | None, typer.Option(help="a topic; given ones replace those there are")] = None,
) -> int:
    """Change a note: in the editor, or what the options name."""
    from .editing import change_in_editor

    session = current()
    given = NotePatch(
        title=title,
        body=_piped(body),
        occurred_at=moment_of(date),
        speaker=speaker,
        venue=venue,
        series=series,
        topics=tuple(topic) if topic else None,
    )
    if body is not None and append is not None:
        raise InvalidInput("--body and --append exclude each other")
    with session.open(create=False) as vault:
        old = vault.notes.get(references.resolve(session, note))
        if append is not None:
            changed = vault.notes.append(old.id, _piped(append) or "")
            changed = vault.notes.change(old.id, given) if given != NotePatch() else changed
        elif given == NotePatch():
            changed = change_in_editor(session, vault, old)
        else:
            changed = vault.notes.change(old.id, given)
    references.touch(session, changed.id)
    show_saved(session, changed, "saved" if changed.revision != old.revision else "unchanged")
    return 0


def rm(notes: Refs) -> int:
    """Move notes to the trash. `scribes undo` brings them back."""
    session = current()
    with session.open(create=False) as vault:
        moved = vault.notes.remove([references.resolve(session, ref) for ref in notes])
    show_all(session, moved, "in the trash:")
    references.touch(session, moved[-1].id)
    say(session, "scribes undo brings it back" if len(moved) == 1 else "scribes undo brings them back")
    return 0


def restore(
    notes: Refs,
    to: Annotated[str | None, typer.Option(help="bring back this revision (scribes history)")] = None,
) -> int:
    """Take notes out of the trash, or bring back an older revision of one."""
    session = current()
    if to is not None and len(notes) > 1:
        raise InvalidInput("--to works on one note")
    with session.open(create=False) as vault:
        ids = [references.resolve(session, ref) for ref in notes]
        back = vault.notes.restore(ids) if to is None else [vault.history.restore(ids[0], to)]
    show_all(session, back, "restored")
    references.touch(session, back[-1].id)
    return 0


def history(note: Ref) -> int:
    """Show what happened to a note, the latest first: when, on which device, and what changed."""
    session = current()
    with session.open(create=False) as vault:
        id = vault.notes.get(references.resolve(session, note)).id
        revisions = vault.history.of(id)[::-1]
    references.touch(session, id)
    if session.json:
        write_json([as_data(revision) for revision in revisions])
        return 0
    lines = []
    for revision in revisions:
        moment = revision.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        parts = [str(revision.number), moment, line_of(session, _who(revision)), line_of(session, revision.summary)]
        if session.tty:
            parts = [style(session, f"{parts[0]:>3}", CYAN), style(session, parts[1], DIM), parts[2], parts[3]]
            lines.append("  ".join(parts) + (style(session, "  (now)", DIM) if revision.current else ""))
        else:
            lines.append("\t".join(parts))
    write(session, lines)
    say(session, f"scribes show {note} --at NUMBER reads one, scribes restore {note} --to NUMBER brings it back")
    return 0


def _who(revision: Revision) -> str:
    """Who wrote a revision and where: a device of one's own, or somebody of a circle."""
    if not revision.author or revision.device == UNKNOWN:
        return revision.author or revision.device
    return f"{revision.author}, {revision.device}"


def undo() -> int:
    """Take back what the last command changed. Again takes back the one before it."""
    session = current()
    with session.open(create=False) as vault:
        undone = vault.history.undo()
        first = vault.notes.get(undone.note_ids[0]) if len(undone.note_ids) == 1 else None
    if session.json:
        undone_data = {"command": undone.command, "at": undone.at.isoformat(), "notes": list(undone.note_ids)}
        write_json(undone_data | {"others": undone.others})
    elif session.quiet:
        write(session, undone.note_ids)
    else:
        what = f"  {first.handle}  {line_of(session, first.heading)}" if first else f"  {len(undone.note_ids)} notes"
        what = "" if undone.others and not undone.note_ids else what
        write(session, [f"undone: {line_of(session, undone.command)}{style(session, what, DIM)}"])
    if first:
        references.touch(session, first.id)
    return 0


def tag(
    note: Ref,
    tags: Annotated[list[str] | None, typer.Argument(metavar="TAG...", help="tags to add")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", "-r", help="a tag to take away")] = None,
) -> int:
    """Add tags to a note, or take them away."""
    session = current()
    if not tags and not remove:
        raise InvalidInput("which tag?", hint="scribes tag 2 grace, or scribes tag 2 --remove grace")
    with session.open(create=False) as vault:
        changed = vault.notes.tag(references.resolve(session, note), add=tags or [], remove=remove or [])
    references.touch(session, changed.id)
    show_saved(session, changed, "tagged")
    return 0


def tags() -> int:
    """List the tags in use, the most used first."""
    session = current()
    with session.open(create=False) as vault:
        counted = vault.notes.tags()
    if session.json:
        write_json([{"tag": count.tag, "notes": count.notes} for count in counted])
    elif session.quiet or not session.tty:
        write(session, [count.tag if session.quiet else f"{count.tag}\t{count.notes}" for count in counted])
    else:
        write(session, [f"{count.notes:>6}  {style(session, '#' + count.tag, GREEN)}" for count in counted])
    if not counted:
        say(session, "no tags yet: scribes tag 1 grace")
    return 0


def trash_list() -> int:
    """List what is in the trash, the last deleted first."""
    session = current()
    with session.open(create=False) as vault:
        notes = vault.notes.trash(limit=session.settings.list_limit)
    if notes:
        references.remember(session, [note.id for note in notes])
    if session.json:
        write_json([as_data(note) for note in notes])
    else:
        write(session, note_lines(session, notes))
        say(session, "scribes restore 1 takes the first one out" if notes else "the trash is empty")
    return 0


def trash_empty(
    older_than: Annotated[
        int | None,
        typer.Option(min=0, max=36_500, help="days since they were deleted; default: the setting trash_days (30)"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say how many")] = False,
) -> int:
    """Remove old notes in the trash for good, with their history. This cannot be undone."""
    session = current()
    days = session.settings.trash_days if older_than is None else older_than
    with session.open(create=False) as vault:
        number = vault.notes.purgeable(older_than_days=days)
        if number and not dry_run:
            confirm(session, f"remove {number} note{'s' * (number != 1)} deleted more than {days} days ago for good?")
            number = vault.notes.purge(older_than_days=days)
    if session.json:
        write_json({"removed": number, "dry_run": dry_run})
    else:
        write(session, [f"{'would remove' if dry_run else 'removed'} {number} note{'s' * (number != 1)} for good"])
    return 0


def drafts_list(context: typer.Context) -> int:
    """List text that was typed and not saved."""
    from .editing import recover_leftovers

    if context.invoked_subcommand:
        return 0
    session = current()
    with session.open(create=False) as vault:
        recover_leftovers(vault)
        found = vault.drafts.recent()
    if session.json:
        write_json([as_data(draft) for draft in found])
        return 0
    lines = []
    for draft in found:
        start = line_of(session, draft.text.removeprefix("---\n"))[:60]
        kind = "edit" if draft.note_id else "new"
        number = style(session, f"{draft.number:>3}", BOLD) if session.tty else str(draft.number)
        lines.append(
            f"{number}  {day_and_time(draft.changed_at.astimezone())}  {kind:4}  {style(session, start, YELLOW)}"
        )
    write(session, lines)
    say(session, f"scribes drafts resume {found[0].number} takes the first one up" if found else "nothing unsaved")
    return 0


def drafts_resume(number: Annotated[int, typer.Argument(help="the draft's number")]) -> int:
    """Take a draft up again in the editor."""
    from .editing import resume

    session = current()
    with session.open(create=False) as vault:
        note = resume(session, vault, number)
    if note is not None:
        references.touch(session, note.id)
        show_saved(session, note, "saved")
    return 0


def drafts_discard(number: Annotated[int, typer.Argument(help="the draft's number")]) -> int:
    """Throw a draft away."""
    session = current()
    with session.open(create=False) as vault:
        vault.drafts.get(number)
        confirm(session, f"throw draft {number} away?")
        vault.drafts.discard(number)
    say(session, f"draft {number} is gone")
    return 0


def _piped(text: str | None) -> str | None:
    if text != "-":
        return text
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig").strip("\n")
    except UnicodeDecodeError:
        raise InvalidInput("what came in is not UTF-8 text", hint="save it as UTF-8") from None

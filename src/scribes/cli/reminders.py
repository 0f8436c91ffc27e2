"""`scribes remind` and `scribes reminders`: what should come back, and when."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Annotated

import typer

from ..errors import Ambiguous, InvalidInput, NotFound
from ..models.reminders import NewReminder
from ..records import as_data
from ..services import daemon
from . import references
from .app import put
from .output import BOLD, CYAN, DIM, YELLOW, cells, fit, line_of, say, style, width, write, write_json, write_listed
from .scripture import in_range
from .session import current
from .zone import now_in, zone_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.reminders import Reminder
    from ..wiring import Scribes
    from .session import Session

NOTHING_FOUND = 3
Refs = Annotated[list[str], typer.Argument(metavar="REMINDER...", help="numbers of the last listing, or starts of ids")]
EXAMPLE = 'scribes remind 2 "tomorrow 8am"'


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    put(app, "remind", remind, (EXAMPLE, 'scribes remind "Rom 8:28" "every sunday 18:00"'))
    group = typer.Typer(
        help="See and change what should come back.", rich_markup_mode=None, invoke_without_command=True
    )
    group.callback()(reminders)
    for verb, action, examples in (
        ("list", reminders_list, ("scribes reminders list", "scribes reminders list --all --json")),
        ("done", reminders_done, ("scribes reminders done 1",)),
        ("snooze", reminders_snooze, ("scribes reminders snooze 1 2h", 'scribes reminders snooze 5f2e "tomorrow 8am"')),
        ("cancel", reminders_cancel, ("scribes reminders cancel 1",)),
        ("export", reminders_export, ("scribes reminders export reminders.ics", "scribes reminders export - --all")),
        ("feed", reminders_feed, ("scribes reminders feed ~/calendar/scribes.ics", "scribes reminders feed --off")),
    ):
        put(group, verb, action, examples)
    app.add_typer(group, name="reminders")


def remind(
    about: Annotated[str, typer.Argument(metavar="ABOUT", help="a note, a prayer, a passage, or what to remind of")],
    when: Annotated[
        list[str] | None, typer.Argument(metavar="WHEN", help='"tomorrow 8am", "every sunday 18:00", "in 3 days"')
    ] = None,
    rrule: Annotated[
        str | None, typer.Option("--rrule", help="an iCalendar rule, such as FREQ=MONTHLY;BYDAY=1SU")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", help="when a rule begins: 2026-12-06 18:00")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="the time zone: Europe/Berlin")] = None,
    text: Annotated[str | None, typer.Option("--text", help="what it says, instead of the note's title")] = None,
) -> int:
    """Be reminded of a note, a prayer, a passage, or anything: once, or again and again.

    docs/reference/dates.md lists the words that are understood.
    """
    session = current()
    named = zone_of(session, zone)
    starts, rule, typed = _moment(" ".join(when or []), rrule, at, now_in(named))
    with session.open() as vault:
        kind, id, called = _subject(session, vault, about)
        made = vault.reminders.add(NewReminder(text or called, starts, named, rule, kind, id, typed))
    _say_one(session, made, "reminder")
    if daemon.state(session.settings.vault) is None:
        say(session, "commands will mention it; scribes daemon install brings it to you at its moment")
    return 0


def reminders(context: typer.Context) -> int:
    """See and change what should come back."""
    return reminders_list() if context.invoked_subcommand is None else 0


def reminders_list(
    over: Annotated[bool, typer.Option("--all", "-a", help="those that are over too")] = False,
    limit: Annotated[int | None, typer.Option("--limit", "-n", help="how many")] = None,
) -> int:
    """List reminders: what is due first, then what comes first. Their numbers address them."""
    session = current()
    with session.open(create=False) as vault:
        found = vault.reminders.recent(over=over, limit=in_range(limit, session.settings.list_limit))
    references.remember_others(session, [one.id for one in found])
    write_listed(session, found, lambda: reminder_lines(session, found))
    if not found:
        say(session, f"no reminder waits; {EXAMPLE} makes one")
        return NOTHING_FOUND
    return 0


def reminders_done(refs: Refs) -> int:
    """Deal with reminders: one that comes again goes on with its next time."""
    session = current()
    with session.open(create=False) as vault:
        changed = vault.reminders.done([_ref(session, ref) for ref in refs])
    _say_all(session, changed, "done")
    return 0


def reminders_snooze(
    refs: Refs,
    until: Annotated[str, typer.Argument(metavar="UNTIL", help='10m, 2h, tomorrow, "sunday 18:00", in 3 days')],
) -> int:
    """Let reminders come again later."""
    from ..domain.phrases import read_duration

    session = current()
    moment = read_duration(until, now_in(zone_of(session)))
    with session.open(create=False) as vault:
        changed = vault.reminders.snooze([_ref(session, ref) for ref in refs], moment)
    _say_all(session, changed, "sleeps")
    return 0


def reminders_cancel(refs: Refs) -> int:
    """Never be reminded of something again. `scribes undo` takes that back."""
    session = current()
    with session.open(create=False) as vault:
        changed = vault.reminders.cancel([_ref(session, ref) for ref in refs])
    _say_all(session, changed, "cancelled")
    say(session, "scribes undo takes that back")
    return 0


def reminders_export(
    file: Annotated[str, typer.Argument(metavar="FILE", help="the .ics file; - for standard output")],
    over: Annotated[bool, typer.Option("--all", "-a", help="those that are over too")] = False,
) -> int:
    """Write reminders as an iCalendar file, which any calendar takes. It is not encrypted."""
    from ..services.calendar import write_calendar

    session = current()
    with session.open(create=False) as vault:
        data = vault.calendar.export(over=over)
    if file == "-":
        import sys

        sys.stdout.buffer.write(data)
        return 0
    write_calendar(os.path.abspath(os.path.expanduser(file)), data)
    say(session, f"wrote {file}; it is not encrypted")
    return 0


def reminders_feed(
    file: Annotated[str | None, typer.Argument(metavar="FILE", help="the .ics file a calendar subscribes to")] = None,
    off: Annotated[bool, typer.Option("--off", help="keep none up to date any more")] = False,
) -> int:
    """Keep an .ics file up to date, for a calendar that subscribes to it. The daemon writes it after each change."""
    session = current()
    if off and file:
        raise InvalidInput("--off takes no file")
    with session.open(create=False) as vault:
        if file:
            vault.calendar.set_feed(os.path.abspath(os.path.expanduser(file)))
        elif off:
            vault.calendar.set_feed("")
        path = vault.calendar.feed()
    if session.json:
        write_json({"feed": path or None})
    else:
        write(session, [path] if path else [])
    if path and file:
        say(session, "the daemon keeps it up to date; it is not encrypted")
    elif not path:
        say(session, "no calendar file is kept up to date")
    return 0


def _ref(session: Session, ref: str) -> str:
    return references.resolve(session, ref, hint="scribes reminders list shows the reminders and their numbers")


def reminder_lines(session: Session, found: list[Reminder], *, first: int = 1) -> list[str]:
    """Reminders for people: numbered, with when they are due; tab-separated for programs."""
    if not session.tty:
        return ["\t".join((one.handle, moment(one.due_at), _remark(one), line_of(session, one.text))) for one in found]
    lines, digits = [], len(str(first + len(found) - 1))
    widest = max((cells(_remark(one)) for one in found), default=0)
    for number, one in enumerate(found, first):
        remark = fit(_remark(one), widest) if widest else ""
        is_due = one.open_at is not None
        head = [style(session, f"{number:>{digits}}", DIM), style(session, one.handle, CYAN)]
        head += [style(session, f"{moment(one.due_at):<20}", YELLOW if is_due else DIM)]
        head += [remark] if widest else []
        room = width() - digits - len(one.handle) - 20 - (widest + 2 if widest else 0) - 6
        text = fit(line_of(session, one.text), max(8, room)).rstrip()
        lines.append("  ".join([*head, style(session, text, BOLD)]))
    return lines


def moment(at: datetime | None) -> str:
    """A moment as people read it: Sun 2026-11-29 18:00."""
    return at.strftime("%a %Y-%m-%d %H:%M") if at else ""


def _remark(one: Reminder) -> str:
    from ..domain.phrases import rhythm_words

    if one.state != "active":
        return one.state
    rhythm = rhythm_words(one.rule) if one.rule else ""
    state = ("late" if one.late else "due") if one.open_at else ""
    return ", ".join(filter(None, (state, rhythm)))


def _moment(words: str, rrule: str | None, at: str | None, now: datetime) -> tuple[datetime, str, str]:
    """When it begins, its rule, and what was typed.

    Raises: InvalidInput.
    """
    from ..domain.phrases import read_when

    if rrule is None:
        if at is not None:
            raise InvalidInput("--at says when a --rrule begins", hint=EXAMPLE)
        if not words:
            raise InvalidInput("when?", hint=EXAMPLE)
        found = read_when(words, now)
        return found.starts, found.rule, words
    from ..domain.recurrence import check_rule

    if words and at:
        raise InvalidInput(f"a rule begins at {words!r} or at {at!r}?", hint="leave one away")
    begins = words or at
    starts = read_when(begins, now).starts if begins else _next_minute(now)
    return starts, check_rule(rrule), rrule


def _next_minute(now: datetime) -> datetime:
    """When a rule begins that says nothing else: at the first minute that is not past."""
    return (now + timedelta(minutes=1)).replace(second=0, microsecond=0, tzinfo=None)


def _subject(session: Session, vault: Scribes, about: str) -> tuple[str, str, str]:
    """What a reminder is about: its kind, its id or passage, and how it is called; else the words themselves.

    Raises: NotFound, Ambiguous.
    """
    ref = references.resolve(session, about)
    # Words are no handle, and most reminders are words: two nouns less to load and to ask.
    for find in (_note, _prayer) if " " not in about.strip() else ():
        try:
            return find(vault, ref)
        except Ambiguous:
            raise
        except (NotFound, InvalidInput):
            continue
    if ref != about or about.isdecimal():
        raise NotFound(f"there is no note or prayer {about}", hint="scribes list shows the notes and their numbers")
    from ..scripture import parse

    try:
        return "passage", parse(about).osis, about
    except InvalidInput:
        return "", "", about


def _note(vault: Scribes, ref: str) -> tuple[str, str, str]:
    note = vault.notes.get(ref)
    return "note", note.id, note.heading


def _prayer(vault: Scribes, ref: str) -> tuple[str, str, str]:
    prayer = vault.prayers.get(ref)
    return "prayer", prayer.id, prayer.heading


def _say_one(session: Session, one: Reminder, verb: str) -> None:
    if session.json:
        write_json(as_data(one))
    elif session.quiet:
        write(session, [one.id])
    else:
        from ..domain.phrases import rhythm_words

        when = f"  {moment(one.next_at)}" if one.next_at else ""
        rhythm = f", {rhythm_words(one.rule)}" if one.rule and one.next_at else ""
        head, text = f"{verb} {one.handle}", line_of(session, one.text)
        if session.tty:
            text = fit(text, max(8, width() - cells(head) - cells(when + rhythm) - 2)).rstrip()
        write(session, [f"{head}{style(session, when + rhythm, DIM)}  {text}"])


def _say_all(session: Session, changed: list[Reminder], verb: str) -> None:
    if session.json and len(changed) != 1:
        write_json([as_data(one) for one in changed])
    else:
        for one in changed:
            _say_one(session, one, verb)

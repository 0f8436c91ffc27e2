"""`scribes today`: what is due, what to read, whom to pray for, and what was written on this day in earlier years."""

from __future__ import annotations

import typer

from ..records import as_data
from . import references
from .app import put
from .output import BOLD, CYAN, DIM, counted, day, fit, line_of, note_lines, style, width, write, write_json
from .prayer_lines import MONTHS, listed_lines
from .reminders import reminder_lines
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import date

    from ..models.days import Day
    from .session import Session

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    put(app, "today", today, ("scribes today", "scribes today --json"))


def today() -> int:
    """Show what today holds. Its numbers address all that is listed: scribes pray prayed 2, scribes show 5.

    Reminders that are due, cards to review, the readings, whom to pray for, and notes of this day in earlier years.
    The settings readings, prayer_days and prayers_a_day say how much.
    """
    session = current()
    with session.open(create=False) as vault:
        held = vault.days.today()
        conflicts = vault.clashes.count() if session.tty else 0
    ids = [one.id for one in held.reminders]
    ids += [one.prayer.id for one in held.prayers] + [note.id for note in held.notes]
    if ids:
        references.remember_others(session, ids)
    if session.json:
        write_json(as_data(held))
    elif session.quiet:
        write(session, ids)
    elif session.tty:
        write(session, _page(session, held, len(ids), conflicts))
    else:
        write(session, _rows(session, held))
    return 0


def in_words(on: date) -> str:
    """A day as people say it: Wednesday, 25 November 2026."""
    return f"{WEEKDAYS[on.weekday()]}, {on.day} {MONTHS[on.month - 1]} {on.year}"


def _page(session: Session, held: Day, number: int, conflicts: int) -> list[str]:
    streak = f"  ·  {held.streak} days of review in a row" if held.streak > 1 else ""
    lines = [style(session, in_words(held.day), BOLD) + style(session, streak, DIM)]
    first_prayer = len(held.reminders) + 1
    sections = {
        "due": reminder_lines(session, list(held.reminders)),
        "to review": [f"{held.cards} card{'s' * (held.cards != 1)}: scribes review"] if held.cards else [],
        "to read": _readings(held),
        "to pray for": listed_lines(session, list(held.prayers), first=first_prayer, last=number),
        "on this day": _notes(session, held, first_prayer + len(held.prayers), number),
        "to look at": [f"{counted(conflicts, 'conflict')}: scribes conflicts"] if conflicts else [],
    }
    for heading, found in sections.items():
        if found:
            lines += ["", style(session, heading, DIM), *found]
    return lines if len(lines) > 1 else [*lines, "", "nothing is due today"]


def _readings(held: Day) -> list[str]:
    return [fit("; ".join(one.passages), width()).rstrip() for one in held.readings]


def _notes(session: Session, held: Day, first: int, last: int) -> list[str]:
    lines = []
    for number, note in enumerate(held.notes, first):
        head = f"{number:>{len(str(last))}}"
        room = width() - len(head) - len(note.handle) - 16
        shown = fit(line_of(session, f"{note.heading}  {note.speaker}"), max(8, room)).rstrip()
        parts = [style(session, head, DIM), style(session, note.handle, CYAN), day(note.occurred_at)]
        lines.append("  ".join((*parts, style(session, shown, BOLD))))
    return lines


def _rows(session: Session, held: Day) -> list[str]:
    """For programs: what it is, then its columns."""
    rows = [f"day\t{held.day}\t{held.streak}"]
    rows += [f"reminder\t{line}" for line in reminder_lines(session, list(held.reminders))]
    if held.cards:
        rows.append(f"cards\t{held.cards}")
    rows += [f"reading\t{one.plan}\t{'; '.join(one.passages)}" for one in held.readings]
    rows += [f"prayer\t{line}" for line in listed_lines(session, list(held.prayers))]
    return rows + [f"note\t{line}" for line in note_lines(session, list(held.notes))]

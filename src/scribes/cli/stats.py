"""`scribes stats`: what the notes, reviews and prayers add up to, as small plots."""

from __future__ import annotations

from typing import Annotated

import typer

from ..domain import plots
from ..records import as_data
from .app import put
from .output import BOLD, DIM, GREEN, fit, style, width, write, write_json
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..models.days import BookCount, Summary, Week
    from .session import Session

PLOT_ROWS = 4
# The longest short name of a book, and how wide its shade is.
NAME, SHADE, GAP = 7, 2, 2


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    put(app, "stats", stats, ("scribes stats", "scribes stats --weeks 52"))


def stats(
    weeks: Annotated[int, typer.Option("--weeks", "-w", min=1, max=520, help="how many weeks back")] = 26,
) -> int:
    """Show what your notes, reviews and prayers add up to.

    Notes by week, the books of the Bible they name, what was remembered in reviews, prayers and their answers.
    """
    session = current()
    with session.open(create=False) as vault:
        found = vault.statistics.summary(weeks=weeks)
    if session.json:
        write_json(as_data(found))
    elif session.tty:
        write(session, _page(session, found))
    else:
        write(session, _rows(found))
    return 0


def _page(session: Session, found: Summary) -> list[str]:
    since = f" since {found.first_note_on}" if found.first_note_on else ""
    lines = [style(session, f"{found.notes} note{'s' * (found.notes != 1)}{since}", BOLD), *_streaks(found)]
    lines += ["", *_notes_by_week(session, found.weeks)]
    if any(book.notes for book in found.books):
        lines += ["", style(session, "notes by book of the Bible", DIM), *_heat_map(session, found.books)]
    if any(week.answers for week in found.weeks):
        lines += ["", *_retention(session, found.weeks)]
    prayers = _prayers(found)
    return [*lines, "", style(session, "prayers", DIM), *prayers] if prayers else lines


def _streaks(found: Summary) -> list[str]:
    counted = [
        (found.note_streak_weeks, "weeks", "a note"),
        (found.review_streak_days, "days", "a review"),
        (found.prayer_streak_days, "days", "a prayer"),
    ]
    shown = [f"{number} {unit} in a row with {what}" for number, unit, what in counted if number > 1]
    cards = f"{found.cards} card{'s' * (found.cards != 1)}, {found.reviews} review{'s' * (found.reviews != 1)}"
    return [*([cards] if found.cards else []), *shown]


def _notes_by_week(session: Session, weeks: Sequence[Week]) -> list[str]:
    values, each = plots.gathered([week.notes for week in weeks], width=width())
    heading = f"notes by {_span(each)} since {weeks[0].monday}, most {max(values)}"
    drawn = plots.columns(values, rows=max(1, min(PLOT_ROWS, max(values))))
    return [_headed(session, heading), *(style(session, line, GREEN) for line in drawn)]


def _heat_map(session: Session, books: Sequence[BookCount]) -> list[str]:
    """A cell for each book, in as many columns as there is room for: its name and its shade."""
    cell = NAME + 1 + SHADE + GAP
    most, across = max(book.notes for book in books), max(1, (width() + GAP) // cell)
    lines = []
    for at in range(0, len(books), across):
        cells = []
        for book in books[at : at + across]:
            mark = plots.shade(book.notes, most) * SHADE
            cells.append(f"{book.name:<{NAME}} {style(session, mark, GREEN if book.notes else DIM)}")
        lines.append((" " * GAP).join(cells))
    steps = "  ".join(f"{plots.shade(number, most) * SHADE} {number}" for number in _steps(most))
    return [*lines, style(session, f"{plots.SHADES[0] * SHADE} none  {steps}", DIM)]


def _steps(most: int) -> list[int]:
    """Of each shade the first number that has it."""
    first: dict[str, int] = {}
    for number in range(1, most + 1):
        first.setdefault(plots.shade(number, most), number)
    return list(first.values())


def _retention(session: Session, weeks: Sequence[Week]) -> list[str]:
    asked, each = plots.gathered([week.answers for week in weeks], width=width())
    known, _ = plots.gathered([week.remembered for week in weeks], width=width())
    shares = [well / number if number else None for well, number in zip(known, asked, strict=True)]
    whole = round(100 * sum(known) / sum(asked))
    heading = f"remembered by {_span(each)}: {whole} % of {sum(asked)} reviews"
    drawn = plots.columns(shares, rows=2, most=1.0)
    return [_headed(session, heading), *(style(session, line, GREEN) for line in drawn)]


def _span(weeks: int) -> str:
    return "week" if weeks == 1 else f"{weeks} weeks"


def _headed(session: Session, text: str) -> str:
    return style(session, fit(text, width()).rstrip(), DIM)


def _prayers(found: Summary) -> list[str]:
    numbers = [
        (found.open_prayers, "open"),
        (found.answered_prayers, "answered"),
        (found.archived_prayers, "archived"),
    ]
    if not any(number for number, _ in numbers):
        return []
    most, room = max(number for number, _ in numbers), min(40, width() - 20)
    digits = len(str(most))
    lines = [
        f"{what:<8}  {number:>{digits}}  {plots.bar(number, most, width=room)}".rstrip() for number, what in numbers
    ]
    lines.append(f"prayed {found.times_prayed} time{'s' * (found.times_prayed != 1)}")
    if found.answered_after_days is not None:
        days = found.answered_after_days
        lines.append(f"half of the answers came within {days} day{'s' * (days != 1)}")
    return lines


def _rows(found: Summary) -> list[str]:
    """For programs: what it is, then its columns. What there is none of has no line, but for the notes."""
    rows = [f"notes\t{found.notes}\t{found.first_note_on or ''}"]
    rows += [f"cards\t{found.cards}\t{found.reviews}"] if found.cards or found.reviews else []
    rows += [
        f"week\t{one.monday}\t{one.notes}\t{one.answers}\t{one.remembered}"
        for one in found.weeks
        if one.notes or one.answers
    ]
    counted = [(f"book\t{one.book}", one.notes) for one in found.books]
    counted += [
        ("prayers\topen", found.open_prayers),
        ("prayers\tanswered", found.answered_prayers),
        ("prayers\tarchived", found.archived_prayers),
        ("prayers\tprayed", found.times_prayed),
    ]
    rows += [f"{what}\t{number}" for what, number in counted if number]
    if found.answered_after_days is not None:
        rows.append(f"prayers\tanswered after\t{found.answered_after_days}")
    streaks = [
        ("notes", found.note_streak_weeks),
        ("reviews", found.review_streak_days),
        ("prayers", found.prayer_streak_days),
    ]
    return rows + [f"streak\t{what}\t{number}" for what, number in streaks if number]

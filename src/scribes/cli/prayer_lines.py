"""Prayer points as lines for people and for programs."""

from __future__ import annotations

from ..records import replaced
from .output import BOLD, CYAN, DIM, GREEN, YELLOW, cells, day, fit, line_of, safe, style, width, with_circle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.notes import Note
    from ..models.prayers import Listed, Prayer
    from .session import Session

DONE = "✓"
# From so many columns on, a listing has room for more than the prayers themselves.
WIDE = 60
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip


def prayer_lines(session: Session, found: list[Prayer]) -> list[str]:
    """A listing: handle, state, when it was prayed last, how often, title, people, tags and rhythm. On a terminal the
    title comes first, and a narrow one shows no numbers.
    """
    if not session.tty:
        return ["\t".join(_row(session, one)) for one in found]
    remarks = [_remark(one) if width() >= WIDE else "" for one in found]
    widest = max(map(cells, remarks), default=0)
    heads = [f"{remark:>{widest}}  " if widest else "" for remark in remarks]
    return [
        _line(session, one, number, len(found), style(session, head, DIM), cells(head))
        for number, (one, head) in enumerate(zip(found, heads, strict=True), 1)
    ]


def listed_lines(session: Session, listed: list[Listed], *, first: int = 1, last: int = 0) -> list[str]:
    """The list of a day; numbered from `first` among `last` things where it stands below others."""
    if not session.tty:
        states = ("done" if one.done else "open" for one in listed)
        return [
            "\t".join((one.prayer.handle, state, *_about(session, one.prayer)))
            for one, state in zip(listed, states, strict=True)
        ]
    return [
        _line(session, one.prayer, number, last or len(listed), _mark(session, one), 3)
        for number, one in enumerate(listed, first)
    ]


def answer_lines(session: Session, found: list[Prayer]) -> list[str]:
    """Answered prayers below their months: how long and how often each was prayed for, and the thanks."""
    if not session.tty:
        return ["\t".join((str(one.answered_on), *_row(session, one), line_of(session, one.thanks))) for one in found]
    lines: list[str] = []
    month = None
    for number, one in enumerate(found, 1):
        if one.answered_on is not None and (one.answered_on.year, one.answered_on.month) != month:
            month = one.answered_on.year, one.answered_on.month
            lines += [""] * bool(lines) + [style(session, f"{MONTHS[month[1] - 1]} {month[0]}", BOLD)]
        lines.append(_line(session, one, number, len(found), "", 0))
        indent = " " * (len(str(len(found))) + 2)
        said = [f"answered {one.answered_on}, {_effort(one)}", line_of(session, one.thanks)]
        lines += [style(session, indent + fit(text, width() - len(indent)).rstrip(), DIM) for text in said if text]
    return lines


def page(session: Session, one: Prayer, note: Note | None) -> list[str]:
    """A whole prayer point."""
    lines = [style(session, safe(session, one.title), BOLD)] if one.title else []
    known = [f"since {day(one.created_at.astimezone())}", *_about(session, replaced(one, circle=""))[1:]]
    known += [f"in {line_of(session, one.circle)}" if one.circle else "", one.handle]
    lines.append(style(session, " · ".join(filter(None, known)), DIM))
    if one.deleted_at:
        lines.append(style(session, f"in the trash since {day(one.deleted_at.astimezone())}", YELLOW))
    elif one.state == "archived":
        lines.append(style(session, "archived", YELLOW))
    if note is not None:
        lines.append(style(session, f"from the note {note.handle} {line_of(session, note.heading)}", DIM))
    if one.body:
        lines += ["", *safe(session, one.body).split("\n")]
    last = f", last on {day(one.prayed_at.astimezone())}" if one.prayed_at else ""
    lines += ["", f"prayed for {_times(one.times)}{last}" if one.times else "not prayed for yet"]
    if one.answered_on:
        lines.append(style(session, f"answered on {one.answered_on}, after {_days(one.waited_days or 0)}", GREEN))
        lines += safe(session, one.thanks).split("\n") if one.thanks else []
    return lines


def _line(session: Session, one: Prayer, number: int, last: int, head: str, head_cells: int) -> str:
    """A prayer on one line of a terminal; people, tags and rhythm get what the title leaves."""
    digits = len(str(last))
    title, *rest = _about(session, one, beside_title=True)
    about = "  ".join(filter(None, rest))
    left = max(8, width() - digits - 2 - head_cells - len(one.handle) - 2)
    # The title has two thirds for itself, and more where the rest needs less.
    room = max(2 * left // 3, left - cells(about) - 2) if about else left
    shown = fit(title, min(cells(title), room))
    left -= cells(shown) + 2
    tail = f"  {style(session, fit(about, min(cells(about), left)), GREEN)}" if about and left > 3 else ""
    start = f"{style(session, f'{number:>{digits}}', DIM)}  {head}{style(session, one.handle, CYAN)}"
    return f"{start}  {style(session, shown, BOLD)}{tail}"


def _mark(session: Session, one: Listed) -> str:
    return style(session, DONE, GREEN) + "  " if one.done else "·  "


def _row(session: Session, one: Prayer) -> list[str]:
    last = day(one.prayed_at.astimezone()) if one.prayed_at else ""
    return [one.handle, one.state, last, str(one.times), *_about(session, one)]


def _about(session: Session, one: Prayer, *, beside_title: bool = False) -> list[str]:
    """The title, and whom and what a prayer is about, and how often it comes; once, where the title says it too."""
    words = one.heading.casefold().split() if beside_title else []
    people, tags = [f"@{name}" for name in one.people], [f"#{tag}" for tag in one.tags]
    named, tagged = (" ".join(text for text in texts if text.casefold() not in words) for texts in (people, tags))
    return [line_of(session, text) for text in (one.heading, named, with_circle(tagged, one.circle), one.rhythm)]


def _remark(one: Prayer) -> str:
    """How often it was prayed, and when last; and its state where it is not open."""
    prayed = f"{one.times}×  {day(one.prayed_at.astimezone())}" if one.prayed_at else f"0×  {'':10}"
    return prayed if one.state == "open" else f"{one.state}  {prayed}"


def _effort(one: Prayer) -> str:
    prayed = f", prayed {_times(one.times)}" if one.times else ""
    return f"after {_days(one.waited_days or 0)}{prayed}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _days(number: int) -> str:
    return f"{number} day{'s' * (number != 1)}"

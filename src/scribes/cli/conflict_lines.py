"""Conflicts as lines: both sides beside each other, with the words marked in which they differ."""

from __future__ import annotations

from .output import BOLD, CYAN, DIM, YELLOW, cells, fit, line_of, safe, style, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.sync import Clash
    from .session import Session

    Word = tuple[str, bool]

# Narrower, two columns would hold a word or two each: then one side stands below the other.
WIDE, MARGIN, BETWEEN = 60, "   ", " │ "
NOTHING = "(nothing)"
# So many characters of the line are shown on either side of a place.
AROUND = 60


def conflict_lines(session: Session, found: list[Clash]) -> list[str]:
    """A listing of conflicts; a line each for programs."""
    if not session.tty:
        return ["\t".join(_row(session, one)) for one in found]
    lines: list[str] = []
    for number, one in enumerate(found, 1):
        lines += [""] * bool(lines) + conflict_page(session, one, number)
    return lines


def conflict_page(session: Session, one: Clash, number: int) -> list[str]:
    """One conflict on a terminal."""
    what = f"  {_named(one.field)}" if one.field else ""
    head = f"{style(session, str(number), DIM)}  {style(session, one.handle, CYAN)}  "
    room = width() - len(str(number)) - len(one.handle) - 4 - cells(what)
    title = fit(line_of(session, one.heading), max(8, room)).rstrip()
    lines = [f"{head}{style(session, title, BOLD)}{style(session, what, DIM)}"]
    sides = _sides(session, one)
    if width() < WIDE:
        for name, words in sides:
            lines.append(MARGIN + style(session, name, DIM))
            lines += [f"{MARGIN}  {line}" for line, _ in _wrapped(session, words, width() - len(MARGIN) - 2)]
        return lines
    columns = (width() - len(MARGIN) - len(BETWEEN)) // 2
    left, right = (_column(session, name, words, columns) for name, words in sides)
    blank = ("", 0)
    for at in range(max(len(left), len(right))):
        (text, used), (other, _) = (side[at] if at < len(side) else blank for side in (left, right))
        lines.append(f"{MARGIN}{text}{' ' * (columns - used)}{BETWEEN}{other}".rstrip())
    return lines


def _column(session: Session, name: str, words: list[list[Word]], columns: int) -> list[tuple[str, int]]:
    """One side below its name, each line with the columns it takes."""
    head = fit(name, columns).rstrip()
    return [(style(session, head, DIM), cells(head)), *_wrapped(session, words, columns)]


def _sides(session: Session, one: Clash) -> list[tuple[str, list[list[Word]]]]:
    """Each side with its name: paragraphs of words, and whether the other side lacks a word."""
    from ..domain.diff import matches

    before, after = _nearest(one.before, last=True), _nearest(one.after, last=False)
    texts = [shown_value(one.field, text) for text in (one.ours, one.theirs)]
    texts = [safe(session, f"{before}{text}{after}") for text in texts]
    ours, theirs = (text.split() for text in texts)
    runs = matches(ours, theirs)
    same = [
        {at + step for at, _, length in runs for step in range(length)},
        {at + step for _, at, length in runs for step in range(length)},
    ]
    names = [f"ours: {line_of(session, one.ours_by)}", f"theirs: {line_of(session, one.theirs_by)}"]
    if one.field and one.ours != one.theirs:
        # Of a title or a date only one can stand.
        names[one.theirs == one.merged] += " (stands now)"
    return [(name, _marked(text, alike)) for name, text, alike in zip(names, texts, same, strict=True)]


def _nearest(text: str, *, last: bool) -> str:
    """The words of a line that stand next to a place, with an ellipsis for those that are left out."""
    if len(text) <= AROUND:
        return text
    if last:
        return "… " + text[-AROUND:].partition(" ")[2]
    return text[:AROUND].rpartition(" ")[0] + " …"


def _marked(text: str, alike: set[int]) -> list[list[Word]]:
    paragraphs: list[list[Word]] = []
    number = 0
    for line in text.split("\n"):
        words = line.split()
        paragraphs.append([(word, number + at not in alike) for at, word in enumerate(words)])
        number += len(words)
    return paragraphs


def _wrapped(session: Session, paragraphs: list[list[Word]], columns: int) -> list[tuple[str, int]]:
    """Lines of at most so many columns, each with the columns it takes; marked words in a style."""
    lines: list[tuple[str, int]] = []
    for words in paragraphs:
        line, used = "", 0
        for word, is_marked in _cut(words, columns):
            size = cells(word)
            if used and used + 1 + size > columns:
                lines.append((line, used))
                line, used = "", 0
            line += (" " if used else "") + (style(session, word, BOLD, YELLOW) if is_marked else word)
            used += size + (1 if used else 0)
        lines.append((line, used))
    return lines


def _cut(words: list[Word], columns: int) -> list[Word]:
    """Words that are longer than a line, in pieces: scripts without spaces, addresses."""
    pieces: list[Word] = []
    for whole, is_marked in words:
        word = whole
        while cells(word) > columns:
            head = word[: columns if word.isascii() else max(1, columns // 2)]
            pieces.append((head, is_marked))
            word = word[len(head) :]
        pieces.append((word, is_marked))
    return pieces


def shown_value(field: str, text: str) -> str:
    """A side's text, or in words what a value means that is no text."""
    if field == "deleted":
        return "kept" if text in ("", "null") else "in the trash"
    if field == "occurred" and text.startswith("["):
        import json

        from ..domain.dates import from_us
        from .output import day_and_time

        try:
            at_us, offset = json.loads(text)
            return day_and_time(from_us(at_us, offset_minutes=offset))
        except (ValueError, TypeError, OverflowError):
            return text
    return text if text.strip() else NOTHING


def _named(field: str) -> str:
    return {"deleted": "trash", "occurred": "date"}.get(field, field)


def _row(session: Session, one: Clash) -> tuple[str, ...]:
    texts = (line_of(session, shown_value(one.field, text)) for text in (one.ours, one.theirs))
    ours, theirs = texts
    return (one.id, one.handle, _named(one.field) or "text", one.ours_by, ours, one.theirs_by, theirs)

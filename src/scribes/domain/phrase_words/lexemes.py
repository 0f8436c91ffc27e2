"""A text of dates and times cut into words and into what stands for itself: numbers, clocks, dates, signs."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from ...errors import InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LENGTH, MAX_DIGITS = 200, 6
HINT = 'such as "tomorrow 8am", "sun 9:30", "in 3 days", "24 december 18:00" or "every sunday 18:00"'
LEXEMES = re.compile(
    r"""
    (?P<iso>     (\d{4}) [-/] (\d{1,2}) [-/] (\d{1,2}) (?!\d) (?: t (?=\d))? )
  | (?P<clock>   (\d{1,2}) [:h] (\d\d) (?!\d) (?: \s? ([ap]) \.? m (?!\w) \.?)? )
  | (?P<ampm>    (\d{1,2}) (?: ([ap]) m (?!\w) | \s? ([ap]) \. m (?!\w) \.? | \s? (p) m (?!\w) \.?) )
  | (?P<hours>   (\d{1,2}) h (?!\w) )
  | (?P<dotted>  (\d{1,2}) \. (\d{1,2}) \. (?: (\d{4}) | \s (\d{4}) | (\d\d) )? (?![\d:]) )
  | (?P<pair>    (\d{1,2}) \. (\d\d) (?![\d.]) (\s? uhr)? )
  | (?P<numbers> (\d{1,2}) ([/-]) (\d{1,2}) (?: [/-] (\d{4} | \d\d))? (?!\d) )
  | (?P<ordinal> (\d{1,2}) (?: st | nd | rd | th | [eè]re? | [eè]me | [eoaºª°.] ) (?![^\W_]) )
  | (?P<number>  \d+ )
  | (?P<word>    [^\W\d_]+ ) \.?
  | (?P<sign>    [+&-] )
  | (?P<space>   [\s,'’]+ )
    """,
    re.VERBOSE,
)


def lexemes(text: str) -> Iterator[str | tuple[str, int]]:
    """The words of a text as they are, in lower case, and the rest of it as tokens.

    Raises: InvalidInput, which names what is not understood.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidInput(f"{quoted(text)} is too long for a date", hint=f"at most {MAX_LENGTH} characters")
    lower, at = unicodedata.normalize("NFC", text.lower()), 0
    while at < len(lower):
        found = LEXEMES.match(lower, at)
        if found is None:
            raise InvalidInput(f"{quoted(lower[at])} in {quoted(text)} is not understood", hint=HINT)
        at = found.end()
        kind = found.lastgroup or ""
        if kind == "word":
            yield found["word"]
        elif kind != "space":
            yield _token(kind, found[0].strip(), [part for part in found.groups() if part][1:])


def quoted(text: str) -> str:
    """What was typed, between quotation marks, cut where it is too long to read."""
    shown = text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1]}…"
    return repr(shown) if not shown.isprintable() or '"' in shown else f'"{shown}"'


def _token(kind: str, lexeme: str, parts: list[str]) -> tuple[str, int]:
    """What a lexeme that is no word stands for."""
    if kind == "sign":
        return {"+": "i", "&": "&", "-": "-"}[lexeme], 0
    if kind == "number":
        if len(lexeme) > MAX_DIGITS:
            raise InvalidInput(f"{quoted(lexeme)} is too large a number for a date", hint=HINT)
        return ("y" if len(lexeme) == 4 else "n"), int(lexeme)
    if kind in ("clock", "ampm"):
        return _clock(lexeme, parts)
    if kind in ("iso", "dotted", "numbers"):
        return _date(kind, lexeme, parts)
    if kind == "pair":
        return _pair(lexeme, int(parts[0]), int(parts[1]), is_clock=len(parts) > 2)
    return {"hours": ("h", 60 * int(parts[0])), "ordinal": ("o", int(parts[0]))}[kind]


def _clock(lexeme: str, parts: list[str]) -> tuple[str, int]:
    """18:30 as c, 6:30pm as C, 1h30 as h, in minutes."""
    half = parts.pop() if parts[-1] in "ap" else ""
    hour, minute = int(parts[0]), int(parts[1]) if len(parts) > 1 else 0
    if hour > (12 if half else 24) or minute > 59 or (half and not hour) or hour * 60 + minute > 24 * 60:
        raise InvalidInput(f"there is no time {quoted(lexeme)}", hint=HINT)
    if half:
        return "C", (hour % 12 + (12 if half == "p" else 0)) * 60 + minute
    return ("h" if "h" in lexeme else "c"), hour * 60 + minute


def _date(kind: str, lexeme: str, parts: list[str]) -> tuple[str, int]:
    """A date with its year as D; without it as M, the month and the day."""
    if kind == "iso":
        year, month, day = (int(part) for part in parts)
        return "D", _ordinal(lexeme, year, month, day)
    if kind == "numbers":
        del parts[1]  # the sign between the numbers
    day, month = int(parts[0]), int(parts[1])
    if kind == "numbers" and month > 12 >= day:
        day, month = month, day
    elif kind == "numbers" and day <= 12 and day != month:
        names = f"{day}.{month}. (the day first) or {month}.{day}."
        raise InvalidInput(f"{quoted(lexeme)} can be two dates", hint=f"write {names}, or the month as a word")
    if len(parts) == 2:
        _ordinal(lexeme, 2000, month, day)
        return "M", month * 100 + day
    return "D", _ordinal(lexeme, int(parts[2]) + (2000 if len(parts[2]) == 2 else 0), month, day)


def _ordinal(lexeme: str, year: int, month: int, day: int) -> int:
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        raise InvalidInput(f"there is no date {quoted(lexeme)}", hint=HINT) from None


def _pair(lexeme: str, first: int, second: int, *, is_clock: bool) -> tuple[str, int]:
    """9.30 is a time and 24.12 a date, where only one of them is possible."""
    can_be_time, can_be_date = first < 24 and second < 60, 0 < first < 32 and 0 < second < 13
    if is_clock or (can_be_time and not can_be_date):
        return _clock(lexeme, [str(first), str(second)])
    if can_be_date and not can_be_time:
        return _date("dotted", lexeme, [str(first), str(second)])
    if not can_be_date:
        raise InvalidInput(f"{quoted(lexeme)} is neither a time nor a date", hint=HINT)
    raise InvalidInput(
        f"{quoted(lexeme)} can be a time or a date", hint=f"write {first}:{second:02} or {first}.{second}."
    )

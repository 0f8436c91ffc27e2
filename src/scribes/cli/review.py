"""`scribes review`: cards to remember, a session at the keyboard, and the same for programs."""

from __future__ import annotations

import string
import sys
from typing import Annotated

import typer

from ..errors import InvalidInput, NotFound
from ..records import as_data
from . import references
from .app import described, put
from .output import (
    BOLD,
    CYAN,
    DIM,
    GREEN,
    YELLOW,
    cells,
    fit,
    line_of,
    say,
    style,
    width,
    write,
    write_json,
    write_listed,
)
from .scripture import in_range
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from ..models.reviews import Card, Fitted, ForecastDay, ReviewCard
    from ..wiring import Scribes
    from .session import Session

NOTHING_FOUND = 3
FORECAST_DAYS, MAX_BAR = 30, 50
MOMENT_CELLS, LEAST_TITLE = 16, 14
RATINGS = {"again": 1, "hard": 2, "good": 3, "easy": 4}
EXAMPLES = ("scribes review", 'scribes review add "Rom 8:28"')
ABOUT = "Remember notes, highlights and verses: a session at the keyboard with what is due."
Refs = Annotated[list[str], typer.Argument(metavar="CARD...", help="numbers of the last listing, or starts of ids")]
Limit = Annotated[int | None, typer.Option("--limit", "-n", help="how many cards")]


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    group = typer.Typer(
        help=described(ABOUT, EXAMPLES), short_help=ABOUT.partition(":")[0], rich_markup_mode=None,
        invoke_without_command=True,
    )  # fmt: skip
    group.callback()(review)
    for name, function, examples in (
        ("add", add, ('scribes review add "Rom 8:28-30" --in kjv', "scribes review add 2 --highlights")),
        ("list", list_cards, ("scribes review list", "scribes review list --json")),
        ("answer", answer, ("scribes review answer 1 good", "scribes review answer 2 again")),
        ("undo", undo, ("scribes review undo",)),
        ("remove", remove, ("scribes review remove 1",)),
        ("suspend", suspend, ("scribes review suspend 1",)),
        ("resume", resume, ("scribes review resume 1",)),
    ):
        put(group, name, function, examples)
    app.add_typer(group, name="review")


def review(
    context: typer.Context,
    forecast: Annotated[bool, typer.Option("--forecast", help="how many cards come in the next 30 days")] = False,
    fit: Annotated[bool, typer.Option("--fit", help="fit the schedule to how you remember, from your reviews")] = False,
    limit: Limit = None,
) -> int:
    """Review what is due: at the keyboard on a terminal; in a pipe, and with --json, it is listed."""
    if context.invoked_subcommand is not None:
        return 0
    session = current()
    if forecast and fit:
        raise InvalidInput("that does not go together", hint="scribes review --forecast or scribes review --fit")
    with session.open(create=False) as vault:
        if forecast:
            return _forecast(session, vault.reviews.forecast(days=FORECAST_DAYS))
        if fit:
            return _fitted(session, vault.reviews.fit())
        if session.tty and sys.stdin.isatty() and not session.json and not session.quiet and limit is None:
            from .review_session import ReviewSession

            return ReviewSession(session, vault).run()
        return _due(session, vault, in_range(limit, session.settings.list_limit))


def add(
    what: Annotated[list[str], typer.Argument(metavar="NOTE|PASSAGE", help="notes as listed, or a passage")],
    highlights: Annotated[bool, typer.Option("--highlights", help="a card for each of the ==marked words==")] = False,
    translation: Annotated[str, typer.Option("--in", "-i", help="the text of a passage: kjv")] = "",
) -> int:
    """Make a card of a note (its title, then its text), of each highlight in it, or of a passage to know by heart."""
    session = current()
    may_be_notes = all(map(_is_note, what))
    if highlights and not may_be_notes:
        raise InvalidInput("highlights are in notes", hint="scribes review add 2 --highlights")
    if translation and all(word.isdecimal() or word == "-" for word in what):
        raise InvalidInput("a note has no translation", hint='scribes review add "Rom 8:28" --in kjv')
    with session.open(create=not may_be_notes or any(map(_may_be_book, what))) as vault:
        notes = _notes(session, vault, what, or_passage=not highlights) if may_be_notes and not translation else []
        if notes:
            added = [card for note in notes for card in _add_note(vault, note, highlights=highlights)]
            # The listing stays, so that more of its notes can be added by their numbers.
            references.touch(session, notes[-1])
        else:
            added = [vault.reviews.add_passage(_passage(vault, what), translation=translation)]
    return _say(session, added, "added")


def list_cards(limit: Limit = None) -> int:
    """List the cards, those that come first at the top. Their numbers address them."""
    session = current()
    with session.open(create=False) as vault:
        found = vault.reviews.recent(limit=in_range(limit, session.settings.list_limit))
    references.remember_others(session, [card.id for card in found])
    write_listed(session, found, lambda: _card_lines(session, found))
    if not found:
        say(session, 'there are no cards yet: scribes review add "Rom 8:28" makes one')
        return NOTHING_FOUND
    return 0


def answer(
    card: Annotated[str, typer.Argument(metavar="CARD", help="a number of the last listing, or the start of an id")],
    rating: Annotated[str, typer.Argument(metavar="ANSWER", help="again, hard, good or easy")],
) -> int:
    """Answer a card, as a program does; at the keyboard there is scribes review."""
    session = current()
    named = [number for name, number in RATINGS.items() if rating.lower() in (name, name[0], str(number))]
    if not named:
        raise InvalidInput(f"{rating!r} is no answer", hint="again, hard, good or easy")
    with session.open(create=False) as vault:
        answered = vault.reviews.answer(references.resolve(session, card), named[0])
    if session.json:
        write_json(as_data(answered))
    elif session.quiet:
        write(session, [answered.review])
    else:
        from .review_session import in_words

        write(session, [f"comes back in {in_words(answered.interval_s)}: {_named(session, answered.card)}"])
    return 0


def undo() -> int:
    """Take the last answer back. The card is then exactly as it was before."""
    session = current()
    with session.open(create=False) as vault:
        card = vault.reviews.undo()
    return _say(session, [card], "taken back")


def remove(cards: Refs) -> int:
    """Remove cards. Their reviews are kept: added again, a card goes on where it was."""
    session = current()
    with session.open(create=False) as vault:
        removed = vault.reviews.remove([references.resolve(session, ref) for ref in cards])
    status = _say(session, removed, "removed")
    say(session, "scribes undo takes that back")
    return status


def suspend(cards: Refs) -> int:
    """Let cards rest: they do not come until they are resumed."""
    session = current()
    with session.open(create=False) as vault:
        return _say(session, vault.reviews.suspend([references.resolve(session, ref) for ref in cards]), "rests")


def resume(cards: Refs) -> int:
    """Let suspended cards come again, when they would have come."""
    session = current()
    with session.open(create=False) as vault:
        return _say(session, vault.reviews.resume([references.resolve(session, ref) for ref in cards]), "comes again")


def _is_note(word: str) -> bool:
    """Whether a word may name a note: a number, the start of a handle, a whole id or -."""
    return word == "-" or (bool(word) and all(letter in f"{string.hexdigits}-" for letter in word))


def _may_be_book(word: str) -> bool:
    """Whether a word that may name a note is also the short name of a book: Ac, Da, Ec."""
    return word.isalpha() and len(word) < 4


def _add_note(vault: Scribes, note: str, *, highlights: bool) -> list[Card]:
    return vault.reviews.add_highlights(note) if highlights else [vault.reviews.add_note(note)]


def _notes(session: Session, vault: Scribes, words: list[str], *, or_passage: bool) -> list[str]:
    """The ids of notes; with `or_passage` none where one is not there and the words name a passage.

    Raises: NotFound, Ambiguous.
    """
    try:
        return [vault.notes.get(references.resolve(session, word)).id for word in words]
    except NotFound:
        if or_passage and any(map(_may_be_book, words)):
            try:
                _passage(vault, words)
            except InvalidInput:
                pass
            else:
                return []
        raise


def _passage(vault: Scribes, words: list[str]) -> str:
    """The passage that words name together, with nothing left over.

    Raises: InvalidInput.
    """
    text = " ".join(words).strip(" .,;")
    named = vault.scripture.parse(text)
    has_note = any(_is_note(word) and ((word.isalnum() and len(word) > 3) or len(word) > 30) for word in words)
    if has_note or named.begin > 0 or named.stop < len(text):
        raise InvalidInput(
            f"{text!r} is neither notes nor one passage",
            hint='one after the other: scribes review add 1 2, then scribes review add "Rom 8:28"',
        )
    return text


def _due(session: Session, vault: Scribes, most: int) -> int:
    found = vault.reviews.due(limit=most)
    references.remember_others(session, [one.card.id for one in found])
    if session.json:
        write_json([as_data(one) for one in found])
    elif session.quiet:
        write(session, [one.card.id for one in found])
    elif session.tty:
        write(session, _card_lines(session, [one.card for one in found]))
    else:
        write(session, [_due_row(session, one) for one in found])
    if not found:
        from .review_session import nothing_due

        say(session, nothing_due(vault))
    return 0


def _due_row(session: Session, one: ReviewCard) -> str:
    """For programs: handle, kind, state, and both sides on one line each."""
    sides = (line_of(session, text) for text in (one.front, one.back))
    return "\t".join((one.card.handle, one.card.kind, one.card.state, *sides))


def _say(session: Session, cards: list[Card], done: str) -> int:
    write_listed(session, cards, lambda: [f"{done}: {_named(session, card)}" for card in cards])
    return 0


def _named(session: Session, card: Card) -> str:
    return f"{card.handle} {style(session, line_of(session, card.title), BOLD)}"


def _columns(card: Card) -> tuple[str, str, str, str]:
    """Handle, when it comes, state and kind."""
    return card.handle, _moment(card.due_at), "passed over" if card.is_passed_over else card.state, card.kind


def _moment(at: datetime | None) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M") if at else ""


def _card_lines(session: Session, cards: list[Card]) -> list[str]:
    if not session.tty:
        return ["\t".join((*_columns(card), line_of(session, card.title))) for card in cards]
    rows = [_columns(card) for card in cards]
    digits = len(str(len(cards)))
    handles, states = (max((cells(row[column]) for row in rows), default=0) for column in (0, 2))
    room = width() - digits - handles - states - 6
    # In a narrow window the title is worth more than the time, and also than the state.
    has_time = room - MOMENT_CELLS - 2 >= LEAST_TITLE
    has_state = has_time or room >= LEAST_TITLE
    room += -(MOMENT_CELLS + 2) if has_time else 0 if has_state else states + 2
    lines = []
    for number, (card, (handle, due, state, _)) in enumerate(zip(cards, rows, strict=True), 1):
        parts = [style(session, f"{number:>{digits}}", DIM), style(session, fit(handle, handles), CYAN)]
        parts += [fit(due, MOMENT_CELLS)] if has_time else []
        parts += [style(session, fit(state, states), YELLOW if card.is_passed_over else DIM)] if has_state else []
        title = fit(line_of(session, card.title), max(1, room)).rstrip()
        lines.append("  ".join([*parts, style(session, title, BOLD)]))
    return lines


def _forecast(session: Session, days: list[ForecastDay]) -> int:
    if session.json:
        write_json([as_data(day) for day in days])
        return 0
    if not session.tty:
        write(session, [f"{day.day.isoformat()}\t{day.due}\t{day.new}" for day in days])
        return 0
    most = max(day.due + day.new for day in days)
    room = min(MAX_BAR, width() - 26)
    lines = []
    for day in days:
        due = _cells_of(day.due, most, room)
        new = _cells_of(day.due + day.new, most, room) - due
        bar = style(session, "█" * due, CYAN) + style(session, "░" * new, GREEN)
        said = " + ".join(filter(None, (str(day.due or ""), f"{day.new} new" if day.new else "")))
        lines.append(
            f"{day.day:%a} {day.day.isoformat()}  {bar}{' ' if due + new else ''}{style(session, said, DIM)}".rstrip()
        )
    write(session, lines)
    say(session, "█ come back  ░ new" if most else "nothing comes in these days")
    return 0


def _cells_of(number: int, most: int, room: int) -> int:
    """The length of a bar; what is more than nothing can be seen."""
    return max(1, round(number * room / most)) if number else 0


def _fitted(session: Session, found: Fitted) -> int:
    if session.json:
        write_json(as_data(found))
        return 0
    better = f"log loss {found.before:.4f} → {found.after:.4f} on the latest fifth of {found.reviews} reviews"
    if found.is_used:
        write(session, [f"the schedule now follows how you remember: {better}"])
    else:
        write(session, [f"the schedule stays as it is, for it is no worse: {better}"])
    return 0

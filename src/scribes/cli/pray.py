"""`scribes pray`: prayer points, whom to pray for today, and looking back on what was answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from ..errors import InvalidInput, NotFound
from ..models.prayers import NewPrayer, PrayerPatch
from ..records import as_data
from . import references
from .app import put
from .capture import moment_of
from .output import day_and_time, line_of, say, write, write_json, write_listed
from .prayer_lines import answer_lines, listed_lines, page, prayer_lines
from .scripture import in_range
from .session import current
from .sharing import comments_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.notes import Note
    from ..models.prayers import Listed, Prayer
    from ..wiring import Scribes
    from .session import Session

NOTHING_FOUND = 3
# What is said of a prayer that was taken up again, by the state it is in then.
BACK = {"open": "open again:", "answered": "answered, as before:", "archived": "archived, as before:"}
Ref = Annotated[str, typer.Argument(metavar="PRAYER", help="a number of the last listing, or the start of an id")]
Refs = Annotated[list[str], typer.Argument(metavar="PRAYER...", help="numbers of the last listing, or starts of ids")]
People = Annotated[list[str] | None, typer.Option("--person", "-p", help="a person; @Ruth in the text counts too")]
Tags = Annotated[list[str] | None, typer.Option("--tag", "-t", help="a tag; #health in the text counts too")]
Every = Annotated[
    str | None, typer.Option("--every", "-e", help="how often: daily, weekdays, mondays, monthly; or whenever")
]
Limit = Annotated[int | None, typer.Option("--limit", "-n", help="how many")]


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    group = typer.Typer(help="Pray for people and things, in turn.", rich_markup_mode=None, invoke_without_command=True)
    group.callback()(pray)
    for verb, action, examples in (
        (
            "add",
            add,
            ('scribes pray add "Healing for Ruth" --person Ruth --every mondays', "scribes pray add --note 2"),
        ),
        ("today", today, ("scribes pray today", "scribes pray today --json")),
        ("prayed", prayed, ("scribes pray prayed 1 2", 'scribes pray prayed 1 --words "Thy will be done"')),
        ("list", list_prayers, ("scribes pray list", "scribes pray list --person Ruth --all")),
        ("show", show, ("scribes pray show 1",)),
        ("edit", edit, ("scribes pray edit 1 --every daily", 'scribes pray edit 1 --title "Strength for Ruth"')),
        ("answered", answered, ('scribes pray answered 1 "She is well"', "scribes pray answered 1 --date yesterday")),
        ("answers", answers, ("scribes pray answers", "scribes pray answers --person Ruth")),
        ("log", log, ("scribes pray log 1",)),
        ("archive", archive, ("scribes pray archive 1 2",)),
        ("reopen", reopen, ("scribes pray reopen 1",)),
        ("rm", rm, ("scribes pray rm 1",)),
    ):
        put(group, verb, action, examples)
    app.add_typer(group, name="pray")


def pray(context: typer.Context) -> int:
    """Show whom to pray for today."""
    return today() if context.invoked_subcommand is None else 0


def add(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORDS]...", help="what to pray for; a short first line is its title")
    ] = None,
    note: Annotated[str | None, typer.Option("--note", help="the note it is taken from")] = None,
    person: People = None,
    tag: Tags = None,
    every: Every = None,
) -> int:
    """Write a prayer point down. Without a rhythm its turn comes by itself; taken from a note, it is linked with it."""
    from ..domain.notes import split_text

    session = current()
    if not words and note is None:
        raise InvalidInput("what to pray for?", hint='scribes pray add "Healing for Ruth", or --note 2')
    title, body = split_text(" ".join(words or []))
    source = references.resolve(session, note) if note is not None else ""
    new = NewPrayer(title, body, source, tuple(person or ()), tuple(tag or ()), every or "")
    with session.open(create=note is None) as vault:
        made = vault.prayers.add(new)
    _say_all(session, [made], "to pray for:")
    _say_rhythm(session, made)
    return 0


def today() -> int:
    """Show whom to pray for today: what has its day, what was missed, and those whose turn it is.

    What is prayed for stays on the list, marked. The rest take turns: who waited longest comes first.
    """
    session = current()
    with session.open(create=False) as vault:
        listed = vault.prayers.today()
    references.remember_others(session, [one.prayer.id for one in listed])
    if session.json:
        write_json([as_data(one) for one in listed])
    elif session.quiet:
        write(session, [one.prayer.id for one in listed])
    else:
        write(session, listed_lines(session, listed))
    if not listed:
        say(session, 'nothing to pray for today; scribes pray add "Healing for Ruth" writes a prayer down')
        return NOTHING_FOUND
    say(session, _what_next(listed))
    return 0


def prayed(
    prayers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PRAYER]...", help="numbers of the last listing, or starts of ids"),
    ] = None,
    words: Annotated[str, typer.Option("--words", "-w", help="what was prayed, in a line")] = "",
    whole: Annotated[bool, typer.Option("--all", "-a", help="all that are left on today's list")] = False,
) -> int:
    """Note down that you prayed. Their turn comes again when the others had theirs."""
    session = current()
    if bool(prayers) == whole:
        raise InvalidInput("which prayers?", hint="scribes pray prayed 1 2, or --all of today's list")
    with session.open(create=False) as vault:
        refs = [_ref(session, ref) for ref in prayers or ()]
        if whole:
            refs = [one.prayer.id for one in vault.prayers.today() if not one.done]
        done = vault.prayers.prayed(refs, words=words) if refs else []
    if not done:
        say(session, "all of today's list is prayed for")
    _say_all(session, done, "prayed:")
    return 0


def list_prayers(
    person: Annotated[str, typer.Option("--person", "-p", help="only for this person")] = "",
    tag: Annotated[str, typer.Option("--tag", "-t", help="only with this tag")] = "",
    answered: Annotated[bool, typer.Option("--answered", help="those that were answered")] = False,
    archived: Annotated[bool, typer.Option("--archived", help="those that were put away")] = False,
    whole: Annotated[bool, typer.Option("--all", "-a", help="open, answered and archived ones")] = False,
    limit: Limit = None,
) -> int:
    """List prayer points: the open ones, the last written first. Their numbers address them: scribes pray show 2."""
    session = current()
    if answered + archived + whole > 1:
        raise InvalidInput("--answered, --archived and --all exclude each other")
    state = "answered" if answered else "archived" if archived else "" if whole else "open"
    most = in_range(limit, session.settings.list_limit)
    with session.open(create=False) as vault:
        found = vault.prayers.recent(state=state, person=person, tag=tag, limit=most)
    references.remember_others(session, [one.id for one in found])
    write_listed(session, found, lambda: prayer_lines(session, found))
    if not found:
        say(session, f"no {state} prayers".replace("  ", " "))
        return NOTHING_FOUND
    return 0


def show(prayer: Ref) -> int:
    """Show a prayer point: its words, since when and how often it was prayed, and its answer."""
    session = current()
    with session.open(create=False) as vault:
        found = vault.prayers.get(_ref(session, prayer))
        note = _source(vault, found)
        said = comments_below(session, vault, found.id) if found.circle else []
    if session.json:
        write_json(as_data(found))
    elif session.quiet:
        write(session, [found.id])
    else:
        write(session, page(session, found, note) + said)
    return 0


def edit(
    prayer: Ref,
    title: Annotated[str | None, typer.Option(help="a new title")] = None,
    body: Annotated[str | None, typer.Option(help="a new text")] = None,
    person: Annotated[
        list[str] | None, typer.Option("--person", "-p", help="a person; given ones replace those there are")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="a tag; given ones replace those")] = None,
    every: Every = None,
) -> int:
    """Change a prayer point: what the options name."""
    session = current()
    patch = PrayerPatch(
        title=title,
        body=body,
        people=tuple(person) if person else None,
        tags=tuple(tag) if tag else None,
        rhythm=every,
    )
    if patch == PrayerPatch():
        raise InvalidInput(
            "what should change?", hint="scribes pray edit 1 --every daily, or --title, --body, --person"
        )
    with session.open(create=False) as vault:
        changed = vault.prayers.change(_ref(session, prayer), patch)
    _say_all(session, [changed], "saved")
    if every is not None:
        _say_rhythm(session, changed)
    return 0


def answered(
    prayer: Ref,
    thanks: Annotated[list[str] | None, typer.Argument(metavar="[THANKS]...", help="how, and your thanks")] = None,
    on: Annotated[str | None, typer.Option("--date", "-d", help="when: 2026-11-22, yesterday; else today")] = None,
) -> int:
    """Keep how a prayer was answered. It is on no list any more; scribes pray answers looks back.

    Once more, it changes the thanks or the day; what is not given stays.
    """
    session = current()
    with session.open(create=False) as vault:
        changed = vault.prayers.answer(_ref(session, prayer), " ".join(thanks or ()), on=_day(on))
    _say_all(session, [changed], "answered:")
    return 0


def answers(
    person: Annotated[str, typer.Option("--person", "-p", help="only for this person")] = "",
    tag: Annotated[str, typer.Option("--tag", "-t", help="only with this tag")] = "",
    limit: Limit = None,
) -> int:
    """Look back on answered prayers, month by month: how long and how often each was prayed for, and the thanks.

    Those that were put away since are among them.
    """
    session = current()
    most = in_range(limit, session.settings.list_limit)
    with session.open(create=False) as vault:
        found = vault.prayers.answers(person=person, tag=tag, limit=most)
    references.remember_others(session, [one.id for one in found])
    write_listed(session, found, lambda: answer_lines(session, found))
    if not found:
        say(session, 'no answered prayers yet: scribes pray answered 1 "She is well"')
        return NOTHING_FOUND
    return 0


def log(prayer: Ref, limit: Limit = None) -> int:
    """Show when a prayer was prayed, the last time first, and in which words."""
    session = current()
    most = in_range(limit, session.settings.list_limit)
    with session.open(create=False) as vault:
        found = vault.prayers.get(_ref(session, prayer))
        entries = vault.prayers.log(found.id, limit=most)
    gap = "  " if session.tty else "\t"
    lines = (f"{day_and_time(one.at.astimezone())}{gap}{line_of(session, one.words)}" for one in entries)
    write_listed(session, entries, lambda: [line.rstrip() for line in lines])
    if not entries:
        say(session, f"not prayed for yet: scribes pray prayed {found.handle}")
        return NOTHING_FOUND
    return 0


def archive(prayers: Refs) -> int:
    """Put prayers away: on no list any more, and not gone; answers stay. `scribes pray reopen` brings them back."""
    session = current()
    with session.open(create=False) as vault:
        changed = vault.prayers.archive([_ref(session, ref) for ref in prayers])
    _say_all(session, changed, "archived:")
    return 0


def reopen(prayers: Refs) -> int:
    """Take prayers up again: archived and answered ones, and those in the trash.

    Each goes one step back: out of the trash as it was, out of the archive with its answer; an answered one loses that.
    """
    session = current()
    with session.open(create=False) as vault:
        changed = vault.prayers.reopen([_ref(session, ref) for ref in prayers])
    _say_all(session, changed, BACK)
    return 0


def rm(prayers: Refs) -> int:
    """Move prayers to the trash. `scribes undo` brings them back."""
    session = current()
    with session.open(create=False) as vault:
        changed = vault.prayers.remove([_ref(session, ref) for ref in prayers])
    _say_all(session, changed, "in the trash:")
    say(session, "scribes undo brings it back" if len(changed) == 1 else "scribes undo brings them back")
    return 0


def _source(vault: Scribes, prayer: Prayer) -> Note | None:
    """The note that a prayer was taken from; None where there is none, or none any more."""
    try:
        return vault.notes.get(prayer.note) if prayer.note else None
    except NotFound:
        return None


def _day(text: str | None) -> date | None:
    moment = moment_of(text)
    return None if moment is None else moment.date()


def _what_next(listed: list[Listed]) -> str:
    left = [number for number, one in enumerate(listed, 1) if not one.done]
    if not left:
        return "all of today's list is prayed for"
    return f"scribes pray prayed {' '.join(map(str, left[:3]))} marks {'it' if len(left) == 1 else 'them'} as prayed"


def _ref(session: Session, ref: str) -> str:
    return references.resolve(session, ref, hint="scribes pray list shows the prayers and their numbers")


def _say_rhythm(session: Session, one: Prayer) -> None:
    """Say how a rhythm was understood, where that is not what was typed."""
    from ..domain.phrases import rhythm_words
    from ..domain.prayers import rule_of

    words = rhythm_words(rule_of(one.rhythm)) if one.rhythm else ""
    if words.casefold() != one.rhythm.casefold():
        say(session, f"{line_of(session, one.rhythm)} is understood as: {words}")


def _say_all(session: Session, changed: list[Prayer], verb: str | dict[str, str]) -> None:
    """Say what became of prayers (by their state, where that tells): a line each; JSON for programs; ids when quiet."""
    if session.json:
        data = [as_data(one) for one in changed]
        write_json(data[0] if len(data) == 1 else data)
    elif session.quiet:
        write(session, [one.id for one in changed])
    else:
        said = [verb if isinstance(verb, str) else verb[one.state] for one in changed]
        write(
            session,
            [f"{what} {one.handle}  {line_of(session, one.heading)}" for what, one in zip(said, changed, strict=True)],
        )

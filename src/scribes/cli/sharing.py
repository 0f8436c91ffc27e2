"""What goes into circles and back, and what people say about it there: the rest of `scribes circle`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import InvalidInput, NotFound
from ..records import as_data
from . import references
from .app import put
from .output import CYAN, DIM, day_and_time, line_of, safe, say, style, width, write, write_json, write_listed
from .prompts import confirm
from .remotes import say_unsent
from .session import current
from .verses import wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.notes import Note
    from ..models.prayers import Prayer
    from ..models.sync import Comment
    from ..wiring import Scribes
    from .session import Session

NOTHING_FOUND = 3
INDENT = "  "
HINT = "scribes list or scribes pray list shows what there is, with numbers"
Ref = Annotated[
    str, typer.Argument(metavar="NOTE", help="a note or prayer: a number of the last listing, the start of an id, or -")
]


def register_sharing(group: typer.Typer) -> None:
    """Put the commands of this module into the group of circles."""
    for verb, action, examples in (
        ("share", share, ("scribes circle share 2 Bethel", "scribes circle share - Bethel")),
        ("unshare", unshare, ("scribes circle unshare 2", "scribes circle unshare 2 --yes")),
        ("comment", comment, ('scribes circle comment 2 "Amen!"', "scribes circle comment - Thank you for this")),
        ("comments", comments, ("scribes circle comments 2", "scribes circle comments 2 --json")),
    ):
        put(group, verb, action, examples)


def share(
    note: Ref, circle: Annotated[str, typer.Argument(metavar="CIRCLE", help="its name, or the start of its id")]
) -> int:
    """Move a note or prayer into a circle, where all its members read it, and may write in it.

    It goes as it is now, without its history; what it was before lies in your trash. Your reminders, cards and the log
    of prayers stay yours, and follow it.
    """
    session = current()
    with session.open(create=False) as vault:
        old = _found(vault, references.resolve(session, note, hint=HINT))
        new = _found(vault, vault.sharing.share(old.id, circle))
    _show_moved(session, old, new, f"shared in {line_of(session, new.circle)}:")
    return 0


def unshare(note: Ref) -> int:
    """Take a note or prayer out of its circle, and back among your own. Who has read it has read it.

    For the others it is in the trash; its comments stay there.
    """
    session = current()
    with session.open(create=False) as vault:
        old = _found(vault, references.resolve(session, note, hint=HINT))
        if old.circle:
            confirm(session, f"take it out of {line_of(session, old.circle)}, for all its members?")
        new = _found(vault, vault.sharing.unshare(old.id))
    _show_moved(session, old, new, "yours alone again:")
    return 0


def comment(
    note: Ref, text: Annotated[list[str] | None, typer.Argument(metavar="TEXT...", help="what you want to say")] = None
) -> int:
    """Say something about a note or prayer of a circle, to all its members. scribes undo takes it back."""
    session = current()
    if not text:
        raise InvalidInput("what do you want to say?", hint='scribes circle comment 2 "Amen!"')
    with session.open(create=False) as vault:
        made = vault.sharing.comment(references.resolve(session, note, hint=HINT), " ".join(text))
    if session.json:
        write_json(as_data(made))
    elif session.quiet:
        write(session, [made.id])
    else:
        write(session, [f"said: {line_of(session, made.text)}"])
    say_unsent(session)
    return 0


def comments(note: Ref) -> int:
    """Show what was said about a note or prayer of a circle, the first first."""
    session = current()
    with session.open(create=False) as vault:
        found = vault.sharing.comments(references.resolve(session, note, hint=HINT))
    write_listed(session, found, lambda: comment_lines(session, found))
    if not found:
        say(session, 'nobody has said anything yet: scribes circle comment NOTE "Amen!"')
        return NOTHING_FOUND
    return 0


def comments_below(session: Session, vault: Scribes, id: str) -> list[str]:
    """What was said about a note or prayer, to stand below its text."""
    found = vault.sharing.comments(id)
    return ["", *comment_lines(session, found)] if found else []


def comment_lines(session: Session, found: list[Comment]) -> list[str]:
    """Comments: who, when, and below that what."""
    lines = []
    for one in found:
        author, at = line_of(session, one.author), day_and_time(one.at.astimezone())
        if not session.tty:
            lines.append("\t".join((author, at, line_of(session, one.text))))
            continue
        lines.append(f"{style(session, author, CYAN)}  {style(session, at, DIM)}")
        paragraphs = safe(session, one.text).split("\n")
        lines += [INDENT + line for text in paragraphs for line in wrapped(text, width() - len(INDENT))]
    return lines


def _found(vault: Scribes, ref: str) -> Note | Prayer:
    """A note or, where none is called so, a prayer."""
    try:
        return vault.notes.get(ref)
    except NotFound as no_note:
        try:
            return vault.prayers.get(ref)
        except NotFound:
            raise NotFound(f"there is no note or prayer {ref}", hint=HINT) from no_note


def _show_moved(session: Session, old: Note | Prayer, new: Note | Prayer, what: str) -> None:
    """Say what became of it; the number that it had in the last listing means it where it is now."""
    references.moved(session, old.id, new.id)
    if session.json:
        write_json(as_data(new))
    elif session.quiet:
        write(session, [new.id])
    else:
        write(session, [f"{what} {new.handle}  {line_of(session, new.heading)}"])
    say_unsent(session)

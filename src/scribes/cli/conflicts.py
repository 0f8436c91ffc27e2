"""`scribes conflicts`: places where two edits met. Both stand in the note; a person looks, and may choose."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..errors import InvalidInput, ScribesError
from ..records import as_data
from . import keys, references
from .app import group_of, put
from .conflict_lines import conflict_lines, conflict_page, shown_value
from .output import BOLD, DIM, YELLOW, counted, line_of, say, style, write, write_json, write_listed
from .remotes import say_unsent
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.sync import Clash
    from ..wiring import Scribes
    from .session import Session

HINT = "scribes conflicts shows them, with numbers"
CHOICES = {"o": "ours", "t": "theirs", "b": "both"}
KEYS = "o ours   t theirs   b both   s skip   q quit"


class _NotesToo(TyperGroup):
    """A group in which a word that is no command is a note: `scribes conflicts 2` is `scribes conflicts list 2`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words mean."""
        if args and args[0] not in self.commands and not args[0].startswith("--"):
            args = ["list", *args]
        return super().resolve_command(ctx, args)


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    group = group_of(conflicts, ("scribes conflicts", "scribes conflicts --choose"), cls=_NotesToo)
    for verb, action, examples in (
        ("list", list_conflicts, ("scribes conflicts list", "scribes conflicts 3f2a")),
        ("choose", choose, ("scribes conflicts choose 1 ours", "scribes conflicts choose 2 both")),
    ):
        put(group, verb, action, examples)
    app.add_typer(group, name="conflicts")


def conflicts(
    context: typer.Context,
    one_by_one: Annotated[
        bool, typer.Option("--choose", help="go through them at the keyboard, with one key for each")
    ] = False,
) -> int:
    """Show where two edits met, and nobody has looked yet. With a note's id, those in that note.

    No word of either is lost: both stand in the note until you choose or edit it, and what was not chosen stays in its
    history. Ours is what this device wrote, theirs what came from another device or person.
    """
    if context.invoked_subcommand:
        return 0
    return _one_by_one(current()) if one_by_one else list_conflicts()


def list_conflicts(
    note: Annotated[
        str, typer.Argument(metavar="[NOTE]", help="only those in this note or prayer: a number, an id, or -")
    ] = "",
) -> int:
    """Show the conflicts that wait, with numbers for scribes conflicts choose."""
    session = current()
    with session.open(create=False) as vault:
        found = vault.clashes.waiting(references.resolve(session, note) if note else "")
    if found:
        references.remember_others(session, [f"{one.item}{references.PLACE}{one.id}" for one in found])
    write_listed(session, found, lambda: conflict_lines(session, found))
    if not found:
        say(session, "no conflicts")
    else:
        what = "" if any(one.field for one in found) else "both stand in the note; "
        say(session, f"{what}scribes conflicts choose 1 ours, theirs or both settles the first")
    return 0


def choose(
    conflict: Annotated[str, typer.Argument(metavar="CONFLICT", help="a number of scribes conflicts, or an id")],
    choice: Annotated[str, typer.Argument(metavar="CHOICE", help="ours, theirs or both")],
) -> int:
    """Settle a conflict, on all devices: what you choose stands there, both leaves what stands there now."""
    session = current()
    with session.open(create=False) as vault:
        settled = vault.clashes.choose(references.resolve_place(session, conflict, hint=HINT), choice)
        left = vault.clashes.count()
    if settled.kind == "note":
        references.touch(session, settled.item)
    if session.json:
        write_json(as_data(settled) | {"choice": choice})
    elif session.quiet:
        write(session, [settled.id])
    else:
        write(session, [_settled(session, settled, choice)])
    say(session, f"{counted(left, 'conflict')} left" if left else "no conflict is left")
    say_unsent(session)
    return 0


def _settled(session: Session, one: Clash, choice: str) -> str:
    if choice == "both":
        return f"settled {one.handle}  as it stands: {line_of(session, one.heading)}"
    text = shown_value(one.field, one.ours if choice == "ours" else one.theirs)
    return f"settled {one.handle}  {choice}: {line_of(session, text)}"


def _one_by_one(session: Session) -> int:
    """Go through all that wait; each choice is kept at once.

    Raises: InvalidInput, where there is no terminal.
    """
    if not (session.tty and sys.stdin.isatty()):
        raise InvalidInput("--choose needs a terminal", hint="scribes conflicts choose 1 ours")
    with session.open(create=False) as vault:
        waiting, settled = vault.clashes.waiting(), 0
        with keys.Keyboard() as keyboard:
            for number, one in enumerate(waiting, 1):
                _show(session, one, number)
                key = _key(keyboard)
                if key == "q":
                    break
                settled += key in CHOICES and _choose(session, vault, one, CHOICES[key])
        left = vault.clashes.count()
    if not waiting:
        say(session, "no conflicts")
        return 0
    write(session, [f"{settled} settled, {left} left"])
    if settled:
        say_unsent(session)
    return 0


def _show(session: Session, one: Clash, number: int) -> None:
    lines = [*conflict_page(session, one, number), "", style(session, KEYS, DIM)]
    sys.stdout.write("\n".join(lines) + " ")
    sys.stdout.flush()


def _key(keyboard: keys.Keyboard) -> str:
    """The next key that means something."""
    while (key := keyboard.read().lower()) not in (*CHOICES, "s", "q"):
        if key in (keys.END, keys.ESCAPE):
            return "q"
        if key == keys.STOP:
            keyboard.stop()
    return key


def _choose(session: Session, vault: Scribes, one: Clash, choice: str) -> bool:
    """Whether it was settled; what prevents it is said, and the others go on."""
    try:
        vault.clashes.choose(one.id, choice)
    except ScribesError as e:
        hint = f": {e.hint}" if e.hint else ""
        sys.stdout.write(style(session, f"{line_of(session, e.message + hint)}", YELLOW) + "\n\n")
        return False
    sys.stdout.write(style(session, choice, BOLD) + "\n\n")
    return True

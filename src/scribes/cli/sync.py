"""`scribes sync`: the notes of this device and those of the others become the same, through a folder they share."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import EXIT_STATUS, InvalidInput, NotFound
from ..records import as_data
from .app import group_of, put
from .login import say_signed_in
from .output import DIM, cells, counted, day_and_time, fit, plain, say, style, width, write, write_json
from .prompts import confirm
from .remotes import folder_remote, is_server, keeps_logs, say_what_waits, synced_lines, synchronise, warn
from .session import current
from .vault_words import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.sync import Compacted, SpaceStatus, Verified
    from ..wiring import Scribes
    from .session import Session

PERSONAL = "personal"
# With fewer columns left, the start of a path tells nothing.
SOME = 8
EXAMPLES = ("scribes sync", "scribes sync --status")
AMISS = "nothing was lost here; where the folder is damaged, scribes sync compact puts it together anew"
Folder = Annotated[
    str, typer.Argument(help="a folder all your devices reach, or the https:// address where you are signed in")
]


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    group = group_of(sync, EXAMPLES)
    for verb, action, examples in (
        ("setup", setup, ("scribes sync setup ~/Dropbox/scribes", "scribes sync setup /media/stick/scribes")),
        ("verify", verify, ("scribes sync verify", "scribes sync verify --json")),
        ("compact", compact, ("scribes sync compact", "scribes sync compact --json")),
    ):
        put(group, verb, action, examples)
    app.add_typer(group, name="sync")


def sync(
    context: typer.Context,
    status: Annotated[bool, typer.Option("--status", help="show how everything stands, and send nothing")] = False,
    seen: Annotated[bool, typer.Option("--seen", help="forget the warnings, once you have looked at them")] = False,
    refill: Annotated[
        bool, typer.Option("--refill", help="put everything there again, where the folder has lost it")
    ] = False,
    take_members: Annotated[
        bool, typer.Option("--take-members", help="of two versions of who is in a circle, take that of the folder")
    ] = False,
) -> int:
    """Bring the notes of all your devices, and of your circles, together.

    What is new here goes there, what is new there comes here. Edits of two devices become one text without losing a
    word; where both changed the same words, scribes conflicts shows both. A sync that would move many notes to the
    trash does nothing but say so; --yes takes it.
    """
    if context.invoked_subcommand:
        return 0
    session = current()
    if status + seen + refill + take_members > 1:
        raise InvalidInput("--status, --seen, --refill and --take-members exclude each other")
    with session.open(create=False) as vault:
        if status:
            return _show_status(session, vault)
        if seen and vault.sync.status():
            vault.sync.forget_alerts()
            say(session, "the warnings are forgotten; what is still so is said again")
            return 0
        if take_members:
            say(session, "whoever was removed or let in since the two parted is in it as the folder has it")
            confirm(session, "did you ask who changed it?")
            vault.sync.take_members()
        found = synchronise(session, vault, may_refill=refill)
        elsewhere = vault.sync.count_elsewhere()
    if session.json:
        write_json([as_data(one) for one in found])
    elif not session.quiet:
        write(session, synced_lines(session, found))
    say_what_waits(session, found)
    if elsewhere:
        say(session, f"{counted(elsewhere, 'circle')} of yours in a folder unknown here: scribes sync setup FOLDER")
    return 0


def setup(folder: Folder) -> int:
    """Keep your notes in a folder or at a server too, sealed, from where your other devices fetch them.

    It may be a network drive, a stick, or a folder that another program (Syncthing, Dropbox, Nextcloud) keeps alike on
    several machines. Nobody who sees the folder can read a word. Called again, it tells where the folder is now.
    """
    session = current()
    if is_server(folder):
        with session.open() as vault:
            done = vault.servers.set_up(folder)
            own = _own_place(vault)
        say_signed_in(session, done, shortened(own))
        return 0
    with session.open() as vault:
        before = _own_place(vault)
        remote = folder_remote(folder, make=True)
        if not before and keeps_logs(remote):
            say(session, f"{shortened(remote.name)} holds notes already; to join them to those of this device:")
            say(session, f"  scribes devices add --folder {folder}")
            confirm(session, "are they another person's, and shall yours lie beside them, apart?")
        is_new = vault.sync.set_up(remote, kind="folder", place=remote.name)
        now = _own_place(vault)
    place = shortened(remote.name)
    if session.json:
        write_json({"folder": remote.name, "own": now == remote.name})
    elif session.quiet:
        write(session, [remote.name])
    elif is_new:
        write(session, [f"your notes will be kept, sealed, in {place} too"])
        say(session, "scribes sync sends them")
        say(session, "on another device of yours: scribes devices add --folder FOLDER, with the same folder")
    elif now == remote.name:
        write(session, [f"your notes are kept in {place}"])
    else:
        write(session, [f"{place} is known from now on; your own notes stay in {shortened(now)}"])
        say(session, "scribes sync reads your circles there; scribes circle create NAME --folder FOLDER makes one")
    return 0


def verify() -> int:
    """Read all that lies in the shared folder anew, open it, and compare it with what is here.

    Every entry must be signed by one who may write, and be sealed; none may be missing. Exit status 7 where one is not.
    """
    session = current()
    with session.open(create=False) as vault:
        found = vault.sync.verify()
    if session.json:
        write_json([as_data(one) for one in found])
    elif not session.quiet:
        write(session, _verified(session, found))
    warn(session, [(one.name, problem) for one in found for problem in one.problems], hint=AMISS)
    return EXIT_STATUS["damaged"] if any(one.problems for one in found) else 0


def compact() -> int:
    """Let one entry stand for the many that came so far: the folder gets smaller, and no word is lost.

    It is done in all your spaces where you may: your own, and circles whose owner or admin you are.
    """
    session = current()
    with session.open(create=False) as vault:
        found = vault.sync.compact()
    if session.json:
        write_json([as_data(one) for one in found])
    elif not session.quiet:
        write(session, [_compacted(session, one) for one in found])
    return 0


def _own_place(vault: Scribes) -> str:
    """Where the person's own notes are kept too; "" where nowhere."""
    try:
        return next(one.remote for one in vault.sync.status() if one.kind == PERSONAL)
    except NotFound:
        return ""


def _show_status(session: Session, vault: Scribes) -> int:
    found = vault.sync.status()
    if session.json:
        write_json([as_data(one) for one in found])
        return 0
    if not session.quiet:
        write(session, _status_lines(session, found))
    warn(session, [(one.name, alert) for one in found for alert in one.alerts])
    return 0


def _status_lines(session: Session, found: list[SpaceStatus]) -> list[str]:
    if not session.tty:
        return [
            "\t".join((plain(one.name), one.role, str(one.unsent), _moment(one), str(one.waiting), one.remote))
            for one in found
        ]
    widest = min(max(len(one.name) for one in found), 30)
    lines = []
    for one in found:
        line = f"{fit(plain(one.name), widest)}  {_standing(one)}"
        left, place = width() - cells(line) - 2, shortened(plain(one.remote))
        shown = fit(place, min(left, cells(place))) if left >= SOME else ""
        lines.append(f"{line}  {style(session, shown, DIM)}".rstrip())
    return lines


def _standing(one: SpaceStatus) -> str:
    """How a space stands, in words."""
    if not one.remote:
        return "kept on this device alone: scribes sync setup FOLDER"
    if not one.role:
        return "you are no longer in it"
    mode = "open: the server may read it" if one.mode == "open" else one.mode
    when = f"last in step {_moment(one)}" if one.synced_at else "never in step yet"
    parts = [mode, when, f"{one.unsent} to send" if one.unsent else "nothing to send"]
    parts += [counted(one.waiting, "conflict")] if one.waiting else []
    return ", ".join(parts)


def _moment(one: SpaceStatus) -> str:
    return day_and_time(one.synced_at.astimezone()) if one.synced_at else ""


def _verified(session: Session, found: list[Verified]) -> list[str]:
    if not session.tty:
        return [
            "\t".join(
                map(str, (plain(one.name), one.entries, one.size_bytes, one.changes, one.missing, len(one.problems)))
            )
            for one in found
        ]
    return [f"{plain(one.name)}  {_sound(one)}" for one in found]


def _sound(one: Verified) -> str:
    if one.problems:
        return f"{counted(len(one.problems), 'problem')} in {one.entries} entries"
    unsent = f"; {counted(one.missing, 'change')} not there yet: scribes sync" if one.missing else ""
    return f"{one.entries} entries, {in_kb(one.size_bytes)}: all open, are signed and in order{unsent}"


def _compacted(session: Session, one: Compacted) -> str:
    if not session.tty:
        return "\t".join(map(str, (plain(one.name), one.before_bytes, one.after_bytes, one.folded)))
    return f"{plain(one.name)}  {in_kb(one.before_bytes)} before, {in_kb(one.after_bytes)} now"


def in_kb(size_bytes: int) -> str:
    """A size in the unit that fits: 4.3 kB, 12.0 MB."""
    return f"{size_bytes / 1e3:.1f} kB" if size_bytes < 1e6 else f"{size_bytes / 1e6:.1f} MB"

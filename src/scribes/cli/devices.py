"""`scribes devices`: a new device is let in by one that has the notes; each has a name; a lost one is shut out."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from ..errors import InvalidInput, NotFound, Unavailable
from ..records import as_data
from .app import group_of, put
from .output import BOLD, CYAN, DIM, YELLOW, fit, height, line_of, say, style, width, write, write_json
from .prompts import confirm, typed
from .qr import qr_lines
from .remotes import folder_remote, say_unsent, say_what_waits, synced_lines, synchronise
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.sync import DeviceInfo, Pairing
    from ..ports import Remote
    from ..wiring import Scribes
    from .session import Session

PAIR = "scribes://pair/"
POLL_S = 2.0
Device = Annotated[str, typer.Argument(help="its name, or its id")]


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    group = group_of(devices, ("scribes devices", "scribes devices --json"))
    for verb, action, examples in (
        (
            "add",
            add,
            (
                "scribes devices add --folder ~/Dropbox/scribes     (on the new device)",
                "scribes devices add E5SX-QCAN-E6PC-FQZ4-693D-8SFF  (on a device that has your notes)",
            ),
        ),
        ("list", list_devices, ("scribes devices list", "scribes devices list --json")),
        ("rename", rename, ('scribes devices rename phone "old phone"', "scribes devices rename 4a91 desk")),
        ("revoke", revoke, ("scribes devices revoke phone", "scribes devices revoke phone --yes")),
    ):
        put(group, verb, action, examples)
    app.add_typer(group, name="devices")


def devices(context: typer.Context) -> int:
    """List your devices. A new one is let in by scribes devices add, a lost one shut out by scribes devices revoke."""
    return list_devices() if context.invoked_subcommand is None else 0


def add(
    code: Annotated[
        str | None,
        typer.Argument(metavar="[CODE]", help="the code that the new device shows; without it, it is asked for"),
    ] = None,
    folder: Annotated[
        str | None, typer.Option("--folder", help="on the new device: the folder where your notes are kept")
    ] = None,
    server: Annotated[
        str | None, typer.Option("--server", help="on the new device: the server where both are signed in")
    ] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="do not wait for the other device")] = False,
) -> int:
    """Let a new device have your notes. On the new one: --folder or --server; on one with notes: the code it shows.

    Both show the same six words and numbers where nobody stands between them: compare before you say yes. Waiting can
    be left with Ctrl-C; the same command goes on.
    """
    session = current()
    if code is None and folder is None and server is None:
        code = typed("the code that the new device shows: ")
    if bool(code) + (folder is not None) + (server is not None) != 1:
        raise InvalidInput(
            "which device is this?",
            hint="scribes devices add --folder FOLDER on the new one, then scribes devices add CODE on one with notes",
        )
    if code:
        with session.open(create=False) as vault:
            return _let_in(session, vault, code.removeprefix(PAIR))
    found = None if server else folder_remote(folder or "")
    with session.open() as vault:
        remote = found or vault.servers.remote(server or "")
        return _ask(
            session,
            vault,
            remote,
            kind="server" if server else "folder",
            waits=session.tty and not (no_wait or session.json or session.quiet),
        )


def list_devices() -> int:
    """List your devices in the order in which they came; those that are shut out too."""
    session = current()
    with session.open(create=False) as vault:
        found = vault.devices.each()
    if session.json:
        write_json([as_data(one) for one in found])
    elif session.quiet:
        write(session, [one.id for one in found])
    else:
        write(session, _lines(session, found))
    return 0


def rename(device: Device, name: Annotated[str, typer.Argument(help="what it is called from now on")]) -> int:
    """Give a device another name, on all your devices and in the history."""
    session = current()
    with session.open(create=False) as vault:
        renamed = vault.devices.rename(device, name)
    _say_one(session, renamed, "called")
    say_unsent(session)
    return 0


def revoke(device: Device) -> int:
    """Shut a lost or sold device out: of your notes and of all your circles, from now on.

    It keeps all it already had; that cannot be taken back. What is written from now on is sealed with new keys, which
    it does not get, and what it still sends is refused by all.
    """
    session = current()
    with session.open(create=False) as vault:
        found = vault.devices.find(device)
        if found.is_active and not found.is_this:
            say(session, f"{line_of(session, found.name)} keeps all it already had, which cannot be taken back")
            say(session, "new notes and edits are out of its reach, and what it sends is refused")
            confirm(session, f"shut {line_of(session, found.name)} out?")
        revoked = vault.devices.revoke(found.id)
    _say_one(session, revoked, "shut out:")
    return 0


def _let_in(session: Session, vault: Scribes, code: str) -> int:
    """The device that shows the code, let in once the person has compared."""
    new = vault.devices.asking(code)
    name = line_of(session, new.name)
    shown = "\n".join(_comparable(session, new.fingerprint))
    say(session, f"{name} asks to be let in, and should show\n\n{shown}\n")
    confirm(session, f"does {name} show the same?")
    made = vault.devices.let_in(code, compared=new.fingerprint)
    _say_one(session, made, "let in:")
    say(session, f"{name} has your notes in a moment, where it still waits; else by the same command there")
    return 0


def _ask(session: Session, vault: Scribes, remote: Remote, *, kind: str, waits: bool) -> int:
    """Ask to be let in, or go on where an answer to that has come."""
    if not _is_let_in(session, vault):
        asked = vault.devices.ask(remote, kind=kind, place=remote.name)
        _show(session, asked)
        if not waits:
            say(session, "once you are let in, the same command goes on")
            return 0
        say(session, style(session, "waiting for your other device (Ctrl-C is fine: the same command goes on)", DIM))
        while not vault.devices.is_let_in():
            time.sleep(POLL_S)
    say(session, "let in; your notes are coming")
    found = synchronise(session, vault)
    if session.json:
        write_json({"let_in": True, "code": "", "fingerprint": "", "synced": [as_data(one) for one in found]})
    elif not session.quiet:
        write(session, synced_lines(session, found))
    say_what_waits(session, found)
    return 0


def _is_let_in(session: Session, vault: Scribes) -> bool:
    def accept(name: str, fingerprint: str) -> bool:
        if vault.notes.count():
            # They go to whoever answered: perhaps to one who looked over a shoulder.
            shown = "\n".join(_comparable(session, fingerprint))
            say(session, f"{line_of(session, name)} lets this device in; the notes that are here go to it\n\n{shown}\n")
            confirm(session, f"is {line_of(session, name)} yours?")
        return True

    try:
        return vault.devices.is_let_in(accept)
    except (NotFound, Unavailable):
        # Nothing was asked yet, or at a place that is no more: then it is asked now, where the person says.
        return False


def _show(session: Session, asked: Pairing) -> None:
    """What the person carries to the other device; through no pager, for it waits meanwhile."""
    if session.json:
        write_json({"let_in": False, "code": asked.code, "fingerprint": asked.fingerprint, "synced": []})
    elif session.quiet or not session.tty:
        write(session, [asked.code if session.quiet else f"{asked.code}\t{asked.fingerprint}"])
    else:
        lines = [
            "on a device that has your notes:",
            "",
            f"  {style(session, f'scribes devices add {asked.code}', BOLD)}",
            "",
            "there you should see the same as here:",
            "",
            *_comparable(session, asked.fingerprint),
            "",
        ]
        code = [f"  {line}" for line in qr_lines(session, PAIR + asked.code)]
        # Where the code would push the words off the screen, they are enough.
        lines = [*code, "", *lines] if len(code) + len(lines) + 3 < height() else lines
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()


def _comparable(session: Session, fingerprint: str) -> list[str]:
    """A fingerprint to be compared by eye: on lines that no terminal breaks."""
    words = fingerprint.split(", ")
    for number in (6, 3, 2, 1):
        lines = [", ".join(words[at : at + number]) for at in range(0, len(words), number)]
        if not session.tty or max(map(len, lines)) < width() - 3:
            break
    return [f"  {style(session, line, BOLD)}" for line in lines]


def _lines(session: Session, found: list[DeviceInfo]) -> list[str]:
    if not session.tty:
        return ["\t".join((one.id[-8:], one.name, _state(one), one.fingerprint)) for one in found]
    widest = min(max((len(one.name) for one in found), default=0), 30)
    lines = []
    for one in found:
        state = style(session, _state(one), YELLOW if not one.is_active else DIM)
        parts = [
            style(session, one.id[-8:], CYAN),
            style(session, fit(line_of(session, one.name), widest), BOLD),
            state,
        ]
        lines += ["  ".join(parts).rstrip(), style(session, f"          {one.fingerprint}", DIM)]
    return lines


def _state(one: DeviceInfo) -> str:
    return "this device" if one.is_this else "" if one.is_active else "shut out"


def _say_one(session: Session, one: DeviceInfo, verb: str) -> None:
    if session.json:
        write_json(as_data(one))
    elif session.quiet:
        write(session, [one.id])
    else:
        write(session, [f"{verb} {line_of(session, one.name)}"])

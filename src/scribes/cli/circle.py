"""`scribes circle`: people who share notes and prayers, sealed for them alone."""

from __future__ import annotations

import shlex
import sys
from typing import Annotated

import typer

from ..records import as_data
from .app import group_of, put
from .output import (
    BOLD,
    CYAN,
    DIM,
    YELLOW,
    counted,
    day,
    fit,
    line_of,
    plain,
    say,
    style,
    write,
    write_json,
    write_listed,
)
from .prompts import confirm, typed
from .qr import qr_lines
from .remotes import circle_folder, circle_place, is_server, say_unsent
from .session import current
from .sharing import register_sharing
from .vault_words import shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.sync import Circle, Member
    from .session import Session

NOTHING_FOUND = 3
Ref = Annotated[str, typer.Argument(metavar="CIRCLE", help="its name, or the start of its id")]
Who = Annotated[str, typer.Argument(metavar="MEMBER", help="their name in the circle, or the start of their id")]
Server = Annotated[str | None, typer.Option("--server", help="a server where you are signed in (scribes login)")]
Folder = Annotated[str | None, typer.Option("--folder", help="the folder that the circle shares, where not your own")]


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    group = group_of(circle, ("scribes circle", "scribes circle --json"))
    for verb, action, examples in (
        ("create", create, ("scribes circle create Bethel", "scribes circle create Bethel --folder /mnt/bethel")),
        (
            "invite",
            invite,
            ("scribes circle invite Bethel", "scribes circle invite Bethel --role reader --days 2 --qr"),
        ),
        ("uninvite", uninvite, ("scribes circle uninvite Bethel", "scribes circle uninvite Bethel --json")),
        (
            "join",
            join,
            (
                "scribes circle join 'scribes://join/…#…'",
                "scribes circle join 'scribes://join/…#…' --folder /mnt/bethel",
            ),
        ),
        ("list", list_circles, ("scribes circle list", "scribes circle list --json")),
        ("members", members, ("scribes circle members Bethel", "scribes circle members Bethel --fingerprints")),
        ("role", role, ("scribes circle role Bethel Carl reader", "scribes circle role Bethel Dora admin")),
        ("remove", remove, ("scribes circle remove Bethel Carl", "scribes circle remove Bethel Carl --yes")),
        ("leave", leave, ("scribes circle leave Bethel", "scribes circle leave Bethel --yes")),
        ("handover", handover, ("scribes circle handover Bethel Dora", "scribes circle handover Bethel Dora --yes")),
        ("rename", rename, ('scribes circle rename Bethel "Bethel on Tuesdays"', "scribes circle rename bdc5 Bethel")),
        ("name", name, ('scribes circle name Bethel "Anna K."', "scribes circle name Bethel Anna")),
    ):
        put(group, verb, action, examples)
    register_sharing(group)
    app.add_typer(group, name="circle")


def circle(context: typer.Context) -> int:
    """List the circles you are in: people who share notes and prayers. Nobody else can read them, but for
    the server of an open one.
    """
    return list_circles() if context.invoked_subcommand is None else 0


def create(
    name: Annotated[str, typer.Argument(help="what it is called")],
    folder: Folder = None,
    server: Server = None,
    is_open: Annotated[
        bool, typer.Option("--open", help="let the server read and write in it, for members on the web; for good")
    ] = False,
) -> int:
    """Found a circle, whose owner you are. It lies where your own notes do, in a folder that its members share, or at a
    server where you are signed in.

    Whoever keeps that sees that something is written, and when; they can read nothing, not even the name. With --open
    a server reads all of it, so that members can be there without Scribes on a device. That cannot be changed later.
    """
    session = current()
    found = circle_folder(folder, server, make=True)
    with session.open() as vault:
        place = circle_place(vault, found, server)
        made = vault.circles.create(name, place=place, mode="open" if is_open else "sealed")
    _say_one(session, made, "founded")
    if is_open:
        say(session, "it is open: whoever runs the server can read what is in it")
    say(session, f"scribes circle invite {_quoted(made)} makes a link for somebody")
    return 0


def invite(
    circle: Ref,
    role: Annotated[str, typer.Option(help="what they may do: reader, member or admin")] = "member",
    days: Annotated[int, typer.Option(help="how many days it is good for")] = 7,
    uses: Annotated[int, typer.Option(help="how many people may use it")] = 1,
    qr: Annotated[bool, typer.Option("--qr", help="show it as a QR code too")] = False,
) -> int:
    """Make a link by which somebody joins. Whoever has it may join and read: hand it on where nobody else looks."""
    session = current()
    with session.open(create=False) as vault:
        made = vault.circles.invite(circle, role=role, days=days, uses=uses)
    if session.json:
        write_json(as_data(made))
        return 0
    if qr and session.tty:
        sys.stdout.write("".join(f"{line}\n" for line in qr_lines(session, made.link)))
    write(session, [made.link])
    whom = "one person" if uses == 1 else f"{uses} people"
    good = f"for {whom}, as {made.role}, until {day(made.until.astimezone())}"
    if is_server(made.link):
        at = plain(made.link.partition("/j/")[0])
        say(session, f"{good}; they need an account at that server too (scribes login {at} --new)")
        say(session, "there: scribes circle join LINK; scribes circle uninvite takes the link back")
    else:
        say(session, f"{good}; the folder has to be shared with them too")
        say(session, "there: scribes circle join LINK --folder FOLDER; scribes circle uninvite takes the link back")
    return 0


def uninvite(circle: Ref) -> int:
    """Take all open invitations of a circle back. Who has joined stays."""
    session = current()
    with session.open(create=False) as vault:
        number = vault.circles.uninvite(circle)
    if session.json:
        write_json({"taken_back": number})
    elif not session.quiet:
        write(session, [f"{counted(number, 'invitation')} taken back" if number else "there was no open invitation"])
    return 0


def join(
    link: Annotated[
        str | None, typer.Argument(metavar="[LINK]", help="the whole link, in quotes; without it, it is asked for")
    ] = None,
    folder: Folder = None,
    server: Server = None,
) -> int:
    """Join the circle of an invitation. Its notes are among yours from then on, marked with its name.

    Asked for, or from a pipe, the link stands in no list of processes and no history of your shell.
    """
    session = current()
    link = link or typed("the link of the invitation: ")
    found = circle_folder(folder, server)
    with session.open() as vault:
        place = circle_place(vault, found, server)
        joined = vault.circles.join(link, place=place)
        me = next((one for one in vault.circles.members(joined.id) if one.is_me), None)
    _say_one(session, joined, "joined")
    if me is not None and joined.role != "reader":
        say(session, f"you are called {line_of(session, me.name)} there: scribes circle name {_quoted(joined)} NAME")
    say(session, "what is in it stands among your notes: scribes list")
    return 0


def list_circles() -> int:
    """List your circles, and what you are in each; those you have left too."""
    session = current()
    with session.open(create=False) as vault:
        found = vault.circles.each()
    write_listed(session, found, lambda: _circle_lines(session, found))
    if not found:
        say(session, "you are in no circle: scribes circle create NAME, or scribes circle join LINK")
        return NOTHING_FOUND
    return 0


def members(
    circle: Ref,
    fingerprints: Annotated[
        bool, typer.Option("--fingerprints", help="show what each member's devices are told by, to compare aloud")
    ] = False,
) -> int:
    """List the members of a circle, the owner first.

    Two who read the same fingerprint for a member to each other know that nobody stands between them.
    """
    session = current()
    with session.open(create=False) as vault:
        found = vault.circles.members(circle)
    write_listed(session, found, lambda: _member_lines(session, found, fingerprints=fingerprints))
    return 0


def role(
    circle: Ref,
    member: Who,
    new: Annotated[str, typer.Argument(metavar="ROLE", help="reader, member or admin")],
) -> int:
    """Give a member another role: a reader reads, a member writes too, an admin sees to members and invitations."""
    session = current()
    with session.open(create=False) as vault:
        changed = vault.circles.set_role(circle, member, new)
    _say_member(session, changed, f"is {'an' if changed.role == 'admin' else 'a'} {changed.role} now")
    return 0


def remove(circle: Ref, member: Who) -> int:
    """Remove a member. They keep all they could already read; what is written from now on they cannot.

    The circle gets new keys in the same step.
    """
    session = current()
    with session.open(create=False) as vault:
        found = vault.circles.member(circle, member)
        name = line_of(session, found.name)
        say(session, f"{name} keeps all they could already read, which cannot be taken back; nothing new reaches them")
        confirm(session, f"remove {name}?")
        removed = vault.circles.remove(circle, found.id)
    _say_member(session, removed, "is removed")
    return 0


def leave(circle: Ref) -> int:
    """Leave a circle. What you have of it stays readable here; what you wrote stays with the others."""
    session = current()
    with session.open(create=False) as vault:
        say(session, "to come back takes a new invitation; what you wrote in it stays with the others")
        confirm(session, f"leave {line_of(session, circle)}?")
        left = vault.circles.leave(circle)
    _say_one(session, left, "left")
    return 0


def handover(circle: Ref, member: Who) -> int:
    """Make another member the owner of a circle; you are an admin then, and may leave."""
    session = current()
    with session.open(create=False) as vault:
        found = vault.circles.member(circle, member)
        name = line_of(session, found.name)
        say(session, f"{name} alone can give it back; you are an admin then, and may leave")
        confirm(session, f"make {name} the owner?")
        owner = vault.circles.hand_over(circle, found.id)
    _say_member(session, owner, "is the owner now")
    return 0


def rename(circle: Ref, new: Annotated[str, typer.Argument(metavar="NAME", help="the new name")]) -> int:
    """Give a circle another name, for all its members."""
    session = current()
    with session.open(create=False) as vault:
        renamed = vault.circles.rename(circle, new)
    _say_one(session, renamed, "called")
    say_unsent(session)
    return 0


def name(
    circle: Ref, my_name: Annotated[str, typer.Argument(metavar="NAME", help="how the others shall see you")]
) -> int:
    """Say how you are called in a circle. The setting `name` says it for circles you join later."""
    session = current()
    with session.open(create=False) as vault:
        vault.circles.call_me(circle, my_name)
        me = next(one for one in vault.circles.members(circle) if one.is_me)
    _say_member(session, me, "is what you are called")
    say_unsent(session)
    return 0


def _circle_lines(session: Session, found: list[Circle]) -> list[str]:
    if not session.tty:
        return ["\t".join((one.id[:8], one.name, one.role, str(one.members), one.remote)) for one in found]
    widest = min(max(len(one.name) for one in found), 40)
    lines = []
    for one in found:
        parts = [style(session, one.id[:8], CYAN), style(session, fit(line_of(session, one.name), widest), BOLD)]
        parts.append(f"{one.role}, {counted(one.members, 'member')}" if one.role else style(session, "left", YELLOW))
        if one.mode == "open":
            parts.append(style(session, "open: the server reads it", YELLOW))
        lines.append("  ".join([*parts, style(session, shortened(one.remote), DIM)]).rstrip())
    return lines


def _member_lines(session: Session, found: list[Member], *, fingerprints: bool) -> list[str]:
    if not session.tty:
        rows = ((one.id[:8], one.name, one.role, str(one.devices), one.fingerprint) for one in found)
        return ["\t".join(row if fingerprints else row[:-1]) for row in rows]
    widest = min(max(len(one.name) for one in found), 40)
    lines = []
    for one in found:
        about = f"{one.role}, {counted(one.devices, 'device')}{', you' if one.is_me else ''}"
        shown = style(session, fit(line_of(session, one.name), widest), BOLD)
        lines.append(f"{style(session, one.id[:8], CYAN)}  {shown}  {about}")
        lines += [style(session, f"          {one.fingerprint}", DIM)] if fingerprints else []
    return lines


def _say_one(session: Session, one: Circle, verb: str) -> None:
    if session.json:
        write_json(as_data(one))
    elif session.quiet:
        write(session, [one.id])
    else:
        write(session, [f"{verb} {line_of(session, one.name)}"])


def _say_member(session: Session, one: Member, what: str) -> None:
    if session.json:
        write_json(as_data(one))
    elif session.quiet:
        write(session, [one.id])
    else:
        write(session, [f"{line_of(session, one.name)} {what}"])


def _quoted(one: Circle) -> str:
    """A circle's name as it is typed in a shell."""
    return shlex.quote(plain(one.name))

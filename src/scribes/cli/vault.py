"""Commands on the whole vault: making it, its keys, backups, checks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from ..config import ENVIRONMENT_PASSPHRASE
from ..errors import AlreadyExists, Damaged, InvalidInput, NotFound
from ..models.vault import Check
from ..records import as_data
from .app import put
from .output import BOLD, DIM, GREEN, RED, YELLOW, say, style, write, write_json
from .progress import Bar
from .prompts import confirm, new_passphrase, secret
from .session import Session, current
from .vault_words import shortened

COLOURS = {"ok": GREEN, "warning": YELLOW, "damaged": RED, "mended": GREEN}
DAMAGED_STATUS = 7
SHELLS = ("bash", "zsh", "fish")


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    for name, function, examples in (
        ("init", init, ("scribes init", "scribes init --passphrase")),
        ("lock", lock, ("scribes lock", "scribes lock --yes")),
        ("unlock", unlock, ("scribes unlock", "scribes unlock --recovery")),
        ("backup", backup, ("scribes backup", "scribes backup /media/stick/notes.scribes-backup")),
        ("restore-backup", restore_backup, ("scribes restore-backup notes.scribes-backup",)),
        ("doctor", doctor, ("scribes doctor", "scribes doctor --fix")),
        ("completion", completion, ("scribes completion bash >> ~/.bashrc", "scribes completion zsh")),
    ):
        put(app, name, function, examples)
    key = typer.Typer(
        help="The keys of the vault; alone, it shows the recovery key.",
        rich_markup_mode=None,
        invoke_without_command=True,
    )
    key.callback()(key_show_alone)
    for name, function in (("show", key_show), ("passphrase", key_passphrase), ("rotate", key_rotate)):
        put(key, name, function, (f"scribes key {name}",))
    app.add_typer(key, name="key")


def init(
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="keep the key nowhere: a passphrase opens the vault")
    ] = False,
) -> int:
    """Make the vault. `scribes add` does it too; this lets you choose a passphrase, or with --vault the place."""
    session = current()
    if os.path.exists(session.settings.vault):
        raise AlreadyExists(
            f"there is a vault at {shortened(session.settings.vault)}", hint="--vault FILE makes another"
        )
    with session.open(passphrase=_first_passphrase() if passphrase else None) as vault:
        if session.json:
            write_json(
                {"vault": vault.path, "recovery_key": vault.keys.recovery_key(), "key_in": vault.keys.resting_in()}
            )
        elif session.quiet:
            write(session, [vault.path])
    return 0


def lock() -> int:
    """Forget the key on this machine: the passphrase is asked for the next time."""
    session = current()
    from ..services import daemon
    from . import background

    with session.open(create=False) as vault:
        background.stop(vault.path)
        daemon.forget_key(vault.path)
        forgotten = vault.keys.lock(recovery_key_is_written_down=session.yes)
    if os.environ.get(ENVIRONMENT_PASSPHRASE):
        say(session, f"{ENVIRONMENT_PASSPHRASE} is set in this shell and still opens the vault: unset it")
    if session.json:
        write_json({"forgotten": forgotten})
    else:
        write(
            session,
            [
                f"locked; the key is gone from the {' and the '.join(forgotten)}"
                if forgotten
                else "this machine kept no key"
            ],
        )
    return 0


def unlock(
    recovery: Annotated[bool, typer.Option("--recovery", help="with the recovery key")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="keep the key on this machine until `scribes lock`")] = False,
) -> int:
    """Unlock the vault for a while (the setting unlock_minutes), with the passphrase or the recovery key."""
    from ..wiring import unlock

    session = current()
    given = secret("recovery key: " if recovery else "passphrase: ")
    # Whoever has only the recovery key needs the key back for good; a passphrase can be typed again.
    where = unlock(
        session.settings,
        passphrase=None if recovery else given,
        recovery_key=given if recovery else None,
        for_good=keep,
    )
    if session.json:
        write_json({"key_in": where})
    else:
        until = "until scribes lock" if keep else f"for {session.settings.unlock_minutes} minutes"
        write(session, [f"unlocked {until}; the key is in the {where}"])
    return 0


def key_show_alone(context: typer.Context) -> int:
    """Show the recovery key."""
    return key_show() if context.invoked_subcommand is None else 0


def key_show() -> int:
    """Show the recovery key, to write down and keep away from this machine."""
    session = current()
    with session.open(create=False) as vault:
        recovery_key, places = vault.keys.recovery_key(), vault.keys.resting_in()
        has_passphrase = vault.keys.has_passphrase()
    if session.json:
        write_json({"recovery_key": recovery_key, "key_in": places, "passphrase": has_passphrase})
        return 0
    write(session, [style(session, recovery_key, BOLD)])
    say(session, "write it down and keep it away from this machine; it opens the vault and its backups anywhere")
    say(session, style(session, f"on this machine the key rests in: {', '.join(places) or 'nothing'}", DIM))
    say(
        session,
        style(session, f"passphrase: {'set' if has_passphrase else 'none; scribes key passphrase sets one'}", DIM),
    )
    return 0


def key_passphrase() -> int:
    """Set or change the passphrase. The file is not rewritten, only the wrapping of its key."""
    session = current()
    with session.open(create=False) as vault:
        vault.keys.set_passphrase(new_passphrase())
    if session.json:
        write_json({"passphrase": True})
    else:
        write(session, ["the passphrase is set; backups made before open with the old one"])
    return 0


def key_rotate() -> int:
    """Encrypt the whole vault anew under a fresh key, for when the old one may be known to others.

    The recovery key changes too. Backups made before keep opening with the old recovery key alone.
    """
    session = current()
    with session.open(create=False) as vault:
        passphrase = _present_passphrase() if vault.keys.has_passphrase() else None
        confirm(session, "encrypt the vault anew, with a new recovery key?")
        with Bar(session, "encrypting") as bar:
            recovery_key = vault.keys.rotate(passphrase=passphrase, progress=bar)
    if session.json:
        write_json({"recovery_key": recovery_key})
        return 0
    write(session, [f"encrypted anew; the recovery key is now {style(session, recovery_key, BOLD)}"])
    say(session, "write it down; the old one still opens the backups made before")
    return 0


def backup(
    path: Annotated[str | None, typer.Argument(metavar="[FILE]", help="where to; default: the backups folder")] = None,
) -> int:
    """Make a backup: one encrypted file, read back and verified. Passphrase or recovery key open it on any machine."""
    session = current()
    with session.open(create=False) as vault, Bar(session, "copying") as bar:
        made = vault.backups.make(path, progress=bar)
    if session.json:
        write_json({"path": made.path, "size_bytes": made.size_bytes, "notes": made.notes})
    elif session.quiet:
        write(session, [made.path])
    else:
        size = f"{made.size_bytes / 1e6:.1f} MB"
        write(
            session,
            [f"backed up {made.notes} note{'s' * (made.notes != 1)} to {shortened(made.path)} ({size}, verified)"],
        )
    return 0


def restore_backup(
    path: Annotated[str, typer.Argument(metavar="FILE", help="the backup")],
    recovery: Annotated[bool, typer.Option("--recovery", help="open it with the recovery key")] = False,
) -> int:
    """Put a backup in the place of the vault. The present vault is backed up first."""
    from ..wiring import restore_backup

    session = current()
    recovery_key = secret("recovery key: ") if recovery else None
    if not os.path.isfile(path):
        raise NotFound(f"there is no backup {path}", hint="scribes backup makes one")
    if os.path.exists(session.settings.vault):
        confirm(session, f"replace the notes in {shortened(session.settings.vault)} by the backup?")
    with Bar(session, "copying") as bar:
        safety, moved = restore_backup(
            path, session.settings, recovery_key=recovery_key, ask=session.asker(), progress=bar
        )
    with session.open(create=False) as vault:
        number = vault.notes.count()
    if session.json:
        write_json({"notes": number, "before": safety.path if safety else None, "moved": moved})
        return 0
    write(session, [f"restored {number} note{'s' * (number != 1)}"])
    if safety:
        say(session, f"what was there before is in {shortened(safety.path)}")
    if moved:
        say(session, f"the file that could not be opened is now {shortened(moved)}")
    return 0


def doctor(fix: Annotated[bool, typer.Option("--fix", help="mend what can be mended")] = False) -> int:
    """Check file, keys, history, search index, references, disk and versions; say what could be mended."""
    session = current()
    found = []
    with Bar(session, "checking") as bar:
        for check in _checks(session, bar, fix=fix):
            found.append(check)
            if not session.json:
                state = style(session, f"{check.state:8}", COLOURS[check.state])
                remedy = f" ({check.fix})" if check.fix else ""
                write(session, [f"{state} {check.name:12}  {shortened(check.detail)}{remedy}"])
    if session.json:
        write_json([as_data(check) for check in found])
    return DAMAGED_STATUS if any(check.state == "damaged" for check in found) else 0


def _checks(session: Session, bar: Bar, *, fix: bool) -> Iterator[Check]:
    """The checks; of a vault too damaged to open, what is wrong and which backups there are."""
    try:
        with session.open(create=False) as vault:
            yield from vault.checks.run(fix=fix, progress=bar)
    except Damaged as e:
        yield Check("file", "damaged", e.message, "scribes restore-backup FILE brings back a copy")
        folder = os.path.join(session.settings.data_folder, "backups")
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        yield Check(
            "backup", "ok" if names else "warning", os.path.join(folder, names[-1]) if names else "there is none"
        )


def _first_passphrase() -> str:
    return os.environ.get(ENVIRONMENT_PASSPHRASE) or new_passphrase()


def _present_passphrase() -> str:
    return os.environ.get(ENVIRONMENT_PASSPHRASE) or secret("passphrase: ")


def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish")],
) -> int:
    """Print the completion script for a shell."""
    from typer._completion_shared import get_completion_script

    from .main import COMPLETION

    if shell not in SHELLS:
        raise InvalidInput(f"no completion for {shell!r}", hint=", ".join(SHELLS))
    sys.stdout.write(get_completion_script(prog_name="scribes", complete_var=COMPLETION, shell=shell) + "\n")
    return 0

"""`scribes notify` and `scribes jobs`: how reminders reach the person, and what waits for its moment."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from ..errors import InvalidInput
from ..notifiers import FIELDS
from ..records import as_data
from .app import put
from .output import BOLD, DIM, RED, YELLOW, line_of, say, style, write, write_json, write_listed
from .prompts import secret
from .scripture import in_range
from .session import current
from .zone import now_in, zone_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from ..models.jobs import JobShown
    from ..models.reminders import Channel, Delivery
    from .session import Session

NOTHING_FOUND = 3
Name = Annotated[str, typer.Argument(metavar="NAME", help="the channel's name")]


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    notify = typer.Typer(help="How reminders reach you.", rich_markup_mode=None, invoke_without_command=True)
    notify.callback()(notifying)
    for verb, action, examples in (
        ("list", notify_list, ("scribes notify list",)),
        (
            "add",
            notify_add,
            (
                "scribes notify add desktop",
                "scribes notify add email --set host=mail.example.org --set sender=me@example.org"
                " --set to=me@example.org",
            ),
        ),
        ("remove", notify_remove, ("scribes notify remove email",)),
        ("test", notify_test, ("scribes notify test desktop",)),
        ("log", notify_log, ("scribes notify log", "scribes notify log -n 50 --json")),
    ):
        put(notify, verb, action, examples)
    app.add_typer(notify, name="notify")
    jobs = typer.Typer(help="What waits for its moment.", rich_markup_mode=None, invoke_without_command=True)
    jobs.callback()(job_group)
    for name, work, shown in (
        ("list", jobs_list, ("scribes jobs list", "scribes jobs list --parked")),
        ("retry", jobs_retry, ("scribes jobs retry", "scribes jobs retry 5f2e1a")),
        ("drop", jobs_drop, ("scribes jobs drop 5f2e1a",)),
        ("run", jobs_run, ("scribes jobs run",)),
    ):
        put(jobs, name, work, shown)
    app.add_typer(jobs, name="jobs")


def notifying(context: typer.Context) -> int:
    """How reminders reach you."""
    return notify_list() if context.invoked_subcommand is None else 0


def notify_list() -> int:
    """List the channels on which reminders reach you from this device."""
    session = current()
    with session.open(create=False) as vault:
        found = vault.channels.each()
    if session.json:
        write_json([as_data(channel) for channel in found])
    elif session.quiet:
        write(session, [channel.name for channel in found])
    else:
        write(session, [_channel_line(session, channel) for channel in found])
    if not found:
        say(session, "no channel yet: scribes notify add desktop")
        return NOTHING_FOUND
    return 0


def notify_add(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=", ".join(FIELDS))],
    name: Annotated[
        str | None, typer.Option("--name", help="what to call it, where there are several of a kind")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="a detail of the channel (docs/how-to/reminders.md)"),
    ] = None,
    secret_file: Annotated[str | None, typer.Option("--secret-file", help="a file with its secret")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="in the place of the one of that name, as for a new password")
    ] = False,
    show_text: Annotated[
        bool | None,
        typer.Option("--show-text/--hide-text", help="whether it may show what the reminder says (desktop: it does)"),
    ] = None,
) -> int:
    """Let reminders reach you on a channel.

    Its password or key is asked for, or read from a pipe or a file, and kept in the vault: never given on the command
    line, where others could see it. Nothing private is sent by mail or push unless you say --show-text.
    """
    session = current()
    if kind not in FIELDS:
        raise InvalidInput(f"there is no kind of channel {kind!r}", hint=", ".join(FIELDS))
    config = dict(_pair(one) for one in given or [])
    secrets = _secrets(kind, config, secret_file)
    shows = kind == "desktop" if show_text is None else show_text
    with session.open() as vault:
        made = vault.channels.add(name or kind, kind, config, secrets, shows_text=shows, replace=replace)
    if session.json:
        write_json(as_data(made))
    elif session.quiet:
        write(session, [made.name])
    else:
        write(session, [f"added {_channel_line(session, made)}"])
        say(session, f"scribes notify test {made.name} tries it; scribes daemon install keeps it going")
    return 0


def notify_remove(name: Name) -> int:
    """Forget a channel and its secret."""
    session = current()
    with session.open(create=False) as vault:
        gone = vault.channels.remove(name)
    write(session, [gone.name if session.quiet else f"removed {gone.name}"])
    return 0


def notify_test(name: Name) -> int:
    """Send a test notice on a channel."""
    session = current()
    with session.open(create=False) as vault:
        vault.channels.test(name, now=now_in(zone_of(session)))
    say(session, f"sent on {name}")
    return 0


def notify_log(limit: Annotated[int | None, typer.Option("--limit", "-n", help="how many")] = None) -> int:
    """Show what was sent, the latest first."""
    session = current()
    with session.open(create=False) as vault:
        found = vault.channels.deliveries(limit=in_range(limit, session.settings.list_limit))
    if session.json:
        write_json([as_data(one) for one in found])
    else:
        write(session, [_delivery_line(session, one) for one in found])
    if not found:
        say(session, "nothing was sent yet")
        return NOTHING_FOUND
    return 0


def job_group(context: typer.Context) -> int:
    """What waits for its moment."""
    return jobs_list() if context.invoked_subcommand is None else 0


def jobs_list(
    parked: Annotated[bool, typer.Option("--parked", help="only what keeps failing")] = False,
    limit: Annotated[int | None, typer.Option("--limit", "-n", help="how many")] = None,
) -> int:
    """List what waits for its moment, and what keeps failing, with the reason."""
    session = current()
    with session.open(create=False) as vault:
        found = vault.jobs.recent(parked=parked, limit=in_range(limit, session.settings.list_limit))
    write_listed(session, found, lambda: [_job_line(session, job) for job in found])
    if not found:
        say(session, "nothing keeps failing" if parked else "nothing waits")
        return NOTHING_FOUND
    return 0


def jobs_retry(
    refs: Annotated[
        list[str] | None, typer.Argument(metavar="[JOB]...", help="the end of an id; none: all parked")
    ] = None,
) -> int:
    """Try again what kept failing."""
    session = current()
    with session.open(create=False) as vault:
        ids = vault.jobs.retry(refs or [])
        ran = vault.jobs.run_due()
    if session.json:
        write_json({"retried": ids, **as_data(ran)})
    elif session.quiet:
        write(session, ids)
    else:
        write(session, [f"{len(ids)} tried again: {ran.done} done, {ran.put_off} put off, {ran.parked} parked"])
    return 0


def jobs_drop(refs: Annotated[list[str], typer.Argument(metavar="JOB...", help="ends of ids")]) -> int:
    """Take jobs out for good, without doing them."""
    from .prompts import confirm

    session = current()
    confirm(session, f"drop {len(refs)} job{'s' * (len(refs) != 1)} undone?")
    with session.open(create=False) as vault:
        ids = vault.jobs.drop(refs)
    write(session, ids if session.quiet else [f"dropped {len(ids)}"])
    return 0


def jobs_run() -> int:
    """Do once what is due, as the daemon does all the time: for cron and the like."""
    session = current()
    with session.open(create=False) as vault:
        ran = vault.jobs.run_due()
    if session.json:
        write_json(as_data(ran))
    elif not session.quiet:
        write(session, [f"{ran.done} done, {ran.put_off} put off, {ran.parked} parked"])
    if ran.is_elsewhere:
        say(session, "another process is at it")
    return 0


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name:
        raise InvalidInput(f"--set {given}: a detail is NAME=VALUE", hint="--set host=mail.example.org")
    return name.strip(), value.strip()


def _secrets(kind: str, config: dict[str, str], secret_file: str | None) -> dict[str, str]:
    """The secret of a channel: from a file, a pipe, or typed unseen.

    Raises: InvalidInput.
    """
    field = next((field for field in FIELDS[kind] if field.is_secret), None)
    if field is None:
        return {}
    if field.name in config:
        raise InvalidInput(
            f"--set {field.name}: a secret is not given on the command line", hint="--secret-file FILE, or a pipe"
        )
    if secret_file is not None:
        try:
            with open(os.path.expanduser(secret_file), encoding="utf-8") as file:
                return {field.name: file.read().strip()}
        except (OSError, ValueError) as e:
            raise InvalidInput(f"{secret_file} cannot be read", hint="a text file with the secret alone") from e
    if not field.is_needed and not config.get("user"):
        return {}
    typed = secret(f"{field.meaning}: ") if sys.stdin.isatty() else sys.stdin.read().strip()
    return {field.name: typed} if typed else {}


def _channel_line(session: Session, channel: Channel) -> str:
    details = " ".join(f"{name}={value}" for name, value in sorted(channel.config.items()))
    shows = "shows what it is about" if channel.shows_text else "shows nothing private"
    resting = f"rests until {_moment(channel.resting_until)}" if channel.resting_until else ""
    if not session.tty:
        return "\t".join((channel.name, channel.kind, shows, resting, details))
    parts = [style(session, channel.name, BOLD), line_of(session, details), style(session, shows, DIM)]
    return "  ".join(filter(None, [*parts, style(session, resting, YELLOW)]))


def _delivery_line(session: Session, one: Delivery) -> str:
    state = f"{one.state}{', late' if one.late else ''}"
    parts = [
        _moment(one.at),
        one.channel,
        state,
        _moment(one.due_at),
        line_of(session, one.text),
        line_of(session, one.error),
    ]
    if not session.tty:
        return "\t".join(parts)
    parts[2] = style(session, parts[2], RED if one.state == "given up" else YELLOW if one.error or one.late else DIM)
    return "  ".join(filter(None, parts))


def _job_line(session: Session, job: JobShown) -> str:
    when = "parked" if job.parked_at else _moment(job.run_at)
    tried = f"{job.attempts} tries" if job.attempts else ""
    parts = [job.handle, when, job.kind, tried, line_of(session, job.error)]
    return "\t".join(parts) if not session.tty else "  ".join(filter(None, parts))


def _moment(at: datetime | None) -> str:
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else ""

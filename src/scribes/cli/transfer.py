"""`scribes import` and `scribes export`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import InvalidInput
from .app import put
from .output import YELLOW, plain, say, style, write, write_json
from .progress import Bar
from .session import current

SHOWN_PROBLEMS = 10


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    imports = typer.Typer(help="Bring notes from other programs.", rich_markup_mode=None, no_args_is_help=True)
    examples = ("scribes import markdown ~/notes", "scribes import markdown ~/notes --dry-run")
    put(imports, "markdown", import_markdown, examples)
    app.add_typer(imports, name="import")
    exports = typer.Typer(help="Write all notes as files.", rich_markup_mode=None, no_args_is_help=True)
    for name, function in (("markdown", export_markdown), ("json", export_json)):
        put(exports, name, function, (f"scribes export {name} ~/my-notes",))
    app.add_typer(exports, name="export")


def import_markdown(
    path: Annotated[str, typer.Argument(metavar="DIR", help="a folder of Markdown files, or one file")],
    tag: Annotated[list[str] | None, typer.Option("--tag", "-t", help="a tag for all of them")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be done")] = False,
) -> int:
    """Import Markdown files with YAML front matter (title, date, author or speaker, venue, series, tags, topics).

    Importing a folder again adds only what is new. One `scribes undo` takes all of it back.
    """
    session = current()
    with session.open() as vault, Bar(session, "importing") as bar:
        try:
            report = vault.imports.markdown(path, tags=tag or [], dry_run=dry_run, progress=bar)
        except KeyboardInterrupt:
            say(session, f"stopped; the first {bar.done} files are kept. Run it again to go on, or scribes undo")
            raise
    if session.json:
        write_json(
            {
                "added": report.added,
                "changed": report.changed,
                "unchanged": report.unchanged,
                "kept": list(report.kept),
                "problems": [{"file": file, "problem": problem} for file, problem in report.problems],
                "dry_run": dry_run,
            }
        )
    else:
        parts = [f"{report.added} added"]
        parts += [f"{report.changed} changed"] * bool(report.changed) + [f"{report.unchanged} already here"] * bool(
            report.unchanged
        )
        write(session, [f"{'would import' if dry_run else 'imported'}: {', '.join(parts)}"])
    for file in report.kept[:SHOWN_PROBLEMS]:
        say(session, style(session, f"left alone, edited here since: {plain(file)}", YELLOW))
    for file, problem in report.problems[:SHOWN_PROBLEMS]:
        say(session, style(session, f"not taken: {plain(file)}: {problem}", YELLOW))
    more = len(report.problems) - SHOWN_PROBLEMS
    if more > 0:
        say(session, f"and {more} more; --json lists all")
    if report.problems and not (report.added or report.changed or report.unchanged):
        raise InvalidInput("no file could be taken")
    return 0


def export_markdown(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="a new or empty folder")],
    force: Annotated[bool, typer.Option("--force", help="write into a folder that holds something")] = False,
) -> int:
    """Write every note to a Markdown file with front matter. Importing the folder gives the notes back."""
    return _export("markdown", folder, force=force)


def export_json(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="a new or empty folder")],
    force: Annotated[bool, typer.Option("--force", help="write into a folder that holds something")] = False,
) -> int:
    """Write every note, with all it has, to notes.json."""
    return _export("json", folder, force=force)


def _export(kind: str, folder: str, *, force: bool) -> int:
    session = current()
    with session.open(create=False) as vault, Bar(session, "exporting") as bar:
        written = getattr(vault.exports, kind)(folder, force=force, progress=bar)
    if session.json:
        write_json({"notes": written, "folder": folder})
    else:
        write(session, [f"exported {written} note{'s' * (written != 1)} to {folder}"])
    say(session, "these files are not encrypted")
    return 0

"""`scribes bible`: the texts at hand, adding texts and cross references, searching the verses."""

from __future__ import annotations

from typing import Annotated

import typer

from ..records import as_data
from .app import put
from .output import BOLD, DIM, cells, fit, line_of, say, style, width, write, write_json
from .scripture import NOTHING_FOUND, in_range, scripture_of, usual_text
from .session import current
from .verses import READABLE, named, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.scripture import Translation

EXAMPLES = {
    "list": ("scribes bible list",),
    "search": (
        "scribes bible search justified by faith",
        "scribes bible search '\"son of man\"' --within Daniel --in kjv",
    ),
    "add": ('scribes bible add luther.zip --code luther --name "Lutherbibel 1912" --language de',),
    "import-crossrefs": ("scribes bible import-crossrefs cross-references.zip",),
}


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    group = typer.Typer(help="Bible texts: list, search and add them.", rich_markup_mode=None, no_args_is_help=True)
    for name, function in (
        ("list", list_texts),
        ("search", search),
        ("add", add),
        ("import-crossrefs", import_crossrefs),
    ):
        put(group, name, function, EXAMPLES[name])
    app.add_typer(group, name="bible")


def list_texts() -> int:
    """List the Bible texts at hand. Further ones come from a file (bible add) or from a service (in the settings)."""
    session = current()
    found = scripture_of(session).translations()
    if session.json:
        write_json([as_data(text) for text in found])
    elif session.quiet:
        write(session, [text.code for text in found])
    elif not session.tty:
        write(session, ["\t".join((text.code, text.name, text.language, str(text.verses))) for text in found])
    else:
        code = max(cells(text.code) for text in found)
        name = min(max(cells(text.name) for text in found), 44)
        usual = session.settings.translation
        write(
            session,
            [
                f"{style(session, fit(text.code, code), BOLD)}  {fit(line_of(session, text.name), name)}"
                f"  {text.verses:>6} verses  {style(session, _about(text, usual), DIM)}"
                for text in found
            ],
        )
    service = session.settings.scripture_service
    if service:
        say(session, f'further texts by their code from {service}: scribes read "John 3:16" --in BSB')
    else:
        say(session, 'a service has more: scripture_service = "helloao" in the settings, then --in BSB')
    return 0


def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help='words; "in quotes" they stand side by side')],
    translation: Annotated[str | None, typer.Option("--in", "-i", help="the text to search")] = None,
    within: Annotated[str | None, typer.Option("--within", help="only in this passage: Psalms, John 1-12")] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", help="how many verses")] = None,
) -> int:
    """Find verses by their words, best first."""
    session = current()
    scripture = scripture_of(session)
    code = translation or usual_text(session, scripture)
    found = scripture.search(
        " ".join(words), translation=code, limit=in_range(limit, session.settings.list_limit), within=within
    )
    if session.json:
        write_json([as_data(verse) for verse in found])
    elif session.quiet:
        write(session, [verse.osis for verse in found])
    elif not session.tty:
        write(session, [f"{verse.osis}\t{verse.text}" for verse in found])
    else:
        columns = min(width(), READABLE)
        lines = []
        for verse in found:
            lines.append(style(session, named(verse.ordinal), BOLD))
            lines += ["    " + line for line in wrapped(line_of(session, verse.text), columns - 4)]
        write(session, lines)
    if not found:
        say(session, f"no verse has {' '.join(words)}")
        return NOTHING_FOUND
    return 0


def add(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="USFM, OSIS XML or tab-separated lines, or a zip of them")
    ],
    code: Annotated[str, typer.Option("--code", help="what it is called in --in; default: from the file's name")] = "",
    name: Annotated[str, typer.Option("--name", help="its full name")] = "",
    language: Annotated[str, typer.Option("--language", help="its language: en, de")] = "",
    licence: Annotated[str, typer.Option("--licence", help="its licence, kept beside it")] = "",
) -> int:
    """Add a Bible text from a file, to read with --in."""
    session = current()
    added = scripture_of(session).add(file, code=code, name=name, language=language, licence=licence)
    if session.json:
        write_json(as_data(added))
    elif session.quiet:
        write(session, [added.code])
    else:
        write(session, [f"added {added.code}: {_number(added.verses, 'verse')} in {_number(added.books, 'book')}"])
    if added.unknown:
        say(session, f"left out: {added.unknown} verses of books that are not known")
    if added.repeated:
        say(session, f"left out: {added.repeated} verses that came twice")
    if added.beyond:
        say(session, f"{added.beyond} verses are numbered otherwise than in English; read them by their own number")
    return 0


def import_crossrefs(
    file: Annotated[str, typer.Argument(metavar="FILE", help="cross-references.zip from OpenBible.info")],
) -> int:
    """Take OpenBible.info's cross references (CC BY); scribes xref then ranks by its votes."""
    session = current()
    rows, bad = scripture_of(session).import_crossrefs(file)
    if session.json:
        write_json({"rows": rows, "bad": bad})
    else:
        write(session, [f"imported {_number(rows, 'cross reference')} of OpenBible.info (CC BY 4.0)"])
    if bad:
        say(session, f"left out: {_number(bad, 'row')} that could not be read")
    return 0


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _about(text: Translation, usual: str) -> str:
    return ", ".join(filter(None, (text.language, "read by default" if text.code == usual else "")))

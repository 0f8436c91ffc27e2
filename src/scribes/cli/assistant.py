"""`scribes paraphrase`: a note's text in other words."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import Conflict
from ..models.notes import NotePatch
from ..records import as_data
from . import references
from .app import put
from .capture import show_saved
from .output import safe, say, write, write_json
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.assistant import Paraphrase
    from ..models.notes import Note
    from ..wiring import Scribes

Ref = Annotated[str, typer.Argument(metavar="NOTE", help="a number of the last listing, the start of an id, or -")]


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    put(app, "paraphrase", paraphrase, ("scribes paraphrase 2", "scribes paraphrase - --style short --apply"))


def paraphrase(
    note: Ref,
    style: Annotated[str, typer.Option(help="clear: in plainer words; short: in fewer")] = "clear",
    apply: Annotated[bool, typer.Option("--apply", help="write it into the note; scribes undo takes it back")] = False,
) -> int:
    """Say a note's text in other words. The text is sent to the service in `assistant_url`.

    What would lose or add a reference, a number, a name or a quotation is not shown. The note stays as it is without
    --apply.
    """
    session = current()
    with session.open(create=False) as vault:
        said = vault.assistant.paraphrase(references.resolve(session, note), style=style)
        saved = _applied(vault, said) if apply else None
    references.touch(session, said.note_id)
    if saved is not None:
        if not session.json and not session.quiet:
            write(session, [*safe(session, said.text).split("\n"), ""])
        show_saved(session, saved, "saved")
        say(session, "scribes undo brings the old text back")
    elif session.json:
        write_json(as_data(said))
    else:
        write(session, safe(session, said.text).split("\n"))
    say(session, f"by {said.model}; the text was sent to {said.service}")
    return 0


def _applied(vault: Scribes, said: Paraphrase) -> Note:
    try:
        return vault.notes.change(said.note_id, NotePatch(body=said.text), at=said.revision)
    except Conflict as e:
        e.hint = "nothing was written; ask for it again"
        raise

"""How notes are addressed: by number in the last listing, by the start of an id, or `-` for the last one touched.

The last listing is a small file of ids (nothing of their content) in the state folder, one for each terminal, so that
two terminals do not renumber each other's notes.
"""

from __future__ import annotations

import os

from ..errors import NotFound, ScribesError
from ..files import private_folder, read_if_there

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .session import Session

LAST = "last"
NOTES = "scribes list shows the notes and their numbers"
# Handles have four digits and more; shorter numbers mean places in the listing.
MAX_NUMBER_DIGITS = 3
# Between the id of a note and that of a place in it, in a listing of places: its numbers mean the notes too.
PLACE = "#"


def remember(session: Session, ids: Sequence[str], *, touched: str | None = None) -> None:
    """Keep a listing's ids, so that its numbers are handles."""
    _store(session, touched or (ids[0] if ids else _load(session)[0]), ids)


def remember_others(session: Session, ids: Sequence[str]) -> None:
    """Keep a listing of things that are no notes: its numbers are handles, and `-` stays the last note."""
    _store(session, _load(session)[0], ids)


def touch(session: Session, id: str) -> None:
    """Make this the note that `-` means."""
    _, ids = _load(session)
    _store(session, id, ids)


def moved(session: Session, old: str, new: str) -> None:
    """Let what meant one thing in the last listing mean another: it is the same, under a new id."""
    touched, ids = _load(session)
    _store(session, new if touched == old else touched, [new if id == old else id for id in ids])


def resolve(session: Session, ref: str, *, hint: str = NOTES) -> str:
    """The id or handle that `ref` means; the hint says where its numbers come from.

    Raises: NotFound.
    """
    return _listed(session, ref, hint).partition(PLACE)[0]


def resolve_place(session: Session, ref: str, *, hint: str) -> str:
    """The id of a place in a note, where places were listed; else what is given.

    Raises: NotFound.
    """
    found = _listed(session, ref, hint)
    return found.partition(PLACE)[2] or found


def _listed(session: Session, ref: str, hint: str) -> str:
    if ref == "-":
        touched, _ = _load(session)
        if not touched:
            raise NotFound("no note was touched yet", hint="scribes list shows the notes")
        return touched
    if ref.isdecimal() and (len(ref) <= MAX_NUMBER_DIGITS or int(ref) <= len(_load(session)[1])):
        _, ids = _load(session)
        if not 1 <= int(ref) <= len(ids):
            raise NotFound(
                f"there is no number {ref} in the last listing" if ids else "nothing was listed yet in this terminal",
                hint=hint,
            )
        return ids[int(ref) - 1]
    return ref


def _store(session: Session, touched: str, ids: Sequence[str]) -> None:
    """Not on disk for certain, and no error where it cannot be: losing a listing costs nothing but a look."""
    data = "\n".join([session.settings.vault, touched, *ids])
    try:
        folder = private_folder(os.path.join(session.settings.state_folder, "listings"))
        for name in {_terminal(), LAST}:
            temporary = os.path.join(folder, f"{name}.{os.getpid()}")
            with open(temporary, "w", encoding="utf-8") as file:
                file.write(data)
            os.replace(temporary, os.path.join(folder, name))
    except (OSError, ScribesError):
        return


def _load(session: Session) -> tuple[str, list[str]]:
    folder = os.path.join(session.settings.state_folder, "listings")
    for name in (_terminal(), LAST):
        data = read_if_there(os.path.join(folder, name))
        if data is not None:
            vault, touched, *ids = [*data.decode("utf-8", "replace").split("\n"), "", ""][:-1]
            if vault == session.settings.vault:
                return touched, [id for id in ids if id]
    return "", []


def _terminal() -> str:
    """A name for the terminal this runs in; without one, that of the last listing anywhere."""
    for descriptor in (0, 2, 1):
        try:
            return os.ttyname(descriptor).strip("/").replace("/", "-")
        except (OSError, AttributeError):
            continue
    return LAST

"""`scribes links`, `link` and `unlink`: what notes have to do with each other, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import InvalidInput
from ..records import as_data, replaced
from . import references
from .app import put
from .output import BOLD, CYAN, DIM, YELLOW, cells, day, fit, line_of, note_lines, say, style, width, write, write_json
from .progress import Bar
from .scripture import in_range
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.links import Edge, Ground, Link, Missing, Suggestion
    from ..models.notes import Note
    from ..wiring import Scribes
    from .session import Session

NOTHING_FOUND = 3
KINDS = {"same": "same passage", "linked": "linked passage", "similar": "similar", "hand": "by hand"}
Ref = Annotated[str, typer.Argument(metavar="NOTE", help="a number of the last listing, the start of an id, or -")]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="another note, named likewise")]


def register(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    put(app, "links", links, ("scribes links 2", "scribes links - --dismiss 3", "scribes links --suggest"))
    put(app, "link", link, ("scribes link 2 5", 'scribes link - 5 --note "the same sermon, told later"'))
    put(app, "unlink", unlink, ("scribes unlink 2 5",))


def links(
    note: Annotated[
        str | None, typer.Argument(metavar="NOTE", help="a number of the last listing, the start of an id, or -")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", "-k", help="only: same, linked, similar or hand")] = None,
    orphans: Annotated[bool, typer.Option("--orphans", help="the notes that no link reaches")] = False,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="notes that belong together and that nobody has linked by hand")
    ] = False,
    dismiss: Annotated[str | None, typer.Option("--dismiss", metavar="OTHER", help="never link it with this")] = None,
    restore: Annotated[
        str | None, typer.Option("--restore", metavar="OTHER", help="take a dismissal back: it may be linked again")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", help="how many notes")] = None,
) -> int:
    """Show what a note has to do with others, and why. By hand comes first, then the strongest links.

    Links are found (same passage, linked passage, similar) or made by hand: [[title]] in a text, or scribes link.
    """
    session = current()
    wanted = [name for name, given in (("--orphans", orphans), ("--suggest", suggest), ("NOTE", note)) if given]
    if len(wanted) != 1 or (note is None and (kind or dismiss or restore)) or (dismiss and restore):
        raise InvalidInput("links of which note?" if not wanted else "that does not go together",
                           hint="scribes links NOTE, scribes links --orphans or scribes links --suggest")  # fmt: skip
    most = in_range(limit, session.settings.list_limit)
    with session.open(create=False) as vault:
        if dismiss or restore:
            return _decide(session, vault, str(note), dismiss, restore)
        with Bar(session, "linking") as bar:
            vault.links.catch_up(bar)
        if orphans:
            return _orphans(session, vault, most)
        if suggest:
            return _suggest(session, vault, most)
        return _of(session, vault, str(note), _kind(kind), most)


def link(
    note: Ref,
    other: Other,
    why: Annotated[str, typer.Option("--note", help="why, in a few words")] = "",
) -> int:
    """Link a note with another by hand. It shows in both."""
    session = current()
    with session.open(create=False) as vault:
        first = vault.notes.get(references.resolve(session, note))
        made = vault.links.link(first.id, references.resolve(session, other), why=why)
    references.touch(session, first.id)
    if session.json:
        write_json(as_data(made))
    elif session.quiet:
        write(session, [made.note.id])
    else:
        write(session, [f"linked {_named(session, first)} with {_named(session, made.note)}"])
    return 0


def unlink(note: Ref, other: Other) -> int:
    """Take a link by hand away, from whichever note it was made."""
    session = current()
    with session.open(create=False) as vault:
        first = vault.notes.get(references.resolve(session, note))
        second = vault.links.unlink(first.id, references.resolve(session, other))
    references.touch(session, first.id)
    _decided(session, "unlinked", first, second)
    return 0


def explained(session: Session, one: Link | Edge, columns: int = 0) -> str:
    """A link in one line: its kind, how strong it is, and the words it rests on in both notes.

    With `columns` it is cut to so many, and the words of both notes get their share.
    """
    if one.kind == "by hand":
        arrow = {"to": "→", "from": "←"}.get(one.way, "")
        written = one.here or one.there
        parts = [f'"{line_of(session, one.why)}"' if one.why else "", line_of(session, written.text) if written else ""]
        text = " ".join(filter(None, (one.kind, arrow, *parts)))
    else:
        text = f"{one.kind} {one.score:.2f}  "
        text += rests_on(session, one, columns - len(text) if columns else 0)
    return fit(text, columns).rstrip() if columns else text


def turned(edge: Edge) -> Edge:
    """A link as it is seen from its second note."""
    way = {"to": "from", "from": "to"}.get(edge.way, "")
    return replaced(edge, first=edge.second, second=edge.first, here=edge.there, there=edge.here, way=way)


def rests_on(session: Session, one: Link | Edge, columns: int = 0) -> str:
    """The words a found link rests on."""
    if one.kind == "similar":
        return _alike(session, one, columns)
    here, there = (_words(session, ground) for ground in (one.here, one.there))
    if one.kind == "linked passage":
        return f"{here} ~ {there} ({line_of(session, one.why)})"
    if here == there:
        return f"{one.why}, in both" if here.strip('"') == one.why else f"{one.why}: {here} in both"
    return f"{one.why}: {here} ~ {there}"


def _alike(session: Session, one: Link | Edge, columns: int) -> str:
    """Two pieces of text side by side; a short one leaves its room to the other."""
    texts = [line_of(session, ground.text).lstrip("> ") if ground else "…" for ground in (one.here, one.there)]
    room = columns - len("“” ~ “”")
    if columns:
        half = max(8, room // 2)
        shares = [max(half, room - cells(texts[1])), max(half, room - cells(texts[0]))]
        texts = [
            fit(text, share).rstrip() if cells(text) > share else text
            for text, share in zip(texts, shares, strict=True)
        ]
    return f"“{texts[0]}” ~ “{texts[1]}”"


def _words(session: Session, ground: Ground | None) -> str:
    if ground is None:
        return "…"
    return f'"{line_of(session, ground.text)}"' if ground.text else f"{ground.osis} (pinned)"


def _kind(kind: str | None) -> str:
    if kind is None:
        return ""
    found = next((name for short, name in KINDS.items() if kind.lower() in (short, name)), None)
    if found is None:
        raise InvalidInput(f"there is no kind {kind!r}", hint=", ".join(KINDS))
    return found


def _of(session: Session, vault: Scribes, note: str, kind: str, most: int) -> int:
    shown = vault.notes.get(references.resolve(session, note))
    found, missing = vault.links.of(shown.id, kind=kind), vault.links.missing(shown.id)
    by_note: dict[str, list[Link]] = {}
    for one in found:
        by_note.setdefault(one.note.id, []).append(one)
    kept = list(by_note.values())[:most]
    references.remember(session, [group[0].note.id for group in kept], touched=shown.id)
    if session.json:
        listed = [as_data(one) for group in kept for one in group]
        write_json({"note": shown.id, "links": listed, "missing": [as_data(one) for one in missing]})
    elif session.quiet:
        write(session, [group[0].note.id for group in kept])
    elif session.tty:
        write(session, [*_groups(session, kept), *_missing_lines(session, missing)])
    else:
        write(session, [_row(session, one) for group in kept for one in group])
        write(session, [f"\tmissing\t\t\t{line_of(session, one.text)}\t\t" for one in missing])
    if len(by_note) > most:
        say(session, f"and {len(by_note) - most} notes more: scribes links {note} -n {len(by_note)}")
    if not found:
        say(session, f"nothing is linked with {line_of(session, shown.heading)}")
    return 0 if found or missing else NOTHING_FOUND


def _groups(session: Session, groups: list[list[Link]]) -> list[str]:
    """For people: a note, and below it a line for each link with it."""
    indent = " " * (len(str(len(groups))) + 2)
    lines = []
    for number, group in enumerate(groups, 1):
        lines.append(_headed(session, group[0].note, number, len(groups)))
        said = [explained(session, one, width() - len(indent)) for one in group]
        lines += [indent + style(session, text, DIM) for text in said]
    return lines


def _missing_lines(session: Session, missing: list[Missing]) -> list[str]:
    return [
        style(session, fit(f"[[{line_of(session, one.text)}]] leads to no note", width()).rstrip(), YELLOW)
        for one in missing
    ]


def _row(session: Session, one: Link) -> str:
    """For programs: handle, kind, score, title, why, the words here, the words there."""
    here, there = (line_of(session, ground.text or ground.osis) if ground else "" for ground in (one.here, one.there))
    texts = (line_of(session, one.note.heading), line_of(session, one.why), here, there)
    return "\t".join((one.note.handle, one.kind, f"{one.score:.3f}", *texts))


def _orphans(session: Session, vault: Scribes, most: int) -> int:
    found = vault.links.orphans(limit=most)
    references.remember(session, [note.id for note in found])
    if session.json:
        write_json([as_data(note) for note in found])
    else:
        write(session, note_lines(session, found))
    if not found:
        say(session, "every note is linked with another")
        return NOTHING_FOUND
    return 0


def _suggest(session: Session, vault: Scribes, most: int) -> int:
    found = vault.links.suggestions(limit=most)
    pairs = [note.id for one in found for note in (one.first, one.second)]
    references.remember(session, pairs)
    if session.json:
        write_json([as_data(one) for one in found])
    elif session.quiet:
        write(session, pairs)
    elif session.tty:
        write(session, [line for at, one in enumerate(found) for line in _pair(session, one, 2 * at + 1, len(pairs))])
    else:
        write(session, [_suggested_row(session, one) for one in found])
    if not found:
        say(session, "no two notes belong together without a link by hand")
        return NOTHING_FOUND
    say(session, "scribes link 1 2 links the first two; scribes links 1 --dismiss 2 never shows them again")
    return 0


def _pair(session: Session, one: Suggestion, number: int, last: int) -> list[str]:
    digits = len(str(last))
    lines = []
    for place, note in ((number, one.first), (number + 1, one.second)):
        lines.append(_headed(session, note, place, last))
    indent = " " * (digits + 2)
    shown = [explained(session, edge, width() - len(indent)) for edge in one.links]
    return [*lines, *(indent + style(session, line, DIM) for line in shown)]


def _headed(session: Session, note: Note, number: int, last: int) -> str:
    """A note on one line, more of its title than a listing has room for."""
    digits = len(str(last))
    parts = [style(session, f"{number:>{digits}}", DIM), style(session, note.handle, CYAN), day(note.occurred_at)]
    title = fit(line_of(session, note.heading), width() - digits - len(note.handle) - 16).rstrip()
    return "  ".join((*parts, style(session, title, BOLD)))


def _suggested_row(session: Session, one: Suggestion) -> str:
    why = "; ".join(explained(session, edge) for edge in one.links)
    names = [part for note in (one.first, one.second) for part in (note.handle, line_of(session, note.heading))]
    return "\t".join((names[0], names[2], f"{one.score:.3f}", names[1], names[3], why))


def _decide(session: Session, vault: Scribes, note: str, dismiss: str | None, restore: str | None) -> int:
    first = vault.notes.get(references.resolve(session, note))
    if dismiss:
        second = vault.links.dismiss(first.id, references.resolve(session, dismiss))
    else:
        second = vault.links.restore(first.id, references.resolve(session, str(restore)))
    references.touch(session, first.id)
    _decided(session, "dismissed" if dismiss else "may be linked again", first, second)
    if dismiss and any(one.note.id == second.id for one in vault.links.of(first.id, kind="by hand")):
        say(session, "they are linked by hand still: scribes unlink, or the text")
    return 0


def _decided(session: Session, what: str, first: Note, second: Note) -> None:
    if session.json:
        write_json({"note": first.id, "other": second.id})
    elif session.quiet:
        write(session, [second.id])
    else:
        write(session, [f"{what}: {_named(session, first)} and {_named(session, second)}"])


def _named(session: Session, note: Note) -> str:
    return f"{note.handle} {style(session, line_of(session, note.heading), BOLD)}"

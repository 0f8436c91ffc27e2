"""`scribes refs`: notes on a passage, the references of a note, and choices about them."""

from __future__ import annotations

from ..errors import InvalidInput, NotFound, Unavailable
from ..models.notes import Hit
from ..records import as_data
from . import references
from .output import BOLD, DIM, cells, fit, hit_lines, line_of, note_lines, say, style, write, write_json
from .scripture import in_range, scripture_of
from .session import current
from .verses import named, reading_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.notes import Note
    from ..models.passages import PassageHit, Reference
    from ..wiring import Scribes
    from .session import Session

NOTHING_FOUND = 3
AROUND = 70
MOST_VERSES = 12


def refs(
    passage: list[str],
    note: str | None,
    pin: str | None,
    correct: str | None,
    to: str | None,
    dismiss: str | None,
    reset: bool,
    limit: int | None,
) -> int:
    """Show what was written on a passage, or what a note refers to."""
    session = current()
    asked = " ".join(passage).strip()
    choices = [name for name, value in (("--pin", pin), ("--correct", correct), ("--dismiss", dismiss)) if value]
    choices += ["--reset"] * reset
    if note is None:
        if choices or to:
            raise InvalidInput(
                f"{(choices or ['--to'])[0]} needs --note NOTE",
                hint='scribes refs --note 2 --pin "Romans 8"',
            )
        if not asked:
            raise InvalidInput("on which passage?", hint='scribes refs "Romans 8", or scribes refs --note 2')
        return _on(session, asked, limit)
    if asked or len(choices) > 1 or bool(to) != bool(correct):
        raise InvalidInput(
            "--note takes one of --pin, --correct … --to …, --dismiss and --reset", hint="scribes refs --help"
        )
    with session.open(create=False) as vault:
        _watched(session, vault)
        ref = references.resolve(session, note)
        found = _chosen(vault, ref, pin, correct, to, dismiss, reset=reset)
        shown = vault.notes.get(ref)
    references.touch(session, shown.id)
    _show_references(session, shown, found)
    return 0 if found or choices else NOTHING_FOUND


def passage_pages(session: Session, vault: Scribes, note: Note) -> list[str]:
    """The texts of the passages a note refers to, each once."""
    scripture, lines = scripture_of(session), []
    for start, end in _once(vault.passages.of(note.id)):
        try:
            reading = scripture.read((start, end), translation=session.settings.translation)
            lines += ["", *reading_lines(session, reading, most=MOST_VERSES)]
        except (NotFound, Unavailable) as e:
            # The note is what was asked for; a text that lacks a passage must not hide it.
            lines += ["", style(session, named(start, end), BOLD), style(session, f"    {e.message}", DIM)]
    return lines


def passages_data(session: Session, vault: Scribes, note: Note) -> list[dict[str, object]]:
    """The same for programs."""
    scripture = scripture_of(session)
    data: list[dict[str, object]] = []
    for place in _once(vault.passages.of(note.id)):
        try:
            data.append(as_data(scripture.read(place, translation=session.settings.translation)))
        except (NotFound, Unavailable) as e:
            say(session, e.message)
    return data


def _once(found: list[Reference]) -> list[tuple[int, int]]:
    return list(dict.fromkeys((one.start, one.end) for one in found if one.osis))


def _on(session: Session, asked: str, limit: int | None) -> int:
    with session.open(create=False) as vault:
        _watched(session, vault)
        hits = vault.passages.on(asked, limit=in_range(limit, session.settings.list_limit))
    references.remember(session, [hit.note.id for hit in hits])
    if session.json:
        write_json([as_data(hit) for hit in hits])
    elif session.tty and not session.quiet:
        write(session, hit_lines(session, [_as_found(hit) for hit in hits]))
    else:
        listing = note_lines(session, [hit.note for hit in hits])
        places = ["\t" + " ".join(dict.fromkeys(one.osis for one in hit.references)) for hit in hits]
        write(session, listing if session.quiet else map("".join, zip(listing, places, strict=True)))
    if not hits:
        say(session, f"no note is on {asked}")
        return NOTHING_FOUND
    return 0


def _chosen(
    vault: Scribes, ref: str, pin: str | None, correct: str | None, to: str | None, dismiss: str | None, *, reset: bool
) -> list[Reference]:
    passages = vault.passages
    if pin:
        return passages.pin(ref, pin)
    if correct and to:
        return passages.correct(ref, correct, to)
    if dismiss:
        return passages.dismiss(ref, dismiss)
    return passages.reset(ref) if reset else passages.of(ref)


def _watched(session: Session, vault: Scribes) -> None:
    """Reading the notes of an older vault may take a while: it shows itself."""
    from .progress import Bar

    with Bar(session, "finding references") as bar:
        vault.passages.catch_up(bar)


def _show_references(session: Session, note: Note, found: list[Reference]) -> None:
    if session.json:
        write_json([as_data(one) for one in found])
        return
    if session.quiet:
        write(session, [one.osis for one in found])
        return
    if not session.tty:
        write(
            session,
            [
                "\t".join((one.osis, line_of(session, one.text), one.how, str(one.begin), str(one.stop)))
                for one in found
            ],
        )
    else:
        names = [named(one.start, one.end) for one in found]
        texts = [line_of(session, one.text) or "—" for one in found]
        first, second = (min(max(map(cells, column), default=0), 36) for column in (names, texts))
        rows = []
        for name, text, one in zip(names, texts, found, strict=True):
            how = style(session, _how(one), DIM)
            rows.append(f"{style(session, fit(name, first), BOLD)}  {fit(text, second)}  {how}".rstrip())
        write(session, rows)
    if not found:
        say(session, f"no reference in {line_of(session, note.heading)}")


def _how(one: Reference) -> str:
    where = "" if one.begin >= 0 or one.how == "pinned" else ", in the title"
    how = "" if one.how == "explicit" else {"context": "by the context"}.get(one.how, one.how)
    return (how + where).removeprefix(", ")


def _as_found(hit: PassageHit) -> Hit:
    """A hit as the search shows it: the words around the nearest reference in the text, with it marked."""
    body = hit.note.body
    near = next((one for one in hit.references if one.begin >= 0), None)
    if near is None or body[near.begin : near.stop] != near.text:
        one = hit.references[0]
        said = f"{'pinned' if one.how == 'pinned' else 'in the title'}: {named(one.start, one.end)}"
        return Hit(hit.note, 0.0, said, ())
    start, stop = max(0, near.begin - AROUND), min(len(body), near.stop + AROUND)
    start = (start and body.find(" ", start, near.begin) + 1) or start
    start += 2 * body.startswith("> ", start)
    stop = stop if stop == len(body) else max(body.rfind(" ", near.stop, stop), near.stop)
    lead = "…" if start else ""
    snippet = f"{lead}{body[start:stop]}{'…' if stop < len(body) else ''}"
    at = near.begin - start + len(lead)
    marks = ((at, at + near.stop - near.begin),)
    # One character for another, so that the marks stay where they are.
    return Hit(hit.note, 0.0, "".join(" " if letter.isspace() else letter for letter in snippet), marks)

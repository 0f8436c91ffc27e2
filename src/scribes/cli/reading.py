"""`scribes list`, `find` and `show`."""

from __future__ import annotations

from ..errors import InvalidInput
from ..records import as_data
from . import references
from .output import hit_lines, note_lines, note_page, safe, say, write, write_json
from .session import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.notes import Note
    from ..wiring import Scribes
    from .session import Session

NOTHING_FOUND = 3
MAX_LIMIT = 100_000


def list_notes(query: list[str], limit: int | None, skip: int | None, tag: list[str], trash: bool) -> int:
    """List notes, the latest first."""
    session = current()
    many, passed = _limit(session, limit), _in_range("--skip", skip or 0, 0)
    filters = [*query, *(f'tag:"{name}"' for name in tag)]
    with session.open(create=False) as vault:
        if filters:
            hits = vault.search.find(_joined(filters), limit=many + passed, trash=trash)
            notes = [hit.note for hit in hits][passed:]
        elif trash:
            notes = vault.notes.trash(limit=many + passed)[passed:]
        else:
            notes = vault.notes.recent(limit=many, skip=passed)
    _show_listing(session, notes)
    if not notes:
        say(session, "no note fits" if filters else "the trash is empty" if trash else 'no notes yet: scribes add "…"')
        return NOTHING_FOUND if filters else 0
    return 0


def find(
    query: list[str],
    limit: int | None,
    tag: list[str],
    words: bool,
    meaning: bool,
    verses: bool,
    trash: bool,
) -> int:
    """Find notes by their words, their meaning and their passages."""
    session = current()
    if words and meaning:
        raise InvalidInput("--words or --meaning, not both", hint="without either, both count")
    by = "words" if words else "meaning" if meaning else "both"
    if verses:
        from .verse_hits import find_verses

        if tag or trash:
            raise InvalidInput("verses have no tags and no trash", hint='scribes find --verses "unearned kindness"')
        return find_verses(session, _joined(query), limit=_limit(session, limit), by=by)
    text = _joined([*query, *(f'tag:"{name}"' for name in tag)])
    remarks: list[str] = []
    with session.open(create=False) as vault:
        if not words:
            from . import background

            background.catch_up(session, vault)
        hits = vault.search.find(text, limit=_limit(session, limit), trash=trash, by=by, remark=remarks.append)
        better = None if session.quiet or trash else vault.search.suggest(text)
    references.remember(session, [hit.note.id for hit in hits])
    if session.json:
        write_json([as_data(hit) for hit in hits])
    else:
        write(session, hit_lines(session, hits))
    if not hits:
        say(session, f"nothing found for {text}")
    if remarks and (session.settings.embedder == "http" or (not hits and session.settings.embedder != "off")):
        # Who finds what they look for, or switched it off, need not know; that a service fails, they should.
        say(session, f"looked for words alone: {remarks[0]}")
    if better is not None:
        say(session, f"did you mean: scribes find {better}")
    return 0 if hits else NOTHING_FOUND


def show(note: list[str], raw: bool, at: str | None, passages: bool) -> int:
    """Show whole notes."""
    session = current()
    if not note:
        raise InvalidInput("which note?", hint="scribes show 2 shows the second of the last listing")
    if at is not None and len(note) > 1:
        raise InvalidInput("--at works on one note")
    if passages and (raw or at is not None):
        raise InvalidInput("--passages shows the note as it is now, not with --raw or --at")
    with session.open(create=False) as vault:
        refs = [references.resolve(session, ref) for ref in note]
        notes = [vault.notes.get(ref) if at is None else vault.history.at(ref, at) for ref in refs]
        if passages:
            return _show_with_passages(session, vault, notes)
        said = {} if raw or session.json else {one.id: _comments(session, vault, one) for one in notes if one.circle}
    references.touch(session, notes[-1].id)
    if session.json:
        write_json([as_data(one) for one in notes] if len(notes) > 1 else as_data(notes[0]))
    elif raw:
        from .. import frontmatter

        text = "\n".join(frontmatter.write(one).rstrip("\n") for one in notes)
        write(session, safe(session, text).split("\n"))
    else:
        pages = [note_page(session, one) + said.get(one.id, []) for one in notes]
        write(session, [line for number, page in enumerate(pages) for line in ([""] if number else []) + page])
    return 0


def _comments(session: Session, vault: Scribes, note: Note) -> list[str]:
    """What was said in its circle about a note."""
    from .sharing import comments_below

    return comments_below(session, vault, note.id)


def _show_with_passages(session: Session, vault: Scribes, notes: list[Note]) -> int:
    from .passages import passage_pages, passages_data

    references.touch(session, notes[-1].id)
    if session.json:
        data = [as_data(one) | {"passages": passages_data(session, vault, one)} for one in notes]
        write_json(data if len(notes) > 1 else data[0])
    else:
        pages = [note_page(session, one) + passage_pages(session, vault, one) for one in notes]
        write(session, [line for number, page in enumerate(pages) for line in ([""] if number else []) + page])
    return 0


def _show_listing(session: Session, notes: list[Note]) -> None:
    references.remember(session, [note.id for note in notes])
    if session.json:
        write_json([as_data(note) for note in notes])
    else:
        write(session, note_lines(session, notes))


def _limit(session: Session, limit: int | None) -> int:
    return session.settings.list_limit if limit is None else _in_range("--limit", limit, 1)


def _in_range(option: str, number: int, least: int) -> int:
    if not least <= number <= MAX_LIMIT:
        raise InvalidInput(f"{option} {number} is out of range", hint=f"{least} to {MAX_LIMIT}")
    return number


def _joined(words: list[str]) -> str:
    """The query that several arguments make: one that the shell had unquoted is a phrase again."""
    return " ".join(_requoted(word) if len(words) > 1 else word for word in words)


def _requoted(word: str) -> str:
    if " " not in word or '"' in word:
        return word
    field, colon, value = word.partition(":")
    return f'{field}:"{value}"' if colon and field.isalpha() else f'"{word}"'

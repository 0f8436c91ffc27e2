"""The present state of notes: rows in and out."""

from __future__ import annotations

from ..domain.notes import Content
from ..errors import NotFound
from ..records import record
from . import handles
from .visible import in_spaces, own_notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..domain.links import LinkChoices
    from ..domain.passages import Choices
    from ..models.passages import Reference
    from ..ports import Row, Tx, Value
    from .visible import Spaces

COLUMNS = (
    "note.n, note.id, note.heads, note.created_us, note.changed_us, note.title, note.body, note.occurred_us,"
    " note.occurred_offset, note.speaker, note.venue, note.series, note.tags, note.topics, note.deleted_us, note.refs,"
    " note.links, note.space_id"
)


WORD_COLUMNS = "title, body, speaker, venue, series, tags, topics"


@record
class Stored:
    """A note's row: its key, id, heads (change ids side by side), times, content, and the key of its space."""

    n: int
    id: bytes
    heads: bytes
    created_us: int
    changed_us: int
    content: Content
    space: int


def insert(
    tx: Tx,
    *,
    id: bytes,
    space: int,
    heads: bytes,
    created_us: int,
    changed_us: int,
    content: Content,
    references: Sequence[Reference],
) -> int:
    """A new note's row, labels and references; its key."""
    n = tx.run(
        "INSERT INTO note (id, space_id, heads, created_us, changed_us, title, body, occurred_us, occurred_offset,"
        " speaker, venue, series, tags, topics, deleted_us, refs, links)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (id, space, heads, created_us, changed_us, *_values(content)),
    )
    _put_labels(tx, n, content)
    _put_words(tx, n, content)
    tx.run("INSERT INTO to_index (note_n) VALUES (?)", (n,))
    tx.run("INSERT INTO link_todo (note_n) VALUES (?)", (n,))
    if references:
        from . import passages

        passages.put(tx, n, content, references)
    return n


def update(
    tx: Tx, stored: Stored, *, heads: bytes, at_us: int, content: Content, created_us: int | None = None
) -> None:
    """Put new content in a note's row, and into the labels and the search index where they differ."""
    old = stored.content
    if _words(old) != _words(content):
        # Before the row changes: the index takes the old words out by the values they had.
        columns = f"(note_text, rowid, {WORD_COLUMNS})"
        tx.run(f"INSERT INTO note_text {columns} VALUES ('delete', ?, ?, ?, ?, ?, ?, ?, ?)", (stored.n, *_words(old)))
        _put_words(tx, stored.n, content)
    tx.run(
        "UPDATE note SET heads = ?, created_us = ?, changed_us = ?, title = ?, body = ?, occurred_us = ?,"
        " occurred_offset = ?, speaker = ?, venue = ?, series = ?, tags = ?, topics = ?, deleted_us = ?, refs = ?,"
        " links = ? WHERE n = ?",
        (heads, stored.created_us if created_us is None else created_us, at_us, *_values(content), stored.n),
    )
    if (content.tags, content.topics) != (old.tags, old.topics):
        tx.run("DELETE FROM note_label WHERE note_n = ?", (stored.n,))
        _put_labels(tx, stored.n, content)
    if _meant(old) != _meant(content):
        # Right at once: what is no longer written is no longer found by its meaning.
        from .vectors import forget_pieces

        forget_pieces(tx, stored.n)
        tx.run("INSERT INTO to_index (note_n) VALUES (?) ON CONFLICT DO NOTHING", (stored.n,))
    if (*_meant(old), old.links) != (*_meant(content), content.links):
        tx.run("INSERT INTO link_todo (note_n) VALUES (?)", (stored.n,))
    from . import passages

    passages.change(tx, stored.n, old, content)


def find(tx: Tx, id: bytes) -> Stored | None:
    """A note by its id, in the trash or not and in whatever space: for what brings rows in step with the history."""
    row = tx.row(f"SELECT {COLUMNS} FROM note WHERE id = ?", (id,))
    return stored_from(row) if row else None


def get(tx: Tx, id: bytes, *, visible_to: Spaces) -> Stored:
    """A note by its id, in the trash or not.

    Raises: NotFound.
    """
    row = tx.row(f"SELECT {COLUMNS} FROM note WHERE id = ? AND {in_spaces(visible_to)}", (id,))
    if row is None:
        raise NotFound(f"there is no note {id[handles.HANDLE_FROM :].hex()[:8]}")
    return stored_from(row)


def resolve(tx: Tx, text: str, *, visible_to: Spaces) -> bytes:
    """The id of the note whose handle, or whole id, starts with `text`.

    Raises: NotFound, Ambiguous.
    """
    return handles.resolve(tx, text, table="note", visible_to=visible_to)


def recent(
    tx: Tx, *, visible_to: Spaces, limit: int, skip: int = 0, where: str = "", values: tuple[Value, ...] = ()
) -> list[Stored]:
    """Notes outside the trash, the latest first."""
    sql = (
        f"SELECT {COLUMNS} FROM note WHERE {in_spaces(visible_to)} AND deleted_us IS NULL {where}"
        " ORDER BY occurred_us DESC, n DESC LIMIT ? OFFSET ?"
    )
    return [stored_from(row) for row in tx.rows(sql, (*values, limit, skip))]


def marked(tx: Tx, *, visible_to: Spaces, limit: int, skip: int = 0) -> list[Stored]:
    """Notes outside the trash in which something may be ==marked==, the latest first."""
    where = "AND (body LIKE '%==%==%' OR title LIKE '%==%==%')"
    return recent(tx, visible_to=visible_to, limit=limit, skip=skip, where=where)


def after_key(tx: Tx, n: int, *, visible_to: Spaces, limit: int) -> list[Stored]:
    """Notes outside the trash by ascending key: a way through all of them in flat memory."""
    sql = (
        f"SELECT {COLUMNS} FROM note WHERE n > ? AND {in_spaces(visible_to)} AND deleted_us IS NULL ORDER BY n LIMIT ?"
    )
    return [stored_from(row) for row in tx.rows(sql, (n, limit))]


def newest_keys(tx: Tx, *, visible_to: Spaces, limit: int) -> list[int]:
    """The keys of the notes outside the trash that came last, the last first."""
    return [n for (n,) in tx.rows(f"{own_notes(visible_to)} ORDER BY note.n DESC LIMIT ?", (limit,))]


def of_everybody(tx: Tx, n: int, *, limit: int) -> list[Stored]:
    """Notes of all spaces, in the trash too, by ascending key: for work on tables that nobody is shown."""
    rows = tx.rows(f"SELECT {COLUMNS} FROM note WHERE n > ? ORDER BY n LIMIT ?", (n, limit))
    return [stored_from(row) for row in rows]


def by_keys(tx: Tx, keys: Sequence[int], *, visible_to: Spaces) -> list[Stored]:
    """The notes of some keys that may be seen and are not in the trash, in any order."""
    marks = ", ".join("?" * len(keys))
    # NOT INDEXED: by row key, or SQLite walks the whole index of recent notes.
    sql = (
        f"SELECT {COLUMNS} FROM note NOT INDEXED"
        f" WHERE n IN ({marks}) AND {in_spaces(visible_to)} AND deleted_us IS NULL"
    )
    return [stored_from(row) for row in tx.rows(sql, keys)]


def which(tx: Tx, keys: Sequence[int], where: str, values: Sequence[Value]) -> set[int]:
    """Those of some notes that fulfil a condition on their rows."""
    marks = ", ".join("?" * len(keys))
    # NOT INDEXED: by row key, or SQLite walks the whole index of recent notes.
    sql = f"SELECT n FROM note NOT INDEXED WHERE n IN ({marks}) AND {where}"
    return {row[0] for row in tx.rows(sql, (*keys, *values))} if keys else set()


def trashed(tx: Tx, *, visible_to: Spaces, limit: int, before_us: int | None = None) -> list[Stored]:
    """Notes in the trash, the last deleted first; with `before_us` only those deleted before it."""
    sql = (
        f"SELECT {COLUMNS} FROM note WHERE {in_spaces(visible_to)} AND deleted_us IS NOT NULL"
        " AND (deleted_us < ?1 OR ?1 IS NULL) ORDER BY deleted_us DESC LIMIT ?2"
    )
    return [stored_from(row) for row in tx.rows(sql, (before_us, limit))]


def count_trashed(tx: Tx, *, visible_to: Spaces, before_us: int) -> int:
    """How many notes in the trash were deleted before an instant."""
    sql = f"SELECT count(*) FROM note WHERE {in_spaces(visible_to)} AND deleted_us < ?"
    return int(tx.value(sql, (before_us,)))


def count(tx: Tx, *, visible_to: Spaces) -> int:
    """How many notes there are outside the trash."""
    return int(tx.value(f"SELECT count(*) FROM note WHERE {in_spaces(visible_to)} AND deleted_us IS NULL"))


def count_all(tx: Tx) -> int:
    """How many note rows there are, in all spaces and the trash."""
    return int(tx.value("SELECT count(*) FROM note"))


def labels(tx: Tx, n: int) -> set[tuple[str, str]]:
    """The (kind, name) rows of a note's tags and topics."""
    return set(tx.rows("SELECT kind, name FROM note_label WHERE note_n = ?", (n,)))


def label_rows(content: Content) -> set[tuple[str, str]]:
    """The label rows a content has. Topics that differ only in case are one: the filter does not tell them apart."""
    return {("tag", tag) for tag in content.tags} | {("topic", topic.casefold()) for topic in content.topics}


def label_counts(
    tx: Tx, kind: str, *, visible_to: Spaces, limit: int, among_others: bool = False
) -> list[tuple[str, int]]:
    """Labels of a kind (`tag`, `topic`) and how many notes carry each, the most used first. `among_others`: most notes
    there are may not be seen.
    """
    if among_others:
        sql = (
            f"SELECT name, count(*) FROM note_label WHERE kind = ? AND note_n IN ({own_notes(visible_to)})"
            " GROUP BY name ORDER BY 2 DESC, 1 LIMIT ?"
        )
        return [(name, number) for name, number in tx.rows(sql, (kind, limit))]
    # The few that may not be seen are looked up, not the many that may: no row of a note is read.
    hidden = (
        "SELECT n FROM note WHERE deleted_us IS NOT NULL"
        f" UNION ALL SELECT n FROM note WHERE deleted_us IS NULL AND NOT {in_spaces(visible_to)}"
    )
    sql = (
        f"SELECT name, count(*) FROM note_label WHERE kind = ? AND note_n NOT IN ({hidden})"
        " GROUP BY name ORDER BY 2 DESC, 1 LIMIT ?"
    )
    return [(name, number) for name, number in tx.rows(sql, (kind, limit))]


def handle(tx: Tx, id: bytes, *, visible_to: Spaces) -> str:
    """The shortest start of a note's handle, at least four digits, that no other note shares."""
    return handles.shortest(tx, id, table="note", visible_to=visible_to)


def forget(tx: Tx, stored: Stored) -> None:
    """Remove a note's row, labels and words for good."""
    columns = f"(note_text, rowid, {WORD_COLUMNS})"
    values = (stored.n, *_words(stored.content))
    tx.run(f"INSERT INTO note_text {columns} VALUES ('delete', ?, ?, ?, ?, ?, ?, ?, ?)", values)
    tx.run("DELETE FROM note WHERE n = ?", (stored.n,))
    tx.run("INSERT INTO link_todo (note_n) VALUES (?)", (stored.n,))


def stored_from(row: Row) -> Stored:
    """A row of COLUMNS as an object."""
    n, id, heads, created_us, changed_us, title, body, *rest = row
    at_us, offset, speaker, venue, series, tags, topics, deleted, refs, links, space = rest
    choices = _choices(refs) if refs else ()
    linked = _link_choices(links) if links else ()
    content = Content(
        title, body, at_us, offset, speaker, venue, series, _split(tags), _split(topics), deleted, choices, linked
    )
    return Stored(n, id, heads, created_us, changed_us, content, space)


def _values(content: Content) -> tuple[Value, ...]:
    return (
        content.title,
        content.body,
        content.occurred_us,
        content.occurred_offset,
        content.speaker,
        content.venue,
        content.series,
        "\n".join(content.tags),
        "\n".join(content.topics),
        content.deleted_us,
        _said(content.refs) if content.refs else "",
        _links_said(content.links) if content.links else "",
    )


def _choices(lines: str) -> Choices:
    from ..domain.passages import heard

    return heard(lines)


def _said(choices: Choices) -> str:
    from ..domain.passages import said

    return said(choices)


def _link_choices(lines: str) -> LinkChoices:
    from ..domain.links import heard

    return heard(lines)


def _links_said(choices: LinkChoices) -> str:
    from ..domain.links import said

    return said(choices)


def _split(labels: str) -> tuple[str, ...]:
    return tuple(labels.split("\n")) if labels else ()


def _words(content: Content) -> tuple[str, str, str, str, str, str, str]:
    """What the search index holds of a note, in the order of WORD_COLUMNS."""
    tags, topics = "\n".join(content.tags), "\n".join(content.topics)
    return content.title, content.body, content.speaker, content.venue, content.series, tags, topics


def _meant(content: Content) -> tuple[object, ...]:
    """What the pieces and links of a note are made from."""
    return content.title, content.body, content.refs, content.deleted_us is None


def _put_words(tx: Tx, n: int, content: Content) -> None:
    # Not by a trigger: FTS5 writes all it has in memory to the file at the end of each statement inside one, which
    # makes an import take twice as long (docs/decisions/0013).
    tx.run(f"INSERT INTO note_text (rowid, {WORD_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (n, *_words(content)))


def _put_labels(tx: Tx, n: int, content: Content) -> None:
    if content.tags or content.topics:
        rows = [(kind, name, n) for kind, name in sorted(label_rows(content))]
        tx.run_many("INSERT INTO note_label (kind, name, note_n) VALUES (?, ?, ?)", rows)

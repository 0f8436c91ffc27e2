"""The references of notes: rows in and out, and what overlaps a passage."""

from __future__ import annotations

from ..domain import passages
from ..models.passages import Reference
from . import meta
from .visible import own_notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..domain.notes import Content
    from ..ports import Row, Tx, Value
    from .visible import Spaces

COLUMNS = 'start, "end", text, begin, stop, confidence, how'
ALL = 'length_class, start, "end", occurred_us, begin, stop, confidence, how, text'
STAMP = "references"


def put(tx: Tx, n: int, content: Content, references: Sequence[Reference]) -> None:
    """Put a new note's references into the table; those of a note in the trash are in none."""
    if references and content.deleted_us is None:
        rows = [(n, position, *_values(one, content)) for position, one in enumerate(references)]
        tx.run_many(f"INSERT INTO note_ref (note_n, position, {ALL}) VALUES ({', '.join('?' * 11)})", rows)


def put_anew(tx: Tx, n: int, content: Content) -> None:
    """Read a note's references again and put them in the place of those it had."""
    tx.run("DELETE FROM note_ref WHERE note_n = ?", (n,))
    if content.deleted_us is None:
        put(tx, n, content, passages.references_of(content))


def change(tx: Tx, n: int, before: Content, after: Content) -> None:
    """Bring a note's references from one content to another; nothing is read where neither text nor choices differ."""
    if _read_from(before) == _read_from(after):
        if before.occurred_us != after.occurred_us:
            tx.run("UPDATE note_ref SET occurred_us = ? WHERE note_n = ?", (after.occurred_us, n))
        return
    put_anew(tx, n, after)


def of_note(tx: Tx, n: int) -> tuple[Reference, ...]:
    """A note's references, in their order."""
    rows = tx.rows(f"SELECT {COLUMNS} FROM note_ref WHERE note_n = ? ORDER BY position", (n,))
    return tuple(_reference(row) for row in rows)


def overlapping(tx: Tx, keys: Iterable[int], start: int, end: int) -> dict[int, list[Reference]]:
    """The references of some notes that overlap a passage, by note."""
    found: dict[int, list[Reference]] = {}
    listed = ", ".join(str(int(key)) for key in keys)
    sql = f'SELECT note_n, {COLUMNS} FROM note_ref WHERE note_n IN ({listed}) AND start <= ? AND "end" >= ?'
    for n, *row in tx.rows(f"{sql} ORDER BY note_n, position", (end, start)):
        found.setdefault(n, []).append(_reference(tuple(row)))
    return found


def nearest(tx: Tx, start: int, end: int, *, limit: int, skip: int = 0, among: Spaces | None = None) -> list[int]:
    """The keys of the notes that name something of a passage, the nearest first, of those the newest first.

    Each length class is one scan of the index. `among`: of the notes in some spaces alone; else whoever asks leaves
    out what may not be seen.
    """
    wanted, keys = skip + limit, dict[int, None]()
    for question, values in _questions(start, end, "" if among is None else f" AND +note_n IN ({own_notes(among)})"):
        # A note that names it twice comes twice: so more are asked for, until there are enough different ones.
        taken, asked = 0, 2 * wanted
        while True:
            rows = tx.rows(f"{question} LIMIT ? OFFSET ?", (*values, asked, taken))
            keys.update((row[0], None) for row in rows)
            if len(keys) >= wanted or len(rows) < asked:
                break
            taken, asked = taken + asked, 4 * asked
        if len(keys) >= wanted:
            break
    return list(keys)[skip:wanted]


def overlap(start: int, end: int) -> tuple[str, tuple[Value, ...]]:
    """A statement, with its values, for the keys of all notes that name something of a passage."""
    scans: list[str] = []
    values: list[Value] = []
    for one in (one for classes in passages.steps() for one in classes):
        scans.append('SELECT note_n FROM note_ref WHERE length_class = ? AND start BETWEEN ? AND ? AND "end" >= ?')
        values += [one, passages.floor(one, start), end, start]
    return " UNION ".join(scans), tuple(values)


def is_current(tx: Tx) -> bool:
    """Whether the references of every note were read by the present rules."""
    stamp: str | None = meta.get(tx, STAMP)
    return stamp == f"{passages.RULES} done"


def read_so_far(tx: Tx) -> int:
    """The key of the last note that was read by the present rules, 0 before the first."""
    rules, _, key = str(meta.get(tx, STAMP) or "").partition(" ")
    return int(key) if rules == str(passages.RULES) and key.isdecimal() else 0


def note_read(tx: Tx, key: int | None) -> None:
    """Keep how far the notes are read; None: all of them."""
    meta.put(tx, STAMP, f"{passages.RULES} {'done' if key is None else key}")


def clear(tx: Tx) -> None:
    """Empty the table; the next question reads all notes again."""
    tx.run("DELETE FROM note_ref")
    tx.run("DELETE FROM meta WHERE name = ?", (STAMP,))


def count(tx: Tx) -> int:
    """How many references there are."""
    return int(tx.value("SELECT count(*) FROM note_ref"))


def is_as_read(tx: Tx, n: int, content: Content) -> bool:
    """Whether the rows of a note are what its text and choices say."""
    expected = () if content.deleted_us is not None else passages.references_of(content)
    rows = tx.rows(f"SELECT {ALL} FROM note_ref WHERE note_n = ? ORDER BY position", (n,))
    return rows == [_values(one, content) for one in expected]


def _questions(start: int, end: int, condition: str = "") -> Iterable[tuple[str, tuple[int, ...]]]:
    """The statements that find notes by a passage, the nearest first."""
    kind = passages.length_class(start, end)
    if kind <= passages.PASSAGE:
        yield (
            (
                f'SELECT note_n FROM note_ref WHERE length_class = ? AND start = ? AND "end" = ?{condition}'
                " ORDER BY occurred_us DESC, note_n DESC"
            ),
            (kind, start, end),
        )
    for classes in passages.steps():
        scans, values = [], []
        for one in classes:
            scans.append(
                "SELECT note_n, occurred_us FROM note_ref INDEXED BY note_ref_place"
                f' WHERE length_class = ? AND start BETWEEN ? AND ? AND "end" >= ?{condition}'
            )
            values += [one, passages.floor(one, start), end, start]
        yield f"SELECT note_n FROM ({' UNION ALL '.join(scans)}) ORDER BY occurred_us DESC, note_n DESC", tuple(values)


def _values(one: Reference, content: Content) -> tuple[Value, ...]:
    """What is kept of a reference, in the order of ALL; its OSIS follows from the range."""
    kind = passages.length_class(one.start, one.end)
    return kind, one.start, one.end, content.occurred_us, one.begin, one.stop, one.confidence, one.how, one.text


def _read_from(content: Content) -> tuple[object, ...]:
    return content.title, content.body, content.refs, content.deleted_us is None


def _reference(row: Row) -> Reference:
    start, end, text, begin, stop, confidence, how = row
    return Reference(passages.osis(start, end), start, end, text, begin, stop, confidence, how)

"""The graph of notes: its rows in and out. What links what is decided in domain/links.py."""

from __future__ import annotations

from ..domain import links as rules
from ..domain import passages, wiki
from ..records import record
from . import meta, senses
from .visible import in_spaces, own_notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..domain.links import Candidate, LinkChoices, Named
    from ..ports import Row, Tx
    from .visible import Spaces

STAMP = "links"
# SQLite takes lists of keys written into the statement; very long ones are parted.
CHUNK = 2_000
CLASSES = (passages.VERSE, passages.FEW, passages.PASSAGE, passages.CHAPTER, passages.CHAPTERS)
_OVERLAPPING = " UNION ALL ".join(
    'SELECT note_n, position, start, "end" FROM note_ref INDEXED BY note_ref_place'
    f' WHERE length_class = {one} AND start BETWEEN ? AND ? AND "end" >= ? AND position < {rules.RANGES}'
    for one in CLASSES
)


@record
class Stored:
    """A link as it is kept: of two notes, a kind, thousandths, and the positions of what it rests on in both."""

    from_n: int
    kind: int
    to_n: int
    score: int
    here: int
    there: int


# What the links were made from


def overlapping(tx: Tx, start: int, end: int) -> list[Named]:
    """The references of notes that overlap some verses of one chapter, or of several."""
    values: list[int] = []
    for one in CLASSES:
        values += [passages.floor(one, start), end, start]
    return tx.rows(_OVERLAPPING, values)


def references_among(tx: Tx, visible_to: Spaces, *, notes: int) -> list[Named]:
    """The references of the newest notes in some spaces, of so many at most."""
    newest = f"SELECT n FROM ({own_notes(visible_to)} ORDER BY note.n DESC LIMIT {int(notes)}) AS newest"
    return tx.rows(
        f'SELECT note_n, position, start, "end" FROM note_ref WHERE note_n IN ({newest}) AND position < {rules.RANGES}'
        " ORDER BY note_n, position"
    )


def uses(tx: Tx, verses: Iterable[int]) -> dict[int, int]:
    """In how many notes each of some verses is named; those that none names are left out."""
    return dict(_in_chunks(tx, "SELECT verse, notes FROM link_use WHERE verse IN ({})", verses))


def put_uses(tx: Tx, notes_by_verse: Mapping[int, int]) -> None:
    """Keep in how many notes verses are named."""
    rows = sorted(notes_by_verse.items())
    sql = "INSERT INTO link_use (verse, notes) VALUES (?, ?) ON CONFLICT (verse) DO UPDATE SET notes = excluded.notes"
    tx.run_many(sql, [row for row in rows if row[1] > 0])
    tx.run_many("DELETE FROM link_use WHERE verse = ?", [(verse,) for verse, notes in rows if notes <= 0])


def passages_of(tx: Tx, n: int) -> tuple[tuple[int, int, int], ...]:
    """The ranges from which a note's links were made last."""
    return _ranges(tx.value("SELECT passages FROM link_note WHERE note_n = ?", (n,)) or "")


def put_passages(tx: Tx, n: int, ranges: Sequence[tuple[int, int, int]]) -> None:
    """Keep the ranges from which a note's links are made."""
    if ranges:
        tx.run(
            "INSERT INTO link_note (note_n, passages) VALUES (?, ?)"
            " ON CONFLICT (note_n) DO UPDATE SET passages = excluded.passages",
            (n, _ranges_said(ranges)),
        )
    else:
        tx.run("DELETE FROM link_note WHERE note_n = ?", (n,))


# The lists of notes


def list_of(tx: Tx, n: int, kind: int) -> list[Stored]:
    """The notes in a note's list of a kind, the strongest first."""
    rows = tx.rows(f"{_SELECT} WHERE from_n = ? AND kind = ? ORDER BY score DESC, to_n", (n, kind))
    return [Stored(*row) for row in rows]


def lists_of(tx: Tx, keys: Iterable[int], kind: int) -> dict[int, list[Stored]]:
    """The lists of some notes, each the strongest first; a note without one is left out."""
    sql = f"{_SELECT} WHERE from_n IN ({{}}) AND kind = {int(kind)} ORDER BY from_n, score DESC, to_n"
    lists: dict[int, list[Stored]] = {}
    for row in _in_chunks(tx, sql, keys):
        lists.setdefault(row[0], []).append(Stored(*row))
    return lists


def floors(tx: Tx, keys: Iterable[int], kind: int) -> dict[int, int]:
    """The lowest score in the list of each of some notes whose list is full: no list is read row by row for it."""
    sql = (
        f"SELECT from_n, min(score) FROM link WHERE from_n IN ({{}}) AND kind = {int(kind)}"
        f" GROUP BY from_n HAVING count(*) >= {rules.MOST}"
    )
    return dict(_in_chunks(tx, sql, keys))


def listing(tx: Tx, n: int, kind: int) -> dict[int, int]:
    """The notes that have a note in their list of a kind, and its score there."""
    return dict(tx.rows("SELECT from_n, score FROM link WHERE to_n = ? AND kind = ?", (n, kind)))


def put_list(tx: Tx, n: int, kind: int, best: Sequence[tuple[int, Candidate]]) -> None:
    """Put a list in the place of the one a note had."""
    tx.run("DELETE FROM link WHERE from_n = ? AND kind = ?", (n, kind))
    put(tx, [Stored(n, kind, other, *candidate) for other, candidate in best])


def put(tx: Tx, found: Iterable[Stored]) -> None:
    """Put entries into lists, in the place of those about the same two notes."""
    tx.run_many(
        "INSERT INTO link (from_n, kind, to_n, score, here, there) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (from_n, kind, to_n) DO UPDATE SET score = excluded.score, here = excluded.here,"
        " there = excluded.there",
        [(one.from_n, one.kind, one.to_n, one.score, one.here, one.there) for one in found],
    )


def remove(tx: Tx, pairs: Iterable[tuple[int, int]], kind: int) -> None:
    """Take entries out of lists: pairs of the note that has the list and the note in it."""
    tx.run_many(f"DELETE FROM link WHERE from_n = ? AND to_n = ? AND kind = {int(kind)}", pairs)


def of_note(tx: Tx, n: int) -> list[Stored]:
    """The links of a note: its own lists, and those it stands in turned round; both of one pair come once."""
    mine = tx.rows(f"{_SELECT} WHERE from_n = ?", (n,))
    theirs = tx.rows("SELECT to_n, kind, from_n, score, there, here FROM link WHERE to_n = ?", (n,))
    found = {(row[1], row[2]): Stored(*row) for row in (*theirs, *mine)}
    return sorted(found.values(), key=lambda one: (-one.score, one.kind, one.to_n))


def strongest(tx: Tx, *, limit: int) -> list[Stored]:
    """The strongest links of all notes, each pair and kind once."""
    rows = tx.rows(f"{_SELECT} ORDER BY score DESC, kind, from_n, to_n LIMIT ?", (2 * limit,))
    found = {(row[1], *sorted((row[0], row[2]))): Stored(*row) for row in reversed(rows)}
    return list(found.values())[::-1]


def count(tx: Tx) -> int:
    """How many pairs of notes are linked automatically, each kind by itself."""
    sql = "SELECT count(*) FROM link WHERE from_n < to_n OR NOT EXISTS"
    other = "SELECT 1 FROM link l WHERE l.from_n = link.to_n AND l.kind = link.kind AND l.to_n = link.from_n"
    return int(tx.value(f"{sql} ({other})"))


def everything(tx: Tx) -> list[Stored]:
    """All entries of all lists."""
    return [Stored(*row) for row in tx.rows(f"{_SELECT} ORDER BY from_n, kind, to_n")]


# Links by hand


def put_words(
    tx: Tx, n: int, id: bytes, *, name: str, named: Sequence[tuple[str, int, int]], choices: LinkChoices
) -> None:
    """Keep what a note is called, which names stand in [[ ]] in it, and what was chosen in it about others."""
    for table in ("link_name", "link_text", "link_choice"):
        tx.run(f"DELETE FROM {table} WHERE note_n = ?", (n,))
    if name:
        tx.run("INSERT INTO link_name (name, note_n) VALUES (?, ?)", (name, n))
    tx.run_many(
        "INSERT INTO link_text (note_n, position, name, begin, stop) VALUES (?, ?, ?, ?, ?)",
        [(n, position, *one) for position, one in enumerate(named)],
    )
    rows = [(n, other, choice, why) for choice, digits, why in choices if (other := _id(digits)) and other != id]
    tx.run_many(
        "INSERT INTO link_choice (note_n, other, choice, why) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (note_n, other, choice) DO UPDATE SET why = excluded.why",
        rows,
    )


def names_in(tx: Tx, n: int) -> list[tuple[str, int, int]]:
    """The names in [[ ]] in a note, with where each stands."""
    return tx.rows("SELECT name, begin, stop FROM link_text WHERE note_n = ? ORDER BY position", (n,))


def called(tx: Tx, names: Iterable[str], *, visible_to: Spaces) -> dict[str, list[int]]:
    """The keys of the notes that are called so, by name; the trash is left out."""
    wanted = sorted(set(names))
    found: dict[str, list[int]] = {}
    for at in range(0, len(wanted), 500):
        some = wanted[at : at + 500]
        sql = (
            f"SELECT name, note_n FROM link_name JOIN note ON note.n = note_n WHERE name IN ({_marks(some)})"
            f" AND deleted_us IS NULL AND {in_spaces(visible_to)} ORDER BY name, note_n"
        )
        for name, n in tx.rows(sql, some):
            found.setdefault(name, []).append(n)
    return found


def naming(tx: Tx, names: Sequence[str], *, visible_to: Spaces) -> list[tuple[int, str, int, int]]:
    """Where notes outside the trash have one of some names in [[ ]]: (note, name, begin, stop)."""
    sql = (
        f"SELECT note_n, name, begin, stop FROM link_text JOIN note ON note.n = note_n WHERE name IN ({_marks(names)})"
        f" AND deleted_us IS NULL AND {in_spaces(visible_to)} ORDER BY note_n, position"
    )
    return tx.rows(sql, names)


def pairs_by_text(tx: Tx) -> list[tuple[int, int]]:
    """Every pair of notes where the one has the name of the other in [[ ]]."""
    sql = "SELECT t.note_n, m.note_n FROM link_text t JOIN link_name m ON m.name = t.name WHERE t.note_n <> m.note_n"
    return tx.rows(sql)


def texts_like_handles(tx: Tx) -> list[tuple[int, str]]:
    """Where a name in [[ ]] that no note is called might be a handle: (note, name)."""
    sql = (
        "SELECT note_n, name FROM link_text WHERE NOT glob('*[^0-9a-f-]*', name) AND length(name) >= 4"
        " AND name NOT IN (SELECT name FROM link_name)"
    )
    return [(n, name) for n, name in tx.rows(sql) if wiki.is_handle(name)]


def chosen(tx: Tx, choice: str) -> list[tuple[int, int]]:
    """Every pair of notes about which a choice was made."""
    sql = "SELECT note_n, note.n FROM link_choice JOIN note ON note.id = other WHERE choice = ?"
    return tx.rows(sql, (choice,))


def chosen_about(tx: Tx, n: int, id: bytes, choice: str) -> list[tuple[int, str, bool]]:
    """The notes about which a choice was made in a note, or in which one was made about it: (key, why, it was here)."""
    here = tx.rows(
        "SELECT note.n, why, 1 FROM link_choice JOIN note ON note.id = other WHERE note_n = ? AND choice = ?",
        (n, choice),
    )
    there = tx.rows("SELECT note_n, why, 0 FROM link_choice WHERE other = ? AND choice = ?", (id, choice))
    return [(key, why, bool(mine)) for key, why, mine in (*here, *there)]


# What links rest on


def words_at(tx: Tx, n: int, begin: int, stop: int) -> str:
    """The text of a note between two code points."""
    return str(tx.value("SELECT substr(body, ?, ?) FROM note WHERE n = ?", (begin + 1, stop - begin, n)))


def piece(tx: Tx, n: int, position: int) -> tuple[int, int] | None:
    """Where a piece of a note that is embedded stands in its body, if it does still."""
    sql = (
        "SELECT begin, stop FROM piece JOIN embedding_space s ON s.n = space_n AND s.state = 'active'"
        " WHERE note_n = ? AND position = ?"
    )
    row = tx.row(sql, (n, position))
    return None if row is None else (row[0], row[1])


# Orphans, and how far the graph is up to date


def without_links(tx: Tx, keys: Iterable[int], *, visible_to: Spaces, limit: int) -> list[int]:
    """The keys of notes that no automatic link reaches and that are not among `keys`, the latest first."""
    linked = set(keys)
    sql = (
        f"SELECT n FROM note WHERE {in_spaces(visible_to)} AND deleted_us IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM link WHERE from_n = n) AND NOT EXISTS (SELECT 1 FROM link WHERE to_n = n)"
        " ORDER BY occurred_us DESC, n DESC LIMIT ?"
    )
    return [n for (n,) in tx.rows(sql, (limit + len(linked),)) if n not in linked][:limit]


def todo(tx: Tx, keys: Iterable[int]) -> None:
    """Have some notes linked anew."""
    tx.run_many("INSERT INTO link_todo (note_n) VALUES (?)", [(n,) for n in sorted(keys)])


def waiting_rows(tx: Tx, *, limit: int, among: Spaces | None = None) -> list[tuple[int, int]]:
    """Of what waits to be linked (in some spaces) the first: the key of the row, and that of the note."""
    own = "" if among is None else f" WHERE note_n IN (SELECT note.n FROM note WHERE {in_spaces(among)})"
    return [(n, note) for n, note in tx.rows(f"SELECT n, note_n FROM link_todo{own} ORDER BY n LIMIT ?", (limit,))]


def done_rows(tx: Tx, rows: Iterable[int]) -> None:
    """Note that what waited in some rows is done."""
    tx.run(f"DELETE FROM link_todo WHERE n IN ({', '.join(str(int(n)) for n in rows)})")


def waiting(tx: Tx, *, limit: int) -> list[int]:
    """The keys of notes that wait to be linked, those that wait longest first."""
    rows = tx.rows("SELECT note_n FROM link_todo GROUP BY note_n ORDER BY min(n) LIMIT ?", (limit,))
    return [n for (n,) in rows]


def count_waiting(tx: Tx) -> int:
    """How many notes wait to be linked."""
    return int(tx.value("SELECT count(DISTINCT note_n) FROM link_todo"))


def done(tx: Tx, n: int) -> None:
    """Note that a note is linked, as it is in this transaction."""
    tx.run("DELETE FROM link_todo WHERE note_n = ?", (n,))


def last_waiting(tx: Tx) -> int:
    """The key of the last row of those that wait."""
    return int(tx.value("SELECT coalesce(max(n), 0) FROM link_todo"))


def done_until(tx: Tx, last: int) -> None:
    """Note that whatever waited up to a row is done."""
    tx.run("DELETE FROM link_todo WHERE n <= ?", (last,))


def stamp(tx: Tx) -> str:
    """By which rules the graph was made, and how often it was changed; "" where it has to be made."""
    kept = str(meta.get(tx, STAMP) or "")
    return kept if kept.startswith(f"{_rules(tx)} ") else ""


def put_stamp(tx: Tx) -> None:
    """Note that the graph is made by the present rules, and was changed once more."""
    _, _, times = str(meta.get(tx, STAMP) or "").rpartition(" ")
    meta.put(tx, STAMP, f"{_rules(tx)} {int(times or 0) + 1}")


def reset(tx: Tx) -> None:
    """Empty the tables of the graph; the next question makes it anew."""
    clear(tx)
    _, _, times = str(meta.get(tx, STAMP) or "").rpartition(" ")
    meta.put(tx, STAMP, f"none {int(times or 0) + 1}")


def clear(tx: Tx) -> None:
    """Empty the tables of the graph, to fill them."""
    for table in ("link", "link_note", "link_use", "link_name", "link_text", "link_choice"):
        tx.run(f"DELETE FROM {table}")
    senses.clear(tx)


def _rules(tx: Tx) -> str:
    space = tx.value("SELECT n FROM embedding_space WHERE state = 'active'")
    return f"{rules.RULES}/{space or 0}"


_SELECT = "SELECT from_n, kind, to_n, score, here, there FROM link"


def _in_chunks(tx: Tx, sql: str, keys: Iterable[int]) -> list[Row]:
    listed = sorted(keys)
    rows: list[Row] = []
    for at in range(0, len(listed), CHUNK):
        rows += tx.rows(sql.format(", ".join(str(int(key)) for key in listed[at : at + CHUNK])))
    return rows


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _ranges(text: str) -> tuple[tuple[int, int, int], ...]:
    if not text:
        return ()
    start, end, position = (map(int, text.split(" ")[part::3]) for part in range(3))
    return tuple(zip(start, end, position, strict=True))


def _ranges_said(ranges: Sequence[tuple[int, int, int]]) -> str:
    return " ".join(str(number) for one in ranges for number in one)


def _id(digits: str) -> bytes:
    """The id that digits from a choice name; nothing where they are none."""
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return b""

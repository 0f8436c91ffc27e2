"""Full-text search: a parsed query as SQL. The only place where the dialects of the engines differ."""

from __future__ import annotations

from ..domain.query import LABEL_FIELDS, PASSAGE_FIELDS, TEXT_FIELDS
from ..records import replaced
from .notes import COLUMNS, stored_from
from .visible import in_spaces, own_notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..domain.query import Filter, Query, Term
    from ..ports import Tx, Value
    from .notes import Stored
    from .visible import Spaces

    Bounds = dict[int, tuple[int, int]]

# bm25 looks at every hit it ranks (80 ms at 100,000 notes for a common word): of many hits the newest are ranked,
# and where more than one note in COMMON matches, the newest are shown.
RANKED = 1_000
COMMON = 10
NEXT_TO_NOTHING = 0.01
# title, body, speaker, venue, series, tags, topics
WEIGHTS = "6.0, 1.0, 2.0, 1.0, 2.0, 3.0, 3.0"
BODY_COLUMN = 1
SNIPPET_TOKENS = 18
MARK_START, MARK_END, ELLIPSIS = "\x02", "\x03", "…"
SNIPPET = f"snippet(note_text, {BODY_COLUMN}, '{MARK_START}', '{MARK_END}', '{ELLIPSIS}', {SNIPPET_TOKENS})"


def find(
    tx: Tx,
    query: Query,
    bounds: Bounds,
    *,
    visible_to: Spaces,
    limit: int,
    trash: bool = False,
    among_others: bool = False,
) -> list[tuple[Stored, float, str]]:
    """Notes that match: (row, score, snippet with marked hits), best first. `among_others`: beside them lie notes of
    other people, so that what may be seen is picked out first.

    `bounds` has two numbers by the position of a filter: of a date its first day and the day after its last, as days
    since 1970; of a passage its first and last verse.
    """
    conditions, values = _filters(query, bounds)
    visible = _visible(visible_to, trash=trash)
    where = " AND ".join([*conditions, visible])
    if not query.groups:
        return _newest(tx, query, where, values, limit)
    match = _match(query)
    own = _own(visible_to, trash=trash) if among_others else ""
    if not conditions and not trash and (_is_lone(query) or (not own and _is_common(tx, match))):
        return _newest_hits(tx, match, own + visible, limit)
    if conditions or trash or own:
        best = _filtered(tx, match, own + where, values, limit)
    else:
        telling = _match(_telling(tx, query))
        best = _best(tx, match, telling, visible, limit)
        return _with_snippets(tx, telling, best)
    return _with_snippets(tx, match, best)


def without_common_words(tx: Tx, query: Query, *, among: Spaces | None = None) -> Query:
    """A plain query without the words that stand in most notes (`among`: in most of those in some spaces), where others
    are left: they weigh next to nothing.
    """
    return replaced(_telling(tx, replaced(query, excluded=()), among), excluded=query.excluded)


def with_any_word(
    tx: Tx, query: Query, bounds: Bounds, *, visible_to: Spaces, limit: int, among_others: bool = False
) -> list[tuple[int, float]]:
    """The notes that have any word of a plain query: (key, bm25 above 0), best first; of a word that stands in most
    notes the newest.
    """
    where, values = condition(query, bounds, visible_to=visible_to)
    own = _own(visible_to) if among_others else ""
    match = _any(query)
    if len(query.groups) == 1 and _is_common(tx, match, visible_to if own else None):
        sql = (
            "SELECT note_text.rowid FROM note_text CROSS JOIN note ON note.n = note_text.rowid"
            f" WHERE note_text MATCH ? AND {own}{where} ORDER BY note_text.rowid DESC LIMIT ?"
        )
        return [(n, NEXT_TO_NOTHING) for (n,) in tx.rows(sql, (match, *values, limit))]
    if where == _visible(visible_to) and not own:
        best = _best(tx, match, match, where, limit)
    else:
        best = _filtered(tx, match, own + where, values, limit)
    return [(n, -score) for n, score in best]


def with_all_words(tx: Tx, query: Query, keys: Sequence[int]) -> set[int]:
    """Those of some notes that have every word of a plain query."""
    if not keys:
        return set()
    match = _match(replaced(query, excluded=()))
    listed = ", ".join("?" * len(keys))
    # The plus: else FTS5 begins the search anew for each of the keys.
    sql = f"SELECT rowid FROM note_text WHERE note_text MATCH ? AND rowid BETWEEN ? AND ? AND +rowid IN ({listed})"
    return {n for (n,) in tx.rows(sql, (match, min(keys), max(keys), *keys))}


def condition(query: Query, bounds: Bounds, *, visible_to: Spaces) -> tuple[str, list[Value]]:
    """What a note outside the trash must fulfil besides having the words: a condition on rows of `note`."""
    conditions, values = _filters(query, bounds)
    if query.excluded:
        conditions.append("note.n NOT IN (SELECT rowid FROM note_text WHERE note_text MATCH ?)")
        values.append(" OR ".join(_term(term) for term in query.excluded))
    return " AND ".join([*conditions, _visible(visible_to)]), values


def snippets(tx: Tx, query: Query, keys: Sequence[int]) -> dict[int, str]:
    """The text around the words of a plain query in some notes, by key, with marked hits; none for notes without."""
    return _snippets(tx, _any(query), keys) if keys else {}


def unknown_words(tx: Tx, query: Query, *, among: Spaces | None = None) -> list[str]:
    """The words of a query that stand in no note; with `among` in none of those in some spaces."""
    terms = [term for group in query.groups for term in group if not term.prefix and " " not in term.text]
    sql = f"SELECT 1 FROM note_text WHERE {_among(among)}note_text MATCH ? LIMIT 1"
    return [term.text for term in terms if tx.row(sql, (_term(replaced(term, field="")),)) is None]


def known_words(tx: Tx, words: Iterable[str], *, among: Spaces | None = None) -> list[str]:
    """Those of some words that stand in a note; with `among` in one of those in some spaces."""
    sql = f"SELECT 1 FROM note_text WHERE {_among(among)}note_text MATCH ? LIMIT 1"
    return [word for word in words if tx.row(sql, (f'"{word}"',))]


def stems(tx: Tx, start: str) -> list[str]:
    """The stems of the notes' words that begin with some letters, as the index has them."""
    tx.run("CREATE VIRTUAL TABLE IF NOT EXISTS temp.stem USING fts5vocab (main, note_text, row)")
    sql = "SELECT term FROM temp.stem WHERE term >= ? AND term < ? AND length(term) > 2"
    return [row[0] for row in tx.rows(sql, (start, start + "\U0010ffff"))]


def as_written(tx: Tx, stem: str, *, among: Spaces | None = None) -> str:
    """A word of that stem as the newest note (of some spaces) writes it, in small letters."""
    sql = (
        f"SELECT highlight(note_text, column.key, '{MARK_START}', '{MARK_END}') AS text"
        " FROM note_text, json_each('[0,1,2,3,4,5,6]') AS column"
        f" WHERE {_among(among)}note_text MATCH ? AND instr(text, '{MARK_START}') ORDER BY note_text.rowid DESC LIMIT 1"
    )
    text = str(tx.value(sql, (f'"{stem}"',)) or "")
    return text.partition(MARK_START)[2].partition(MARK_END)[0].lower() or stem


def _visible(visible_to: Spaces, *, trash: bool = False) -> str:
    return f"{in_spaces(visible_to)} AND note.deleted_us IS {'NOT ' if trash else ''}NULL"


def _own(visible_to: Spaces, *, trash: bool = False) -> str:
    """A condition on rows of `note_text`, for which no row of a note is read: it goes before all others."""
    return f"+note_text.rowid IN ({own_notes(visible_to, trash=trash)}) AND "


def _among(spaces: Spaces | None) -> str:
    return "" if spaces is None else _own(spaces)


def _filtered(tx: Tx, match: str, where: str, values: list[Value], limit: int) -> list[tuple[int, float]]:
    """The best hits among those that a condition on their rows lets through."""
    ranked = (
        f"SELECT note_text.rowid AS n, bm25(note_text, {WEIGHTS}) AS score"
        # Where one's own are picked out first, what is not is never looked up.
        f" FROM note_text {'CROSS JOIN' if where.startswith('+') else 'JOIN'} note ON note.n = note_text.rowid"
        f" WHERE note_text MATCH ? AND {where} ORDER BY note_text.rowid DESC LIMIT {RANKED}"
    )
    return [
        (n, score)
        for n, score in tx.rows(
            f"SELECT n, score FROM ({ranked}) ORDER BY score, n DESC LIMIT ?", (match, *values, limit)
        )
    ]


def _best(tx: Tx, match: str, telling: str, visible: str, limit: int) -> list[tuple[int, float]]:
    """The best hits without a filter: ranked from the index alone, for reading a thousand rows would cost more than all
    the rest. What may not be seen (the trash) is few, and passed over afterwards.

    The newest hits of `match` are weighed by the words of `telling`, which are the same or fewer.
    """
    ranked = (
        f"SELECT rowid AS n, bm25(note_text, {WEIGHTS}) AS score FROM note_text WHERE note_text MATCH ?"
        f" ORDER BY rowid DESC LIMIT {RANKED if telling == match else 2 * RANKED}"
    )
    hits = tx.rows(f"SELECT n, score FROM ({ranked}) ORDER BY score, n DESC", (telling,))
    found = len(hits)
    if telling != match:
        newest = f"SELECT rowid FROM note_text WHERE note_text MATCH ? ORDER BY rowid DESC LIMIT {RANKED}"
        matching = {row[0] for row in tx.rows(newest, (match,))}
        hits, found = [hit for hit in hits if hit[0] in matching], len(matching)
    best: list[tuple[int, float]] = []
    step = 2 * limit
    for start in range(0, len(hits), step):
        chunk = hits[start : start + step]
        marks = ", ".join("?" * len(chunk))
        # NOT INDEXED: by row key, or SQLite walks the whole index of recent notes.
        rows = tx.rows(f"SELECT n FROM note NOT INDEXED WHERE n IN ({marks}) AND {visible}", [n for n, _ in chunk])
        seen = {row[0] for row in rows}
        best += [(n, score) for n, score in chunk if n in seen]
        if len(best) >= limit:
            break
    if len(best) < limit and found == RANKED:
        # So many lie in the trash (an import that was undone) that what may be seen is beyond the newest thousand.
        return _filtered(tx, match, visible, [], limit)
    return best[:limit]


def _is_lone(query: Query) -> bool:
    """Whether this is one phrase or one prefix: bm25 would read all positions to weigh every hit alike."""
    if query.excluded or len(query.groups) != 1 or len(query.groups[0]) != 1:
        return False
    term = query.groups[0][0]
    return term.prefix or " " in term.text


def _telling(tx: Tx, query: Query, among: Spaces | None = None) -> Query:
    """The query without the words that stand in most notes, where others are left: bm25 gives them next to no weight,
    and reads all their places to find that out.
    """
    if len(query.groups) < 2 or query.excluded:
        return query
    groups = [group for group in query.groups if len(group) > 1 or not _is_common(tx, _term(group[0]), among)]
    return replaced(query, groups=tuple(groups or query.groups))


def _is_common(tx: Tx, match: str, among: Spaces | None = None) -> bool:
    """Whether over a tenth of the newest notes match: no rank tells them apart then, and bm25 would look at all."""
    newest = f"SELECT rowid FROM note_text WHERE {_among(among)}note_text MATCH ? ORDER BY rowid DESC LIMIT {RANKED}"
    number, first, last = tx.rows(f"SELECT count(*), min(rowid), max(rowid) FROM ({newest})", (match,))[0]
    if number < RANKED or among is None:
        return bool(number == RANKED and last - first < COMMON * RANKED)
    # Between these keys lie notes of others too.
    sql = f"SELECT count(*) FROM ({own_notes(among)} AND note.n BETWEEN ? AND ?)"
    return bool(tx.value(sql, (first, last)) < COMMON * RANKED)


def _newest_hits(tx: Tx, match: str, visible: str, limit: int) -> list[tuple[Stored, float, str]]:
    """The newest notes that match, in one pass that stops when there are enough."""
    sql = (
        f"SELECT {COLUMNS}, {SNIPPET} FROM note_text CROSS JOIN note ON note.n = note_text.rowid"
        f" WHERE note_text MATCH ? AND {visible} ORDER BY note_text.rowid DESC LIMIT ?"
    )
    return [(stored_from(row[:-1]), 1.0, row[-1]) for row in tx.rows(sql, (match, limit))]


def _newest(tx: Tx, query: Query, where: str, values: list[Value], limit: int) -> list[tuple[Stored, float, str]]:
    if query.excluded:
        where += " AND note.n NOT IN (SELECT rowid FROM note_text WHERE note_text MATCH ?)"
        values = [*values, " OR ".join(_term(term) for term in query.excluded)]
    sql = f"SELECT {COLUMNS} FROM note WHERE {where} ORDER BY occurred_us DESC, n DESC LIMIT ?"
    return [(stored_from(row), 0.0, "") for row in tx.rows(sql, (*values, limit))]


def _with_snippets(tx: Tx, match: str, best: list[tuple[int, float]]) -> list[tuple[Stored, float, str]]:
    """The rows of the best hits, in their order. A snippet tokenizes its text anew, so only these get one."""
    if not best:
        return []
    keys = [n for n, _ in best]
    marks = ", ".join("?" * len(keys))
    rows = {row[0]: row for row in tx.rows(f"SELECT {COLUMNS} FROM note NOT INDEXED WHERE n IN ({marks})", keys)}
    around = _snippets(tx, match, keys)
    return [(stored_from(rows[n]), -score, around.get(n, "")) for n, score in best]


def _snippets(tx: Tx, match: str, keys: Sequence[int]) -> dict[int, str]:
    sql = (
        f"SELECT rowid, {SNIPPET} FROM note_text WHERE note_text MATCH ?"
        f" AND rowid BETWEEN ? AND ? AND rowid IN ({', '.join('?' * len(keys))})"
    )
    return dict(tx.rows(sql, (match, min(keys), max(keys), *keys)))


def _any(query: Query) -> str:
    return " OR ".join(_term(term) for group in query.groups for term in group)


def _match(query: Query) -> str:
    """The FTS5 expression. Every word is quoted, so nothing people type is syntax to FTS5."""
    groups = [" OR ".join(_term(term) for term in group) for group in query.groups]
    expression = " AND ".join(f"({group})" for group in groups)
    if query.excluded:
        expression = f"({expression}) NOT ({' OR '.join(_term(term) for term in query.excluded)})"
    return expression


def _term(term: Term) -> str:
    words = term.text.replace('"', " ").replace("\x00", " ")
    column = f"{term.field} : " if term.field in TEXT_FIELDS else ""
    return f'{column}"{words}"{" *" if term.prefix else ""}'


def _filters(query: Query, bounds: Bounds) -> tuple[list[str], list[Value]]:
    conditions: list[str] = []
    values: list[Value] = []
    for position, item in enumerate(query.filters):
        if item.field in LABEL_FIELDS:
            condition, added = _label_condition(item)
        elif item.field in PASSAGE_FIELDS:
            condition, added = _passage_condition(*bounds[position])
        elif item.field == "space":
            condition, added = "note.space_id IN (SELECT n FROM space WHERE lower(name) = lower(?))", [item.value]
        else:
            condition, added = _day_condition(item, bounds[position])
        conditions.append(f"NOT ({condition})" if item.negated else condition)
        values += added
    return conditions, values


def _label_condition(item: Filter) -> tuple[str, list[Value]]:
    name = "-".join(item.value.lstrip("#").split()).lower() if item.field == "tag" else item.value.casefold()
    sql = "note.n IN (SELECT note_n FROM note_label WHERE note_label.kind = ? AND note_label.name = ?)"
    return sql, [item.field, name]


def _passage_condition(start: int, end: int) -> tuple[str, list[Value]]:
    from .passages import overlap

    sql, values = overlap(start, end)
    return f"note.n IN ({sql})", list(values)


def _day_condition(item: Filter, bounds: tuple[int, int]) -> tuple[str, list[Value]]:
    """By the day it was where the note was written: its offset is part of the comparison."""
    first, following = bounds
    local = "(note.occurred_us + note.occurred_offset * 60000000)"
    day_us = 86_400_000_000
    if item.field == "before":
        return f"{local} < ?", [first * day_us]
    if item.field == "after":
        return f"{local} >= ?", [first * day_us]
    return f"{local} >= ? AND {local} < ?", [first * day_us, following * day_us]

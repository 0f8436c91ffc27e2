"""The vectors of pieces of notes: rows in and out, and which are nearest to a query.

numpy is loaded by what compares vectors, and by nothing else here.
"""

from __future__ import annotations

from ..errors import InvalidInput, NotFound
from . import embedding_spaces
from .visible import own_notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeVar

    from ..ports import Row, Tx, Value
    from .visible import Spaces

    Among = tuple[str, Sequence[Value]]
    """A condition on rows of `note`, and the values bound in it."""

    Best = tuple[float, int, int]
    """The cosine of a note's best piece, and where the piece begins and stops."""

    Page = tuple[bytes, bytes]
    T = TypeVar("T")

FLOAT_BYTES = 4
HASH_BYTES = 16
# The candidates whose rows are read, one more for each so many vectors: 98 in 100 of the ten best are among them
# (docs/decisions/0021).
RESCORED, RESCORED_MORE = 200, 4_000
# How much of a space with cells is scanned: a part, and at least so many vectors.
SCANNED_SHARE, SCANNED_LEAST = 0.12, 30_000
# Of a part of the notes so many pieces are compared one by one, and so many picked out of the pages; among more of them
# what does not fit is passed over.
EXACT_PIECES, MASKED_PIECES = 500, 100_000
CHUNK = 1_000


def row(vector: bytes) -> bytes:
    """A vector as an embedder gives it (little-endian float32), as it is stored.

    Raises: InvalidInput.
    """
    from ..vectors.rows import row as quantised

    return quantised(vector)


def put(tx: Tx, space_n: int, rows: Sequence[tuple[bytes, bytes]]) -> dict[bytes, int]:
    """Keep rows by the hash of their text; the key of each, whether it was kept before or not. Found from now on.

    Raises: InvalidInput, when one has not the length of its space; NotFound.
    """
    dimensions = _dimensions(tx, space_n)
    for hash, value in rows:
        if len(value) != dimensions or len(hash) != HASH_BYTES:
            raise InvalidInput(f"a vector of {len(value)} dimensions does not fit one of {dimensions}")
    keys = known(tx, space_n, [hash for hash, _ in rows])
    fresh = {hash: value for hash, value in rows if hash not in keys}
    for hash, value in fresh.items():
        keys[hash] = tx.run("INSERT INTO vector (space_n, hash, value) VALUES (?, ?, ?)", (space_n, hash, value))
    tx.run_many("INSERT INTO vector_tail (vector_n, space_n) VALUES (?, ?)", [(keys[hash], space_n) for hash in fresh])
    return keys


def known(tx: Tx, space_n: int, hashes: Sequence[bytes]) -> dict[bytes, int]:
    """The keys of those texts, by their hashes, that have a vector."""
    found: dict[bytes, int] = {}
    for chunk in _chunks(hashes):
        marks = ", ".join("?" * len(chunk))
        found.update(tx.rows(f"SELECT hash, n FROM vector WHERE space_n = ? AND hash IN ({marks})", (space_n, *chunk)))
    return found


def put_pieces(tx: Tx, note_n: int, space_n: int, pieces: Sequence[tuple[int, int, int]]) -> None:
    """Give a note these pieces, each (begin, stop, vector), in the place of those it had in the space."""
    tx.run("DELETE FROM piece WHERE note_n = ? AND space_n = ?", (note_n, space_n))
    tx.run_many(
        "INSERT INTO piece (note_n, space_n, position, begin, stop, vector_n) VALUES (?, ?, ?, ?, ?, ?)",
        [(note_n, space_n, position, *piece) for position, piece in enumerate(pieces)],
    )


def doubt(tx: Tx, keys: Iterable[int]) -> None:
    """Have vectors looked at again that perhaps no piece uses."""
    tx.run_many("INSERT INTO vector_unused (vector_n) VALUES (?) ON CONFLICT DO NOTHING", [(key,) for key in keys])


def forget_pieces(tx: Tx, note_n: int) -> None:
    """A note is not found by its meaning any more, in no space."""
    tx.run("DELETE FROM piece WHERE note_n = ?", (note_n,))


def pieces_of(tx: Tx, note_n: int, space_n: int) -> list[tuple[int, int, bytes]]:
    """The pieces of a note in their order: begin, stop and row of each."""
    sql = (
        "SELECT begin, stop, value FROM piece JOIN vector ON vector.n = piece.vector_n"
        " WHERE note_n = ? AND piece.space_n = ? ORDER BY position"
    )
    return [(begin, stop, value) for begin, stop, value in tx.rows(sql, (note_n, space_n))]


def pieces_of_notes(tx: Tx, note_ns: Sequence[int], space_n: int) -> dict[int, list[tuple[int, int, bytes]]]:
    """The pieces of some notes, each note's in their order: begin, stop and row of each."""
    found: dict[int, list[tuple[int, int, bytes]]] = {}
    for chunk in _chunks(note_ns):
        sql = (
            "SELECT note_n, begin, stop, value FROM piece JOIN vector ON vector.n = piece.vector_n"
            f" WHERE note_n IN ({_listed(chunk)}) AND piece.space_n = ? ORDER BY note_n, position"
        )
        for n, begin, stop, value in tx.rows(sql, (space_n,)):
            found.setdefault(n, []).append((begin, stop, value))
    return found


def nearest(tx: Tx, space_n: int, query: bytes, limit: int, *, among: Among | None = None) -> list[tuple[int, float]]:
    """The vectors nearest to a query (float32): (vector, cosine), the best first. Only those that a piece uses count;
    with `among` only those that a piece of a note uses for which the condition holds.

    Raises: InvalidInput, when the query has not the length of the space; NotFound, Damaged.
    """
    _check(query, _dimensions(tx, space_n))
    tail = "SELECT vector_n FROM vector_tail WHERE space_n = ?"
    rows = _used(tx, space_n, tail, (space_n,), among) + _paged(tx, space_n, query, limit, among)
    return _best(query, rows, limit)


def notes_of(
    tx: Tx, space_n: int, vector_ns: Sequence[int], *, within: Spaces | None = None
) -> dict[int, list[tuple[int, int, int]]]:
    """The pieces that vectors stand for, by vector: (note, begin, stop), the newest notes first. The same words of two
    people have one vector: with `within`, notes of some spaces alone are named.
    """
    found: dict[int, list[tuple[int, int, int]]] = {}
    own = "" if within is None else f" AND +note_n IN ({own_notes(within)})"
    for chunk in _chunks(vector_ns):
        sql = (
            "SELECT vector_n, note_n, begin, stop FROM piece"
            f" WHERE vector_n IN ({_listed(chunk)}){own} AND +space_n = ? ORDER BY vector_n, note_n DESC, position"
        )
        for vector_n, note_n, begin, stop in tx.rows(sql, (space_n,)):
            found.setdefault(vector_n, []).append((note_n, begin, stop))
    return found


def best_pieces(
    tx: Tx, space_n: int, near: Iterable[tuple[int, float]], *, within: Spaces | None = None
) -> dict[int, Best]:
    """The notes that vectors stand for, each with its best piece of these; `near` has (vector, cosine)."""
    cosines = dict(near)
    best: dict[int, Best] = {}
    for vector_n, places in notes_of(tx, space_n, list(cosines), within=within).items():
        for note_n, begin, stop in places:
            _keep_best(best, note_n, (cosines[vector_n], begin, stop))
    return best


def cosines_of_notes(tx: Tx, space_n: int, query: bytes, note_ns: Sequence[int]) -> dict[int, Best]:
    """The best piece of each of some notes, exactly; a note without pieces is left out.

    Raises: InvalidInput, NotFound, Damaged.
    """
    from ..vectors.rows import cosines

    _check(query, _dimensions(tx, space_n))
    best: dict[int, Best] = {}
    for chunk in _chunks(note_ns):
        sql = (
            "SELECT note_n, begin, stop, value FROM piece JOIN vector ON vector.n = piece.vector_n"
            f" WHERE note_n IN ({_listed(chunk)}) AND piece.space_n = ?"
        )
        rows = tx.rows(sql, (space_n,))
        for (note_n, begin, stop, _), cosine in zip(rows, cosines(query, [one[3] for one in rows]), strict=True):
            _keep_best(best, note_n, (cosine, begin, stop))
    return best


def count(tx: Tx, space_n: int) -> int:
    """How many vectors a space has, those that no piece uses included."""
    return tail_size(tx, space_n) + sum(size for _, size in _sizes(tx, space_n))


def count_pieces(tx: Tx, space_n: int) -> int:
    """How many pieces of notes have a vector in a space."""
    return int(tx.value("SELECT count(*) FROM piece WHERE space_n = ?", (space_n,)))


def size(tx: Tx, *, within: Spaces | None = None) -> int:
    """About how many vectors there are, at once: more where many were taken out. With `within`, how many pieces the
    notes of some spaces have.
    """
    if within is not None:
        return int(tx.value(f"SELECT count(*) FROM piece WHERE note_n IN ({own_notes(within)})"))
    return int(tx.value("SELECT max(n) FROM vector") or 0)


def tail_size(tx: Tx, space_n: int) -> int:
    """How many vectors are not sorted into pages yet."""
    return int(tx.value("SELECT count(*) FROM vector_tail WHERE space_n = ?", (space_n,)))


def _paged(tx: Tx, space_n: int, query: bytes, limit: int, among: Among | None) -> list[Row]:
    """The candidates of the pages with their rows: as many as are worth reading, or all that there are.

    Where much that is near is used by no piece, or by none of the notes that are asked about, the search widens; among
    notes with few pieces it begins again with these alone.
    """
    from ..vectors.pages import candidates

    sizes = _sizes(tx, space_n)
    total = sum(size for _, size in sizes)
    wanted = max(RESCORED + total // RESCORED_MORE, limit + limit // 2)
    enough = max(RESCORED // 2, limit)
    only: set[int] | None = None
    reach, scanned = wanted, max(SCANNED_LEAST, round(SCANNED_SHARE * total))
    while total:
        cells = _cells(tx, space_n, query, sizes, scanned)
        keys = candidates(query, _pages(tx, space_n, cells), reach, only)
        rows = _first_used(tx, space_n, keys, wanted, among if only is None else None)
        if len(rows) >= enough or (cells is None and (len(keys) < reach or reach >= total)):
            return rows
        if among is not None and only is None:
            found = _keys_among(tx, space_n, among)
            if len(found) <= EXACT_PIECES:
                return _first_used(tx, space_n, found, len(found), None)
            if len(found) <= MASKED_PIECES:
                # Of the notes asked about only: so the best are looked at, however few of all they are.
                only = set(found)
                continue
        widened = max(4, 2 * enough // max(1, len(rows)))
        reach, scanned = min(total, reach * widened), 2 * scanned
    return []


def _first_used(tx: Tx, space_n: int, keys: Sequence[int], wanted: int, among: Among | None) -> list[Row]:
    """The first of these vectors that a piece uses, about as many as are wanted: their keys and rows."""
    rows: list[Row] = []
    for chunk in _chunks(keys):
        rows += _used(tx, space_n, _listed(chunk), (), among)
        if len(rows) >= wanted:
            break
    return rows


def _sizes(tx: Tx, space_n: int) -> list[tuple[int, int]]:
    """The cells of a space that have pages, and how many vectors each has."""
    rows = tx.rows("SELECT cell, sum(size) FROM vector_page WHERE space_n = ? GROUP BY cell", (space_n,))
    return [(cell, size) for cell, size in rows]


def _cells(tx: Tx, space_n: int, query: bytes, sizes: list[tuple[int, int]], scanned: int) -> list[int] | None:
    """The cells to be scanned, those nearest to the query; None: all."""
    from ..vectors.cells import by_nearness

    if sum(size for _, size in sizes) <= scanned:
        return None
    numbers = dict(sizes)
    # Vectors without a cell can lie anywhere: they are scanned beside the others, not in their stead.
    chosen, taken = [0], 0
    near: list[tuple[float, int]] = []
    for first, centres in tx.rows("SELECT first, centres FROM vector_cells WHERE space_n = ?", (space_n,)):
        near += [(cosine, first + position) for cosine, position in by_nearness(query, centres)]
    for _, cell in sorted(near, reverse=True):
        if taken >= scanned:
            return chosen
        if cell in numbers:
            chosen.append(cell)
            taken += numbers[cell]
    return None


def _pages(tx: Tx, space_n: int, cells: list[int] | None) -> list[Page]:
    condition = "" if cells is None else f" AND cell IN ({_listed(cells)})"
    rows = tx.rows(f"SELECT vectors, signs FROM vector_page WHERE space_n = ?{condition}", (space_n,))
    return [(keys, signs) for keys, signs in rows]


def _used(tx: Tx, space_n: int, listed: str, values: Sequence[Value], among: Among | None) -> list[Row]:
    """The keys and rows of those vectors that a piece uses; `listed` are keys, or a statement that gives them."""
    pieces = f"SELECT vector_n FROM piece WHERE vector_n IN ({listed})"
    if among is not None:
        pieces = (
            # The plus keeps SQLite from trying each note of the condition with each vector.
            "SELECT vector_n FROM piece CROSS JOIN note NOT INDEXED ON note.n = +piece.note_n"
            f" WHERE vector_n IN ({listed}) AND ({among[0]})"
        )
        values = (*values, *among[1])
    # NOT INDEXED: by key, or SQLite walks all vectors of the space.
    return tx.rows(f"SELECT n, value FROM vector NOT INDEXED WHERE n IN ({pieces}) AND space_n = ?", (*values, space_n))


def _keys_among(tx: Tx, space_n: int, among: Among) -> list[int]:
    """The vectors of the notes for which a condition holds, or one more than MASKED_PIECES of them."""
    sql = (
        "SELECT vector_n FROM note CROSS JOIN piece ON piece.note_n = note.n"
        f" WHERE ({among[0]}) AND piece.space_n = ? LIMIT {MASKED_PIECES + 1}"
    )
    return [key for (key,) in tx.rows(sql, (*among[1], space_n))]


def _best(query: bytes, rows: list[Row], limit: int) -> list[tuple[int, float]]:
    from ..vectors.rows import cosines

    values: dict[int, bytes] = dict(rows)
    found = zip(values, cosines(query, list(values.values())), strict=True)
    return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:limit]


def _keep_best(best: dict[int, Best], note_n: int, piece: Best) -> None:
    if note_n not in best or piece[0] > best[note_n][0]:
        best[note_n] = piece


def _dimensions(tx: Tx, space_n: int) -> int:
    space = embedding_spaces.by_key(tx, space_n)
    if space is None:
        raise NotFound("the vectors that are asked for are not there any more", hint="ask again")
    return space.dimensions


def _check(query: bytes, dimensions: int) -> None:
    if len(query) != dimensions * FLOAT_BYTES:
        raise InvalidInput(
            f"a query of {len(query)} bytes does not fit vectors of {dimensions} dimensions",
            hint="scribes index embeds the notes anew",
        )


def _listed(keys: Iterable[int]) -> str:
    # Keys are integers, so nothing can be smuggled in; bound values would be limited in number.
    return ", ".join(str(int(key)) for key in keys)


def _chunks(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))

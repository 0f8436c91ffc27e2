"""Upkeep of the pages that a search of vectors scans: folding the tail in, cells, and taking out what nothing uses.

Each function does a bounded part in the transaction it is given, after which everything is whole; whoever calls them
does so until there is nothing left to do.
"""

from __future__ import annotations

from .embedding_spaces import by_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..ports import Tx

    Page = tuple[bytes, bytes]

# A tail is folded in from so many vectors on, and so many at a time: each writes a page of its cell anew, and a writer
# that waits for a step should not notice.
FOLDED_FROM, FOLDED = 256, 512
# Below this everything is scanned; cells are learnt from here on, and again when there are so many times the vectors.
CELLS_FROM, LEARNT_AGAIN = 60_000, 4
# How many vectors are taken out, and pages written anew, between two commits.
UNUSED, REWRITTEN = 2_000, 500
# Pages of old cells whose vectors move at a time.
MOVED_PAGES = 5
# Less than one part in so many.
NEARLY_EMPTY = 4


def is_due(tx: Tx, space_n: int) -> bool:
    """Whether `fold_in` or `remove_unused` has something to do."""
    tail = f"SELECT count(*) FROM (SELECT 1 FROM vector_tail WHERE space_n = ? LIMIT {FOLDED_FROM})"
    return (
        int(tx.value(tail, (space_n,))) >= FOLDED_FROM
        or tx.value("SELECT 1 FROM vector_unused LIMIT 1") is not None
        or bool(_in_old_cells(tx, space_n, _newest(tx, space_n)))
    )


def fold_in(tx: Tx, space_n: int) -> bool:
    """Sort a part of the tail into pages or, when it is short, a part of what lies in old cells into new ones; whether
    there is more to do.

    Raises: Damaged.
    """
    from ..vectors.pages import keys_of

    sql = "SELECT vector_n FROM vector_tail WHERE space_n = ? ORDER BY vector_n LIMIT ?"
    tail = [key for (key,) in tx.rows(sql, (space_n, FOLDED + FOLDED_FROM))]
    if len(tail) >= FOLDED_FROM:
        folded = tail[:FOLDED]
        tx.run(f"DELETE FROM vector_tail WHERE vector_n IN ({_listed(folded)})")
        _append(tx, space_n, folded)
        return len(tail) == FOLDED + FOLDED_FROM or bool(_in_old_cells(tx, space_n, _newest(tx, space_n)))
    pages = _in_old_cells(tx, space_n, _newest(tx, space_n))
    if not pages:
        return False
    listed = _listed(pages)
    keys = [
        key for (page,) in tx.rows(f"SELECT vectors FROM vector_page WHERE n IN ({listed})") for key in keys_of(page)
    ]
    tx.run(f"DELETE FROM vector_page WHERE n IN ({listed})")
    _append(tx, space_n, keys)
    newest = _newest(tx, space_n)
    if _in_old_cells(tx, space_n, newest):
        return True
    tx.run("DELETE FROM vector_cells WHERE space_n = ? AND first < ?", (space_n, newest))
    return False


def to_learn_from(tx: Tx, space_n: int) -> list[bytes]:
    """The rows that new cells are to be learnt from with `cells_of`, outside any transaction; none where the present
    ones, or none, will do.

    Raises: Damaged.
    """
    total = int(tx.value("SELECT coalesce(sum(size), 0) FROM vector_page WHERE space_n = ?", (space_n,)))
    learnt_from = tx.value("SELECT max(learnt_from) FROM vector_cells WHERE space_n = ?", (space_n,)) or 0
    if total < max(CELLS_FROM, LEARNT_AGAIN * learnt_from) or _in_old_cells(tx, space_n, _newest(tx, space_n)):
        return []
    from ..vectors.cells import SAMPLE_A_CELL, number_for
    from ..vectors.pages import keys_of

    pages = tx.rows("SELECT vectors FROM vector_page WHERE space_n = ?", (space_n,))
    keys = sorted(key for (page,) in pages for key in keys_of(page))
    every = max(1, len(keys) // (SAMPLE_A_CELL * number_for(total)))
    return [value for _, value in _rows(tx, keys[::every])]


def cells_of(rows: Sequence[bytes]) -> bytes:
    """The centres of the cells that these rows fall into: up to seconds of computing."""
    from ..vectors.cells import SAMPLE_A_CELL, learnt

    return learnt(rows, max(1, len(rows) // SAMPLE_A_CELL))


def put_cells(tx: Tx, space_n: int, centres: bytes) -> None:
    """Begin to use new cells: `fold_in` moves the vectors to them, and until then both are searched."""
    space = by_key(tx, space_n)
    if space is None or _in_old_cells(tx, space_n, _newest(tx, space_n)):
        # Dropped, or somebody else was faster.
        return
    newest = tx.row(
        "SELECT first, length(centres) FROM vector_cells WHERE space_n = ? ORDER BY first DESC LIMIT 1", (space_n,)
    )
    first = newest[0] + newest[1] // space.dimensions if newest else 1
    total = int(tx.value("SELECT coalesce(sum(size), 0) FROM vector_page WHERE space_n = ?", (space_n,)))
    tx.run(
        "INSERT INTO vector_cells (space_n, first, learnt_from, centres) VALUES (?, ?, ?, ?)",
        (space_n, first, total, centres),
    )


def remove_unused(tx: Tx) -> bool:
    """Take out some of the vectors that no piece uses, from pages and tail; whether there may be more.

    Raises: Damaged.
    """
    listed = [key for (key,) in tx.rows(f"SELECT vector_n FROM vector_unused LIMIT {UNUSED}")]
    if not listed:
        return False
    used = {key for (key,) in tx.rows(f"SELECT vector_n FROM piece WHERE vector_n IN ({_listed(listed)})")}
    unused = [key for key in listed if key not in used]
    in_tail = {key for (key,) in tx.rows(f"SELECT vector_n FROM vector_tail WHERE vector_n IN ({_listed(unused)})")}
    gone = in_tail | _out_of_pages(tx, set(unused) - in_tail)
    tx.run(f"DELETE FROM vector WHERE n IN ({_listed(gone)})")
    tx.run(f"DELETE FROM vector_unused WHERE vector_n IN ({_listed(used | gone)})")
    return True


def forget_pages(tx: Tx, space_n: int) -> None:
    """Put all vectors back into the tail, to be sorted into pages anew: for pages that are damaged."""
    tx.run("DELETE FROM vector_page WHERE space_n = ?", (space_n,))
    tx.run("DELETE FROM vector_cells WHERE space_n = ?", (space_n,))
    tx.run(
        "INSERT INTO vector_tail (vector_n, space_n) SELECT n, space_n FROM vector WHERE space_n = ?"
        " ON CONFLICT DO NOTHING",
        (space_n,),
    )


def problems(tx: Tx, space_n: int) -> list[str]:
    """What is wrong with tail and pages; empty when every vector is in exactly one place.

    Raises: Damaged.
    """
    from ..vectors.pages import keys_of

    found: list[int] = [key for (key,) in tx.rows("SELECT vector_n FROM vector_tail WHERE space_n = ?", (space_n,))]
    said = len(found)
    for keys, size in tx.rows("SELECT vectors, size FROM vector_page WHERE space_n = ?", (space_n,)):
        found += keys_of(keys)
        said += size
    vectors = {key for (key,) in tx.rows("SELECT n FROM vector WHERE space_n = ?", (space_n,))}
    twice = len(found) - len(set(found))
    counts = {
        "vectors lie in two places": twice,
        "vectors lie in no page": len(vectors - set(found)),
        "vectors in pages are not there": len(set(found) - vectors),
        "vectors more or fewer are in pages than these say": abs(said - len(found)),
    }
    return [f"{number} {what}" for what, number in counts.items() if number]


def _append(tx: Tx, space_n: int, keys: Sequence[int]) -> None:
    """Put vectors into the pages of their cells, or of none before there are cells."""
    from ..vectors.cells import assigned
    from ..vectors.pages import cut, page, room

    rows = _rows(tx, keys)
    if not rows:
        return
    newest = tx.row("SELECT first, centres FROM vector_cells WHERE space_n = ? ORDER BY first DESC LIMIT 1", (space_n,))
    values = [value for _, value in rows]
    cells = [newest[0] + position for position in assigned(values, newest[1])] if newest else [0] * len(rows)
    order = sorted(range(len(rows)), key=cells.__getitem__)
    whole = page([rows[place][0] for place in order], [values[place] for place in order])
    most, start = room(len(values[0])), 0
    while start < len(order):
        cell, stop = cells[order[start]], start + 1
        while stop < len(order) and cells[order[stop]] == cell:
            stop += 1
        _fill(tx, space_n, cell, most, cut(whole, start, stop), stop - start)
        start = stop


def _fill(tx: Tx, space_n: int, cell: int, most: int, added: Page, number: int) -> None:
    """Put vectors into the emptiest page of a cell, and what it has no room for into new ones."""
    from ..vectors.pages import cut, joined

    emptiest = tx.row(
        "SELECT n, size, vectors, signs FROM vector_page WHERE space_n = ? AND cell = ? ORDER BY size LIMIT 1",
        (space_n, cell),
    )
    start = 0
    if emptiest and emptiest[1] < most:
        start = min(most - emptiest[1], number)
        tx.run(
            "UPDATE vector_page SET size = ?, vectors = ?, signs = ? WHERE n = ?",
            (emptiest[1] + start, *joined(emptiest[2:4], cut(added, 0, start)), emptiest[0]),
        )
    for at in range(start, number, most):
        stop = min(at + most, number)
        tx.run(
            "INSERT INTO vector_page (space_n, cell, size, vectors, signs) VALUES (?, ?, ?, ?, ?)",
            (space_n, cell, stop - at, *cut(added, at, stop)),
        )


def _out_of_pages(tx: Tx, unused: set[int]) -> set[int]:
    """Take vectors out of the pages that hold most of them; those that are in no page now."""
    from ..vectors.pages import keys_of, numbers_in

    spaces = tx.rows(f"SELECT DISTINCT space_n FROM vector NOT INDEXED WHERE n IN ({_listed(unused)})")
    left: set[int] = set()
    for (space_n,) in spaces:
        pages = tx.rows("SELECT n, vectors FROM vector_page WHERE space_n = ?", (space_n,))
        numbers = numbers_in([keys for _, keys in pages], unused)
        holding = sorted((place for place, number in enumerate(numbers) if number), key=lambda at: -numbers[at])
        for place in holding[:REWRITTEN]:
            _rewrite(tx, pages[place][0], unused)
        left.update(key for place in holding[REWRITTEN:] for key in keys_of(pages[place][1]) if key in unused)
    return unused - left


def _rewrite(tx: Tx, page_n: int, unused: set[int]) -> None:
    """A page without what is unused. What is left in one that is nearly empty goes to the tail, and into another."""
    from ..vectors import pages

    space_n, old, signs, dimensions = tx.rows(
        "SELECT space_n, vectors, signs, dimensions FROM vector_page"
        " JOIN embedding_space AS s ON s.n = space_n WHERE vector_page.n = ?",
        (page_n,),
    )[0]
    new = pages.without((old, signs), unused, dimensions)
    kept = pages.keys_of(new[0])
    if len(kept) * NEARLY_EMPTY < pages.room(dimensions):
        tx.run("DELETE FROM vector_page WHERE n = ?", (page_n,))
        tx.run_many("INSERT INTO vector_tail (vector_n, space_n) VALUES (?, ?)", [(key, space_n) for key in kept])
        return
    tx.run("UPDATE vector_page SET size = ?, vectors = ?, signs = ? WHERE n = ?", (len(kept), *new, page_n))


def _newest(tx: Tx, space_n: int) -> int:
    """The first of the newest cells; 0 where there are none."""
    return int(tx.value("SELECT max(first) FROM vector_cells WHERE space_n = ?", (space_n,)) or 0)


def _in_old_cells(tx: Tx, space_n: int, newest: int) -> list[int]:
    """Some pages of cells before these, those of a cell together."""
    sql = f"SELECT n FROM vector_page WHERE space_n = ? AND cell < ? ORDER BY cell LIMIT {MOVED_PAGES}"
    return [n for (n,) in tx.rows(sql, (space_n, newest))]


def _rows(tx: Tx, keys: Sequence[int]) -> list[tuple[int, bytes]]:
    """Keys and rows of vectors."""
    found: list[tuple[int, bytes]] = []
    for start in range(0, len(keys), 1_000):
        listed = _listed(sorted(keys[start : start + 1_000]))
        found += [(n, value) for n, value in tx.rows(f"SELECT n, value FROM vector WHERE n IN ({listed})")]
    return found


def _listed(keys: Iterable[int]) -> str:
    return ", ".join(str(int(key)) for key in keys)

"""Embedding spaces: what made the vectors, and which of them are searched now."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Row, Tx

COLUMNS = "n, digest, embedder, dimensions, chunker, probe, state"
# Vectors taken out of a retired space between two commits, and pages of them.
STEP, STEP_PAGES = 2_000, 15


@record
class Space:
    """An embedding space: its key, what made its vectors, the row of its probe, and building, active or retired."""

    n: int
    digest: bytes
    embedder: str
    dimensions: int
    chunker: int
    probe: bytes
    state: str


def create(
    tx: Tx, *, digest: bytes, embedder: str, dimensions: int, chunker: int, probe: bytes, active: bool = False
) -> int:
    """A new space, being built or, where there is none yet, active at once; its key. Another being built retires."""
    retire_unfinished(tx)
    n = tx.run(
        "INSERT INTO embedding_space (digest, embedder, dimensions, chunker, probe, state, created_us)"
        " VALUES (?, ?, ?, ?, ?, 'building', ?)",
        (digest, embedder, dimensions, chunker, probe, tx.now_us),
    )
    if active:
        activate(tx, n)
    return n


def active(tx: Tx) -> Space | None:
    """The space that is searched."""
    return _first(tx, "state = 'active'")


def building(tx: Tx) -> Space | None:
    """The space that is being built to be searched later."""
    return _first(tx, "state = 'building'")


def retired(tx: Tx) -> Space | None:
    """A space that is to be dropped."""
    return _first(tx, "state = 'retired'")


def by_digest(tx: Tx, digest: bytes) -> Space | None:
    """The space of an embedder, in whatever state it is."""
    row = tx.row(f"SELECT {COLUMNS} FROM embedding_space WHERE digest = ?", (digest,))
    return _space(row) if row else None


def of_embedder(tx: Tx, name: str) -> list[Space]:
    """The spaces of an embedder by its name, whatever their state."""
    return [_space(row) for row in tx.rows(f"SELECT {COLUMNS} FROM embedding_space WHERE embedder = ?", (name,))]


def by_key(tx: Tx, n: int) -> Space | None:
    """The space of a key."""
    row = tx.row(f"SELECT {COLUMNS} FROM embedding_space WHERE n = ?", (n,))
    return _space(row) if row else None


def activate(tx: Tx, n: int) -> None:
    """Let a space be the one that is searched; the one before it retires."""
    tx.run("UPDATE embedding_space SET state = 'retired' WHERE state = 'active' AND n != ?", (n,))
    tx.run("UPDATE embedding_space SET state = 'active' WHERE n = ?", (n,))


def retire_unfinished(tx: Tx, *, but: int = 0) -> None:
    """Give up a space that is being built, where another one is wanted again."""
    tx.run("UPDATE embedding_space SET state = 'retired' WHERE state = 'building' AND n != ?", (but,))


def revive(tx: Tx, n: int) -> None:
    """Build a retired space again: what is left of it is of use. Another one being built retires."""
    retire_unfinished(tx, but=n)
    tx.run("UPDATE embedding_space SET state = 'building' WHERE n = ? AND state = 'retired'", (n,))


def drop_step(tx: Tx, n: int) -> bool:
    """Take out a part of a retired space; whether something is left of it. An active one stays as it is.

    Raises: Damaged.
    """
    from ..vectors.pages import keys_of

    if tx.value("SELECT state FROM embedding_space WHERE n = ?", (n,)) != "retired":
        return False
    pages = tx.rows(f"SELECT n, vectors FROM vector_page WHERE space_n = ? LIMIT {STEP_PAGES}", (n,))
    # A page goes with its vectors: it never has the key of one that is not there.
    keys = [key for _, page in pages for key in keys_of(page)]
    if not keys:
        keys = [key for (key,) in tx.rows(f"SELECT n FROM vector WHERE space_n = ? LIMIT {STEP}", (n,))]
    listed = ", ".join(map(str, keys))
    tx.run(f"DELETE FROM vector_page WHERE n IN ({', '.join(str(page_n) for page_n, _ in pages)})")
    for table in ("piece", "vector_unused"):
        tx.run(f"DELETE FROM {table} WHERE vector_n IN ({listed})")
    tx.run(f"DELETE FROM vector WHERE n IN ({listed})")
    if keys or pages:
        return True
    tx.run("DELETE FROM vector_cells WHERE space_n = ?", (n,))
    tx.run("DELETE FROM embedding_space WHERE n = ?", (n,))
    return False


def _first(tx: Tx, condition: str) -> Space | None:
    row = tx.row(f"SELECT {COLUMNS} FROM embedding_space WHERE {condition} ORDER BY n DESC LIMIT 1")
    return _space(row) if row else None


def _space(row: Row) -> Space:
    return Space(*row)

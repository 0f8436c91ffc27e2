"""Vectors over the encrypted engine: what is found, when, and that upkeep changes nothing of it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scribes.adapters.engine_sqlite import SqliteEngine
from scribes.errors import Damaged, InvalidInput, NotFound
from scribes.ports import Tx
from scribes.storage import embedding_spaces, migrations, vector_pages, vectors
from scribes.vectors import pages

np = pytest.importorskip("numpy")
DIMENSIONS = 64
Vectors = list[bytes]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[SqliteEngine]:
    opened = SqliteEngine(str(tmp_path / "v.scribes"), bytes(range(32)), create=True)
    with opened.write() as tx:
        migrations.upgrade(tx)
        tx.run("INSERT INTO space (n, id, kind, mode, name, created_us) VALUES (1, x'01', 'personal', 'sealed', '', 0)")
    yield opened
    opened.close()


@pytest.fixture
def space(engine: SqliteEngine) -> int:
    with engine.write() as tx:
        return new_space(tx, b"one", active=True)


def new_space(tx: Tx, digest: bytes, *, active: bool = False) -> int:
    return embedding_spaces.create(
        tx, digest=digest, embedder="test", dimensions=DIMENSIONS, chunker=1, probe=b"", active=active
    )


def made(count: int, *, seed: int = 1) -> Vectors:
    source = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((12, DIMENSIONS))
    found = centres[source.integers(0, 12, count)] + 0.8 * source.standard_normal((count, DIMENSIONS))
    return [one.astype("<f4").tobytes() for one in found]


def hash_of(number: int) -> bytes:
    return number.to_bytes(16, "little")


def add_note(tx: Tx, n: int, *, speaker: str = "") -> None:
    tx.run(
        "INSERT INTO note (n, id, space_id, heads, occurred_us, occurred_offset, created_us, changed_us, title,"
        " speaker, venue, series, tags, topics, body) VALUES (?, ?, 1, x'', 0, 0, 0, 0, '', ?, '', '', '', '', '')",
        (n, hash_of(n), speaker),
    )


def fill(engine: SqliteEngine, space: int, given: Vectors, *, first: int = 1) -> dict[int, int]:
    """Each vector as the one piece of a note of its own, from note `first` on; the vector of each note."""
    with engine.write() as tx:
        rows = [(hash_of(first + at), vectors.row(vector)) for at, vector in enumerate(given)]
        keys = vectors.put(tx, space, rows)
        for at, (hash, _) in enumerate(rows):
            add_note(tx, first + at, speaker="odd" if (first + at) % 2 else "even")
            vectors.put_pieces(tx, first + at, space, [(0, 5, keys[hash])])
        return {first + at: keys[hash] for at, (hash, _) in enumerate(rows)}


def tidy(engine: SqliteEngine, space: int) -> int:
    """Do all upkeep; in how many steps."""
    steps = 0
    while True:
        with engine.write() as tx:
            more = vector_pages.fold_in(tx, space) or vector_pages.remove_unused(tx)
        steps += 1
        assert steps < 500, "upkeep comes to no end"
        if more:
            continue
        with engine.read() as tx:
            sample = vector_pages.to_learn_from(tx, space)
        if not sample:
            return steps
        centres = vector_pages.cells_of(sample)
        with engine.write() as tx:
            vector_pages.put_cells(tx, space, centres)


def near(engine: SqliteEngine, space: int, query: bytes, limit: int = 10, **options: object) -> list[tuple[int, float]]:
    with engine.read() as tx:
        assert vector_pages.problems(tx, space) == []
        return vectors.nearest(tx, space, query, limit, **options)  # type: ignore[arg-type]


def nearest_of(query: bytes, given: dict[int, bytes]) -> list[int]:
    """The keys of vectors by the cosine of their rows with a query."""
    asked = np.frombuffer(query, "<f4")
    found = {key: np.frombuffer(vectors.row(vector), np.int8).astype(float) for key, vector in given.items()}
    return sorted(found, key=lambda key: -float(asked @ found[key] / np.linalg.norm(found[key])))


def recall(engine: SqliteEngine, space: int, given: dict[int, bytes], queries: Vectors) -> float:
    hits = 0
    for query in queries:
        hits += len(set(nearest_of(query, given)[:10]) & {key for key, _ in near(engine, space, query)})
    return hits / (10 * len(queries))


@pytest.fixture
def few_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells and many steps with few vectors."""
    small = {"FOLDED": 100, "FOLDED_FROM": 50, "CELLS_FROM": 600, "LEARNT_AGAIN": 3, "MOVED_PAGES": 2}
    for name, value in {**small, "UNUSED": 150, "REWRITTEN": 20}.items():
        monkeypatch.setattr(vector_pages, name, value)
    monkeypatch.setattr(vectors, "SCANNED_LEAST", 500)
    monkeypatch.setattr(pages, "ROOM_BYTES", 800)


def test_a_vector_is_found_at_once_and_gone_at_once(engine: SqliteEngine, space: int) -> None:
    given = made(3)
    keys = fill(engine, space, given)

    assert near(engine, space, given[1])[0] == (keys[2], pytest.approx(1.0, abs=1e-3))
    with engine.write() as tx:
        vectors.forget_pieces(tx, 2)
        found = [key for key, _ in vectors.nearest(tx, space, given[1], 10)]
    assert sorted(found) == [keys[1], keys[3]]


def test_a_vector_is_gone_at_once_from_a_page_too(engine: SqliteEngine, space: int) -> None:
    given = made(400)
    keys = fill(engine, space, given)
    tidy(engine, space)
    with engine.write() as tx:
        assert vectors.tail_size(tx, space) == 0
        # However the pieces go: here with their note.
        tx.run("DELETE FROM note WHERE n = 7")

    found = near(engine, space, given[6], 400)

    assert sorted(key for key, _ in found) == sorted(set(keys.values()) - {keys[7]})


def test_the_same_text_has_one_vector_that_stands_for_many_notes(engine: SqliteEngine, space: int) -> None:
    [vector] = made(1)
    with engine.write() as tx:
        add_note(tx, 1)
        add_note(tx, 2)
        first = vectors.put(tx, space, [(hash_of(1), vectors.row(vector))] * 2)
        again = vectors.put(tx, space, [(hash_of(1), vectors.row(vector))])
        vectors.put_pieces(tx, 1, space, [(0, 4, first[hash_of(1)]), (9, 13, first[hash_of(1)])])
        vectors.put_pieces(tx, 2, space, [(3, 7, first[hash_of(1)])])
        [key] = first.values()

        assert again == first == vectors.known(tx, space, [hash_of(1), hash_of(2)])
        assert vectors.count(tx, space) == 1
        assert vectors.nearest(tx, space, vector, 10) == [(key, pytest.approx(1.0, abs=1e-3))]
        assert vectors.notes_of(tx, space, [key]) == {key: [(2, 3, 7), (1, 0, 4), (1, 9, 13)]}
        vectors.forget_pieces(tx, 1)
        assert vectors.notes_of(tx, space, [key]) == {key: [(2, 3, 7)]}
        assert len(vectors.nearest(tx, space, vector, 10)) == 1


def test_new_pieces_take_the_place_of_the_old(engine: SqliteEngine, space: int) -> None:
    given = made(3)
    keys = fill(engine, space, given)
    with engine.write() as tx:
        vectors.put_pieces(tx, 1, space, [(2, 4, keys[2]), (5, 9, keys[3])])

        assert vectors.pieces_of(tx, 1, space) == [(2, 4, vectors.row(given[1])), (5, 9, vectors.row(given[2]))]
        assert vectors.count_pieces(tx, space) == 4
        assert keys[1] not in dict(vectors.nearest(tx, space, given[0], 10))


def test_a_note_is_judged_by_its_best_piece(engine: SqliteEngine, space: int) -> None:
    given = made(3)
    keys = fill(engine, space, given)
    with engine.write() as tx:
        add_note(tx, 9)
        vectors.put_pieces(tx, 1, space, [(2, 4, keys[2]), (5, 9, keys[1])])

        best = vectors.cosines_of_notes(tx, space, given[0], [1, 3, 9])
        by_vector = vectors.best_pieces(tx, space, vectors.nearest(tx, space, given[0], 10))
    assert best[1] == (pytest.approx(1.0, abs=1e-3), 5, 9)
    assert sorted(best) == [1, 3]
    assert by_vector[1] == best[1]
    assert sorted(by_vector) == [1, 2, 3]


def test_folding_in_changes_nothing_that_is_found(engine: SqliteEngine, space: int) -> None:
    given = made(900)
    fill(engine, space, given)
    queries = made(20, seed=2)
    before = [near(engine, space, query, 5) for query in queries]

    tidy(engine, space)

    with engine.read() as tx:
        assert vectors.tail_size(tx, space) == 0
        assert vectors.count(tx, space) == 900
    assert [near(engine, space, query, 5) for query in queries] == before


@pytest.mark.usefixtures("few_a_step")
def test_cells_find_nearly_all_that_is_nearest_while_they_are_made_and_after(engine: SqliteEngine, space: int) -> None:
    queries, given = made(15, seed=2), {}
    for first in range(1, 3_000, 500):
        batch = made(500, seed=first)
        keys = fill(engine, space, batch, first=first)
        given.update(zip(keys.values(), batch, strict=True))
        tidy(engine, space)

    with engine.read() as tx:
        cells = tx.value("SELECT count(DISTINCT cell) FROM vector_page")
        assert tx.rows("SELECT learnt_from FROM vector_cells") == [(3_000,)]
        assert tx.value("SELECT count(*) FROM vector_page WHERE cell = 0") == 0
    assert cells > 20
    assert recall(engine, space, given, queries) >= 0.9


@pytest.mark.usefixtures("few_a_step")
def test_every_vector_is_found_between_the_steps_of_upkeep(engine: SqliteEngine, space: int) -> None:
    given = made(1_000)
    keys = fill(engine, space, given)
    seen = 0
    for _ in range(100):
        for number in range(1, 1_001, 199):
            assert near(engine, space, given[number - 1], 1)[0][0] == keys[number]
        with engine.write() as tx:
            more = vector_pages.fold_in(tx, space)
        if not more:
            with engine.read() as tx:
                sample = vector_pages.to_learn_from(tx, space)
            if not sample:
                break
            with engine.write() as tx:
                vector_pages.put_cells(tx, space, vector_pages.cells_of(sample))
        seen += 1

    assert 10 < seen < 99


@pytest.mark.usefixtures("few_a_step")
@pytest.mark.parametrize("step", range(1, 24, 4))
def test_a_crash_in_the_middle_of_a_step_leaves_everything_as_it_was(
    engine: SqliteEngine, space: int, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = made(1_000)
    keys = fill(engine, space, given)
    calls = 0
    real: Callable[..., None] = vector_pages._fill

    def failing(*words: object) -> None:
        nonlocal calls
        calls += 1
        if calls == step:
            raise RuntimeError("the power failed")
        real(*words)

    monkeypatch.setattr(vector_pages, "_fill", failing)
    with pytest.raises(RuntimeError):
        tidy(engine, space)

    found = near(engine, space, given[0], 1_000)
    assert sorted(key for key, _ in found) == sorted(keys.values())
    tidy(engine, space)
    assert [key for key, _ in near(engine, space, given[0], 1)] == [keys[1]]


def test_what_nobody_uses_does_not_crowd_out_the_rest(engine: SqliteEngine, space: int) -> None:
    """Nine in ten are dead, and they are nearer to the query than all that live."""
    [query] = made(1)
    wanted = np.frombuffer(query, "<f4")
    source = np.random.default_rng(3)
    dead = wanted + 0.1 * source.standard_normal((2_700, DIMENSIONS))
    alive = wanted + 2.0 * source.standard_normal((300, DIMENSIONS))
    fill(engine, space, [one.astype("<f4").tobytes() for one in dead])
    keys = fill(engine, space, [one.astype("<f4").tobytes() for one in alive], first=5_000)
    for _ in range(5):
        with engine.write() as tx:
            vector_pages.fold_in(tx, space)
    with engine.write() as tx:
        tx.run("DELETE FROM note WHERE n < 5000")
    given = {keys[5_000 + at]: one.astype("<f4").tobytes() for at, one in enumerate(alive)}

    before = near(engine, space, query, 50)
    assert len(before) == 50
    assert [key for key, _ in before] == nearest_of(query, given)[:50]

    tidy(engine, space)
    with engine.read() as tx:
        assert vectors.count(tx, space) == 300
        assert tx.value("SELECT count(*) FROM vector") == 300
        assert tx.value("SELECT count(*) FROM vector_unused") == 0
    assert near(engine, space, query, 50) == before


@pytest.mark.usefixtures("few_a_step")
def test_what_is_unused_leaves_in_steps_and_what_is_used_stays(engine: SqliteEngine, space: int) -> None:
    given = made(1_500)
    keys = fill(engine, space, given)
    tidy(engine, space)
    with engine.write() as tx:
        for n in range(1, 1_501, 3):
            vectors.forget_pieces(tx, n)
        # Forgotten, and back again before the upkeep.
        vectors.put_pieces(tx, 1, space, [(0, 5, keys[1])])

    assert tidy(engine, space) > 3
    with engine.read() as tx:
        assert vectors.count(tx, space) == 1_001
    assert sorted(key for key, _ in near(engine, space, given[0], 2_000)) == sorted(
        key for n, key in keys.items() if n == 1 or n % 3 != 1
    )


def test_two_spaces_never_mix(engine: SqliteEngine, space: int) -> None:
    given = made(600)
    keys = fill(engine, space, given)
    with engine.write() as tx:
        other = new_space(tx, b"two")
        key = vectors.put(tx, other, [(hash_of(1), vectors.row(given[0]))])[hash_of(1)]
        vectors.put_pieces(tx, 1, other, [(1, 2, key)])
    tidy(engine, space)
    tidy(engine, other)

    assert near(engine, other, given[0], 10) == [(key, pytest.approx(1.0, abs=1e-3))]
    assert {found for found, _ in near(engine, space, given[0], 1_000)} == set(keys.values())
    with engine.read() as tx:
        assert vectors.pieces_of(tx, 1, other) == [(1, 2, vectors.row(given[0]))]
        assert vectors.pieces_of(tx, 1, space) == [(0, 5, vectors.row(given[0]))]
        assert vectors.best_pieces(tx, other, [(keys[1], 1.0), (key, 0.9)]) == {1: (0.9, 1, 2)}
        assert vectors.cosines_of_notes(tx, other, given[0], [1, 2]).keys() == {1}


@pytest.mark.usefixtures("few_a_step")
def test_one_space_is_active_and_the_one_before_it_can_be_dropped(engine: SqliteEngine, space: int) -> None:
    given = made(1_000)
    fill(engine, space, given)
    tidy(engine, space)
    fill(engine, space, made(20, seed=3), first=5_000)
    with engine.write() as tx:
        other = new_space(tx, b"two")
        key = vectors.put(tx, other, [(hash_of(1), vectors.row(given[0]))])[hash_of(1)]
        vectors.put_pieces(tx, 1, other, [(1, 2, key)])
        assert not embedding_spaces.drop_step(tx, space)
        assert [one.n for one in (embedding_spaces.active(tx), embedding_spaces.building(tx)) if one] == [space, other]
        embedding_spaces.activate(tx, other)
        assert embedding_spaces.building(tx) is None
        assert (found := embedding_spaces.active(tx)) is not None
        assert found.n == other
        assert (old := embedding_spaces.retired(tx)) is not None
        assert old.n == space

    steps = 1
    for _ in range(500):
        with engine.write() as tx:
            assert vector_pages.problems(tx, space) == []
            if not embedding_spaces.drop_step(tx, space):
                break
        steps += 1
    with engine.read() as tx:
        assert embedding_spaces.by_digest(tx, b"one") is None
        for table in ("vector", "piece", "vector_page", "vector_tail"):
            assert tx.value(f"SELECT count(*) FROM {table}") == (0 if table == "vector_page" else 1)
        assert tx.value("SELECT count(*) FROM vector_unused") == 0
    assert steps > 1
    assert [found for found, _ in near(engine, other, given[0])] == [key]
    assert engine.problems() == []


def test_a_retired_space_can_be_built_again(engine: SqliteEngine, space: int) -> None:
    fill(engine, space, made(20))
    with engine.write() as tx:
        embedding_spaces.activate(tx, new_space(tx, b"two"))
        third = new_space(tx, b"three")
        embedding_spaces.revive(tx, space)

        assert (found := embedding_spaces.building(tx)) is not None
        assert found.n == space
        assert (old := embedding_spaces.retired(tx)) is not None
        assert old.n == third
        assert vectors.count(tx, space) == 20


@pytest.mark.parametrize("length", [0, 4, 4 * DIMENSIONS - 4, 4 * DIMENSIONS + 4, 4 * DIMENSIONS - 1])
def test_a_query_of_the_wrong_length_is_refused(engine: SqliteEngine, space: int, length: int) -> None:
    fill(engine, space, made(5))
    with engine.read() as tx:
        with pytest.raises(InvalidInput):
            vectors.nearest(tx, space, bytes(length), 5)
        with pytest.raises(InvalidInput):
            vectors.cosines_of_notes(tx, space, bytes(length), [1])


def test_a_row_of_the_wrong_length_is_refused(engine: SqliteEngine, space: int) -> None:
    with engine.write() as tx, pytest.raises(InvalidInput):
        vectors.put(tx, space, [(hash_of(1), bytes(DIMENSIONS + 1))])


def test_a_space_that_is_not_there_is_said_so(engine: SqliteEngine, space: int) -> None:
    with engine.write() as tx, pytest.raises(NotFound):
        vectors.put(tx, space + 1, [])
    with engine.read() as tx, pytest.raises(NotFound):
        vectors.nearest(tx, space + 1, struct.pack(f"<{DIMENSIONS}f", *[1.0] * DIMENSIONS), 1)


@pytest.mark.parametrize("column", ["vectors", "signs"])
def test_a_damaged_page_is_said_to_be_damaged_and_can_be_made_anew(
    engine: SqliteEngine, space: int, column: str
) -> None:
    given = made(500)
    fill(engine, space, given)
    before = near(engine, space, given[3])
    tidy(engine, space)
    with engine.write() as tx:
        tx.run(f"UPDATE vector_page SET {column} = substr({column}, 4) WHERE n = 1")
    with engine.read() as tx, pytest.raises(Damaged):
        vectors.nearest(tx, space, given[3], 10)

    with engine.write() as tx:
        vector_pages.forget_pages(tx, space)
    tidy(engine, space)

    assert near(engine, space, given[3]) == before


def test_what_is_wrong_with_pages_is_told(engine: SqliteEngine, space: int) -> None:
    fill(engine, space, made(500))
    tidy(engine, space)
    with engine.write() as tx:
        tx.run("INSERT INTO vector_tail (vector_n, space_n) VALUES (1, ?)", (space,))
        tx.run("UPDATE vector_page SET size = size + 2 WHERE n = 1")
        tx.run("DELETE FROM piece WHERE vector_n = 500")
        tx.run("DELETE FROM vector WHERE n = 500")

        found = vector_pages.problems(tx, space)
    assert [line.split(" ")[0] for line in found] == ["1", "1", "2"]


@pytest.mark.usefixtures("few_a_step")
@pytest.mark.parametrize(("exact", "masked"), [(0, 0), (0, 5_000), (5_000, 5_000)])
@pytest.mark.parametrize("tail", [0, 40, 1_200])
def test_a_search_among_some_notes_finds_the_best_of_these(
    engine: SqliteEngine, space: int, exact: int, masked: int, tail: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "EXACT_PIECES", exact)
    monkeypatch.setattr(vectors, "MASKED_PIECES", masked)
    given = made(1_200)
    keys = fill(engine, space, given[: 1_200 - tail])
    if tail < 1_200:
        tidy(engine, space)
    keys |= fill(engine, space, given[1_200 - tail :], first=1_201 - tail)
    [query] = made(1, seed=2)
    speaker = {keys[n]: given[n - 1] for n in keys if n % 2 == 0}
    few = {keys[n]: given[n - 1] for n in range(1, 1_200, 100)}
    marks = ", ".join(str(n) for n in range(1, 1_200, 100))

    half = [key for key, _ in near(engine, space, query, 20, among=("note.speaker = ?", ("even",)))]
    rare = [key for key, _ in near(engine, space, query, 20, among=(f"note.n IN ({marks})", ()))]
    none = near(engine, space, query, 20, among=("note.speaker = ?", ("nobody",)))

    assert len(set(half) & set(nearest_of(query, speaker)[:20])) >= 18
    assert rare == nearest_of(query, few)
    assert none == []


def test_an_empty_space_finds_nothing(engine: SqliteEngine, space: int) -> None:
    [query] = made(1)

    assert near(engine, space, query) == []
    assert near(engine, space, query, among=("note.speaker = ?", ("x",))) == []
    with engine.write() as tx:
        assert vectors.cosines_of_notes(tx, space, query, []) == {}
        assert vectors.best_pieces(tx, space, []) == {}
        assert vectors.put(tx, space, []) == {}
        assert not vector_pages.fold_in(tx, space)
        assert not vector_pages.remove_unused(tx)
        assert not vector_pages.is_due(tx, space)
        assert vector_pages.to_learn_from(tx, space) == []


def test_upkeep_says_when_it_is_due(engine: SqliteEngine, space: int) -> None:
    def due() -> bool:
        with engine.read() as tx:
            return vector_pages.is_due(tx, space)

    fill(engine, space, made(vector_pages.FOLDED_FROM - 1))
    assert not due()
    fill(engine, space, made(1, seed=7), first=5_000)
    assert due()
    tidy(engine, space)
    assert not due()
    with engine.write() as tx:
        vectors.forget_pieces(tx, 1)
    assert due()
    tidy(engine, space)
    assert not due()


def test_storing_vectors_loads_no_numpy() -> None:
    import subprocess
    import sys

    program = (
        "import sys; from scribes.storage import embedding_spaces, vector_pages, vectors; print('numpy' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "False"

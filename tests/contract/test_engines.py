"""What every engine keeps to: all or nothing, writers that lose nothing, one state to read, errors for people."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

import scribes
from scribes.adapters.engine_sqlalchemy import SqlAlchemyEngine
from scribes.errors import AlreadyExists, Busy, Conflict, InvalidInput, NotFound, ScribesError, Unavailable
from scribes.ports import Engine
from scribes.storage import imported, meta, migrations, spaces

from .engines import Store

pytestmark = pytest.mark.every_engine
of_a_server = pytest.mark.not_on("vault")


def count(engine: Engine, table: str = "draft") -> int:
    with engine.read() as tx:
        return int(tx.value(f"SELECT count(*) FROM {table}"))


def write(engine: Engine, text: str) -> None:
    with engine.write() as tx:
        tx.run("INSERT INTO draft (text, started_us, changed_us) VALUES (?, 1, 1)", (text,))


def write_and_fail(engine: Engine, error: BaseException) -> None:
    with engine.write() as tx:
        tx.run("INSERT INTO draft (text, started_us, changed_us) VALUES ('half', 1, 1)")
        raise error


def at_once(*works: Callable[[], None]) -> list[BaseException]:
    """Run some things in threads; what went wrong."""
    errors: list[BaseException] = []

    def caught(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as e:
            errors.append(e)

    threads = [threading.Thread(target=caught, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


# Values and statements


def test_values_come_back_as_they_were(engine: Engine) -> None:
    big, bytes_, text = 2**62, bytes(range(256)), "Ω 好 🕊 'quoted' \"twice\" ? ?1 %s $1 \\x41"
    with engine.write() as tx:
        n = tx.run(
            "INSERT INTO draft (note_id, revision, text, started_us, changed_us) VALUES (?, ?, ?, ?, ?)",
            (bytes_, None, text, big, -big),
        )

    with engine.read() as tx:
        row = tx.row("SELECT note_id, revision, text, started_us, changed_us FROM draft WHERE n = ?", (n,))
    assert row == (bytes_, None, text, big, -big)
    assert [type(value) for value in row] == [bytes, type(None), str, int, int]


def test_what_the_engine_knows_of_itself_comes_back_as_it_was(engine: Engine) -> None:
    with engine.write() as tx:
        meta.put(tx, "bytes", b"\x00\xff")
        meta.put(tx, "text", "x")
        meta.put(tx, "text", "y")
        meta.put(tx, "number", 7)

    with engine.read() as tx:
        assert (meta.get(tx, "bytes"), meta.get(tx, "text"), int(meta.get(tx, "number"))) == (b"\x00\xff", "y", 7)
        assert meta.get(tx, "nothing") is None
        assert meta.identity(tx).device == 1


def test_the_key_of_a_new_row_is_given_and_grows(engine: Engine) -> None:
    with engine.write() as tx:
        first, second = (tx.run("INSERT INTO link_todo (note_n) VALUES (1)") for _ in range(2))
        tx.run("DELETE FROM link_todo")
        third = tx.run("INSERT INTO link_todo (note_n) VALUES (1)")

    assert first < second < third


def test_marks_are_numbered_as_sqlite_numbers_them(engine: Engine) -> None:
    with engine.read() as tx:
        rows = tx.rows("SELECT name FROM space WHERE n >= ?1 AND n <= ?1 AND name != '?' LIMIT ?", (1, 5))

    assert rows == [("personal",)]


def test_texts_are_in_the_order_of_their_bytes(engine: Engine) -> None:
    for text in ("b", "Z", "a", "é", "-", "B", "好", "_"):
        write(engine, text)

    with engine.read() as tx:
        found = [row[0] for row in tx.rows("SELECT text FROM draft ORDER BY text")]
    assert found == ["-", "B", "Z", "_", "a", "b", "é", "好"]


def test_nothing_asked_for_is_nothing_found(engine: Engine) -> None:
    write(engine, "x")

    with engine.read() as tx:
        assert tx.rows("SELECT n FROM draft WHERE n IN ()") == []
        assert tx.row("SELECT n FROM draft WHERE n < 0") is None
        assert tx.value("SELECT n FROM draft WHERE n < 0") is None


def test_put_again_a_row_is_replaced(engine: Engine) -> None:
    with engine.write() as tx:
        for digest in (b"1", b"2"):
            imported.put(tx, "file", note_id=b"i" * 16, digest=digest, heads=b"h")

    with engine.read() as tx:
        assert imported.find(tx, "file") == (b"i" * 16, b"2", b"h")


# Transactions


def test_what_an_error_leaves_is_not_kept(engine: Engine) -> None:
    with pytest.raises(NotFound):
        write_and_fail(engine, NotFound("x"))

    assert count(engine) == 0
    assert not engine.has_written


def test_a_kill_in_the_middle_keeps_nothing_and_holds_nothing_up(engine: Engine) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_and_fail(engine, KeyboardInterrupt())

    write(engine, "y")
    assert count(engine) == 1


def test_a_reader_sees_one_state_whatever_is_written_meanwhile(engine: Engine, store: Store) -> None:
    other = store()
    with engine.read() as tx:
        before = tx.value("SELECT count(*) FROM draft")
        write(other, "x")
        after = tx.value("SELECT count(*) FROM draft")
    other.close()

    assert (before, after, count(engine)) == (0, 0, 1)


def test_writers_who_read_first_lose_nothing(engine: Engine, store: Store) -> None:
    other = store()

    def add(which: Engine) -> None:
        for _ in range(25):
            with which.write() as tx:
                number = int(meta.get(tx, "number") or 0)
                meta.put(tx, "number", number + 1)

    errors = at_once(*(lambda which=which: add(which) for which in (engine, engine, other, other)))
    with engine.read() as tx:
        number = int(meta.get(tx, "number"))
    other.close()

    assert errors == []
    assert number == 100


def test_a_writer_waits_no_longer_than_it_is_told(engine: Engine, store: Store) -> None:
    other = store()
    other.busy_timeout_ms = 50
    with engine.write(), pytest.raises(Busy), other.write():
        pass
    other.close()

    write(engine, "x")
    assert count(engine) == 1


def test_many_readers_and_writers_in_many_threads(engine: Engine) -> None:
    def work() -> None:
        for step in range(10):
            write(engine, str(step))
            count(engine)

    assert at_once(*[work] * 12) == []
    assert count(engine) == 120


def test_a_row_that_is_there_already_is_an_error_for_people(engine: Engine) -> None:
    with engine.write() as tx:
        spaces.put_remote(tx, b"r" * 16, kind="folder", place="here")

    with pytest.raises(AlreadyExists) as caught, engine.write() as tx:
        tx.run("INSERT INTO remote (id, kind, place) VALUES (?, 'folder', 'secret place')", (b"r" * 16,))
    assert "secret" not in caught.value.message
    assert "remote" not in caught.value.message


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("INSERT INTO note_label (kind, name, note_n) VALUES ('tag', 'x', 99)", Conflict),
        ("INSERT INTO note_label (kind, name, note_n) VALUES ('other', 'x', 99)", InvalidInput),
        ("INSERT INTO draft (started_us, changed_us) VALUES (1, 1)", InvalidInput),
        ("SELECT nothing FROM draft", ScribesError),
    ],
)
def test_what_the_database_refuses_says_nothing_of_it(engine: Engine, sql: str, kind: type[ScribesError]) -> None:
    with pytest.raises(kind) as caught, engine.write() as tx:
        tx.run(sql)

    assert not any(word in caught.value.message for word in ("note", "draft", "column", "CHECK"))


def test_the_tables_are_of_this_version_and_brought_up_once(engine: Engine) -> None:
    with engine.write() as tx:
        migrations.upgrade(tx)

    with engine.read() as tx:
        assert migrations.version(tx) == migrations.SCHEMA_VERSION
    assert engine.problems() == []


def test_tables_of_a_newer_scribes_are_left_alone(engine: Engine) -> None:
    with engine.write() as tx:
        tx.run(f"PRAGMA user_version = {migrations.SCHEMA_VERSION + 1}")

    with engine.read() as tx, pytest.raises(ScribesError, match="has format"):
        migrations.version(tx)


def test_what_is_in_hand_is_nobody_else_s_until_it_is_let_go(engine: Engine, store: Store) -> None:
    other = store()
    mine = engine.hold("work")
    assert mine is not None

    assert other.hold("work") is None
    assert engine.hold("work") is None
    for free in (other.hold("else"), engine.hold("more")):
        assert free is not None
        free.close()
    mine.close()
    theirs = other.hold("work")
    assert theirs is not None
    theirs.close()
    other.close()


# Notes from end to end, without the words that Postgres does not search for


def test_a_note_that_was_removed_for_good_is_gone_with_its_history(vault: scribes.Scribes) -> None:
    kept, gone = vault.notes.add("kept"), vault.notes.add("gone", "Rom 8:28", tags=["x"])
    vault.notes.remove([gone.id])

    assert vault.notes.purge(older_than_days=0) == 1
    assert [note.id for note in vault.notes.each()] == [kept.id]
    with vault._context.engine.read() as tx:
        left = [tx.value(f"SELECT count(*) FROM {table}") for table in ("note", "change", "note_label", "note_ref")]
    assert left == [1, 1, 0, 0]


@pytest.mark.parametrize(
    "query", ["tag:hope", "tag:HOPE after:2000-01-01", "passage:Rom-8", "space:Personal -tag:other"]
)
def test_notes_are_found_by_filters(vault: scribes.Scribes, query: str) -> None:
    note = vault.notes.add("a", "Rom 8:28", tags=["hope"])
    vault.notes.add("b", "John 3:16", tags=["other"])

    assert [hit.note.id for hit in vault.search.find(query, by="words")] == [note.id]


@pytest.mark.not_on("vault", "sqlite")
def test_who_asks_for_words_on_postgres_is_told_that_they_are_not_searched(vault: scribes.Scribes) -> None:
    vault.notes.add("grace")

    with pytest.raises(Unavailable, match="does not search for words"):
        vault.search.find("grace", by="words")


# Joint transactions


@of_a_server
def test_what_is_joint_is_kept_as_a_whole_or_not_at_all(engine: SqlAlchemyEngine) -> None:
    with pytest.raises(NotFound), engine.joint():
        write_and_fail(engine, NotFound("x"))
    assert count(engine) == 0

    with engine.joint() as tx:
        write(engine, "x")
        assert count(engine) == 1
        with engine.write() as inner:
            assert inner is tx
    assert count(engine) == 1


@of_a_server
def test_half_of_a_part_that_failed_is_never_kept(engine: SqlAlchemyEngine) -> None:
    with engine.joint():
        write(engine, "before")
        try:
            with engine.write() as tx:
                tx.run("INSERT INTO draft (text, started_us, changed_us) VALUES ('half', 1, 1)")
                tx.run("INSERT INTO draft (started_us, changed_us) VALUES (1, 1)")
        except InvalidInput:
            pass
        write(engine, "after")

    with engine.read() as tx:
        assert tx.rows("SELECT text FROM draft ORDER BY n") == [("before",), ("after",)]


@of_a_server
def test_joint_in_joint_is_a_part_of_it(engine: SqlAlchemyEngine) -> None:
    with engine.joint():
        with pytest.raises(NotFound), engine.joint():
            write_and_fail(engine, NotFound("inner"))
        with engine.joint():
            write(engine, "second")

    assert count(engine) == 1


@of_a_server
def test_nobody_else_sees_what_is_joint_before_its_end(engine: SqlAlchemyEngine) -> None:
    seen: list[int] = []
    with engine.joint():
        write(engine, "x")
        errors = at_once(lambda: seen.append(count(engine)))

    assert (errors, seen, count(engine)) == ([], [0], 1)


@of_a_server
def test_a_thread_with_a_copy_of_the_context_is_not_in_it(engine: SqlAlchemyEngine) -> None:
    import contextvars

    seen: list[int] = []
    with engine.joint():
        write(engine, "x")
        context = contextvars.copy_context()
        errors = at_once(lambda: context.run(lambda: seen.append(count(engine))))

    assert (errors, seen) == ([], [0])


@of_a_server
def test_after_a_rollback_inside_nothing_is_kept_and_it_says_so(engine: SqlAlchemyEngine) -> None:
    def rolled_back() -> None:
        with engine.joint():
            write(engine, "x")
            with engine.write() as tx:
                tx.connection.rollback()

    with pytest.raises(Conflict):
        rolled_back()
    assert count(engine) == 0
    write(engine, "y")
    assert count(engine) == 1


@of_a_server
def test_everybody_waits_for_what_is_joint(engine: SqlAlchemyEngine) -> None:
    def joint() -> None:
        for _ in range(10):
            with engine.joint():
                with engine.read() as tx:
                    number = int(meta.get(tx, "number") or 0)
                with engine.write() as tx:
                    meta.put(tx, "number", number + 1)

    errors = at_once(*[joint] * 6)
    with engine.read() as tx:
        number = int(meta.get(tx, "number"))

    assert (errors, number) == ([], 60)


# Postgres


@pytest.mark.not_on("vault", "sqlite")
def test_what_postgres_does_itself_is_said_clearly(engine: SqlAlchemyEngine) -> None:
    with pytest.raises(InvalidInput) as caught:
        engine.copy_to("x", b"k" * 32)
    assert "pg_dump" in str(caught.value.hint)
    with pytest.raises(InvalidInput), engine.alone():
        pass


@pytest.mark.not_on("vault", "sqlite")
def test_connections_that_were_cut_off_are_made_anew(engine: SqlAlchemyEngine) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid != ?"
    write(engine, "x")
    others = [engine.read() for _ in range(3)]
    for other in others:
        other.__enter__()
    for other in others:
        other.__exit__(None, None, None)
    with engine.read() as tx:
        mine = tx.value("SELECT pg_backend_pid()")
        tx.rows(cut, (mine,))

    assert at_once(*[lambda: write(engine, "y")] * 4) == []
    assert count(engine) == 5


@pytest.mark.not_on("vault", "sqlite")
def test_a_connection_lost_in_the_middle_says_so_and_keeps_nothing(engine: SqlAlchemyEngine) -> None:
    def cut_off() -> None:
        with engine.write() as tx:
            tx.run("INSERT INTO draft (text, started_us, changed_us) VALUES ('x', 1, 1)")
            tx.rows("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Unavailable, match="does not answer"):
        cut_off()
    assert count(engine) == 0


@pytest.mark.not_on("vault", "sqlite")
def test_a_reader_cannot_write(engine: SqlAlchemyEngine) -> None:
    with pytest.raises(ScribesError), engine.read() as tx:
        tx.run("DELETE FROM draft")

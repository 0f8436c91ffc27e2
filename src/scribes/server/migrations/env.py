"""How Alembic runs here: in the transaction that it is given (`server/database.py`)."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from scribes.server.tables import (  # noqa: F401 - so that they are known
    accounts,
    blobs,
    idempotency,
    invitations,
    sync,
    transfers,
    webhooks,
)

context.configure(connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata)
with context.begin_transaction():
    context.run_migrations()

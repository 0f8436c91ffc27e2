"""The version of the file's tables, and the numbered SQL files that lead to it."""

from __future__ import annotations

import os

from ..errors import NewerFormat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Tx

# The number of the last file under schema/. A constant, so that no command has to list a folder; a test compares.
SCHEMA_VERSION = 6
FOLDER = os.path.join(os.path.dirname(__file__), "schema")


def version(tx: Tx) -> int:
    """The version of the tables in this file; 0 before there are any.

    Raises: NewerFormat.
    """
    found = int(tx.value("PRAGMA user_version"))
    if found > SCHEMA_VERSION:
        raise NewerFormat(
            f"this vault has format {found}, this Scribes knows {SCHEMA_VERSION}",
            hint="update Scribes; nothing was touched",
        )
    return found


def upgrade(tx: Tx, *, folder: str = FOLDER) -> None:
    """Bring the tables to the newest version, in this one transaction."""
    present = int(tx.value("PRAGMA user_version"))
    for name in sorted(os.listdir(folder)):
        number = int(name.partition("_")[0]) if name.endswith(".sql") else 0
        if present < number <= SCHEMA_VERSION:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                tx.run_script(file.read())
            tx.run(f"PRAGMA user_version = {number}")

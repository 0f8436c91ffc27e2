"""What work on the whole file reports: backups, checks, imports."""

from __future__ import annotations

from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime


@record
class Backup:
    """A verified backup: where it lies, its size and how many notes it holds."""

    path: str
    size_bytes: int
    notes: int
    made_at: datetime


@record
class Check:
    """One thing `doctor` looked at. `state` is ok, warning, damaged or mended; `fix` says what `--fix` would do."""

    name: str
    state: str
    detail: str
    fix: str = ""


@record
class ImportReport:
    """What an import did. `problems` pairs a file with what was wrong with it; nothing of those was taken."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    kept: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()

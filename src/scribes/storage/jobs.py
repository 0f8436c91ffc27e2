"""The table of jobs: what waits for its moment. Rows lie in the order of their moments (docs/decisions/0025)."""

from __future__ import annotations

from ..canonical import encode
from ..domain.jobs import PARKED_US, Job
from ..errors import Ambiguous, NotFound
from ..ids import new_id
from ..records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ports import Row, Tx

COLUMNS = "run_us, id, kind, key, once, payload, attempts, claims"


@record
class Waiting:
    """A job as it stands in the table."""

    job: Job
    lease_us: int | None
    parked_us: int | None
    error: str


def enqueue(
    tx: Tx, kind: str, payload: dict[str, Any], *, run_us: int, key: str | None = None, once: bool = False
) -> None:
    """A job for a moment, kept only if this transaction is.

    With a `key`, there is one such job at a time: a later call moves it and changes what it carries, and begins its
    attempts anew. With `once`, a key that was done is never taken again.
    """
    if key is not None:
        if once and tx.value("SELECT 1 FROM job_done WHERE key = ?", (key,)):
            return
        remove(tx, key)
    sql = "INSERT INTO job (run_us, id, kind, key, once, payload, created_us) VALUES (?, ?, ?, ?, ?, ?, ?)"
    tx.run(sql, (run_us, new_id(tx.now_us), kind, key, int(once), encode(payload), tx.now_us))


def remove(tx: Tx, key: str) -> None:
    """Take back the job with a key."""
    tx.run("DELETE FROM job WHERE key = ?", (key,))


def next_run_us(tx: Tx) -> int | None:
    """When the next job is due; None where none waits."""
    found = tx.value("SELECT run_us FROM job WHERE run_us < ? ORDER BY run_us LIMIT 1", (PARKED_US,))
    return None if found is None else int(found)


def release_all(tx: Tx) -> None:
    """Take every lease away: for who knows that no other runner is alive."""
    if tx.value("SELECT 1 FROM job WHERE lease_us IS NOT NULL LIMIT 1"):
        tx.run("UPDATE job SET lease_us = NULL WHERE lease_us IS NOT NULL")


def claim(tx: Tx, *, lease_us: int, limit: int) -> list[Job]:
    """Jobs that are due and that no living runner has, now this one's until `lease_us`; the earliest first."""
    rows = tx.rows(
        "UPDATE job SET lease_us = ?, attempts = attempts + 1, claims = claims + 1"
        " WHERE (run_us, id) IN (SELECT run_us, id FROM job"
        " WHERE run_us <= ? AND (lease_us IS NULL OR lease_us <= ?) ORDER BY run_us, id LIMIT ?)"
        f" RETURNING {COLUMNS}",
        (lease_us, tx.now_us, tx.now_us, limit),
    )
    return sorted((_job(row) for row in rows), key=lambda job: (job.run_us, job.id))


def finish(tx: Tx, job: Job) -> bool:
    """Take a job out because it is done; False where it is no longer this attempt's to finish."""
    taken = tx.value("DELETE FROM job WHERE id = ? AND claims = ? RETURNING 1", (job.id, job.claims))
    if taken and job.key is not None and job.once:
        tx.run("INSERT INTO job_done (key, done_us) VALUES (?, ?) ON CONFLICT DO NOTHING", (job.key, tx.now_us))
    return bool(taken)


def put_off(tx: Tx, job: Job, *, run_us: int, error: str, counts: bool = True) -> None:
    """Let a job wait until another moment; `counts` tells whether this was an attempt."""
    tx.run(
        "UPDATE job SET run_us = ?, lease_us = NULL, error = ?, attempts = attempts - ? WHERE id = ? AND claims = ?",
        (run_us, error, int(not counts), job.id, job.claims),
    )


def park(tx: Tx, job: Job, *, error: str) -> None:
    """Leave a job to a person: it is not run again by itself."""
    tx.run(
        "UPDATE job SET run_us = ?, lease_us = NULL, parked_us = ?, error = ? WHERE id = ? AND claims = ?",
        (PARKED_US, tx.now_us, error, job.id, job.claims),
    )


def pull_in(tx: Tx, *, run_us: int) -> None:
    """Bring jobs that were put off beyond a moment back to it: the clock that put them off was wrong."""
    tx.run("UPDATE job SET run_us = ? WHERE run_us > ? AND run_us < ? AND error != ''", (run_us, run_us, PARKED_US))


def give_back(tx: Tx, job: Job) -> None:
    """Let go of a job that was taken and not begun."""
    sql = "UPDATE job SET lease_us = NULL, attempts = attempts - 1 WHERE id = ? AND claims = ?"
    tx.run(sql, (job.id, job.claims))


def is_leased(tx: Tx, id: bytes) -> bool:
    """Whether a runner has a job now."""
    return bool(tx.value("SELECT lease_us > ? FROM job WHERE id = ?", (tx.now_us, id)))


def kind_of(tx: Tx, id: bytes) -> str:
    """The kind of a job."""
    return str(tx.value("SELECT kind FROM job WHERE id = ?", (id,)) or "")


def keys(tx: Tx, start: str) -> set[str]:
    """The keys of waiting jobs that begin so."""
    rows = tx.rows("SELECT key FROM job WHERE key >= ? AND key < ?", (start, f"{start}\U0010ffff"))
    return {row[0] for row in rows}


def hasten(tx: Tx, start: str) -> None:
    """Try jobs whose keys begin so at once: what kept them from going through is over."""
    tx.run(
        "UPDATE job SET run_us = ? WHERE key >= ? AND key < ? AND run_us > ?"
        " AND parked_us IS NULL AND lease_us IS NULL",
        (tx.now_us, start, f"{start}\U0010ffff", tx.now_us),
    )


def retry(tx: Tx, id: bytes) -> None:
    """Run a job at once, with all its attempts before it."""
    tx.run("UPDATE job SET run_us = ?, attempts = 0, parked_us = NULL, lease_us = NULL WHERE id = ?", (tx.now_us, id))


def drop(tx: Tx, id: bytes) -> None:
    """Take a job out for good."""
    tx.run("DELETE FROM job WHERE id = ?", (id,))


def resolve(tx: Tx, ref: str) -> bytes:
    """The id of the job whose id ends with some hex digits.

    Raises: NotFound, Ambiguous.
    """
    digits = ref.strip().lower().replace("-", "")
    if len(digits) < 4 or digits.strip("0123456789abcdef"):
        raise NotFound(f"there is no job {ref}", hint="scribes jobs list shows the jobs")
    rows = tx.rows("SELECT id FROM job WHERE lower(hex(id)) LIKE ? LIMIT 2", (f"%{digits}",))
    if not rows:
        raise NotFound(f"there is no job {ref}", hint="scribes jobs list shows the jobs")
    if len(rows) > 1:
        raise Ambiguous(f"more than one job ends with {ref}", hint="give one more character")
    found: bytes = rows[0][0]
    return found


def recent(tx: Tx, *, parked: bool, limit: int) -> list[Waiting]:
    """Jobs in the order of their moments, or only the parked ones."""
    where = f"run_us = {PARKED_US} AND parked_us IS NOT NULL" if parked else "1 = 1"
    sql = f"SELECT {COLUMNS}, lease_us, parked_us, error FROM job WHERE {where} ORDER BY run_us, id LIMIT ?"
    return [Waiting(_job(row), row[8], row[9], row[10]) for row in tx.rows(sql, (limit,))]


def counts(tx: Tx) -> tuple[int, int]:
    """How many jobs wait, and how many of them are parked."""
    parked = int(tx.value("SELECT count(*) FROM job WHERE run_us = ? AND parked_us IS NOT NULL", (PARKED_US,)))
    return int(tx.value("SELECT count(*) FROM job")) - parked, parked


def forget_done(tx: Tx, *, before_us: int) -> None:
    """Forget the keys of what was done long ago."""
    tx.run("DELETE FROM job_done WHERE done_us < ?", (before_us,))


def _job(row: Row) -> Job:
    import json

    return Job(row[0], row[1], row[2], row[3], bool(row[4]), json.loads(row[5]), row[6], row[7])

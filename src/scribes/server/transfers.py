"""Exports and imports: asked for, worked on behind the requests, and kept for a while.

Whoever works on one has it for a time, which each step makes longer. Who dies loses it, and it is done anew: an export
is made again, an import takes only what is not there yet.
"""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Sequence
from typing import Any

import structlog
from sqlmodel import col, delete, func, select, update

from ..errors import Conflict, InvalidInput, NotFound, ScribesError, TooLarge, TooMany
from ..hosting import Host, Hosted
from ..ids import new_id
from ..models.vault import ImportReport
from ..records import as_data
from ..services import archives
from ..services.imports import MARKDOWN as MARKDOWN_FILES
from .blobs import Blobs
from .database import Database, Db
from .settings import ServerSettings
from .space_logs import Asking
from .tables.blobs import Blob
from .tables.transfers import Transfer

EXPORT, IMPORT = "export", "import"
WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
HOUR_US, LEASE_US = 3_600_000_000, 120_000_000
# At a time of one account; results that are kept; how often one is begun; how long a report may be.
MOST_AT_ONCE, MOST_KEPT, MOST_CLAIMS, MOST_SAID = 3, 3, 5, 1_000
KEPT_HOURS, LOOK_S, SAID_S, SWEPT_S = 24, 1.0, 0.5, 300.0
MAX_IMPORT_BYTES = 64 * 1024 * 1024


class _Given(Exception):
    """The work is not ours any more: it was cancelled, somebody else has it, or the server ends."""


class Transfers:
    """The exports and imports of a server."""

    def __init__(self, host: Host, settings: ServerSettings, blobs: Blobs) -> None:
        self._host, self._settings, self._blobs = host, settings, blobs
        self._database = Database(host.engine)
        self._stopping, self._bell = threading.Event(), threading.Event()
        self._swept_s = 0.0
        self._log = structlog.get_logger("scribes.server")

    # As people ask

    def export(self, me: Hosted, format: str) -> Transfer:
        """An export that is waited for.

        Raises: TooMany.
        """
        return self._begin(me, Transfer(kind=EXPORT, format=format, **self._new(me)))

    def take(self, asking: Asking, id: bytes, *, format: str, tags: Sequence[str]) -> Transfer:
        """An import of a file that is here.

        Raises: NotFound, Conflict, TooLarge, TooMany, Sealed.
        """
        asking.me.check_personal_space()
        blob = self._blobs.upload(asking, id)
        self._blobs.check_whole(blob)
        if blob.size_bytes > MAX_IMPORT_BYTES:
            raise TooLarge(f"an import has at most {MAX_IMPORT_BYTES} bytes", hint="send it in parts")
        new = Transfer(kind=IMPORT, format=format, blob=id, tags=json.dumps(list(tags)), **self._new(asking.me))
        return self._begin(asking.me, new)

    def get(self, me: Hosted, kind: str, id: bytes) -> Transfer:
        """How far one's export or import is.

        Raises: NotFound.
        """
        with self._database.read() as db:
            found = db.exec(select(Transfer).where(col(Transfer.id) == id)).first()
        if found is None or found.account != me.key or found.kind != kind:
            raise NotFound(f"there is no such {kind}")
        return found

    def each(self, me: Hosted, kind: str, *, skip: int, limit: int) -> Sequence[Transfer]:
        """One's exports or imports, the last first."""
        mine = select(Transfer).where(col(Transfer.account) == me.key, col(Transfer.kind) == kind)
        with self._database.read() as db:
            return db.exec(mine.order_by(col(Transfer.n).desc()).offset(skip).limit(limit)).all()

    def result(self, me: Hosted, id: bytes) -> Blob:
        """The file that an export has made.

        Raises: NotFound, Conflict.
        """
        found = self.get(me, EXPORT, id)
        if found.state != DONE or found.blob is None:
            raise Conflict(f"the export is {found.state}", hint="ask again when it is done")
        return self._blobs.export(me.key, found.blob)

    def cancel(self, me: Hosted, kind: str, id: bytes) -> Transfer:
        """An export or import that goes no further; what an import has taken stays. Of one that has ended the result is
        thrown away.

        Raises: NotFound.
        """
        found = self.get(me, kind, id)
        with self._database.write() as db:
            open = col(Transfer.state).in_((WAITING, RUNNING))
            this = col(Transfer.id) == id
            db.exec(update(Transfer).where(this, open).values(state=CANCELLED, lease_us=None, changed_us=db.now_us))
            if kind == EXPORT:
                db.exec(update(Transfer).where(this).values(blob=None))
        if kind == EXPORT and found.blob is not None:
            self._blobs.drop_export(me.key, found.blob)
        return self.get(me, kind, id)

    def forget(self, account: int) -> None:
        """An account is gone: so are its exports and imports. Their files go with `Blobs.forget`."""
        with self._database.write() as db:
            db.exec(delete(Transfer).where(col(Transfer.account) == account))

    # Behind the requests

    def stop(self) -> None:
        """Give back what is worked on, at its next step."""
        self._stopping.set()
        self._bell.set()

    def work(self) -> float:
        """Do one that waits; how long to rest before the next."""
        self._sweep()
        claimed = self._claim()
        if claimed is None:
            self._bell.wait(LOOK_S)
            self._bell.clear()
            return 0.0
        try:
            values = self._export(claimed) if claimed.kind == EXPORT else self._import(claimed)
        except _Given:
            self._give_back(claimed)
        except ScribesError as e:
            self._end(claimed, {"state": FAILED, "error": e.message})
        except Exception as e:
            self._log.error("transfer", kind=claimed.kind, exc_info=e)
            self._end(claimed, {"state": FAILED, "error": "something went wrong here"})
        else:
            if not self._end(claimed, {"state": DONE, **values}) and claimed.kind == EXPORT:
                self._blobs.drop_export(claimed.account, values["blob"])
        return 0.0

    def _export(self, claimed: Transfer) -> dict[str, Any]:
        me = self._host.of(claimed.account)
        pieces = me.exports.packed(claimed.format, progress=_Saying(self, claimed))
        name = f"scribes-{claimed.format}.zip"
        kept = self._blobs.keep_export(claimed.account, pieces, file_name=name, hours=KEPT_HOURS)
        return {"blob": kept.id}

    def _import(self, claimed: Transfer) -> dict[str, Any]:
        me = self._host.of(claimed.account)
        me.check_personal_space()
        blob = self._blobs.upload(Asking(me), claimed.blob or b"")
        file = io.BufferedReader(_Reading(self._blobs, blob), 1024 * 1024)
        name = blob.file_name or "file"
        if archives.is_archive(file.peek(4)[:4]):
            archive = archives.opened(file)
            files, total, source = archive.files(), len(archive), name
        else:
            if not name.lower().endswith(MARKDOWN_FILES):
                raise InvalidInput("this is neither a zip nor a Markdown file", hint=", ".join(MARKDOWN_FILES))
            files, total, source = iter([(name, file.read())]), 1, "file"
        saying = _Saying(self, claimed)
        saying(0, total)
        try:
            report = me.imports.contents(
                files, total=total, source=source, tags=json.loads(claimed.tags or "[]"), progress=saying
            )
        finally:
            me.sent()
        shown = as_data(report)
        for field in ("kept", "problems"):
            shown[field] = shown[field][:MOST_SAID]
        return {"report": json.dumps(shown), "done": total, "total": total}

    def step(self, claimed: Transfer, done: int, total: int) -> None:
        """The work goes on, and is ours for longer.

        Raises: _Given.
        """
        if self._stopping.is_set():
            raise _Given
        with self._database.write() as db:
            further = {"done": done, "total": total, "lease_us": db.now_us + LEASE_US, "changed_us": db.now_us}
            if not db.exec(update(Transfer).where(*_ours(claimed)).values(**further)).rowcount:
                raise _Given

    def _begin(self, me: Hosted, new: Transfer) -> Transfer:
        with self._database.write() as db:
            open = col(Transfer.account) == me.key, col(Transfer.state).in_((WAITING, RUNNING))
            if db.exec(select(func.count()).select_from(Transfer).where(*open)).one() >= MOST_AT_ONCE:
                raise TooMany(f"{MOST_AT_ONCE} exports and imports wait or run", retry_after_s=10)
            new.created_us = new.changed_us = db.now_us
            new.id, new.expires_us = new_id(db.now_us), db.now_us + KEPT_HOURS * HOUR_US
            db.add(new)
            kept = col(Transfer.account) == me.key, col(Transfer.kind) == EXPORT, col(Transfer.state) == DONE
            older = select(Transfer).where(*kept).order_by(col(Transfer.n).desc()).offset(MOST_KEPT - 1)
            gone = [(one.id, one.blob) for one in db.exec(older).all()] if new.kind == EXPORT else []
            db.exec(delete(Transfer).where(col(Transfer.id).in_([id for id, _ in gone])))
        for _, blob in gone:
            if blob is not None:
                self._blobs.drop_export(me.key, blob)
        self._bell.set()
        return new

    def _new(self, me: Hosted) -> dict[str, Any]:
        return {"id": b"", "account": me.key, "state": WAITING, "created_us": 0, "changed_us": 0, "expires_us": 0}

    def _claim(self) -> Transfer | None:
        """The next one, ours for a while."""
        with self._database.read() as db:
            if db.exec(_open(db).limit(1)).first() is None:
                return None
        with self._database.write() as db:
            found = db.exec(_open(db).order_by(col(Transfer.n)).limit(1)).first()
            if found is None:
                return None
            found.claims += 1
            found.changed_us = db.now_us
            if found.claims > MOST_CLAIMS:
                found.state, found.error, found.lease_us = FAILED, "it was begun several times and never ended", None
            else:
                found.state, found.lease_us = RUNNING, db.now_us + LEASE_US
            db.add(found)
        return found if found.state == RUNNING else None

    def _give_back(self, claimed: Transfer) -> None:
        with self._database.write() as db:
            again = {"state": WAITING, "lease_us": None, "claims": claimed.claims - 1}
            db.exec(update(Transfer).where(*_ours(claimed)).values(**again))

    def _end(self, claimed: Transfer, values: dict[str, Any]) -> bool:
        """Whether what came of it counts: who was cancelled meanwhile, has nothing."""
        with self._database.write() as db:
            ended = {
                **values,
                "lease_us": None,
                "changed_us": db.now_us,
                "expires_us": db.now_us + KEPT_HOURS * HOUR_US,
            }
            return bool(db.exec(update(Transfer).where(*_ours(claimed)).values(**ended)).rowcount)

    def _sweep(self) -> None:
        """What is over is removed, now and then."""
        now_s = time.monotonic()
        if self._swept_s and now_s < self._swept_s + SWEPT_S:
            return
        self._swept_s = now_s
        while self._blobs.sweep():
            if self._stopping.is_set():
                return
        with self._database.write() as db:
            over = col(Transfer.expires_us) < db.now_us, col(Transfer.state).not_in((WAITING, RUNNING))
            db.exec(delete(Transfer).where(*over))


class _Saying:
    """Tells how far the work is, not oftener than anybody looks."""

    def __init__(self, transfers: Transfers, claimed: Transfer) -> None:
        self._transfers, self._claimed = transfers, claimed
        self._said_s = 0.0

    def __call__(self, done: int, total: int) -> None:
        now_s = time.monotonic()
        if done == total or now_s >= self._said_s + SAID_S:
            self._transfers.step(self._claimed, done, total)
            self._said_s = now_s


class _Reading(io.RawIOBase):
    """A file that somebody sent, as one to be read and sought in."""

    def __init__(self, blobs: Blobs, blob: Blob) -> None:
        self._blobs, self._blob, self._at = blobs, blob, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._blob.size_bytes}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        stop = min(self._blob.size_bytes, self._at + len(buffer))
        piece = next(self._blobs.content(self._blob, self._at, stop), b"") if stop > self._at else b""
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def report_of(one: Transfer) -> ImportReport | None:
    """What became of an import; None where it has not ended."""
    if not one.report:
        return None
    said = json.loads(one.report)
    problems = tuple((file, problem) for file, problem in said.pop("problems"))
    return ImportReport(kept=tuple(said.pop("kept")), problems=problems, **said)


def _open(db: Db) -> Any:
    """Those that wait, or whose worker is dead."""
    is_dead = (col(Transfer.state) == RUNNING) & (col(Transfer.lease_us) < db.now_us)
    return select(Transfer).where((col(Transfer.state) == WAITING) | is_dead)


def _ours(claimed: Transfer) -> tuple[Any, ...]:
    return col(Transfer.id) == claimed.id, col(Transfer.state) == RUNNING, col(Transfer.claims) == claimed.claims

"""Files that people keep here: taken in pieces, given out from any place on, counted, and seen by whom they concern.

Nothing is written to a store of files inside a transaction: a row says how much of a file counts, and what lies beyond
that is written over.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import col, delete, insert, select, update

from ..domain import access
from ..domain.keyring import OPEN
from ..errors import AlreadyExists, Conflict, Forbidden, InvalidInput, NotFound, StorageFull, TooLarge, TooMany
from ..hosting import Host
from ..ids import new_id
from ..services.blob_chunks import CHUNK_BYTES
from .database import Database, Db
from .settings import ServerSettings
from .space_logs import Asking, SpaceLogs
from .tables.accounts import Account
from .tables.blobs import Blob, BlobUse

FILE, PART, EXPORT, GONE = "file", "part", "export", "gone"
HOUR_US = 3_600_000_000
# So many uploads of an account may be on their way; a sealed part has one chunk with what sealing adds.
MOST_UPLOADS, MAX_PART_BYTES = 20, 1024 * 1024 + 64 * 1024
MOST_AT_ONCE_BYTES = 8 * 1024 * 1024
LOCKS, SWEPT = 64, 100
# Whose the files are that somebody who is gone left in a circle.
NOBODY = 0
NO_FILE = "there is no such file"


@dataclass(frozen=True)
class NewBlob:
    """A file that is to come."""

    size_bytes: int
    sha256: bytes
    media_type: str
    file_name: str
    space: bytes | None = None


class Blobs:
    """The files of a server."""

    def __init__(self, host: Host, settings: ServerSettings, spaces: SpaceLogs) -> None:
        self._database, self._settings, self._spaces = Database(host.engine), settings, spaces
        self._chunks = host.chunks()
        self._locks = [threading.Lock() for _ in range(LOCKS)]

    # Files

    def begin(self, asking: Asking, new: NewBlob) -> Blob:
        """A file of which nothing is here yet, its room set aside.

        Raises: TooLarge, TooMany, StorageFull, NotFound, Forbidden.
        """
        if new.size_bytes > self._settings.blob_bytes:
            raise TooLarge(f"a file has at most {self._settings.blob_bytes} bytes")
        if new.space is not None:
            self._check_space(asking, new.space, "write", mode=OPEN)
        with self._database.write() as db:
            waiting = select(Blob.id).where(
                col(Blob.account) == asking.me.key, col(Blob.purpose) == FILE, col(Blob.expires_us).is_not(None)
            )
            if len(db.exec(waiting.limit(MOST_UPLOADS)).all()) >= MOST_UPLOADS:
                raise TooMany(f"{MOST_UPLOADS} uploads are on their way", hint="finish or remove one", retry_after_s=60)
            self._take_room(db, asking.me.key, new.size_bytes)
            made = Blob(
                id=new_id(db.now_us), account=asking.me.key, space=new.space, purpose=FILE, file_name=new.file_name,
                media_type=new.media_type, size_bytes=new.size_bytes, sha256=new.sha256, created_us=db.now_us,
                expires_us=db.now_us + self._settings.upload_hours * HOUR_US,
            )  # fmt: skip
            db.add(made)
        return made

    def append(self, asking: Asking, id: bytes, at: int, content: bytes) -> Blob:
        """A file with more of it here. When all is here it has to be what was announced.

        Raises: NotFound; Conflict, where `at` is not where it ends; TooLarge; InvalidInput, where it is not what was
            announced, and is thrown away; StorageFull.
        """
        with self._locks[id[-1] % LOCKS]:
            blob = self.upload(asking, id)
            if blob.is_whole or at != blob.received_bytes:
                raise Conflict(f"{blob.received_bytes} bytes of this file are here", hint="go on from there")
            end = at + len(content)
            if end > blob.size_bytes:
                raise TooLarge(f"the file was said to have {blob.size_bytes} bytes")
            self._chunks.append(id, at, content)
            is_whole = end == blob.size_bytes
            if is_whole and not self._is_as_announced(blob):
                self._drop(blob)
                raise InvalidInput("the file is not the one whose SHA-256 was given", hint="begin anew")
            with self._database.write() as db:
                expires_us = None if is_whole else db.now_us + self._settings.upload_hours * HOUR_US
                is_here = col(Blob.id) == id, col(Blob.received_bytes) == at, col(Blob.purpose) == FILE
                if not db.exec(update(Blob).where(*is_here).values(received_bytes=end, expires_us=expires_us)).rowcount:
                    raise Conflict("somebody else sent more of this file", hint="ask how much of it is here")
        blob.received_bytes, blob.expires_us = end, expires_us
        return blob

    def upload(self, asking: Asking, id: bytes) -> Blob:
        """A file of the account that asks, whole or not.

        Raises: NotFound.
        """
        with self._database.read() as db:
            found = _by_id(db, id)
        if found is None or found.purpose != FILE or found.account != asking.me.key:
            raise NotFound(NO_FILE)
        return found

    def find(self, asking: Asking, id: bytes) -> Blob:
        """A file that the account may see: its own or, when it is whole, one of a circle it is in.

        Raises: NotFound.
        """
        with self._database.read() as db:
            found = _by_id(db, id)
        if found is None or found.purpose != FILE:
            raise NotFound(NO_FILE)
        if found.space is None:
            if found.account != asking.me.key:
                raise NotFound(NO_FILE)
        else:
            self._check_seen(asking, found.space)
            if not found.is_whole and found.account != asking.me.key:
                raise NotFound(NO_FILE)
        return found

    def check_whole(self, blob: Blob) -> None:
        """Refuse what is still on its way.

        Raises: Conflict.
        """
        if not blob.is_whole:
            raise Conflict(
                f"{blob.received_bytes} of {blob.size_bytes} bytes of this file are here", hint="send the rest"
            )

    def content(self, blob: Blob, begin: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes of a whole file from one place to another.

        Raises: Damaged.
        """
        return self._chunks.read(blob.id, begin, blob.size_bytes if stop is None else stop)

    def each(self, asking: Asking, *, skip: int, limit: int) -> Sequence[Blob]:
        """The files of the account, the last first."""
        mine = select(Blob).where(col(Blob.account) == asking.me.key, col(Blob.purpose) == FILE)
        with self._database.read() as db:
            return db.exec(mine.order_by(col(Blob.n).desc()).offset(skip).limit(limit)).all()

    def room(self, asking: Asking) -> tuple[int, int]:
        """How many bytes the account's files have, and how many they may have."""
        with self._database.read() as db:
            used = db.exec(select(BlobUse.size_bytes).where(col(BlobUse.account) == asking.me.key)).first()
            return used or 0, self._quota(db, asking.me.key)

    def remove(self, asking: Asking, id: bytes) -> None:
        """A file is gone: one's own, or one of a circle in which one may see to what others wrote.

        Raises: NotFound, Forbidden.
        """
        blob = self.find(asking, id)
        if blob.account != asking.me.key:
            self._check_space(asking, blob.space or b"", "remove", mode=OPEN)
        self._drop(blob)

    # Parts of files of sealed spaces, by the names that devices gave them

    def put_part(self, asking: Asking, space: bytes, name: str, content: bytes) -> Blob:
        """A part of a sealed file; one that is here already stays as it is.

        Raises: NotFound, Forbidden, TooLarge, StorageFull.
        """
        self._check_space(asking, space, "write")
        if len(content) > MAX_PART_BYTES:
            raise TooLarge(f"a part has at most {MAX_PART_BYTES} bytes")
        if (found := self._part(space, name)) is not None:
            return found
        digest = hashlib.sha256(content).digest()
        with self._database.write() as db:
            self._take_room(db, asking.me.key, len(content))
            made = Blob(
                id=new_id(db.now_us), account=asking.me.key, space=space, purpose=PART, file_name="",
                media_type="application/octet-stream", size_bytes=len(content), sha256=digest, created_us=db.now_us,
                expires_us=db.now_us + HOUR_US,
            )  # fmt: skip
            db.add(made)
        self._chunks.append(made.id, 0, content)
        try:
            with self._database.write() as db:
                whole = {"name": name, "received_bytes": len(content), "expires_us": None}
                db.exec(update(Blob).where(col(Blob.id) == made.id).values(**whole))
        except AlreadyExists:
            # Another device sent the same at the same time.
            self._drop(made)
        return self.part(asking, space, name)

    def part(self, asking: Asking, space: bytes, name: str) -> Blob:
        """A part of a sealed file, for those who are in its space.

        Raises: NotFound.
        """
        self._check_seen(asking, space)
        found = self._part(space, name)
        if found is None:
            raise NotFound(NO_FILE)
        return found

    def remove_part(self, asking: Asking, space: bytes, name: str) -> None:
        """A part is gone: one's own, or any, for those who may compact the log.

        Raises: NotFound, Forbidden.
        """
        found = self.part(asking, space, name)
        self._check_space(asking, space, "write" if found.account == asking.me.key else "compact")
        self._drop(found)

    # What is kept for a while

    def keep_export(self, account: int, pieces: Iterable[bytes], *, file_name: str, hours: int) -> Blob:
        """The result of an export, kept for so long. It does not count as the account's.

        Raises: StorageFull.
        """
        with self._database.write() as db:
            made = Blob(
                id=new_id(db.now_us), account=account, purpose=EXPORT, file_name=file_name, sha256=b"",
                media_type="application/zip", size_bytes=1 << 62, created_us=db.now_us,
                expires_us=db.now_us + hours * HOUR_US,
            )  # fmt: skip
            db.add(made)
        try:
            return self._kept(made, pieces)
        except BaseException:
            self._drop(made)
            raise

    def _kept(self, made: Blob, pieces: Iterable[bytes]) -> Blob:
        size, digest, waiting = 0, hashlib.sha256(), bytearray()
        for piece in pieces:
            digest.update(piece)
            waiting += piece
            while len(waiting) >= CHUNK_BYTES:
                self._chunks.append(made.id, size, bytes(waiting[:CHUNK_BYTES]))
                del waiting[:CHUNK_BYTES]
                size += CHUNK_BYTES
                with self._database.write() as db:
                    db.exec(update(Blob).where(col(Blob.id) == made.id).values(received_bytes=size))
        self._chunks.append(made.id, size, bytes(waiting))
        size += len(waiting)
        known = {"size_bytes": size, "received_bytes": size, "sha256": digest.digest()}
        with self._database.write() as db:
            db.exec(update(Blob).where(col(Blob.id) == made.id).values(**known))
            return made.model_copy(update=known)

    def export(self, account: int, id: bytes) -> Blob:
        """The result of an export of an account.

        Raises: NotFound.
        """
        with self._database.read() as db:
            found = _by_id(db, id)
        if found is None or found.purpose != EXPORT or found.account != account or not found.is_whole:
            raise NotFound("the result is not kept any more", hint="export again")
        return found

    def drop_export(self, account: int, id: bytes) -> None:
        """The result of an export is not needed any more; one that is not there is fine."""
        with self._database.read() as db:
            found = _by_id(db, id)
        if found is not None and found.purpose == EXPORT and found.account == account:
            self._drop(found)

    def sweep(self) -> int:
        """How many files were removed whose time is over, or of which bytes were left."""
        with self._database.read() as db:
            over = (col(Blob.purpose) == GONE) | (col(Blob.expires_us) < db.now_us)
            found = db.exec(select(Blob).where(over).limit(SWEPT)).all()
        for blob in found:
            self._drop(blob)
        return len(found)

    def forget(self, account: int) -> None:
        """An account is about to go: so do its files. What it put into a circle of others stays there."""
        while True:
            with self._database.read() as db:
                found = db.exec(select(Blob).where(col(Blob.account) == account).limit(SWEPT)).all()
            if not found:
                break
            for blob in found:
                if blob.space is not None and blob.is_whole and self._is_of_others(blob.space):
                    with self._database.write() as db:
                        db.exec(update(Blob).where(col(Blob.id) == blob.id).values(account=NOBODY))
                else:
                    self._drop(blob)
        with self._database.write() as db:
            db.exec(delete(BlobUse).where(col(BlobUse.account) == account))

    # Inside

    def _is_of_others(self, space: bytes) -> bool:
        return sum(bool(role) for role in self._spaces.gate.ring(space).members.values()) > 1

    def _part(self, space: bytes, name: str) -> Blob | None:
        with self._database.read() as db:
            found = db.exec(select(Blob).where(col(Blob.space) == space, col(Blob.name) == name)).first()
        return found if found is not None and found.purpose == PART else None

    def _drop(self, blob: Blob) -> None:
        """Out of sight and out of the sum, then its bytes, then its row: what is interrupted is swept up."""
        with self._database.write() as db:
            there = col(Blob.id) == blob.id, col(Blob.purpose) != GONE
            if db.exec(update(Blob).where(*there).values(purpose=GONE, name=None)).rowcount and blob.purpose in (
                FILE,
                PART,
            ):
                less = col(BlobUse.size_bytes) - blob.size_bytes
                db.exec(update(BlobUse).where(col(BlobUse.account) == blob.account).values(size_bytes=less))
        # More may be here than counts.
        self._chunks.remove(blob.id, min(blob.size_bytes, blob.received_bytes + MOST_AT_ONCE_BYTES))
        with self._database.write() as db:
            db.exec(delete(Blob).where(col(Blob.id) == blob.id))

    def _is_as_announced(self, blob: Blob) -> bool:
        digest = hashlib.sha256()
        for piece in self._chunks.read(blob.id, 0, blob.size_bytes):
            digest.update(piece)
        return hmac.compare_digest(digest.digest(), blob.sha256)

    def _take_room(self, db: Db, account: int, size_bytes: int) -> None:
        if db.get(BlobUse, account) is None:
            db.exec(insert(BlobUse).values(account=account, size_bytes=0))
        quota = self._quota(db, account)
        after = col(BlobUse.size_bytes) + size_bytes
        mine = col(BlobUse.account) == account
        if not db.exec(update(BlobUse).where(mine, after <= quota).values(size_bytes=after)).rowcount:
            raise StorageFull(f"the files of an account have at most {quota} bytes", hint="remove some")

    def _quota(self, db: Db, account: int) -> int:
        own = db.exec(select(Account.quota_bytes).where(col(Account.hosted_n) == account)).first()
        return self._settings.blob_quota_bytes if own is None else own

    def _check_seen(self, asking: Asking, space: bytes) -> None:
        try:
            self._check_space(asking, space, "read")
        except Forbidden as e:
            raise NotFound(NO_FILE) from e

    def _check_space(self, asking: Asking, space: bytes, action: str, *, mode: str | None = None) -> None:
        ring, role = self._spaces.role_in(asking, space)
        access.check(role, action, where="this space")
        if mode is not None and ring.mode != mode:
            raise InvalidInput("this space is sealed", hint="its files come in sealed parts, from a device")


def _by_id(db: Db, id: bytes) -> Blob | None:
    return db.exec(select(Blob).where(col(Blob.id) == id)).first()

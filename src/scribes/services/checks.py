"""Checks: is everything about the vault as it should be, and mending what is not."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta

from ..crypto.header import Header, new_header, unlock
from ..crypto.header import read as read_header
from ..domain.changes import is_genuine
from ..domain.graph import Graph
from ..domain.notes import KIND, content_at
from ..errors import Damaged, ScribesError
from ..files import read_if_there
from ..models.vault import Check
from ..storage import (
    changes,
    clashes,
    drafts,
    embedding_spaces,
    indexing,
    integrity,
    items,
    jobs,
    links,
    logs,
    meta,
    migrations,
    notes,
    passages,
    spaces,
    vector_pages,
)
from . import daemon
from .arrivals import put_note
from .vault import cloud_folder, header_path, rewrite_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..ports import Progress
    from .backups import Backups
    from .context import Context

OK, WARNING, DAMAGED, MENDED = "ok", "warning", "damaged", "mended"
LOW_DISK_BYTES = 200 * 1024 * 1024
OLD_BACKUP = timedelta(days=30)
BATCH = 500


class Checks:
    """What `scribes doctor` runs. Each check reports one line; with `fix` it mends what it can."""

    def __init__(self, context: Context, *, backups: Backups, key_files: list[str]) -> None:
        self._context = context
        self._engine = context.engine
        self._backups = backups
        self._key_files = key_files

    def run(self, *, fix: bool = False, progress: Progress | None = None) -> Iterator[Check]:
        """The checks, one after another, each as it is done."""
        steps: dict[str, Callable[[], Check]] = {
            "file": self._file,
            "key header": lambda: self._header(fix),
            "permissions": lambda: self._permissions(fix),
            "history": lambda: self._history(fix, progress),
            "items": lambda: self._items(fix),
            "search index": lambda: self._index(fix),
            "references": lambda: self._references(fix, progress),
            "meaning": lambda: self._meaning(fix),
            "links": lambda: self._links(fix),
            "jobs": lambda: self._jobs(fix),
            "sync": self._sync,
            "daemon": self._daemon,
            "drafts": self._drafts,
            "backup": lambda: self._backup(fix),
            "folder": self._folder,
            "disk": self._disk,
            "versions": self._versions,
        }
        for name, step in steps.items():
            try:
                yield step()
            except ScribesError as e:
                yield Check(name, DAMAGED, e.message, e.hint or "")

    def _file(self) -> Check:
        problems = self._engine.problems()
        if problems:
            return Check("file", DAMAGED, problems[0], "scribes restore-backup FILE brings back a copy")
        return Check("file", OK, f"{_size(os.path.getsize(self._engine.path))}, every page decrypts and is sound")

    def _header(self, fix: bool) -> Check:
        """The header beside the vault and its copy inside: the one with the higher revision is right."""
        path = header_path(self._engine.path)
        with self._engine.read() as tx:
            inside, recovery_key = meta.get(tx, "header") or b"", str(meta.get(tx, "recovery_key") or "")
        headers = [self._sound(data, recovery_key) for data in (inside, read_if_there(path) or b"")]
        if headers[0] is not None and headers[0] == headers[1]:
            slots = " and ".join(str(slot["kind"]) for slot in headers[0].slots)
            return Check("key header", OK, f"opened by {slots}")
        if not fix:
            return Check("key header", DAMAGED, f"{path} and the copy in the vault differ", "--fix makes them anew")
        rewrite_header(self._engine, lambda: self._right(headers, recovery_key))
        return Check("key header", MENDED, "made anew")

    def _sound(self, data: bytes, recovery_key: str) -> Header | None:
        """The header in some bytes, if it is this vault's and the recovery key opens it."""
        try:
            header = read_header(data)
            opened = header.fits(self._context.key.value) and unlock(header, recovery_key=recovery_key)
            return header if opened else None
        except ScribesError:
            return None

    def _right(self, headers: list[Header | None], recovery_key: str) -> Header:
        """The newest sound header; where none is, a new one that the recovery key opens."""
        sound = [header for header in headers if header is not None]
        if sound:
            return max(sound, key=lambda header: header.revision)
        with self._engine.read() as tx:
            vault = meta.get(tx, "vault")
        return new_header(vault, self._context.key.value, recovery_key=recovery_key, passphrase=None, at_rest="file")

    def _permissions(self, fix: bool) -> Check:
        if os.name != "posix":
            return Check("permissions", OK, "left to the system")
        paths = [self._engine.path, header_path(self._engine.path), *self._key_files]
        open_to_others = [path for path in paths if os.path.exists(path) and os.stat(path).st_mode & 0o077]
        if not open_to_others:
            return Check("permissions", OK, "readable by you alone")
        if not fix:
            return Check("permissions", WARNING, f"others may read {', '.join(open_to_others)}", "--fix closes them")
        for path in open_to_others:
            os.chmod(path, 0o600)
        return Check("permissions", MENDED, "readable by you alone now")

    def _history(self, fix: bool, progress: Progress | None) -> Check:
        """Replay every note's changes and compare with its row; `fix` writes the rows anew."""
        with self._engine.read() as tx:
            items = list(changes.items(tx, KIND))
            orphans = changes.count_rows_without(tx, "note", KIND)
        different = 0
        for start in range(0, len(items), BATCH):
            different += sum(not self._same(item) for item in items[start : start + BATCH])
            if progress:
                progress(min(start + BATCH, len(items)), len(items))
        if not different and not orphans:
            return Check("history", OK, f"{len(items)} note{'s' * (len(items) != 1)} as their changes say")
        if not fix:
            return Check(
                "history", DAMAGED, f"{different + orphans} notes differ from their changes", "--fix rebuilds them"
            )
        self._rebuild(items)
        return Check("history", MENDED, f"{len(items)} notes rebuilt from their changes")

    def _same(self, item: bytes) -> bool:
        with self._engine.read() as tx:
            history = changes.of_item(tx, item, KIND)
            if not all(map(is_genuine, history)):
                raise Damaged("a change in the history is not what was written", hint="scribes restore-backup FILE")
            graph, stored = Graph(history), notes.find(tx, item)
            if stored is None or not graph.heads:
                # Of one whose beginning has not come yet there is no row.
                return stored is None and not graph.heads
            state, labels = graph.state(), notes.labels(tx, stored.n)
            waiting = clashes.waiting(tx, visible_to=(stored.space,), item=item)
        if {one.clash.id for one in waiting} != {one.id for one in state.clashes}:
            return False
        same = (stored.heads, stored.created_us, stored.changed_us) == (state.head, state.created_us, state.changed_us)
        return same and stored.content == content_at(state) and labels == notes.label_rows(stored.content)

    def _rebuild(self, items: list[bytes]) -> None:
        """All rows anew in one transaction, so that a crash leaves the old ones."""
        with self._engine.write() as tx:
            integrity.clear_state(tx)
            for item in items:
                put_note(tx, item, Graph(changes.of_item(tx, item, KIND)), space=changes.space_of(tx, item, KIND))

    def _items(self, fix: bool) -> Check:
        """Replay the changes of reminders, prayers, cards and the like, and compare with their rows."""
        from . import kinds
        from .items import is_as_written, rebuild

        different, number = [], 0
        for name in kinds.HOMES:
            kind = kinds.kind_of(name)
            with self._engine.read() as tx:
                ids = list(changes.items(tx, name))
                wrong = sum(not is_as_written(tx, kind, id) for id in ids)
                number += len(ids)
                if wrong or changes.count_rows_without(tx, kind.table, name):
                    different.append(kind)
        if not different:
            return Check("items", OK, f"{number} reminders, prayers, cards and their logs as their changes say")
        named = " and ".join(kind.table for kind in different)
        if not fix:
            return Check("items", DAMAGED, f"rows of {named} differ from their changes", "--fix rebuilds them")
        with self._engine.write() as tx:
            for kind in different:
                rebuild(tx, self._context, kind)
        return Check("items", MENDED, f"rows of {named} rebuilt from their changes")

    def _jobs(self, fix: bool) -> Check:
        """Whether a job keeps failing, and whether anybody is there to run those that are due."""
        from ..domain.reminders import REMINDER
        from .reminders import after_reminder, without_job

        with self._engine.read() as tx:
            waiting, parked = jobs.counts(tx)
            lost = without_job(tx)
        if lost and not fix:
            what = f"{len(lost)} reminder{'s' * (len(lost) != 1)} would never fire"
            return Check("jobs", DAMAGED, what, "--fix lets them wait for their moment again")
        if lost:
            with self._engine.write() as tx:
                for id in lost:
                    found = items.get(tx, REMINDER, id, visible_to=self._context.visible_to)
                    after_reminder(tx, self._context, found)
            return Check("jobs", MENDED, f"{len(lost)} reminders wait for their moment again")
        if parked:
            what = f"{parked} keep{'s' * (parked == 1)} failing"
            return Check("jobs", WARNING, what, "scribes jobs list --parked shows why, scribes jobs retry tries again")
        return Check("jobs", OK, f"{waiting} wait for their moment")

    def _sync(self) -> Check:
        """Whether the remotes have all that is here, and did nothing they must not do."""
        from .account import find
        from .logins import Logins
        from .servers import SERVER
        from .sync import ALERTS

        with self._engine.read() as tx:
            account = find(tx, self._context.me)
            if account is None or account.member is None:
                return Check("sync", OK, "not set up")
            found = [space for space in spaces.each(tx) if space.remote_n is not None and space.role]
            unsent = sum(logs.count_unsent(tx, space.n) for space in found)
            synced = [logs.state(tx, space.n).synced_us for space in found]
            alerts = [kind for space in spaces.each(tx) for kind, _, _ in logs.alerts(tx, space.n)]
            waiting = clashes.count(tx, visible_to=self._context.visible_to)
            used = {space.remote_n for space in found}
            places = [one.place for one in spaces.remotes(tx) if one.kind == SERVER and one.n in used]
        logins = Logins(self._engine)
        for place in places:
            if logins.at(place).tokens() is None:
                return Check("sync", WARNING, f"not signed in at {place}, {unsent} to send", f"scribes login {place}")
        if alerts:
            what = f"{len(alerts)} warning{'s' * (len(alerts) != 1)}, such as: {ALERTS.get(alerts[0], alerts[0])}"
            return Check("sync", WARNING, what, "scribes sync --status shows all, scribes sync --seen forgets them")
        at = min((at or 0 for at in synced), default=0)
        when = f"last in step on {datetime.fromtimestamp(at / 1e6, UTC).astimezone():%Y-%m-%d %H:%M}" if at else ""
        more = f", {waiting} conflict{'s' * (waiting != 1)} to look at" if waiting else ""
        sent = f"{unsent} change{'s' * (unsent != 1)} to send" if unsent else "nothing to send"
        return Check("sync", OK, f"{when or 'not in step yet'}, {sent}{more}")

    def _daemon(self) -> Check:
        """Whether somebody keeps time, where there is something to keep time for."""
        living = daemon.state(self._engine.path)
        with self._engine.read() as tx:
            waiting, _ = jobs.counts(tx)
        if living is None and waiting:
            what = f"it does not run, and {waiting} job{'s' * (waiting != 1)} wait{'s' * (waiting == 1)} for it"
            return Check("daemon", WARNING, what, "scribes daemon install")
        if living is None:
            return Check("daemon", OK, "it does not run, and nothing waits for it")
        silent_s = (datetime.now(UTC) - living.looked_at).total_seconds()
        if silent_s > daemon.SILENT_S:
            return Check(
                "daemon", WARNING, f"process {living.pid} hangs since {silent_s:.0f} s", "end it: it is started again"
            )
        waits = ", waiting for the vault to be unlocked" if living.is_locked else ""
        return Check("daemon", OK, f"runs as process {living.pid}{waits}")

    def _index(self, fix: bool) -> Check:
        try:
            with self._engine.write() as tx:
                integrity.check_index(tx)
            return Check("search index", OK, "agrees with the notes")
        except Damaged:
            if not fix:
                return Check("search index", DAMAGED, "differs from the notes", "--fix makes it anew")
        with self._engine.write() as tx:
            integrity.rebuild_index(tx)
        return Check("search index", MENDED, "made anew")

    def _references(self, fix: bool, progress: Progress | None) -> Check:
        """Read every note's references again and compare; `fix` makes the table anew."""
        from .passages import Passages, differing

        with self._engine.read() as tx:
            current = passages.is_current(tx)
        different = differing(self._engine, progress) if current else 0
        if current and not different:
            with self._engine.read() as tx:
                return Check("references", OK, f"{passages.count(tx)} stand as the notes say")
        if not fix:
            if not current:
                return Check("references", WARNING, "not read from all notes yet", "--fix reads them")
            return Check(
                "references", DAMAGED, f"{different} notes have others than they name", "--fix reads them anew"
            )
        with self._engine.write() as tx:
            passages.clear(tx)
        Passages(self._context).catch_up(progress)
        return Check("references", MENDED, "read anew from the notes")

    def _meaning(self, fix: bool) -> Check:
        """Whether every note is embedded or waits for it, and every vector stands where a search looks for it."""
        with self._engine.read() as tx:
            space = embedding_spaces.active(tx)
            waiting = indexing.waiting(tx)
            forgotten = indexing.forgotten(tx) if space else 0
            problems = vector_pages.problems(tx, space.n) if space else []
        if (forgotten or problems) and not fix:
            what = problems[0] if problems else f"{forgotten} notes are neither embedded nor waiting for it"
            return Check("meaning", DAMAGED, what, "--fix puts it right")
        if space and (forgotten or problems):
            with self._engine.write() as tx:
                if problems:
                    vector_pages.forget_pages(tx, space.n)
                indexing.queue_all(tx)
            return Check("meaning", MENDED, "all notes wait to be looked at again: scribes index")
        if waiting:
            return Check("meaning", OK, f"to be embedded by scribes index: {waiting} note{'s' * (waiting != 1)}")
        return Check("meaning", OK, f"embedded by {space.embedder}" if space else "no note is embedded")

    def _links(self, fix: bool) -> Check:
        """Link all notes again in memory and compare, where nothing waits to be linked."""
        from . import linking

        with self._engine.read() as tx:
            waiting, number = links.count_waiting(tx), links.count(tx)
        if waiting or not linking.differing(self._engine):
            return Check("links", OK, f"{number} between notes" if not waiting else "to be linked by scribes index")
        if not fix:
            return Check("links", DAMAGED, "others than the notes say", "--fix makes them anew")
        linking.rebuild(self._engine)
        return Check("links", MENDED, "made anew from the notes")

    def _drafts(self) -> Check:
        with self._engine.read() as tx:
            number = len(drafts.recent(tx, limit=100))
        if number:
            return Check("drafts", WARNING, f"{number} not saved", "scribes drafts shows them")
        return Check("drafts", OK, "nothing unsaved")

    def _backup(self, fix: bool) -> Check:
        recent = self._backups.recent()
        if recent and datetime.now(UTC) - recent[0].made_at < OLD_BACKUP:
            return Check("backup", OK, f"the last one is of {recent[0].made_at.date()}")
        if fix:
            made = self._backups.make()
            return Check("backup", MENDED, f"made {made.path}")
        return Check("backup", WARNING, "none in the last 30 days", "--fix makes one")

    def _folder(self) -> Check:
        folder = cloud_folder(self._engine.path)
        if folder:
            return Check(
                "folder", WARNING, f"{folder} is synchronised by a cloud service, which can tear the file apart",
                "move the vault elsewhere and put backups there instead",
            )  # fmt: skip
        return Check("folder", OK, os.path.dirname(self._engine.path))

    def _disk(self) -> Check:
        free = shutil.disk_usage(os.path.dirname(self._engine.path)).free
        needed = max(LOW_DISK_BYTES, 2 * os.path.getsize(self._engine.path))
        state = OK if free > needed else WARNING
        return Check("disk", state, f"{_size(free)} free", "" if state == OK else "a backup or rotation needs more")

    def _versions(self) -> Check:
        import apsw

        from ..version import __version__

        with self._engine.read() as tx:
            schema = migrations.version(tx)
        parts = [f"scribes {__version__}", f"format {schema}", f"sqlite {apsw.sqlite_lib_version()}"]
        return Check("versions", OK, ", ".join([*parts, getattr(apsw, "mc_version", "no encryption")]))


def _size(size_bytes: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size_bytes < 1000 or unit == "GB":
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    raise AssertionError("unreachable")

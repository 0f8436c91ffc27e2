"""Imports: notes from other programs' files. A file that cannot be read is reported; nothing of it is taken."""

from __future__ import annotations

import os

from .. import frontmatter
from ..canonical import blake2b
from ..domain.changes import replay
from ..domain.notes import KIND, content_at, patched
from ..errors import InvalidInput, NotFound, ScribesError
from ..models.notes import NewNote, NotePatch
from ..models.vault import ImportReport
from ..records import fields, replaced
from ..storage import changes, imported, notes, operations
from .bulk import in_batches
from .notes import add_in, prepare, with_deleted, write_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..ports import Progress, Tx
    from .context import Context

    Read = tuple[str, bytes | ScribesError]

BATCH, BATCH_BYTES = 200, 8 * 1024 * 1024
MAX_FILE_BYTES = 32 * 1024 * 1024
MARKDOWN = (".md", ".markdown", ".mdown", ".txt")


class Imports:
    """Taking notes from files. Importing the same folder again adds only what is new and takes what was changed."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def markdown(
        self, path: str, *, tags: Sequence[str] = (), dry_run: bool = False, progress: Progress | None = None
    ) -> ImportReport:
        """What was taken from a Markdown file or a folder of them; one `undo` takes all of it back.

        A file that changed since its last import changes its note, unless that was edited here: then it is in `kept`.
        Kept in batches of 200 files: an interruption loses none that was reported by `progress`.

        Raises: NotFound, Busy, StorageFull.
        """
        files = markdown_files(path)
        tally = _Tally(self._context, tuple(tags), dry_run=dry_run)
        done = 0
        for batch in map(tally.read, in_batches(files, BATCH)):
            if dry_run:
                with self._context.engine.read() as tx:
                    tally.take(tx, batch)
            else:
                with self._context.engine.write() as tx:
                    tally.take(tx, batch)
            if progress:
                progress(done := done + len(batch), len(files))
        return tally.report()

    def contents(
        self,
        files: Iterable[Read],
        *,
        total: int,
        source: str,
        tags: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> ImportReport:
        """What was taken from files that are at hand, by name; errors stand in place of those that are not. `source` is
        where they are from: the same file from there changes its note, as with `markdown`.

        Raises: Busy, StorageFull, and what reading the files raises; the batches before it are kept.
        """
        owner = f"account/{self._context.hosted}/" if self._context.hosted else ""
        tally = _Tally(self._context, tuple(tags), dry_run=False, source=f"{owner}{source}/")
        done = 0
        for batch in _portions(files):
            with self._context.engine.write() as tx:
                tally.take(tx, batch)
            done += len(batch)
            if progress:
                progress(done, total)
        return tally.report()


class _Tally:
    """Takes files into transactions and counts what became of them."""

    def __init__(self, context: Context, tags: tuple[str, ...], *, dry_run: bool, source: str = "") -> None:
        self._context = context
        self._source = source
        self._tags = tags
        self._dry_run = dry_run
        self._operation = 0
        self._numbers = {"added": 0, "changed": 0, "unchanged": 0}
        self._kept: list[str] = []
        self._problems: list[tuple[str, str]] = []

    def read(self, files: Sequence[str]) -> list[Read]:
        """The files' contents, read before the transaction; errors stand in place of what could not be read."""
        return [(file, _load_or_error(file)) for file in files]

    def take(self, tx: Tx, batch: Sequence[Read]) -> None:
        """Take what was read into the vault."""
        for file, data in batch:
            try:
                if isinstance(data, ScribesError):
                    raise data
                self._take_one(tx, file, data)
            except (InvalidInput, NotFound) as e:
                self._problems.append((readable(file), e.message))

    def report(self) -> ImportReport:
        """What was done."""
        return ImportReport(**self._numbers, kept=tuple(self._kept), problems=tuple(self._problems))

    def _take_one(self, tx: Tx, file: str, data: bytes) -> None:
        digest = blake2b(data, digest_size=16).digest()
        file = readable(file)
        earlier = imported.find(tx, self._source + file)
        if earlier and earlier[1] == digest:
            self._meet_again(tx, file, earlier[0], digest)
        elif earlier:
            self._take_again(tx, file, self._parsed(file, data), digest, note_id=earlier[0], heads=earlier[2])
        else:
            new = self._parsed(file, data)
            prepared = prepare(new, at_us=tx.now_us, device=self._context.me.device_id)
            if not self._dry_run:
                stored = add_in(tx, self._context, prepared, self._begun(tx))
                imported.put(tx, self._source + file, note_id=stored.id, digest=digest, heads=stored.heads)
            self._numbers["added"] += 1

    def _take_again(self, tx: Tx, file: str, new: NewNote, digest: bytes, *, note_id: bytes, heads: bytes) -> None:
        stored = notes.get(tx, note_id, visible_to=self._context.visible_to)
        if not self._is_as_imported(tx, stored, heads):
            self._kept.append(file)
            return
        after = patched(stored.content, NotePatch(**fields(new)))
        if not self._dry_run:
            stored = write_in(tx, self._context, stored, after, self._begun(tx))
            imported.put(tx, self._source + file, note_id=stored.id, digest=digest, heads=stored.heads)
        self._numbers["changed"] += 1

    def _meet_again(self, tx: Tx, file: str, note_id: bytes, digest: bytes) -> None:
        """A file that did not change: nothing to do, unless the import of its note was undone."""
        stored = notes.get(tx, note_id, visible_to=self._context.visible_to)
        if stored.content.deleted_us is None or not operations.was_undo(tx, stored.heads):
            self._numbers["unchanged"] += 1
            return
        if not self._dry_run:
            stored = write_in(tx, self._context, stored, with_deleted(stored.content, None), self._begun(tx))
            imported.put(tx, self._source + file, note_id=stored.id, digest=digest, heads=stored.heads)
        self._numbers["added"] += 1

    def _is_as_imported(self, tx: Tx, stored: notes.Stored, heads: bytes) -> bool:
        """Whether a note still is what the import made of it; edits that were undone do not count."""
        if stored.heads == heads:
            return True
        states = {state.head: state for state in replay(changes.of_item(tx, stored.id, KIND))}
        return heads in states and content_at(states[heads]) == stored.content

    def _parsed(self, file: str, data: bytes) -> NewNote:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InvalidInput("not UTF-8 text", hint="save it as UTF-8") from None
        name = os.path.splitext(os.path.basename(file))[0]
        new = frontmatter.read(text, fallback_title=name)
        if not new.body.strip() and new.title == name:
            raise InvalidInput("empty file")
        if not self._tags:
            return new
        return replaced(new, tags=(*new.tags, *self._tags))

    def _begun(self, tx: Tx) -> int:
        self._operation = self._operation or operations.begin(tx, self._context.command)
        return self._operation


def _portions(files: Iterable[Read]) -> Iterator[list[Read]]:
    """The files in lists that are neither long nor large."""
    portion: list[Read] = []
    size = 0
    for one in files:
        portion.append(one)
        size += len(one[1]) if isinstance(one[1], bytes) else 0
        if len(portion) == BATCH or size >= BATCH_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def readable(path: str) -> str:
    """A path as text that can be stored and printed, also where the name on disk is not Unicode."""
    return path.encode("utf-8", "backslashreplace").decode()


def markdown_files(path: str) -> list[str]:
    """The Markdown files at a path, by name; hidden folders and links out of the folder are passed over.

    Raises: NotFound.
    """
    root = os.path.realpath(os.path.expanduser(path))
    if os.path.isfile(root):
        return [root]
    if not os.path.isdir(root):
        raise NotFound(f"there is no file or folder {path}")
    files = sorted(_walk(root))
    if not files:
        raise NotFound(f"no Markdown file in {path}", hint=f"files that end in {', '.join(MARKDOWN)}")
    return files


def _walk(root: str) -> Iterator[str]:
    for folder, subfolders, names in os.walk(root, followlinks=False):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        for name in names:
            file = os.path.join(folder, name)
            if name.lower().endswith(MARKDOWN) and not name.startswith(".") and _is_plain(file):
                yield file


def _is_plain(file: str) -> bool:
    """Whether this is a file itself: no link, and nothing that would be waited on for ever."""
    return os.path.isfile(file) and not os.path.islink(file)


def _load_or_error(file: str) -> bytes | ScribesError:
    try:
        return _load(file)
    except ScribesError as e:
        return e


def _load(file: str) -> bytes:
    try:
        with open(file, "rb") as handle:
            data = handle.read(MAX_FILE_BYTES + 1)
    except OSError as e:
        raise InvalidInput((e.strerror or str(e)).lower()) from e
    if len(data) > MAX_FILE_BYTES:
        raise InvalidInput(f"larger than {MAX_FILE_BYTES // 1024 // 1024} MiB")
    return data

"""Notes: capture, read, change, delete, bring back. Each change goes into the history with the state beside it."""

from __future__ import annotations

from ..domain.changes import Change, new_change
from ..domain.dates import from_us
from ..domain.diff import diff
from ..domain.notes import KIND, Content, content_of_new, fields_between, patched
from ..errors import Conflict, InvalidInput
from ..ids import new_id
from ..models.notes import NewNote, NotePatch, NoteTopic, TagCount
from ..records import record, replaced
from ..storage import changes, notes, operations
from ..storage.coding import pack
from .own_spaces import check_own_vault
from .rows import find_in, to_note
from .writing import write_change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from typing import Any

    from ..models.notes import Note
    from ..models.passages import Reference
    from ..ports import Progress, Tx
    from ..storage.notes import Stored
    from .context import Context

BATCH, BULK = 500, 2_000
DAY_US = 86_400_000_000


class Notes:
    """The notes of a vault. `ref` is an id, or the start of a handle that fits one note only."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._engine = context.engine

    def add(
        self,
        title: str = "",
        body: str = "",
        *,
        occurred_at: datetime | None = None,
        speaker: str = "",
        venue: str = "",
        series: str = "",
        tags: Sequence[str] = (),
        topics: Sequence[str] = (),
    ) -> Note:
        """The new note, on disk when this returns. #tags in the text become tags.

        Raises: InvalidInput, Busy, StorageFull.
        """
        return self.add_new(NewNote(title, body, occurred_at, speaker, venue, series, tuple(tags), tuple(topics)))

    def add_new(self, new: NewNote, *, draft: int | None = None) -> Note:
        """The new note, on disk when this returns. A `draft` it was typed in is forgotten in the same step.

        Raises: InvalidInput, Busy, StorageFull.
        """
        with self._engine.write() as tx:
            prepared = prepare(new, at_us=tx.now_us, device=self._context.me.device_id)
            stored = add_in(tx, self._context, prepared, operations.begin(tx, self._context.command))
            if draft is not None:
                _forget_draft(tx, draft)
            return to_note(tx, stored, self._context)

    def add_many(self, news: Iterable[NewNote], *, progress: Progress | None = None, total: int = 0) -> int:
        """How many notes were added; one `undo` takes all of them back. Kept in batches of 2,000, in flat memory.

        Raises: InvalidInput (the batches before it are kept), Busy, StorageFull.
        """
        device, added = self._context.me.device_id, 0
        with self._engine.write() as tx:
            operation, at_us = operations.begin(tx, self._context.command), tx.now_us

        from .bulk import in_batches

        for batch in in_batches(news, BULK):
            prepared = [prepare(new, at_us=at_us, device=device) for new in batch]
            with self._engine.write() as tx:
                for one in prepared:
                    add_in(tx, self._context, one, operation)
            added += len(batch)
            if progress:
                progress(added, total)
        return added

    def get(self, ref: str) -> Note:
        """A note, in the trash or not.

        Raises: NotFound, Ambiguous.
        """
        with self._engine.read() as tx:
            return to_note(tx, find_in(tx, ref, self._context), self._context)

    def recent(self, *, limit: int = 20, skip: int = 0) -> list[Note]:
        """Notes outside the trash, the latest first by when they were heard."""
        with self._engine.read() as tx:
            found = notes.recent(tx, visible_to=self._context.visible_to, limit=limit, skip=skip)
            return [to_note(tx, stored, self._context) for stored in found]

    def each(self) -> Iterator[Note]:
        """Every note outside the trash, oldest first, in flat memory."""
        key = 0
        while True:
            with self._engine.read() as tx:
                found = notes.after_key(tx, key, visible_to=self._context.visible_to, limit=BATCH)
                page = [to_note(tx, stored, self._context) for stored in found]
            if not found:
                return
            yield from page
            key = found[-1].n

    def count(self) -> int:
        """How many notes there are outside the trash."""
        with self._engine.read() as tx:
            return notes.count(tx, visible_to=self._context.visible_to)

    def tags(self, *, limit: int = 1000) -> list[TagCount]:
        """The tags in use, the most used first."""
        return [TagCount(*one) for one in self._labels("tag", limit)]

    def topics(self, *, limit: int = 1000) -> list[NoteTopic]:
        """The topics in use, the most used first."""
        return [NoteTopic(*one) for one in self._labels("topic", limit)]

    def _labels(self, kind: str, limit: int) -> list[tuple[str, int]]:
        context = self._context
        with self._engine.read() as tx:
            return notes.label_counts(
                tx, kind, visible_to=context.visible_to, limit=limit, among_others=bool(context.hosted)
            )

    def change(self, ref: str, patch: NotePatch, *, at: str | None = None, draft: int | None = None) -> Note:
        """The note with the patch applied. A `draft` it was typed in is forgotten in the same step.

        Raises: NotFound, Ambiguous, InvalidInput; Conflict, when the note is no longer at the revision `at`.
        """
        with self._engine.write() as tx:
            stored = find_in(tx, ref, self._context)
            if at is not None and at != stored.heads.hex():
                raise Conflict(
                    f"the note was changed since you began: {stored.content.title or ref}",
                    hint="what you typed is kept: scribes drafts",
                )
            if draft is not None:
                _forget_draft(tx, draft)
            return self._put(tx, stored, patched(stored.content, patch))

    def append(self, ref: str, text: str) -> Note:
        """The note with a paragraph added at its end.

        Raises: NotFound, Ambiguous, InvalidInput.
        """
        with self._engine.write() as tx:
            stored = find_in(tx, ref, self._context)
            body = f"{stored.content.body.rstrip()}\n\n{text}".lstrip("\n")
            return self._put(tx, stored, patched(stored.content, NotePatch(body=body)))

    def tag(self, ref: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Note:
        """The note with tags added and removed.

        Raises: NotFound, Ambiguous, InvalidInput.
        """
        from ..domain.labels import clean_tags

        with self._engine.write() as tx:
            stored = find_in(tx, ref, self._context)
            tags = (set(stored.content.tags) | set(clean_tags(add))) - set(clean_tags(remove))
            return self._put(tx, stored, patched(stored.content, NotePatch(tags=tuple(tags))))

    def remove(self, refs: Sequence[str]) -> list[Note]:
        """The notes, now in the trash; `undo` or `restore` brings them back.

        Raises: NotFound, Ambiguous; then none is moved.
        """
        return self._set_deleted(refs, deleted=True)

    def restore(self, refs: Sequence[str]) -> list[Note]:
        """The notes, taken out of the trash.

        Raises: NotFound, Ambiguous, InvalidInput; then none is moved.
        """
        return self._set_deleted(refs, deleted=False)

    def trash(self, *, limit: int = 20) -> list[Note]:
        """Notes in the trash, the last deleted first."""
        with self._engine.read() as tx:
            found = notes.trashed(tx, visible_to=self._context.visible_to, limit=limit)
            return [to_note(tx, stored, self._context) for stored in found]

    def purgeable(self, *, older_than_days: int) -> int:
        """How many notes `purge` would remove."""
        with self._engine.read() as tx:
            before_us = tx.now_us - older_than_days * DAY_US + 1
            return notes.count_trashed(tx, visible_to=self._context.visible_to, before_us=before_us)

    def purge(self, *, older_than_days: int) -> int:
        """How many notes in the trash, with their whole history, and their reminders and cards, were removed for good.
        This cannot be undone.

        Raises: Forbidden, on a server, where the trash of a circle belongs to all who are in it.
        """
        check_own_vault(self._context, "purge")
        from ..ids import to_text
        from ..storage import imported
        from .items import forget_what_quotes

        removed = 0
        while True:
            with self._engine.write() as tx:
                before_us = tx.now_us - older_than_days * DAY_US + 1
                found = notes.trashed(tx, visible_to=self._context.visible_to, limit=BATCH, before_us=before_us)
                for stored in found:
                    operations.blank(tx, stored.id)
                    changes.forget_item(tx, stored.id)
                    imported.forget(tx, stored.id)
                    forget_what_quotes(tx, self._context, to_text(stored.id))
                    notes.forget(tx, stored)
            removed += len(found)
            if len(found) < BATCH:
                break
        self._forget_vectors()
        return removed

    def _forget_vectors(self) -> None:
        """A vector tells much about its text: those of purged notes are taken out at once."""
        from ..storage import vector_pages

        more = True
        while more:
            with self._engine.write() as tx:
                more = vector_pages.remove_unused(tx)

    def _set_deleted(self, refs: Sequence[str], *, deleted: bool) -> list[Note]:
        with self._engine.write() as tx:
            moving = {stored.id: stored for stored in (find_in(tx, ref, self._context) for ref in refs)}
            operation = operations.begin(tx, self._context.command)
            moved = []
            for stored in moving.values():
                if deleted == (stored.content.deleted_us is not None):
                    where = "already in the trash" if deleted else "not in the trash"
                    raise InvalidInput(f"the note is {where}: {to_note(tx, stored, self._context).heading}")
                after = with_deleted(stored.content, tx.now_us if deleted else None)
                moved.append(to_note(tx, write_in(tx, self._context, stored, after, operation), self._context))
            return moved

    def _put(self, tx: Tx, stored: Stored, after: Content) -> Note:
        if after != stored.content:
            stored = write_in(tx, self._context, stored, after, operations.begin(tx, self._context.command))
        return to_note(tx, stored, self._context)


@record
class Prepared:
    """A new note as all that will be stored: made before the transaction, so that this is short."""

    id: bytes
    content: Content
    change: Change
    packed: bytes
    references: tuple[Reference, ...]


def prepare(new: NewNote, *, at_us: int, device: bytes) -> Prepared:
    """A new note with its first change.

    Raises: InvalidInput.
    """
    content = content_of_new(new, from_us(at_us).astimezone())
    if not content.title and not content.body.strip():
        raise InvalidInput("an empty note was not saved", hint='scribes add "some words", or type it in the editor')
    id = new_id(at_us)
    change = new_change(
        item=id,
        kind=KIND,
        parents=(),
        device=device,
        at_us=at_us,
        edits=diff("", content.body),
        fields=fields_between(None, content),
    )
    from ..domain.passages import references_of

    return Prepared(id, content, change, pack(change.content), references_of(content))


def add_in(tx: Tx, context: Context, prepared: Prepared, operation: int) -> Stored:
    """A prepared note put into the vault: its first change and its row."""
    id, content, change = prepared.id, prepared.content, prepared.change
    me, at_us = context.me, change.at_us
    changes.append(tx, change, space=me.space, device=me.device, operation=operation, packed=prepared.packed)
    n = notes.insert(
        tx,
        id=id,
        space=me.space,
        heads=change.id,
        created_us=at_us,
        changed_us=at_us,
        content=content,
        references=prepared.references,
    )
    return notes.Stored(n, id, change.id, at_us, at_us, content, me.space)


def write_in(
    tx: Tx,
    context: Context,
    stored: Stored,
    after: Content,
    operation: int,
    *,
    beside: dict[str, Any] | None = None,
) -> Stored:
    """New content of a note in a transaction: a change on top of its heads, and its row. `beside` are fields that are
    in no row.

    Raises: Forbidden, NewerFormat.
    """
    change = write_change(
        tx,
        context,
        stored,
        KIND,
        fields={**fields_between(stored.content, after), **(beside or {})},
        old_text=stored.content.body,
        text=after.body,
        operation=operation,
    )
    notes.update(tx, stored, heads=change.id, at_us=tx.now_us, content=after)
    if len(stored.heads) > len(change.id):
        from .clashes import settle_in

        settle_in(tx, stored.id, KIND, stored.space)
    return replaced(stored, heads=change.id, changed_us=tx.now_us, content=after)


def _forget_draft(tx: Tx, number: int) -> None:
    from ..storage import drafts

    drafts.remove(tx, number)


def with_deleted(content: Content, deleted_us: int | None) -> Content:
    """The content, in the trash since an instant or not in it."""
    return replaced(content, deleted_us=deleted_us)

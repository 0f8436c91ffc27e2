"""History: the revisions of a note, bringing one back, and undoing the last command."""

from __future__ import annotations

from ..domain.changes import split_ids
from ..domain.dates import from_us
from ..domain.graph import Graph
from ..domain.notes import KIND, Content, content_at, summary
from ..errors import Conflict, NotFound
from ..ids import to_text
from ..models.notes import Note, Revision, Undone
from ..records import replaced
from ..storage import changes, notes, operations
from .notes import with_deleted, write_in
from .own_spaces import check_own_vault
from .rows import find_in, to_note
from .writing import state_on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ports import Tx
    from .context import Context


def _summary(before: Content | None, after: Content) -> str:
    said = summary(before, after)
    # All that a change can do to nothing that is shown.
    return "conflict settled" if said == "nothing" else said


class History:
    """What happened to notes, read from the graph of changes."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def of(self, ref: str) -> list[Revision]:
        """The revisions of a note, the first one first.

        Raises: NotFound, Ambiguous, Damaged.
        """
        with self._context.engine.read() as tx:
            stored = find_in(tx, ref, self._context)
            graph = Graph(changes.of_item(tx, stored.id, KIND))
            if not graph.heads:
                graph.state()
            devices = changes.devices_by_change(tx, stored.id)
            authors = self._authors(tx, stored)
            heads = split_ids(stored.heads)
        # Not all texts at once: there may be as many as revisions.
        said = {
            state.head: (state.changed_us, _summary(content_at(before) if before else None, content_at(state)))
            for state, before in graph.steps()
        }
        return [
            Revision(
                id=id.hex(),
                number=number,
                at=from_us(said[id][0]),
                device=devices.get(id) or "unknown",
                summary=said[id][1],
                current=id in heads,
                author=authors.get(id, ""),
            )
            for number, id in enumerate(graph.order(), 1)
        ]

    def _authors(self, tx: Tx, stored: notes.Stored) -> dict[bytes, str]:
        """Who of a circle is behind each change; nobody needs to be named of one's own."""
        if stored.space == self._context.me.space:
            return {}
        from .names import authors

        return authors(tx, stored.id, space=stored.space, me=self._context.me)

    def at(self, ref: str, revision: str) -> Note:
        """A note as it was at a revision: its number, or the start of its id.

        Raises: NotFound, Ambiguous, Damaged.
        """
        with self._context.engine.read() as tx:
            stored = find_in(tx, ref, self._context)
            return to_note(tx, replaced(stored, content=self._content_at(tx, stored.id, revision)), self._context)

    def restore(self, ref: str, revision: str) -> Note:
        """The note as it was at a revision, as a new change on top of what came since.

        Raises: NotFound, Ambiguous, Damaged.
        """
        with self._context.engine.write() as tx:
            stored = find_in(tx, ref, self._context)
            content = with_deleted(self._content_at(tx, stored.id, revision), None)
            if content != stored.content:
                operation = operations.begin(tx, self._context.command)
                stored = write_in(tx, self._context, stored, content, operation)
            return to_note(tx, stored, self._context)

    def undo(self) -> Undone:
        """What the last command that was not undone had done, taken back. Undo again to go further back.

        Raises: NotFound, when there is nothing to undo; Conflict, when a note was changed since in another way;
        Forbidden, on a server, where the last command may be somebody else's.
        """
        check_own_vault(self._context, "undo")
        with self._context.engine.write() as tx:
            last = operations.last_standing(tx)
            while last is not None and not changes.of_operation(tx, last.n):
                # What it had changed was removed for good since.
                operations.close(tx, last.n)
                last = operations.last_standing(tx)
            if last is None:
                raise NotFound("there is nothing to undo")
            operation = operations.begin(tx, self._context.command, undoes=last.n)
            return self._take_back(tx, last, operation)

    def _take_back(self, tx: Tx, last: operations.Operation, operation: int) -> Undone:
        touched, others = [], 0
        for kind, item, before, after in changes.of_operation(tx, last.n):
            if kind == KIND:
                self._revert(tx, item, before, after, operation)
                touched.append(to_text(item))
            else:
                from . import items, kinds

                items.revert(
                    tx, self._context, kinds.kind_of(kind), item, before=before, after=after, operation=operation
                )
                others += 1
        return Undone(last.command, from_us(last.at_us), tuple(touched), others)

    def _revert(self, tx: Tx, item: bytes, before: bytes, after: bytes, operation: int) -> None:
        """Write the state before an operation over the state after it; a new note goes to the trash."""
        stored = notes.get(tx, item, visible_to=self._context.visible_to)
        if not before and stored.heads == after:
            # The common case, an import or an add: no history has to be read.
            write_in(tx, self._context, stored, with_deleted(stored.content, tx.now_us), operation)
            return
        history = changes.of_item(tx, item, KIND)
        if content_at(state_on(history, after)) != stored.content:
            raise Conflict(
                f"a note was changed since, by something else: {stored.content.title}",
                hint=f"scribes history {to_note(tx, stored, self._context).handle} shows its revisions",
            )
        target = content_at(state_on(history, before)) if before else with_deleted(stored.content, tx.now_us)
        if target != stored.content:
            write_in(tx, self._context, stored, target, operation)

    def _content_at(self, tx: Tx, item: bytes, revision: str) -> Content:
        graph = Graph(changes.of_item(tx, item, KIND))
        ids = graph.order()
        if revision.isdecimal() and 1 <= int(revision) <= len(ids):
            return content_at(graph.state_at(ids[int(revision) - 1]))
        fitting = [id for id in ids if len(revision) >= 4 and id.hex().startswith(revision.lower())]
        if len(fitting) != 1:
            raise NotFound(f"there is no revision {revision}", hint=f"the note has revisions 1 to {len(ids)}")
        return content_at(graph.state_at(fitting[0]))

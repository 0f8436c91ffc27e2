"""Edits that stand on a version which may not be the last one any more: they are merged, and overwrite nothing."""

from __future__ import annotations

from ..domain.changes import ID_BYTES, new_change, split_ids
from ..domain.diff import diff
from ..domain.notes import KIND, Content, content_at, fields_between, patched
from ..errors import Conflict, InvalidInput
from ..models.sync import Edited
from ..records import replaced
from ..storage import changes, operations
from .arrivals import resettle
from .clashes import Clashes
from .notes import with_deleted, write_in
from .rows import find_in, to_note
from .writing import check_may_write, state_on, write_change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..models.notes import NotePatch
    from ..ports import Tx
    from ..storage.notes import Stored
    from .context import Context

MOST_HEADS = 64
# Of the two texts that meet in an edit on an older version. Both are kept, so that one could grow another without end.
MOST_CHARS = 2_000_000


class Edits:
    """Edits of notes by whoever read them a while ago. `base` is the `revision` that the note had then."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._engine = context.engine

    def change(self, ref: str, patch: NotePatch, *, base: str) -> Edited:
        """The note with a patch applied to what it was at `base`; what came since is merged with that, and no word of
        either is lost. A base that is not known here counts as none: the words of both stand in the note.

        Raises: NotFound, Ambiguous, InvalidInput, Forbidden, Conflict.
        """
        _heads(base)
        return self._edit(ref, base, lambda content, _: patched(content, patch), patch=patch)

    def remove(self, ref: str, *, base: str) -> Edited:
        """The note in the trash; or outside, with what somebody wrote since `base`: an edit beats a deletion.

        Raises: NotFound, Ambiguous, InvalidInput, Forbidden, Conflict.
        """
        _heads(base)
        return self._edit(ref, base, with_deleted)

    def rewrite(self, ref: str, change: Callable[[Content], Content], *, base: str = "") -> Edited:
        """The note after a change of what it was at `base`, merged with what came since; without one, of what it is.

        Raises: NotFound, Ambiguous, InvalidInput, Forbidden, Conflict.
        """
        return self._edit(ref, base, lambda content, _: change(content))

    def _edit(
        self, ref: str, base: str, change: Callable[[Content, int], Content], *, patch: NotePatch | None = None
    ) -> Edited:
        with self._engine.write() as tx:
            stored = find_in(tx, ref, self._context)
            heads = _heads(base) if base else stored.heads
            operation = operations.begin(tx, self._context.command)
            if set(split_ids(heads)) == set(split_ids(stored.heads)):
                after = change(stored.content, tx.now_us)
                if after != stored.content:
                    write_in(tx, self._context, stored, after, operation)
                merged = False
            else:
                merged = self._on_older(tx, stored, heads, change, operation, patch)
            found = find_in(tx, ref, self._context)
            note = to_note(tx, found, self._context)
        waiting = Clashes(self._context).waiting(note.id) if merged else []
        return Edited(note, merged, tuple(waiting))

    def _on_older(
        self,
        tx: Tx,
        stored: Stored,
        heads: bytes,
        change: Callable[[Content, int], Content],
        operation: int,
        patch: NotePatch | None,
    ) -> bool:
        history = changes.of_item(tx, stored.id, KIND)
        if set(split_ids(heads)) <= {one.id for one in history}:
            state = state_on(history, heads)
            before = replaced(stored, heads=state.head, content=content_at(state))
            after = change(before.content, tx.now_us)
            if after == before.content:
                return False
            _check_room(stored, after)
            write_change(
                tx,
                self._context,
                before,
                KIND,
                fields=fields_between(before.content, after),
                old_text=before.content.body,
                text=after.body,
                operation=operation,
            )
        elif patch is None:
            raise InvalidInput("the note never was at that revision", hint="read it again: its ETag names the revision")
        else:
            _check_room(stored, patched(stored.content, patch))
            self._without_base(tx, stored, patch, operation)
        resettle(tx, self._context, stored.id, KIND, space=stored.space)
        return True

    def _without_base(self, tx: Tx, stored: Stored, patch: NotePatch, operation: int) -> None:
        """A change that stands on nothing: the words it has in common with the note are taken for its base."""
        if stored.space != self._context.me.space:
            check_may_write(tx, self._context, stored.space, KIND)
        wanted = patched(stored.content, patch)
        said = fields_between(stored.content, wanted)
        made = new_change(
            item=stored.id,
            kind=KIND,
            parents=(),
            device=self._context.me.device_id,
            at_us=tx.now_us,
            edits=diff("", wanted.body) if patch.body is not None else [],
            fields=said,
        )
        changes.append(tx, made, space=stored.space, device=self._context.me.device, operation=operation)


def _check_room(stored: Stored, after: Content) -> None:
    """Refuse one more edit beside others, where they are too many or too long: a revision names at most MOST_HEADS, and
    to merge takes longer with each.

    Raises: Conflict.
    """
    is_too_long = after.body != stored.content.body and len(stored.content.body) + len(after.body) > MOST_CHARS
    if is_too_long or len(split_ids(stored.heads)) >= MOST_HEADS:
        raise Conflict("too much was edited side by side", hint="read it again, and edit what it is now")


def _heads(base: str) -> bytes:
    """The ids in a revision.

    Raises: InvalidInput.
    """
    try:
        heads = bytes.fromhex(base)
    except ValueError:
        heads = b""
    if not heads or len(heads) % ID_BYTES or len(heads) > MOST_HEADS * ID_BYTES:
        raise InvalidInput("that is no revision of a note", hint="the `revision` of the note, as it was read")
    return heads

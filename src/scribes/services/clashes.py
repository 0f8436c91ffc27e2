"""Clashes: places where two edits met. Both stand in the note; a person looks at them and may choose one."""

from __future__ import annotations

from ..domain.graph import Graph
from ..domain.notes import KIND
from ..errors import Conflict, InvalidInput, NotFound
from ..ids import to_text
from ..models.sync import Clash
from ..records import replaced
from ..storage import changes, clashes, notes, operations
from ..storage import items as rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..ports import Tx
    from ..storage.clashes import Waiting
    from .context import Context
    from .writing import Standing

CHOICES = ("ours", "theirs", "both")
SETTLED = "settled"


class Clashes:
    """What waits to be looked at."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def waiting(self, ref: str = "") -> list[Clash]:
        """Clashes that nobody has chosen in: of one note or prayer, or of all.

        Raises: NotFound, Ambiguous.
        """
        visible_to = self._context.visible_to
        with self._context.engine.read() as tx:
            item = self._item(tx, ref) if ref else None
            return [self._shown(tx, one) for one in clashes.waiting(tx, visible_to=visible_to, item=item)]

    def count(self) -> int:
        """How many clashes wait."""
        with self._context.engine.read() as tx:
            return clashes.count(tx, visible_to=self._context.visible_to)

    def choose(self, id: str, choice: str) -> Clash:
        """Settle a clash, by its id or by that of a note that has but one: `ours` or `theirs` takes the place of what
        stands there, `both` leaves it as it is. The other one stays in the history.

        Raises: NotFound, Ambiguous, InvalidInput; Conflict, where the place was edited since and no longer found.
        """
        if choice not in CHOICES:
            raise InvalidInput(f"{choice!r} is no choice", hint=f"one of {', '.join(CHOICES)}")
        with self._context.engine.write() as tx:
            all_waiting = clashes.waiting(tx, visible_to=self._context.visible_to)
            fitting = [one for one in all_waiting if one.clash.id.startswith(id) or to_text(one.item) == id]
            if not fitting or len({one.clash.id for one in fitting}) > 1:
                what = "the note has several conflicts" if fitting else f"there is no conflict {id}"
                raise NotFound(what, hint="scribes conflicts lists them")
            shown = self._shown(tx, fitting[0])
            self._settle(tx, fitting[0], wanted={"ours": shown.ours, "theirs": shown.theirs}.get(choice, shown.merged))
            return shown

    def _settle(self, tx: Tx, waiting: Waiting, *, wanted: str) -> None:
        from . import items, kinds
        from .notes import write_in

        clash, operation = waiting.clash, operations.begin(tx, self._context.command)
        mark_settled(tx, self._context, waiting.item, waiting.kind, [clash.id], operation)
        if wanted == clash.merged:
            return
        if waiting.kind != KIND:
            kind = kinds.kind_of(waiting.kind)
            stored = rows.get(tx, kind, waiting.item, visible_to=self._context.visible_to)
            after = _with_field(stored.content, clash.field, clash.merged, wanted)
            items.write_in(tx, self._context, kind, stored, after, operation)
            return
        note = notes.get(tx, waiting.item, visible_to=self._context.visible_to)
        write_in(tx, self._context, note, _note_with(note.content, clash.field, clash.merged, wanted), operation)

    def _item(self, tx: Tx, ref: str) -> bytes:
        """A note or, where none is called so, a prayer."""
        from ..domain.prayers import PRAYER

        try:
            return notes.resolve(tx, ref, visible_to=self._context.visible_to)
        except NotFound as no_note:
            try:
                return rows.resolve(tx, PRAYER, ref, visible_to=self._context.visible_to)
            except NotFound:
                raise no_note from None

    def _shown(self, tx: Tx, waiting: Waiting) -> Clash:
        from . import kinds

        visible_to = self._context.visible_to
        found: notes.Stored | rows.Stored
        if waiting.kind == KIND:
            found = notes.get(tx, waiting.item, visible_to=visible_to)
            handle = notes.handle(tx, waiting.item, visible_to=visible_to)
        else:
            kind = kinds.kind_of(waiting.kind)
            found = rows.get(tx, kind, waiting.item, visible_to=visible_to)
            handle = rows.handle(tx, kind, waiting.item, visible_to=visible_to)
        clash, names = waiting.clash, self._names(tx, waiting.item, found.space)
        ours, theirs = (clash.ours, clash.ours_by), (clash.theirs, clash.theirs_by)
        if self._is_turned(tx, waiting):
            ours, theirs = theirs, ours
        before, after = _around(str(getattr(found.content, clash.field or "body", "")), clash.merged)
        return Clash(
            id=clash.id,
            item=to_text(waiting.item),
            kind=waiting.kind,
            heading=_heading(found.content),
            field=clash.field,
            base=clash.base,
            ours=ours[0],
            theirs=theirs[0],
            merged=clash.merged,
            ours_by=names.get(ours[1]) or "unknown",
            theirs_by=names.get(theirs[1]) or "unknown",
            handle=handle,
            before=before,
            after=after,
        )

    def _names(self, tx: Tx, item: bytes, space: int) -> dict[bytes, str]:
        """Who is behind each change: a device of one's own, or somebody in a circle."""
        if space == self._context.me.space:
            return changes.devices_by_change(tx, item)
        from .names import authors

        return authors(tx, item, space=space, me=self._context.me)

    def _is_turned(self, tx: Tx, waiting: Waiting) -> bool:
        """Whether what this device wrote is on the other side: a clash is the same on every device, but a person means
        by ours what they wrote where they are.
        """
        by = {change.id: change.device for change in changes.of_item(tx, waiting.item, waiting.kind)}
        here = self._context.me.device_id
        return by.get(waiting.clash.theirs_by) == here and by.get(waiting.clash.ours_by) != here


def mark_settled(tx: Tx, context: Context, item: bytes, kind: str, ids: Sequence[str], operation: int | None) -> None:
    """A change that says that clashes are settled, so that they are on every device."""
    from . import kinds
    from .arrivals import resettle
    from .writing import write_change

    standing: Standing
    text = ""
    if kind == KIND:
        standing = note = notes.get(tx, item, visible_to=context.visible_to)
        text = note.content.body
    else:
        standing = rows.get(tx, kinds.kind_of(kind), item, visible_to=context.visible_to)
    said = Graph(changes.of_item(tx, item, kind)).state().fields.get(SETTLED)
    settled = {one for one in said if isinstance(one, str)} if isinstance(said, list) else set()
    fields = {SETTLED: sorted({*settled, *ids})}
    write_change(tx, context, standing, kind, fields=fields, old_text=text, text=text, operation=operation)
    resettle(tx, context, item, kind, space=standing.space)


def settle_in(tx: Tx, item: bytes, kind: str, space: int) -> None:
    """Keep the clashes of an item in step when several versions were brought together by an edit."""
    clashes.put(tx, item, kind=kind, space=space, clashes=Graph(changes.of_item(tx, item, kind)).state().clashes)


def _note_with(content, field: str, merged: str, wanted: str):  # type: ignore[no-untyped-def]
    if not field:
        return replaced(content, body=_in_place(content.body, merged, wanted))
    return _with_field(content, field, merged, wanted)


def _with_field(content, field: str, merged: str, wanted: str):  # type: ignore[no-untyped-def]
    """The content with a field as it was chosen; fields that are no text are chosen by editing them."""
    if field == "deleted":
        deleted = wanted not in ("", "null")
        return replaced(content, deleted_us=int(wanted) if deleted else None)
    if field == "occurred":
        import json

        at_us, offset = json.loads(wanted)
        return replaced(content, occurred_us=at_us, occurred_offset=offset)
    value = getattr(content, field, None)
    if not isinstance(value, str):
        raise Conflict(f"{field} cannot be chosen here", hint="edit it, and choose both")
    return replaced(content, **{field: _in_place(value, merged, wanted)})


def _in_place(text: str, merged: str, wanted: str) -> str:
    if merged and text.count(merged) >= 1:
        return text.replace(merged, wanted, 1)
    raise Conflict("the place was edited since", hint="edit the note as it should be, then choose both")


def _around(text: str, merged: str) -> tuple[str, str]:
    """The words before and behind a place in a text, on its line."""
    at = text.find(merged) if merged else -1
    if at < 0:
        return "", ""
    return text[:at].rpartition("\n")[2], text[at + len(merged) :].partition("\n")[0]


def _heading(content: object) -> str:
    from ..models.notes import heading_of

    title = getattr(content, "title", getattr(content, "name", ""))
    return heading_of(str(title), str(getattr(content, "body", getattr(content, "text", ""))))

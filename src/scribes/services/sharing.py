"""Sharing: a note or prayer goes into a circle, and back; and what people say about it there.

What is shared is one thing for all: it moves into the circle as it is now, without its history, and whatever pointed at
it follows. What it was before lies in the person's own trash.
"""

from __future__ import annotations

from ..domain import access
from ..domain.changes import new_change
from ..domain.circles import COMMENT, CommentContent, clean_comment
from ..domain.diff import diff
from ..domain.notes import KIND, MOVED, fields_between
from ..domain.passages import references_of
from ..domain.prayers import PRAYER
from ..errors import Forbidden, InvalidInput, NotFound
from ..ids import new_id, to_text
from ..models.sync import Comment
from ..records import replaced
from ..storage import changes, clashes, items, notes, operations
from . import account, kinds, own_spaces
from .account import keyring
from .circles import find_circle
from .clashes import mark_settled
from .items import add_in, write_in
from .names import member_behind, member_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..domain.keyring import Keyring
    from ..ports import Tx
    from ..storage.items import Stored
    from ..storage.spaces import Space
    from .context import Context

# What may point at a note or prayer, by kind: the field that holds its id.
POINTING = {"reminder": "about", "card": "source", "prayer": "note", "prayed": "prayer"}


class Sharing:
    """What goes into circles and back. `ref` is a note, or a prayer: an id or the start of a handle."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._engine = context.engine

    def share(self, ref: str, circle: str) -> str:
        """The id of a note or prayer in a circle, after it moved there.

        Raises: NotFound, Ambiguous, InvalidInput (it is shared already), Forbidden.
        """
        with self._engine.write() as tx:
            space = find_circle(own_spaces.each(tx, self._context), circle)
            access.check(space.role, "share", where=space.name)
            return self._move(tx, ref, space, "share")

    def unshare(self, ref: str) -> str:
        """The id of a note or prayer among the person's own, after it was taken out of its circle; there it is in the
        trash. Who has read it has read it.

        Raises: NotFound, Ambiguous, InvalidInput (it is not shared), Forbidden.
        """
        with self._engine.write() as tx:
            return self._move(tx, ref, own_spaces.get(tx, self._context, self._context.me.space), "unshare")

    def comment(self, ref: str, text: str) -> Comment:
        """A comment on something that is shared.

        Raises: NotFound, Ambiguous, InvalidInput, Forbidden.
        """
        words = clean_comment(text)
        with self._engine.write() as tx:
            found = self._find(tx, ref)
            if found.space == self._context.me.space:
                raise InvalidInput("this is not shared", hint="scribes circle share NOTE CIRCLE")
            space = own_spaces.get(tx, self._context, found.space)
            access.check(space.role, "comment", where=space.name)
            operation = operations.begin(tx, self._context.command)
            made = add_in(
                tx, self._context, COMMENT, CommentContent(to_text(found.id), words), operation, space=space.n
            )
            return self._shown(tx, made, space)

    def get_comment(self, ref: str) -> Comment:
        """A comment.

        Raises: NotFound, also for one that was taken back; Ambiguous.
        """
        with self._engine.read() as tx:
            stored = self._find_comment(tx, ref)
            return self._shown(tx, stored, own_spaces.get(tx, self._context, stored.space))

    def comments(self, ref: str, *, limit: int = 1_000, skip: int = 0) -> list[Comment]:
        """What was said about a note or prayer, the first first.

        Raises: NotFound, Ambiguous.
        """
        with self._engine.read() as tx:
            found = self._find(tx, ref)
            space = own_spaces.get(tx, self._context, found.space)
            about = to_text(found.id)
            listed = items.select(
                tx, COMMENT, "about = ? AND deleted_us IS NULL", (about,), visible_to=(found.space,),
                order="created_us, id", limit=skip + limit,
            )  # fmt: skip
            ring = keyring(tx, space)
            return [self._shown(tx, one, space, ring) for one in listed[skip:]]

    def change_comment(self, ref: str, text: str) -> Comment:
        """A comment of one's own in other words.

        Raises: NotFound, Ambiguous, InvalidInput, Forbidden.
        """
        words = clean_comment(text)
        with self._engine.write() as tx:
            stored = self._find_comment(tx, ref)
            space = own_spaces.get(tx, self._context, stored.space)
            if not self._is_mine(tx, stored, space):
                raise Forbidden("what others said is not changed", hint="comment on it yourself")
            operation = operations.begin(tx, self._context.command)
            after = replaced(stored.content, text=words)
            return self._shown(tx, write_in(tx, self._context, COMMENT, stored, after, operation), space)

    def remove_comment(self, ref: str) -> Comment:
        """A comment, taken back; of others, by whoever may remove people.

        Raises: NotFound, Ambiguous, Forbidden.
        """
        with self._engine.write() as tx:
            stored = self._find_comment(tx, ref)
            space = own_spaces.get(tx, self._context, stored.space)
            if not self._is_mine(tx, stored, space):
                access.check(space.role, "remove", where=space.name)
            shown = self._shown(tx, stored, space)
            operation = operations.begin(tx, self._context.command)
            write_in(tx, self._context, COMMENT, stored, replaced(stored.content, deleted_us=tx.now_us), operation)
            return shown

    def circle_of(self, ref: str) -> str:
        """The name of the circle a note or prayer is in; "" for one's own.

        Raises: NotFound, Ambiguous.
        """
        with self._engine.read() as tx:
            found = self._find(tx, ref)
            return "" if found.space == self._context.me.space else own_spaces.get(tx, self._context, found.space).name

    def _find(self, tx: Tx, ref: str) -> notes.Stored | Stored:
        """A note or, where none is called so, a prayer."""
        visible_to = self._context.visible_to
        try:
            return notes.get(tx, notes.resolve(tx, ref, visible_to=visible_to), visible_to=visible_to)
        except NotFound:
            return items.get(tx, PRAYER, items.resolve(tx, PRAYER, ref, visible_to=visible_to), visible_to=visible_to)

    def _move(self, tx: Tx, ref: str, to: Space, action: str) -> str:
        found = self._find(tx, ref)
        if found.space == to.n:
            raise InvalidInput("it is there already" if action == "share" else "it is not shared")
        if action == "share" and found.space != self._context.me.space:
            raise InvalidInput("it is shared in another circle", hint="scribes circle unshare takes it out of that")
        if found.content.deleted_us is not None:
            raise InvalidInput("it is in the trash", hint="scribes restore takes it out")
        if found.space != self._context.me.space:
            home = own_spaces.get(tx, self._context, found.space)
            access.check(home.role, action, where=home.name)
        operation = operations.begin(tx, self._context.command)
        waiting = clashes.waiting(tx, visible_to=self._context.visible_to, item=found.id)
        if waiting:
            # What stands there now is what moves; nobody is asked about a note in the trash.
            mark_settled(tx, self._context, found.id, waiting[0].kind, [one.clash.id for one in waiting], operation)
            found = self._find(tx, to_text(found.id))
        if isinstance(found, notes.Stored):
            moved = self._move_note(tx, found, to, operation)
        else:
            content = replaced(found.content, note="")
            moved = add_in(tx, self._context, PRAYER, content, operation, space=to.n).id
            gone = replaced(found.content, deleted_us=tx.now_us)
            write_in(tx, self._context, PRAYER, found, gone, operation)
        self._follow(tx, to_text(found.id), to_text(moved), operation)
        return to_text(moved)

    def _move_note(self, tx: Tx, found: notes.Stored, to: Space, operation: int) -> bytes:
        from .notes import with_deleted
        from .notes import write_in as write_note_in

        me, id = self._context.me, new_id(tx.now_us)
        # Links by hand name the person's other notes: they are nobody else's business.
        content = replaced(found.content, links=())
        change = new_change(
            item=id,
            kind=KIND,
            parents=(),
            device=me.device_id,
            at_us=tx.now_us,
            edits=diff("", content.body),
            fields=fields_between(None, content),
        )
        changes.append(tx, change, space=to.n, device=me.device, operation=operation)
        notes.insert(
            tx,
            id=id,
            space=to.n,
            heads=change.id,
            created_us=tx.now_us,
            changed_us=tx.now_us,
            content=content,
            references=references_of(content),
        )
        gone = with_deleted(found.content, tx.now_us)
        # Where it went: so that other devices do not take it for one of many that are thrown away.
        write_note_in(tx, self._context, found, gone, operation, beside={MOVED: id.hex()})
        return id

    def _follow(self, tx: Tx, old: str, new: str, operation: int) -> None:
        """What pointed at it points at it where it is now: reminders, cards, prayers and their log."""
        for name, field in POINTING.items():
            kind = kinds.kind_of(name)
            for id in items.ids_where(tx, kind, field, old, visible_to=self._context.visible_to):
                stored = items.get(tx, kind, id, visible_to=self._context.visible_to)
                if stored.space == self._context.me.space:
                    after: Any = replaced(stored.content, **{field: new})
                    write_in(tx, self._context, kind, stored, after, operation)

    def _find_comment(self, tx: Tx, ref: str) -> Stored:
        id = items.resolve(tx, COMMENT, ref, visible_to=self._context.visible_to)
        found = items.get(tx, COMMENT, id, visible_to=self._context.visible_to)
        if found.content.deleted_us is not None:
            raise NotFound("the comment was taken back")
        return found

    def _is_mine(self, tx: Tx, comment: Stored, space: Space) -> bool:
        return self._author(tx, comment, keyring(tx, space)) == account.get(tx, self._context.me).member

    def _author(self, tx: Tx, comment: Stored, ring: Keyring) -> bytes | None:
        """The member who made a comment; the person, where the device that wrote it is not known yet."""
        history = changes.of_item(tx, comment.id, COMMENT.name)
        member = member_behind(tx, ring, history[0].device) if history else None
        return account.get(tx, self._context.me).member if member is None else member

    def _shown(self, tx: Tx, stored: Stored, space: Space, ring: Keyring | None = None) -> Comment:
        from ..domain.dates import from_us

        member = self._author(tx, stored, ring or keyring(tx, space))
        return Comment(
            id=to_text(stored.id),
            handle=items.handle(tx, COMMENT, stored.id, visible_to=self._context.visible_to),
            about=stored.content.about,
            text=stored.content.text,
            author=member_name(tx, space, member or b""),
            at=from_us(stored.created_us),
        )

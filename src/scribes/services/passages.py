"""Passages in notes: what a note names, what was written on a passage, and a person's choices about both."""

from __future__ import annotations

from ..domain import passages as rules
from ..errors import InvalidInput
from ..models.passages import PassageHit, Reference
from ..records import replaced
from ..storage import notes, operations
from ..storage import passages as stored_passages
from .notes import write_in
from .rows import find_in, to_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..ports import Engine, Progress, Tx
    from ..scripture.spans import Span
    from .context import Context

    Passage = str | tuple[int, int]

BATCH = 500


class Passages:
    """References of notes. A passage is a text as typed ("Romans 8") or a pair of verse ordinals.

    What a person chooses is part of the note: it survives edits, is in the history, and `undo` takes it back.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._engine = context.engine

    def of(self, ref: str) -> list[Reference]:
        """The references of a note: pinned ones, those of its title, then those of its text, in order.

        Raises: NotFound, Ambiguous.
        """
        self.catch_up()
        with self._engine.read() as tx:
            stored = find_in(tx, ref, self._context)
            if stored.content.deleted_us is not None:
                return list(rules.references_of(stored.content))
            return list(stored_passages.of_note(tx, stored.n))

    def on(self, passage: Passage, *, limit: int = 20) -> list[PassageHit]:
        """The notes that name something of a passage: the very passage and a few verses of it first, whole chapters and
        longer ranges behind; among those alike, the newest first.

        Raises: InvalidInput.
        """
        start, end = passage_of(passage)
        self.catch_up()
        own = self._context.visible_to if self._context.hosted else None
        hits: list[PassageHit] = []
        with self._engine.read() as tx:
            skip = 0
            while len(hits) < limit:
                keys = stored_passages.nearest(tx, start, end, limit=limit, skip=skip, among=own)
                hits += self._hits(tx, keys, start, end)
                skip += len(keys)
                if len(keys) < limit:
                    break
        return hits[:limit]

    def pin(self, ref: str, passage: Passage) -> list[Reference]:
        """The note's references, now with this passage, whether the text names it or not.

        Raises: NotFound, Ambiguous, InvalidInput.
        """
        start, end = passage_of(passage)
        return self._choose(ref, lambda choices, _: rules.pinned(choices, start, end))

    def correct(self, ref: str, text: str, passage: Passage) -> list[Reference]:
        """The note's references, with what was read from `text` meaning this passage.

        Raises: NotFound, also where the note has no such reference; Ambiguous, InvalidInput.
        """
        start, end = passage_of(passage)

        def choose(choices: rules.Choices, found: tuple[Reference, ...]) -> rules.Choices:
            return rules.corrected(choices, rules.one_read(found, text).text, start, end)

        return self._choose(ref, choose)

    def dismiss(self, ref: str, text: str) -> list[Reference]:
        """The note's references, without those read from `text`; a pinned passage, written as one, is pinned no more.

        Raises: NotFound, also where the note has no such reference; Ambiguous, InvalidInput.
        """

        def choose(choices: rules.Choices, found: tuple[Reference, ...]) -> rules.Choices:
            pin = _pin_named(text, found)
            if pin and not any(rules.is_text_of(one, text) for one in found):
                return rules.unpinned(choices, *pin)
            return rules.dismissed(choices, rules.one_read(found, text).text)

        return self._choose(ref, choose)

    def reset(self, ref: str) -> list[Reference]:
        """The note's references as they are read from its text, without any choice.

        Raises: NotFound, Ambiguous.
        """
        return self._choose(ref, lambda *_: ())

    def catch_up(self, progress: Progress | None = None) -> int:
        """How many notes were read, because a vault is of an older format or the rules have changed since.

        Notes are read in batches, each in a transaction of its own: an interruption loses none.
        """
        with self._engine.read() as tx:
            if stored_passages.is_current(tx):
                return 0
            total = notes.count_all(tx)
        done = 0
        while True:
            with self._engine.write() as tx:
                found = notes.of_everybody(tx, stored_passages.read_so_far(tx), limit=BATCH)
                for stored in found:
                    stored_passages.put_anew(tx, stored.n, stored.content)
                stored_passages.note_read(tx, found[-1].n if found else None)
            done += len(found)
            if not found:
                return done
            if progress:
                progress(min(done, total), total)

    def _hits(self, tx: Tx, keys: list[int], start: int, end: int) -> list[PassageHit]:
        """The notes of the keys that may be seen, in the order of the keys."""
        if not keys:
            return []
        seen = {stored.n: stored for stored in notes.by_keys(tx, keys, visible_to=self._context.visible_to)}
        named = stored_passages.overlapping(tx, seen, start, end)
        return [
            PassageHit(
                to_note(tx, seen[key], self._context),
                tuple(sorted(named[key], key=lambda one: rules.nearness(one, start, end))),
            )
            for key in keys
            if key in seen
        ]

    def _choose(
        self, ref: str, choose: Callable[[rules.Choices, tuple[Reference, ...]], rules.Choices]
    ) -> list[Reference]:
        """The references after a choice. What can be chosen about is what the text says: earlier choices included."""
        self.catch_up()
        with self._engine.write() as tx:
            stored = find_in(tx, ref, self._context)
            read = rules.references_of(replaced(stored.content, refs=_pins(stored.content.refs)))
            after = replaced(stored.content, refs=choose(stored.content.refs, read))
            if after != stored.content:
                operation = operations.begin(tx, self._context.command)
                stored = write_in(tx, self._context, stored, after, operation)
            return list(rules.references_of(stored.content))


def differing(engine: Engine, progress: Progress | None = None) -> int:
    """How many notes have other references in the table than their text and choices say."""
    different, key, done = 0, 0, 0
    with engine.read() as tx:
        total = notes.count_all(tx)
    while True:
        with engine.read() as tx:
            found = notes.of_everybody(tx, key, limit=BATCH)
            different += sum(not stored_passages.is_as_read(tx, one.n, one.content) for one in found)
        if not found:
            return different
        key, done = found[-1].n, done + len(found)
        if progress:
            progress(done, total)


def passage_of(passage: Passage) -> tuple[int, int]:
    """The ordinals of a passage as typed or given.

    Raises: InvalidInput.
    """
    if isinstance(passage, str):
        return named(passage).passage
    from ..scripture.formatting import format_passage

    format_passage(*passage)
    return passage


def named(text: str) -> Span:
    """The one passage that a text as typed names: in English, else in any language that is known.

    Raises: InvalidInput.
    """
    from ..scripture.lexicon import LANGUAGES
    from ..scripture.parsing import parse
    from ..scripture.search import find

    try:
        return parse(text)
    except InvalidInput as refused:
        if find(text, deuterocanon=True, missing=True):
            # It is English, but more than one passage, or none there is.
            raise
        for language in LANGUAGES:
            try:
                return parse(text, languages=(language,))
            except InvalidInput:
                continue
        raise refused from None


def _pins(choices: rules.Choices) -> rules.Choices:
    return tuple(choice for choice in choices if choice[0] == rules.PIN)


def _pin_named(text: str, found: tuple[Reference, ...]) -> tuple[int, int] | None:
    """The pinned passage that a text names, or None."""
    pins = {(one.start, one.end) for one in found if one.how == "pinned"}
    if not pins:
        return None
    try:
        named = passage_of(text)
    except InvalidInput:
        return None
    return named if named in pins else None

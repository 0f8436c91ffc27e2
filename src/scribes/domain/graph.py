"""The history of one item as a graph, and its state as a pure function of the set of its changes.

Order comes from parents alone; (at_us, id) only breaks ties. Every change carries its text relative to its first
parent, never to a merge, so a merge is virtual: nothing is written, and two programs that merge differently still hold
the same history. Several heads are folded one by one; the base of a merge is the state of the nearest common
ancestors, which may themselves have to be merged.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from ..errors import Damaged, NotFound
from ..records import replaced
from .changes import SCHEMA, State
from .diff import apply
from .merge import SETTLED, Clash, as_text, merge_fields, merge_texts, unlike

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .changes import Change

    Content = tuple[str, dict[str, Any], tuple[Clash, ...]]


# More versions side by side than people make; merging them costs the cube of their number. The others wait until an
# edit has brought these together.
MOST_HEADS = 64
# The texts at the ends of runs that are kept, in characters: a history of one large text that goes many ways must not
# take its size times their number. The others are worked out again.
MOST_KEPT = 128 * 1024 * 1024


class _Run:
    """Changes one behind the other with nothing beside them: a common ancestor is always the last of a run.

    `fields` are those after the last change; `mask` has a bit for the run and each run before it.
    """

    __slots__ = ("born", "changes", "fields", "mask", "parents")

    def __init__(self, parents: tuple[int, ...], mask: int, born: tuple[int, bytes]) -> None:
        self.changes: list[Change] = []
        self.parents, self.mask, self.born = parents, mask, born
        self.fields: dict[str, Any] = {}


class Graph:
    """The changes of one item. Those without all their ancestors wait, and so does what a newer Scribes wrote."""

    heads: tuple[bytes, ...]
    """The changes that no other builds on, ascending by (at_us, id); none when nothing is complete."""
    waiting: tuple[Change, ...]
    """What is kept but not applied: it lacks ancestors, its schema is newer, its edits do not fit, or it follows such
    a change."""

    def __init__(self, changes: Iterable[Change]) -> None:
        known: dict[bytes, Change] = {}
        for change in changes:
            known.setdefault(change.id, change)
        self._runs: list[_Run] = []
        self._run_of: dict[bytes, int] = {}
        self._texts: dict[int, str] = {}
        self._kept = 0
        self._contents: dict[tuple[int, ...], Content] = {}
        self._clashes: dict[int, tuple[Clash, ...]] = {}
        self._order = self._arrange(known)
        parents = {parent for run in self._runs for parent in run.parents}
        heads = self._by_age(number for number in range(len(self._runs)) if number not in parents)
        self._heads, beyond = heads[:MOST_HEADS], heads[MOST_HEADS:]
        self.heads = tuple(self._runs[number].changes[-1].id for number in self._heads)
        left = [change for id, change in known.items() if id not in self._run_of]
        left += [change for number in beyond for change in self._runs[number].changes]
        self.waiting = tuple(sorted(left, key=_age))

    def state(self) -> State:
        """The present state: of the head, or merged over all heads.

        Raises: Damaged, when nothing is complete.
        """
        if not self._heads:
            if any(change.schema > SCHEMA for change in self.waiting):
                raise Damaged("the history was written by a newer Scribes", hint="update Scribes on this device")
            raise Damaged("a change in the history lacks its parent")
        ends = [self._runs[number] for number in self._heads]
        text, fields, clashes = self._merged(self._heads)
        born, changed_us = min(run.born for run in ends), max(run.changes[-1].at_us for run in ends)
        return State(fields, text, b"".join(self.heads), born[0], changed_us, clashes)

    def states(self) -> list[State]:
        """The state after each complete change by itself: parents first, ties by (at_us, id)."""
        found = {state.head: state for run in range(len(self._runs)) for state in self._states_of(run)}
        return [found[change.id] for change in self._order]

    def order(self) -> list[bytes]:
        """The complete changes, parents first, ties by (at_us, id)."""
        return [change.id for change in self._order]

    def steps(self) -> Iterator[tuple[State, State | None]]:
        """The state after each complete change by itself, and the one before it: of its parents, together where they
        are several. A few texts at a time, so in another order than `order`.
        """
        for number in range(len(self._runs)):
            before = self._behind(number)
            for state in self._states_of(number):
                yield state, before
                before = state

    def _behind(self, number: int) -> State | None:
        """What the first change of a run stands on."""
        run = self._runs[number]
        if not run.parents:
            return None
        mask = 0
        for parent in run.parents:
            mask |= self._runs[parent].mask
        heads = self._nearest(mask)
        text, fields, clashes = self._merged(heads)
        ends = [self._runs[head] for head in heads]
        head = b"".join(end.changes[-1].id for end in ends)
        return State(
            fields, text, head, min(end.born for end in ends)[0], max(e.changes[-1].at_us for e in ends), clashes
        )

    def state_at(self, id: bytes) -> State:
        """The state after one change.

        Raises: NotFound, when it is not here, or waits.
        """
        if id not in self._run_of:
            raise NotFound(f"there is no change {id.hex()}")
        return next(state for state in self._states_of(self._run_of[id]) if state.head == id)

    def _arrange(self, known: dict[bytes, Change]) -> list[Change]:
        """The complete changes in the order of causes, laid into runs."""
        children: dict[bytes, list[Change]] = {}
        missing: dict[bytes, int] = {}
        for change in known.values():
            parents = set(change.parents)
            missing[change.id] = len(parents)
            for parent in parents:
                children.setdefault(parent, []).append(change)
        ready = [(*_age(change), change) for change in known.values() if not change.parents]
        heapify(ready)
        order = []
        while ready:
            change = heappop(ready)[2]
            if not self._lay(change, alone=len(children.get(change.parents[0], ())) == 1 if change.parents else False):
                continue
            order.append(change)
            for child in children.get(change.id, ()):
                missing[child.id] -= 1
                if not missing[child.id]:
                    heappush(ready, (*_age(child), child))
        return order

    def _lay(self, change: Change, *, alone: bool) -> bool:
        """Add a change whose parents are all here (`alone`: its first parent has no other child), if it is sound."""
        parents = tuple(dict.fromkeys(self._run_of[parent] for parent in change.parents))
        before = self._runs[parents[0]] if parents else None
        text = _applied(self._text(parents[0]) if parents else "", change)
        if text is None:
            return False
        if before and alone and len(parents) == 1:
            run, number = before, parents[0]
        else:
            above = [self._runs[parent] for parent in parents]
            number = len(self._runs)
            mask = 1 << number
            for parent in above:
                mask |= parent.mask
            run = _Run(parents, mask, min((parent.born for parent in above), default=_age(change)))
            self._runs.append(run)
        run.fields = {**before.fields, **change.fields} if before else change.fields
        run.changes.append(change)
        self._keep(number, text)
        self._run_of[change.id] = number
        return True

    def _text(self, number: int) -> str:
        """The text at the end of a run."""
        needed = [number]
        while needed[-1] not in self._texts and (above := self._runs[needed[-1]].parents):
            needed.append(above[0])
        text = ""
        while needed:
            one = needed.pop()
            known = self._texts.get(one)
            if known is None:
                for change in self._runs[one].changes:
                    text = apply(text, change.edits)
            else:
                text = known
        self._keep(number, text)
        return text

    def _keep(self, number: int, text: str) -> None:
        """Keep the text at the end of a run; those that were not asked for the longest go where there are too many."""
        self._kept += len(text) - len(self._texts.pop(number, ""))
        self._texts[number] = text
        while self._kept > MOST_KEPT and len(self._texts) > 1:
            self._kept -= len(self._texts.pop(next(iter(self._texts))))

    def _states_of(self, number: int) -> Iterator[State]:
        """The states along a run."""
        run = self._runs[number]
        text, fields = "", {}
        if run.parents:
            text, fields = self._text(run.parents[0]), self._runs[run.parents[0]].fields
        clashes = self._clashes_before(number)
        for change in run.changes:
            text, fields = apply(text, change.edits), {**fields, **change.fields}
            yield State(fields, text, change.id, run.born[0], change.at_us, _unsettled(clashes, fields))

    def _clashes_before(self, number: int) -> tuple[Clash, ...]:
        """The clashes that a run takes over from its parents, or from their merge."""
        run = self._runs[number]
        if not run.parents:
            return ()
        before = run.mask ^ (1 << number)
        return self._merged(self._nearest(before))[2]

    def _clashes_behind(self, number: int) -> tuple[Clash, ...]:
        """The clashes after the last change of a run."""
        mask = 0 if number in self._clashes else self._runs[number].mask
        # Those of the runs before it are found first, the oldest first: a deep history must not become a deep call.
        for earlier in range(mask.bit_length()):
            if mask >> earlier & 1 and earlier not in self._clashes:
                self._clashes[earlier] = _unsettled(self._clashes_before(earlier), self._runs[earlier].fields)
        return self._clashes[number]

    def _merged(self, heads: tuple[int, ...]) -> Content:
        """The text, the fields and the open clashes of runs side by side."""
        text, fields, clashes = self._content(heads)
        if len(self._runs) == 1:
            return text, fields, ()
        carried = [clash for head in heads for clash in self._clashes_behind(head)]
        return text, fields, _unsettled(unlike([*carried, *clashes]), fields)

    def _content(self, heads: tuple[int, ...]) -> Content:
        """The text and the fields of runs side by side, and the clashes of this merge alone."""
        # A base may be a merge whose base is a merge, and so on: those that are needed wait on a stack.
        needed = [heads]
        while needed:
            if needed[-1] in self._contents:
                needed.pop()
                continue
            bases = [base for base in self._bases(needed[-1]) if base and base not in self._contents]
            if bases:
                needed += bases
            else:
                found = needed.pop()
                self._contents[found] = self._folded(found)
        content = self._contents[heads]
        if sum(len(text) for text, _, _ in self._contents.values()) > MOST_KEPT:
            self._contents.clear()
        return content

    def _bases(self, heads: tuple[int, ...]) -> list[tuple[int, ...]]:
        """For each head but the first: what it and the heads before it have nearest in common."""
        seen = self._runs[heads[0]].mask
        bases = []
        for head in heads[1:]:
            bases.append(self._nearest(seen & self._runs[head].mask))
            seen |= self._runs[head].mask
        return bases

    def _nearest(self, mask: int) -> tuple[int, ...]:
        """The runs of a mask that are before no other run of it."""
        found = []
        while mask:
            found.append(mask.bit_length() - 1)
            mask &= ~self._runs[found[-1]].mask
        return self._by_age(found)

    def _folded(self, heads: tuple[int, ...]) -> Content:
        """The heads merged one after another."""
        runs = [self._runs[head] for head in heads]
        text, fields = self._text(heads[0]), runs[0].fields
        clashes: list[Clash] = []
        for number, base in enumerate(self._bases(heads), 1):
            theirs = runs[number]
            before, known, _ = self._contents[base] if base else ("", {}, ())
            other = self._text(heads[number])
            changed = (text != before, other != before)
            said, found = merge_texts(before if base else None, text, other)
            together, others = merge_fields(known, fields, theirs.fields, ours_later=False, text_changed=changed)
            for clash in (*found, *others):
                by = self._author(clash, heads[:number]).changes[-1].id
                clashes.append(replaced(clash, ours_by=by, theirs_by=theirs.changes[-1].id))
            text, fields = said, together
        return text, fields, tuple(clashes)

    def _author(self, clash: Clash, heads: tuple[int, ...]) -> _Run:
        """Which of several heads that were merged already stands behind their side of a clash."""
        for head in heads:
            run = self._runs[head]
            if clash.field:
                found = clash.field in run.fields and as_text(run.fields[clash.field]) == clash.ours
            else:
                text = self._text(head)
                found = clash.ours in text if clash.ours else clash.base not in text
            if found:
                return run
        return self._runs[heads[-1]]

    def _by_age(self, runs: Iterable[int]) -> tuple[int, ...]:
        return tuple(sorted(runs, key=lambda number: _age(self._runs[number].changes[-1])))


def _age(change: Change) -> tuple[int, bytes]:
    return change.at_us, change.id


def _applied(before: str, change: Change) -> str | None:
    """The text after a change; None for one that this program cannot apply."""
    if change.schema > SCHEMA or not isinstance(change.fields, dict):
        return None
    try:
        text = apply(before, change.edits)
        for _, _, inserted in change.edits:
            str(inserted).encode()
    except (Damaged, UnicodeEncodeError):
        return None
    return text


def _unsettled(clashes: tuple[Clash, ...], fields: dict[str, Any]) -> tuple[Clash, ...]:
    settled = fields.get(SETTLED)
    if not clashes or not isinstance(settled, list):
        return clashes
    return tuple(clash for clash in clashes if clash.id not in settled)

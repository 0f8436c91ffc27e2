"""Links between notes: what was found, what was written, and what a person decided about them."""

from __future__ import annotations

from ..domain import links as rules
from ..errors import InvalidInput, NotFound, Unavailable
from ..models.links import Edge, Graph, Link, Missing, Node, Suggestion
from ..records import replaced
from ..storage import links, notes, operations
from . import linking
from .link_reading import BY_HAND_SCORE, Reading
from .notes import write_in
from .rows import find_in, to_note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..models.notes import Note
    from ..ports import Progress, Tx
    from ..storage.notes import Stored
    from .context import Context
    from .link_reading import Found, Seen

# Of a note in a graph the strongest links are followed, more of them from the note where it begins.
MOST_FROM_START, MOST_FROM_OTHERS, LOOKED_AT = 24, 8, 5_000


class Links:
    """The graph of notes. Two notes are `a` and `b`, each an id or the start of a handle.

    What a person decides (links by hand, dismissals) is part of a note: it is in its history, and `undo` takes it back.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._engine = context.engine

    def of(self, ref: str, *, kind: str = "") -> list[Link]:
        """The links of a note, those by hand first, then the strongest.

        Raises: NotFound, Ambiguous, InvalidInput.
        """
        if kind and kind not in (*rules.KINDS, rules.BY_HAND):
            raise InvalidInput(f"there is no kind {kind!r}", hint=f"{', '.join(rules.KINDS)}, {rules.BY_HAND}")
        self.catch_up()
        with self._engine.read() as tx:
            stored = find_in(tx, ref, self._context)
            found = self._reading(tx).of(stored)
            return [self._shown(tx, one) for one in found if kind in ("", one.kind)]

    def missing(self, ref: str) -> list[Missing]:
        """The [[links]] of a note that lead to no note.

        Raises: NotFound, Ambiguous.
        """
        self.catch_up()
        with self._engine.read() as tx:
            stored = find_in(tx, ref, self._context)
            if stored.content.deleted_us is not None:
                return []
            _, missing = self._reading(tx).written(stored)
            body = stored.content.body
            return [Missing(body[begin + 2 : stop - 2], begin, stop) for begin, stop in missing]

    def around(self, ref: str, *, depth: int = 2) -> Graph:
        """The notes that links lead to from a note in so many steps, and all links between them.

        Raises: NotFound, Ambiguous.
        """
        self.catch_up()
        with self._engine.read() as tx:
            return self._around(tx, find_in(tx, ref, self._context), depth)

    def orphans(self, *, limit: int = 20) -> list[Note]:
        """Notes without any link, the latest first.

        Raises: Unavailable, on a server.
        """
        self._check_kept()
        self.catch_up()
        with self._engine.read() as tx:
            reading = self._reading(tx)
            by_hand = {n for pair in reading.pairs_by_hand() for n in pair}
            keys = links.without_links(tx, by_hand, visible_to=self._context.visible_to, limit=limit)
            known = {stored.n: stored for stored in notes.by_keys(tx, keys, visible_to=self._context.visible_to)}
            return [to_note(tx, known[n], self._context) for n in keys if n in known]

    def suggestions(self, *, limit: int = 20) -> list[Suggestion]:
        """Pairs of notes that belong together and that no link by hand joins, the strongest first.

        Raises: Unavailable, on a server.
        """
        self._check_kept()
        self.catch_up()
        with self._engine.read() as tx:
            return self._suggestions(tx, limit)

    def link(self, a: str, b: str, *, why: str = "") -> Link:
        """The link by hand from one note to another. If links between them were dismissed, they are no longer.

        Raises: NotFound, Ambiguous, InvalidInput.
        """

        def choose(first: Stored, second: Stored) -> tuple[rules.LinkChoices, rules.LinkChoices]:
            mine = rules.linked(first.content.links, second.id.hex(), why)
            return mine, rules.without(second.content.links, first.id.hex(), only=rules.DISMISS)

        with self._engine.write() as tx:
            _, second = self._choose(tx, a, b, choose)
            return Link(
                to_note(tx, second, self._context),
                rules.BY_HAND,
                BY_HAND_SCORE,
                " ".join(why.split()),
                None,
                None,
                "to",
            )

    def unlink(self, a: str, b: str) -> Note:
        """The other note, no longer linked by hand with the first, from whichever side it was.

        Raises: NotFound, also where they are not linked so; InvalidInput, where the link is written in the text.
        """

        def choose(first: Stored, second: Stored) -> tuple[rules.LinkChoices, rules.LinkChoices]:
            mine = rules.without(first.content.links, second.id.hex(), only=rules.LINK)
            theirs = rules.without(second.content.links, first.id.hex(), only=rules.LINK)
            if (mine, theirs) == (first.content.links, second.content.links):
                self._refuse_to_unlink(first, second)
            return mine, theirs

        self.catch_up()
        with self._engine.write() as tx:
            return to_note(tx, self._choose(tx, a, b, choose)[1], self._context)

    def dismiss(self, a: str, b: str) -> Note:
        """The other note, never again linked with the first by Scribes itself; `restore` takes that back.

        Raises: NotFound, Ambiguous, InvalidInput.
        """
        with self._engine.write() as tx:
            _, second = self._choose(
                tx, a, b, lambda one, two: (rules.dismissed(one.content.links, two.id.hex()), two.content.links)
            )
            return to_note(tx, second, self._context)

    def restore(self, a: str, b: str) -> Note:
        """The other note, linked with the first again if they have something in common.

        Raises: NotFound, also where the links were not dismissed; Ambiguous, InvalidInput.
        """

        def choose(first: Stored, second: Stored) -> tuple[rules.LinkChoices, rules.LinkChoices]:
            mine = rules.without(first.content.links, second.id.hex(), only=rules.DISMISS)
            theirs = rules.without(second.content.links, first.id.hex(), only=rules.DISMISS)
            if (mine, theirs) == (first.content.links, second.content.links):
                raise NotFound("links between these notes were not dismissed")
            return mine, theirs

        with self._engine.write() as tx:
            return to_note(tx, self._choose(tx, a, b, choose)[1], self._context)

    def catch_up(self, progress: Progress | None = None) -> int:
        """How many notes were linked anew, because they had changed since."""
        from .passages import Passages

        Passages(self._context).catch_up()
        if self._context.hosted:
            from .fresh_links import HURRIED, hear

            return hear(self._engine, self._context.visible_to, most=HURRIED)
        return linking.catch_up(self._engine, progress)

    def rebuild(self, progress: Progress | None = None) -> int:
        """How many notes were linked: all of them, anew."""
        from .passages import Passages

        self._check_kept()
        Passages(self._context).catch_up()
        return linking.rebuild(self._engine, progress)

    def _reading(self, tx: Tx) -> Reading:
        if not self._context.hosted:
            return Reading(tx, self._context)
        from .fresh_links import FreshReading

        return FreshReading(tx, self._context)

    def _check_kept(self) -> None:
        """Refuse what only a graph that is kept can tell."""
        if self._context.hosted:
            raise Unavailable("a server keeps no graph of all notes", hint="ask for the links of one note")

    def _choose(
        self,
        tx: Tx,
        a: str,
        b: str,
        choose: Callable[[Stored, Stored], tuple[rules.LinkChoices, rules.LinkChoices]],
    ) -> tuple[Stored, Stored]:
        """Both notes after a choice about them: one operation, and their links are right at once."""
        first, second = find_in(tx, a, self._context), find_in(tx, b, self._context)
        if first.id == second.id:
            raise InvalidInput("a note is not linked with itself", hint="give two notes")
        for stored in (first, second):
            if stored.content.deleted_us is not None:
                raise InvalidInput(
                    f"the note is in the trash: {to_note(tx, stored, self._context).heading}", hint="scribes restore"
                )
        chosen = choose(first, second)
        changed = [
            (stored, choices)
            for stored, choices in zip((first, second), chosen, strict=True)
            if choices != stored.content.links
        ]
        if changed:
            operation = operations.begin(tx, self._context.command)
            for stored, choices in changed:
                after = replaced(stored.content, links=choices)
                write_in(tx, self._context, stored, after, operation)
                linking.update_in(tx, stored.n)
        return first, second

    def _refuse_to_unlink(self, first: Stored, second: Stored) -> None:
        with self._engine.read() as tx:
            written, _ = self._reading(tx).written(first)
            back, _ = self._reading(tx).written(second)
        if second.n in {n for n, _ in written} or first.n in {n for n, _ in back}:
            raise InvalidInput(
                "the link is written in the text, in [[ ]]", hint="scribes edit takes it out of the text"
            )
        raise NotFound(
            "these notes are not linked by hand", hint="scribes links NOTE --dismiss OTHER hides a found link"
        )

    def _shown(self, tx: Tx, one: Found) -> Link:
        note = to_note(tx, one.other, self._context)
        return Link(note, one.kind, one.score, one.why, one.here, one.there, one.way)

    def _around(self, tx: Tx, start: Stored, depth: int) -> Graph:
        reading = self._reading(tx)
        steps, known, whole = {start.n: 0}, {start.n: start}, True
        links_of: dict[int, list[Seen]] = {}
        queue = [start]
        for stored in queue:
            seen = links_of[stored.n] = reading.seen(stored)
            if steps[stored.n] == depth:
                continue
            most = MOST_FROM_START if stored is start else MOST_FROM_OTHERS
            near = list(dict.fromkeys(n for n, _, _ in seen))
            whole = whole and len(near) <= most
            fresh = [n for n in near[:most] if n not in known]
            for n, other in reading.notes(fresh).items():
                steps[n], known[n] = steps[stored.n] + 1, other
                queue.append(other)
        shown = {n: to_note(tx, stored, self._context) for n, stored in known.items()}
        edges: dict[tuple[str, int, int], Edge] = {}
        for n, seen in links_of.items():
            for far, kind, tell in seen:
                place = (kind, min(n, far), max(n, far))
                if far not in known or place in edges:
                    continue
                edge = _edge(shown[n], shown[far], tell(known[far]))
                # A link that was found is the same from both sides; those by hand go one way, or both.
                forward = edge.first == shown[n].id
                by_hand = (kind, n, far) if forward else (kind, far, n)
                edges.setdefault(by_hand if edge.way else place, edge)
        return Graph(
            tuple(Node(shown[n], at) for n, at in steps.items()),
            tuple(sorted(edges.values(), key=lambda edge: -edge.score)),
            whole,
        )

    def _suggestions(self, tx: Tx, limit: int) -> list[Suggestion]:
        reading = self._reading(tx)
        by_hand = {frozenset(pair) for pair in reading.pairs_by_hand()}
        pairs: dict[tuple[int, int], list[links.Stored]] = {}
        for one in links.strongest(tx, limit=LOOKED_AT):
            pair = min(one.from_n, one.to_n), max(one.from_n, one.to_n)
            if frozenset(pair) not in by_hand:
                pairs.setdefault(pair, []).append(one)
        together = sorted(
            ((_together(found), pair) for pair, found in pairs.items()), key=lambda one: (-one[0], one[1])
        )
        suggestions: list[Suggestion] = []
        for score, (a, b) in together:
            known = {stored.n: stored for stored in notes.by_keys(tx, [a, b], visible_to=self._context.visible_to)}
            if len(known) < 2:
                continue
            # Later notes lead back to earlier ones.
            first, second = sorted(known.values(), key=lambda one: (-one.content.occurred_us, -one.n))
            found = [reading.found(first, second, one) for one in pairs[a, b]]
            shown = to_note(tx, first, self._context), to_note(tx, second, self._context)
            edges = tuple(_edge(*shown, one) for one in sorted(found, key=lambda one: -one.score))
            suggestions.append(Suggestion(*shown, score, edges))
            if len(suggestions) == limit:
                break
        return suggestions


def _edge(first: Note, second: Note, one: Found) -> Edge:
    if one.way == "from":
        return Edge(second.id, first.id, one.kind, one.score, one.why, one.there, one.here, "to")
    return Edge(first.id, second.id, one.kind, one.score, one.why, one.here, one.there, one.way)


def _together(found: Iterable[links.Stored]) -> float:
    doubt = 1.0
    for one in found:
        doubt *= 1 - one.score / 1000
    return round(1 - doubt, 3)

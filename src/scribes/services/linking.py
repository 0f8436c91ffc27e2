"""Keeping the graph of notes in step with the notes: one note after another, or all of them anew.

Both lead to the same graph. A list of a note can only get worse than it would be made anew where something left it, or
where a verse it rests on became more or less common: then the note waits for its turn again.
"""

from __future__ import annotations

from ..domain import links as rules
from ..domain import wiki
from ..records import replaced
from ..storage import links, meta, notes, passages
from .similar import Similar, is_stale

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..domain.links import Candidate, Overlapping
    from ..ports import Engine, Progress, Tx
    from ..storage.links import Stored
    from ..storage.notes import Stored as StoredNote

    Ranges = tuple[tuple[int, int, int], ...]

# Notes linked in one transaction, well under a second of it; and how many waiting ones of a hundred are linked sooner
# by making the whole graph anew.
BATCH, PAGE, ANEW_PERCENT, ANEW_LEAST = 16, 500, 10, 200


def catch_up(engine: Engine, progress: Progress | None = None, *, limit: int | None = None) -> int:
    """How many notes were linked because they, or what they are linked by, had changed; at most about `limit`."""
    done = 0
    while limit is None or done < limit:
        with engine.read() as tx:
            current, left = bool(links.stamp(tx)) and not is_stale(tx), links.count_waiting(tx)
            total = notes.count_all(tx)
        if not current or left > max(ANEW_LEAST, total * ANEW_PERCENT // 100):
            return done + rebuild(engine, progress)
        if not left:
            break
        with engine.write() as tx:
            for n in links.waiting(tx, limit=BATCH):
                update_in(tx, n)
                done += 1
        if progress:
            progress(done, done + max(0, left - BATCH))
    return done


def rebuild(engine: Engine, progress: Progress | None = None) -> int:
    """How many notes were linked: all of them, anew.

    Everything is worked out from one state of the file, then kept in one short transaction. Where somebody else linked
    a note in the meantime, that is newer: it is tried again, and in the end the file is held for the whole time.
    """
    for _ in range(2):
        with engine.read() as tx:
            before, last = str(meta.get(tx, links.STAMP) or ""), links.last_waiting(tx)
            graph = _Whole(tx, progress)
        with engine.write() as tx:
            if str(meta.get(tx, links.STAMP) or "") == before:
                graph.keep(tx, last)
                return graph.notes
    with engine.write() as tx:
        graph = _Whole(tx, progress)
        graph.keep(tx, links.last_waiting(tx))
        return graph.notes


def differing(engine: Engine) -> int:
    """How many entries the graph has too many or too few, beside one made anew."""
    with engine.read() as tx:
        graph = _Whole(tx, None)
        return len(set(links.everything(tx)) ^ set(graph.entries))


def update_in(tx: Tx, n: int) -> None:
    """Link one note anew as it is now; those of others that this concerns are put right, or wait for their turn."""
    if not links.stamp(tx):
        # All will be made anew.
        return
    stored = keep_words(tx, n)
    ranges = _put_inputs(tx, n, stored)
    near = rules.verses_linked_with(ranges)
    levels = _levels(links.uses(tx, rules.uses_of(ranges) | near))
    left_out = frozenset(_dismissed(tx, stored)) if stored else frozenset()
    for kind, candidates in candidates_of(n, ranges, levels, left_out, _asking(tx)).items():
        _put_candidates(tx, n, kind, candidates, _as_it_is)
    similar = Similar(tx)
    _put_candidates(tx, n, rules.SIMILAR, similar.update(n, left_out), similar.ground)
    links.done(tx, n)
    links.put_stamp(tx)


def keep_words(tx: Tx, n: int) -> StoredNote | None:
    """The note of a key, if it is there: what it is called, names in [[ ]] and chooses about others is kept as it is
    now.
    """
    stored = next(iter(notes.of_everybody(tx, n - 1, limit=1)), None)
    if stored is not None and stored.n != n:
        stored = None
    if stored is not None and _is_alive(stored):
        name, named, choices = _words(stored)
        links.put_words(tx, n, stored.id, name=name, named=named, choices=choices)
    else:
        links.put_words(tx, n, b"", name="", named=(), choices=())
    return stored


class _Whole:
    """The whole graph of one state of the file, worked out in memory."""

    def __init__(self, tx: Tx, progress: Progress | None) -> None:
        self.ranges: dict[int, Ranges] = {}
        self.uses: dict[int, int] = {}
        self.words: list[tuple[int, bytes, str, list[tuple[str, int, int]], rules.LinkChoices]] = []
        self.entries: list[Stored] = []
        self._read(tx)
        self.notes = len(self.words)
        self._link(tx, progress)

    def keep(self, tx: Tx, last: int) -> None:
        """Put it in the place of the graph there is, and take what waited up to a row for done."""
        links.clear(tx)
        for n, ranges in self.ranges.items():
            links.put_passages(tx, n, ranges)
        links.put_uses(tx, self.uses)
        for n, id, name, named, choices in self.words:
            links.put_words(tx, n, id, name=name, named=named, choices=choices)
        links.put(tx, self.entries)
        if self.senses is not None:
            self.senses.keep(tx)
        links.done_until(tx, last)
        links.put_stamp(tx)

    def _read(self, tx: Tx) -> None:
        key = 0
        while page := notes.of_everybody(tx, key, limit=PAGE):
            for stored in page:
                if not _is_alive(stored):
                    continue
                self.words.append((stored.n, stored.id, *_words(stored)))
                self.ranges[stored.n] = ranges = rules.ranges_of(passages.of_note(tx, stored.n))
                for verse in rules.uses_of(ranges):
                    self.uses[verse] = self.uses.get(verse, 0) + 1
            key = page[-1].n

    def _link(self, tx: Tx, progress: Progress | None) -> None:
        left_out, levels = self._left_out(), _levels(self.uses)
        asked: dict[tuple[int, int], list[rules.Named]] = {}

        def overlapping(start: int, end: int) -> list[rules.Named]:
            # What many notes name is asked many times.
            found = asked.get((start, end))
            if found is None:
                asked[start, end] = found = links.overlapping(tx, start, end)
            return found

        similar = Similar(tx)
        self.senses, alike = similar.all_of(self.ranges)
        for done, (n, ranges) in enumerate(self.ranges.items()):
            hidden = frozenset(left_out.get(n, ()))
            found = candidates_of(n, ranges, levels, hidden, overlapping)
            for kind, candidates in found.items():
                self.entries += [links.Stored(n, kind, other, *one) for other, one in rules.best(candidates)]
            near = {other: one for other, one in alike.get(n, {}).items() if other not in hidden}
            self.entries += [
                links.Stored(n, rules.SIMILAR, other, *similar.ground(n, other, one)) for other, one in rules.best(near)
            ]
            if progress and not done % 100:
                progress(done, self.notes)

    def _left_out(self) -> dict[int, set[int]]:
        keys = {id.hex(): n for n, id, *_ in self.words}
        pairs: dict[int, set[int]] = {}
        for n, _, _, _, choices in self.words:
            for choice, digits, _ in choices:
                other = keys.get(digits)
                if choice == rules.DISMISS and other is not None:
                    pairs.setdefault(n, set()).add(other)
                    pairs.setdefault(other, set()).add(n)
        return pairs


def candidates_of(
    n: int, ranges: Ranges, levels: Mapping[int, int], left_out: frozenset[int], overlapping: Overlapping
) -> dict[int, dict[int, Candidate]]:
    """What a note has in common with others by the passages it names, by kind, but for those left out."""
    found = {
        rules.SAME: rules.same_passage(n, ranges, levels, overlapping),
        rules.LINKED: rules.linked_passage(n, ranges, levels, overlapping),
    }
    if left_out:
        return {
            kind: {other: one for other, one in candidates.items() if other not in left_out}
            for kind, candidates in found.items()
        }
    return found


def _levels(uses: Mapping[int, int]) -> dict[int, int]:
    return {verse: rules.level(notes) for verse, notes in uses.items()}


def _asking(tx: Tx) -> Overlapping:
    return lambda start, end: links.overlapping(tx, start, end)


def _put_inputs(tx: Tx, n: int, stored: StoredNote | None) -> Ranges:
    """Keep what the note is linked by; who is concerned by a verse that became more or less common has to wait."""
    ranges = rules.ranges_of(passages.of_note(tx, n)) if stored is not None and _is_alive(stored) else ()
    before = links.passages_of(tx, n)
    if before == ranges:
        return ranges
    links.put_passages(tx, n, ranges)
    gone, came = rules.uses_of(before), rules.uses_of(ranges)
    changed = gone ^ came
    known = links.uses(tx, changed)
    present = {verse: known.get(verse, 0) + (1 if verse in came else -1) for verse in changed}
    links.put_uses(tx, present)
    moved = [verse for verse in changed if rules.level(known.get(verse, 0)) != rules.level(present[verse])]
    links.todo(tx, _concerned(tx, moved, n))
    return ranges


def _concerned(tx: Tx, verses: Iterable[int], n: int) -> set[int]:
    """The notes that name some verses, or a passage that is linked with one of them."""
    found: set[int] = set()
    for verse in verses:
        found |= {other for other, *_ in links.overlapping(tx, verse, verse)}
    return found - {n}


def _as_it_is(_n: int, _other: int, candidate: Candidate) -> Candidate:
    return candidate


def _put_candidates(
    tx: Tx, n: int, kind: int, candidates: Mapping[int, Candidate], ground: Callable[[int, int, Candidate], Candidate]
) -> None:
    """The list of a note, and the place of the note in the lists of others.

    `ground` puts to a candidate what it rests on, where that is worth working out only for those that are kept.
    """
    links.put_list(tx, n, kind, [(other, ground(n, other, one)) for other, one in rules.best(candidates)])
    listing = links.listing(tx, n, kind)
    # A note may be like hundreds: only the lists in which it could stand are read.
    floors = links.floors(tx, candidates.keys() - listing.keys(), kind)
    reached = {other: one for other, one in candidates.items() if one[0] >= floors.get(other, 0)}
    lists = links.lists_of(tx, listing.keys() | reached.keys(), kind)
    put: list[Stored] = []
    gone: list[tuple[int, int]] = []
    again: set[int] = set()
    for other in listing.keys() | reached.keys():
        found = candidates.get(other)
        entry = None if found is None else links.Stored(other, kind, n, *found)
        rest = [one for one in lists.get(other, ()) if one.to_n != n]
        if other in listing:
            full = len(rest) == rules.MOST - 1
            if entry is None:
                gone.append((other, n))
            else:
                put.append(entry)
            # Whoever stood just outside a full list might be better now.
            if full and (entry is None or (entry.score < listing[other] and _is_last(entry, rest))):
                again.add(other)
        elif entry is not None and len(rest) < rules.MOST:
            put.append(entry)
        elif entry is not None and not _is_last(entry, rest):
            put.append(entry)
            gone.append((other, rest[-1].to_n))
    links.remove(tx, gone, kind)
    links.put(tx, [_grounded(entry, ground(n, entry.from_n, candidates[entry.from_n])) for entry in put])
    links.todo(tx, again)


def _grounded(entry: Stored, candidate: Candidate) -> Stored:
    """The entry of another note with what it rests on, seen from that note."""
    score, here, there = candidate
    return replaced(entry, score=score, here=there, there=here)


def _is_last(entry: Stored, rest: Sequence[Stored]) -> bool:
    worst = rest[-1]
    return rules.rank(entry.score, entry.to_n) > rules.rank(worst.score, worst.to_n)


def _dismissed(tx: Tx, stored: StoredNote) -> list[int]:
    return [other for other, _, _ in links.chosen_about(tx, stored.n, stored.id, rules.DISMISS)]


def _words(stored: StoredNote) -> tuple[str, list[tuple[str, int, int]], rules.LinkChoices]:
    from ..models.notes import heading_of

    content = stored.content
    return wiki.folded(heading_of(content.title, content.body)), wiki.wiki_links(content.body), content.links


def _is_alive(stored: StoredNote) -> bool:
    return stored.content.deleted_us is None

"""The index of meaning: the job that embeds pieces of notes and links notes, and the vector of a query.

A note is saved first; what it means is worked out afterwards by whoever calls `run`: the command line in a process of
its own, or a program that uses the library. No transaction is open while something is embedded.
"""

from __future__ import annotations

import time

from ..canonical import blake2b
from ..domain import chunking
from ..errors import InvalidInput, ScribesError, Unavailable
from ..models.meaning import IndexStatus
from ..records import record
from ..storage import embedding_spaces, indexing, links, notes, passages, vector_pages, vectors
from . import linking
from .passages import Passages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from ..domain.chunking import Piece
    from ..ports import Embedder, Progress, ServiceEmbedder, Tx
    from ..storage.notes import Stored
    from .context import Context

    class Chosen(Protocol):
        """The embedders of this process (embedders.py)."""

        def chosen(self) -> Embedder | None:
            """The one of the settings; None where meaning is switched off."""

        def service(self) -> ServiceEmbedder | None:
            """The one of the settings, where it is a service."""

        def named(self, name: str) -> Embedder | None:
            """The one with a name, if this machine has it."""


# Pieces embedded between two transactions: well under a second of work, so an interruption loses little.
BATCH_PIECES, BATCH_NOTES = 64, 32
# While somebody waits: a fifth of a second.
HURRIED_PIECES = 20
PROBE = "The grace of the Lord Jesus Christ be with all of you."


@record
class Asked:
    """A query as a vector, and the space that it belongs to."""

    space: int
    vector: bytes


class Meaning:
    """What notes mean, as vectors, by the embedder of the settings."""

    def __init__(self, context: Context, embedders: Chosen) -> None:
        self._context = context
        self._engine = context.engine
        self._embedders = embedders

    def _embedder(self) -> Embedder | None:
        """The embedder of the settings. Of a service it is assumed, until it answers, that its model is as it was."""
        service = self._embedders.service()
        if service is not None and not service.is_known:
            with self._engine.read() as tx:
                spaces = embedding_spaces.of_embedder(tx, service.name)
            for space in spaces:
                if _with_chunker(service.digest_for(space.probe)) == space.digest:
                    service.assume(space.probe)
        return self._embedders.chosen()

    def status(self) -> IndexStatus:
        """How far the index is."""
        with self._engine.read() as tx:
            active, building = embedding_spaces.active(tx), embedding_spaces.building(tx)
            shown = building or active
            return IndexStatus(
                embedder=shown.embedder if shown else "",
                dimensions=shown.dimensions if shown else 0,
                notes=notes.count(tx, visible_to=self._context.visible_to),
                waiting=indexing.waiting(tx),
                pieces=vectors.count_pieces(tx, active.n) if active else 0,
                links=links.count(tx),
                building=building is not None,
            )

    def is_due(self) -> bool:
        """Whether `run` has something to do."""
        try:
            embedder = self._embedder()
            digest = digest_of(embedder) if embedder is not None else None
        except ScribesError:
            # What an embedder cannot or will not do now is no work that waits.
            digest = None
        with self._engine.read() as tx:
            return bool(links.count_waiting(tx)) or (digest is not None and self._is_embedding_due(tx, digest))

    def ask(self, text: str) -> Asked:
        """A query as a vector of the space that is searched now.

        Raises: Unavailable, when nothing is embedded yet, or what embedded it is not to be had.
        """
        with self._engine.read() as tx:
            space = embedding_spaces.active(tx)
        if self._embedder() is None:
            raise Unavailable("meaning is switched off", hint="the setting embedder")
        if space is None:
            raise Unavailable("no note is embedded yet", hint="scribes index embeds them")
        embedder = self._embedders.named(space.embedder)
        if embedder is None or digest_of(embedder) != space.digest:
            raise Unavailable(f"the notes were embedded by {space.embedder}, which is not here", hint="scribes index")
        return Asked(space.n, embedder.embed_query(text))

    def run(self, *, seconds: float | None = None, progress: Progress | None = None, limit: int | None = None) -> int:
        """How many notes were embedded: all that wait, or about `limit`; those are then linked as well, and what is old
        is tidied away.

        With `seconds`, somebody is waiting: the newest notes that are not long, for about that time and no more; and
        no longer than that for another process that writes.

        Raises: Unavailable, when the embedder does not answer; what was done before is kept. Busy, StorageFull.
        """
        if seconds is not None:
            return self._hurried(seconds)
        Passages(self._context).catch_up()
        embedder = self._embedder()
        if embedder is not None:
            done = self._embed(embedder, self._present_digest(embedder), progress, limit)
        else:
            done = 0
            self._tidy(None)
        if self._context.hosted:
            from .fresh_links import hear

            hear(self._engine, None)
        else:
            linking.catch_up(self._engine)
        return done

    def _hurried(self, seconds: float) -> int:
        until = time.monotonic() + seconds
        embedder = self._embedder()
        if embedder is None or self._embedders.service() is not None:
            # A service may take its time; nobody shall wait for that.
            return 0
        patience = self._engine.busy_timeout_ms
        self._engine.busy_timeout_ms = int(seconds * 1000)
        done = 0
        try:
            space = self._space(embedder)
            while time.monotonic() < until:
                with self._engine.read() as tx:
                    batch = self._batch(tx, space, most=HURRIED_PIECES)
                if not batch:
                    break
                self._take(space, batch, embedder)
                done += len(batch)
        finally:
            self._engine.busy_timeout_ms = patience
        return done

    def _present_digest(self, embedder: Embedder) -> bytes:
        """The digest of an embedder. A service is asked what its model is now: another one gets a space of its own."""
        service = self._embedders.service()
        if service is not None:
            before = service.digest
            try:
                service.embed([PROBE])
            except Unavailable:
                if service.digest == before:
                    raise
        return digest_of(embedder)

    def _embed(self, embedder: Embedder, digest: bytes, progress: Progress | None, limit: int | None) -> int:
        with self._engine.read() as tx:
            if not self._is_embedding_due(tx, digest):
                return 0
        space = self._space(embedder)
        done = 0
        while limit is None or done < limit:
            with self._engine.read() as tx:
                batch = self._batch(tx, space, notes=min(BATCH_NOTES, limit or BATCH_NOTES))
                waiting = indexing.waiting(tx)
            if not batch:
                if self._is_complete(space):
                    self._tidy(space)
                    return done
                continue
            self._take_what_is_taken(space, batch, embedder)
            done += len(batch)
            if progress:
                progress(done, done + waiting - len(batch))
        return done

    def _is_embedding_due(self, tx: Tx, digest: bytes) -> bool:
        space = embedding_spaces.by_digest(tx, digest)
        return (
            indexing.is_waiting(tx)
            or embedding_spaces.retired(tx) is not None
            or (space is not None and (space.state != "active" or vector_pages.is_due(tx, space.n)))
            # Another embedder than before was chosen.
            or (space is None and embedding_spaces.active(tx) is not None)
        )

    def rebuild(self) -> None:
        """Put every note back in the queue; `run` does the rest. Vectors of texts that are known are kept."""
        with self._engine.write() as tx:
            indexing.queue_all(tx)

    def _space(self, embedder: Embedder) -> int:
        """The space of an embedder; a new one is searched when it is complete, the first one at once."""
        digest = digest_of(embedder)
        with self._engine.read() as tx:
            space = embedding_spaces.by_digest(tx, digest)
            unfinished = embedding_spaces.building(tx)
        if space is not None and space.state != "retired":
            if unfinished is not None and unfinished.n != space.n:
                with self._engine.write() as tx:
                    embedding_spaces.retire_unfinished(tx, but=space.n)
            return space.n
        service = self._embedders.service()
        probe = service.probe() if service is not None else vectors.row(embedder.embed([PROBE])[0])
        with self._engine.write() as tx:
            # Another process may have been faster.
            space = embedding_spaces.by_digest(tx, digest)
            if space is not None and space.state != "retired":
                return space.n
            indexing.queue_all(tx)
            if space is not None:
                embedding_spaces.revive(tx, space.n)
                return space.n
            return embedding_spaces.create(
                tx,
                digest=digest,
                embedder=embedder.name,
                dimensions=embedder.dimensions,
                chunker=chunking.CHUNKER,
                probe=probe,
                active=embedding_spaces.active(tx) is None,
            )

    def _batch(
        self, tx: Tx, space: int, *, most: int = chunking.MAX_PIECES, notes: int = BATCH_NOTES
    ) -> list[_Waiting]:
        """The next notes that wait, cut into pieces, with what is not embedded yet; none that has more pieces."""
        batch: list[_Waiting] = []
        total = 0
        for stored in indexing.next_notes(tx, limit=notes):
            cut = pieces_of(tx, stored)
            if len(cut) > most:
                continue
            around = chunking.around(cut)
            hashes = [text_hash(chunking.mixture(cut, at, places)) for at, places in enumerate(around)]
            known = vectors.known(tx, space, hashes)
            batch.append(_Waiting(stored, tuple(cut), tuple(around), tuple(hashes), frozenset(known)))
            total += len(set(hashes) - set(known))
            if total >= min(BATCH_PIECES, most):
                break
        return batch

    def _take_what_is_taken(self, space: int, batch: Sequence[_Waiting], embedder: Embedder) -> None:
        """As `_take`; a note that a service refuses stands back, so that it does not keep the others waiting."""
        try:
            self._take(space, batch, embedder)
        except InvalidInput:
            # Were it not the text that is refused, this would be refused too.
            embedder.embed([PROBE])
            if len(batch) > 1:
                for one in batch:
                    self._take_what_is_taken(space, [one], embedder)
                return
            with self._engine.write() as tx:
                if indexing.is_as_read(tx, batch[0].stored):
                    indexing.done(tx, batch[0].stored.n)

    def _take(self, space: int, batch: Sequence[_Waiting], embedder: Embedder) -> None:
        """Embed what is missing, then keep it in one transaction."""
        made: dict[bytes, bytes] = {}
        for one in batch:
            made |= one.embedded(embedder)
        with self._engine.write() as tx:
            put = vectors.put(tx, space, [(hash, vectors.row(vector)) for hash, vector in made.items()])
            for one in batch:
                if not indexing.is_as_read(tx, one.stored):
                    # Changed in the meantime: it waits for its next turn.
                    vectors.doubt(tx, (put[hash] for hash in one.hashes if hash in put))
                    continue
                keys = vectors.known(tx, space, one.hashes)
                if not keys.keys() >= set(one.hashes):
                    # A vector that was there has been tidied away since: next turn it is made.
                    continue
                spans = ((piece.begin, piece.stop) for piece in one.pieces)
                rows = [(*span, keys[hash]) for span, hash in zip(spans, one.hashes, strict=True)]
                vectors.put_pieces(tx, one.stored.n, space, rows)
                links.todo(tx, [one.stored.n])
                indexing.done(tx, one.stored.n)
        with self._engine.write() as tx:
            # A search reads the tail row by row, so it must not grow while many notes are embedded.
            vector_pages.fold_in(tx, space)

    def _is_complete(self, space: int) -> bool:
        """Whether a space has all notes; it is then the one that is searched. What is missing waits from now on."""
        with self._engine.write() as tx:
            if indexing.is_waiting(tx):
                return False
            building = embedding_spaces.building(tx)
            if building is not None and building.n == space:
                if indexing.queue_missing(tx, space):
                    return False
                embedding_spaces.activate(tx, space)
            return True

    def _tidy(self, space: int | None) -> None:
        """Sort and take out in small steps, each a transaction of its own."""
        while self._tidied(space) or (space is not None and self._has_learnt(space)):
            pass

    def _tidied(self, space: int | None) -> bool:
        """One step of tidying; whether there is more."""
        with self._engine.write() as tx:
            retired = embedding_spaces.retired(tx)
            if retired is not None:
                embedding_spaces.drop_step(tx, retired.n)
                return True
            return vector_pages.remove_unused(tx) or (space is not None and vector_pages.fold_in(tx, space))

    def _has_learnt(self, space: int) -> bool:
        """Learn new cells where there are many more vectors than before; whether there were any to learn."""
        with self._engine.read() as tx:
            rows = vector_pages.to_learn_from(tx, space)
        if not rows:
            return False
        # Seconds of computing, in which nobody else has to wait.
        centres = vector_pages.cells_of(rows)
        with self._engine.write() as tx:
            vector_pages.put_cells(tx, space, centres)
        return True


@record
class _Waiting:
    """A note to embed: its row as it was read, its pieces, what is mixed into the vector of each, the hashes by which
    these vectors are known, and those of them that are there already.
    """

    stored: Stored
    pieces: tuple[Piece, ...]
    around: tuple[range, ...]
    hashes: tuple[bytes, ...]
    known: frozenset[bytes]

    def embedded(self, embedder: Embedder) -> dict[bytes, bytes]:
        """The vectors that are missing, by their hashes. Only the texts that these are made of are embedded."""
        missing = [at for at, hash in enumerate(self.hashes) if hash not in self.known]
        if not missing:
            return {}
        from ..vectors.mixing import mixed

        title = 0 if self.pieces[0].begin < 0 else None
        needed = sorted(
            {*missing, *(place for at in missing for place in self.around[at]), *([0] if title == 0 else [])}
        )
        raw = dict(zip(needed, embedder.embed([self.pieces[at].text for at in needed]), strict=True))
        return {
            self.hashes[at]: mixed(
                raw[at],
                [raw[place] for place in self.around[at]],
                None if title is None or at == title else raw[title],
            )
            for at in missing
        }


def pieces_of(tx: Tx, stored: Stored) -> list[Piece]:
    """What is embedded of a note: none of it in the trash. Passages in the text are embedded where they stand."""
    content = stored.content
    if content.deleted_us is not None:
        return []
    return chunking.pieces(content.title, content.body, _pinned(tx, stored) if content.refs else ())


def _pinned(tx: Tx, stored: Stored) -> list[str]:
    """The passages that a person pinned to a note and that stand nowhere in its text, as people write them."""
    from ..scripture.formatting import format_passage

    found = passages.of_note(tx, stored.n)
    written = {(one.start, one.end) for one in found if one.how != "pinned"}
    pinned = {(one.start, one.end): None for one in found if one.how == "pinned"}
    return [format_passage(*place, "short") for place in pinned if place not in written]


def text_hash(text: str) -> bytes:
    """By what a text's vector is found again."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def digest_of(embedder: Embedder) -> bytes:
    """What a space is known by: all that its vectors depend on. Raises Unavailable, where a service has to say."""
    return _with_chunker(embedder.digest)


def _with_chunker(digest: bytes) -> bytes:
    return blake2b(digest + chunking.CHUNKER.to_bytes(4, "little"), digest_size=16).digest()

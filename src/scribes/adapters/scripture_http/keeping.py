"""Verses kept from a service, as long and as many as its terms allow."""

from __future__ import annotations

import json
import os

from scribes.errors import ScribesError
from scribes.scripture import canon, whole_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from scribes.adapters.scripture_http.services import Piece, Service

_MOST_BYTES = 20_000_000


class Kept:
    """The verses kept of one translation: in a file in `folder`, or only in memory where there is no folder."""

    def __init__(self, folder: str | os.PathLike[str] | None, service: Service, *, now: Callable[[], float]) -> None:
        self._service = service
        self._now = now
        name = f"{service.name}-{service.translation}.json"
        self._path = None if folder is None else os.path.join(os.fspath(folder), name)
        # ordinal -> (when it was fetched, text); the oldest come first.
        self._verses: dict[int, tuple[float, str]] = self._load()

    def _load(self) -> dict[int, tuple[float, str]]:
        if self._path is None or not os.path.exists(self._path):
            return {}
        try:
            listed = json.loads(whole_file.read(self._path, most_bytes=_MOST_BYTES))
            verses = {int(n): (float(at), str(text)) for n, at, text in listed}
        except (ScribesError, ValueError, TypeError, RecursionError):
            # It can all be fetched again; a damaged file is no reason to stop.
            return {}
        return dict(sorted(verses.items(), key=lambda item: item[1][0]))

    def get(self, piece: Piece) -> dict[int, str] | None:
        """Return the verses of a piece, or None unless every one is kept and not too old."""
        self._forget_old()
        book, chapter, first, last = piece
        ordinals = [canon.ordinal(book, chapter, verse) for verse in range(first, last + 1)]
        if all(ordinal in self._verses for ordinal in ordinals):
            return {ordinal: self._verses[ordinal][1] for ordinal in ordinals}
        return None

    def put(self, piece: Piece, verses: dict[int, str]) -> None:
        """Keep verses, and let the oldest go where the terms allow no more."""
        allowed = self._allowed(piece[0])
        if not verses or len(verses) > min(self._service.most_kept, allowed):
            return
        now = self._now()
        # A verse the translation lacks is kept as an empty one, so that it is not asked for again and again.
        lacking = {ordinal: "" for ordinal in self._asked(piece) if ordinal not in verses}
        for ordinal, text in (verses | lacking).items():
            self._verses.pop(ordinal, None)
            self._verses[ordinal] = (now, text)
        self._forget_old()
        self._let_go([n for n in self._verses if n // canon.BOOK_UNIT == piece[0]], allowed)
        self._let_go(list(self._verses), self._service.most_kept)
        self._save()

    def _asked(self, piece: Piece) -> list[int]:
        book, chapter, first, last = piece
        if self._service.gives_chapters:
            first, last = 1, canon.last_verse(book, chapter)
        return [canon.ordinal(book, chapter, verse) for verse in range(first, last + 1)]

    def _allowed(self, book: int) -> int:
        """Return how many verses of a book may be kept."""
        return sum(canon.VERSES[book]) // 2 if self._service.keeps_at_most_half_a_book else self._service.most_kept

    def _let_go(self, oldest_first: list[int], most: int) -> None:
        for ordinal in oldest_first[: max(0, len(oldest_first) - most)]:
            del self._verses[ordinal]

    def _forget_old(self) -> None:
        since = self._now() - self._service.keep_s
        old = [ordinal for ordinal, (at, _) in self._verses.items() if at < since]
        for ordinal in old:
            del self._verses[ordinal]
        if old:
            self._save()

    def _save(self) -> None:
        if self._path is not None:
            listed = [[ordinal, at, text] for ordinal, (at, text) in self._verses.items()]
            whole_file.write(self._path, json.dumps(listed, ensure_ascii=False).encode())

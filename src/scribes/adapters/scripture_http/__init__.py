"""Bible texts from services on the network: helloao.org (no key), the ESV, api.bible and bible-api.com."""

from __future__ import annotations

import time

from scribes.adapters.scripture_http import services
from scribes.adapters.scripture_http.fetching import Fetcher
from scribes.adapters.scripture_http.keeping import Kept
from scribes.errors import InvalidInput, NotFound
from scribes.scripture import canon
from scribes.scripture.texts import Verse

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from scribes.adapters.scripture_http.services import Piece, Service

# What ESV and api.bible allow in one request; more is no passage but a download.
MOST_VERSES = 500
DEFAULT = "helloao"


class RemoteText:
    """One translation at one service: its verses by passage, kept for as long and as much as the service allows."""

    def __init__(
        self,
        service: Service,
        *,
        folder: str | os.PathLike[str] | None = None,
        timeout_s: float = 10.0,
        tries: int = 3,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.service = service
        self._kept = Kept(folder, service, now=now)
        self._fetcher = Fetcher(service.name, timeout_s=timeout_s, tries=tries, sleep=sleep)

    @property
    def credit(self) -> str:
        """What has to be shown beside the text."""
        return self.service.credit

    def read(self, start: int, end: int) -> list[Verse]:
        """Return the verses of a passage, in order.

        Raises:
            InvalidInput: the passage is no passage, has more than 500 verses, or the key is refused.
            NotFound: the service has no such translation, or not this passage.
            Unavailable: the service does not answer, or with something that is no answer.
        """
        verses: dict[int, str] = {}
        for piece in pieces(start, end):
            verses.update(self._kept.get(piece) or self._fetched(piece))
        found = [
            Verse(ordinal, verses[ordinal]) for ordinal in sorted(verses) if start <= ordinal <= end and verses[ordinal]
        ]
        if not found:
            raise NotFound(f"{self.service.name} has no text for this passage in {self.service.translation!r}")
        return found

    def _fetched(self, piece: Piece) -> dict[int, str]:
        verses = self._fetcher.verses(self.service, piece)
        self._kept.put(piece, verses)
        return verses

    def close(self) -> None:
        """Close the connections."""
        self._fetcher.close()


def connect(
    service: str = DEFAULT,
    *,
    translation: str | None = None,
    key: str | None = None,
    base_url: str | None = None,
    folder: str | os.PathLike[str] | None = None,
    timeout_s: float = 10.0,
    tries: int = 3,
) -> RemoteText:
    """Return a translation at a service by the service's name; nothing is sent before a passage is read.

    Raises:
        InvalidInput: the service is not known, the translation cannot be one, or a key is missing.
    """
    made = services.KNOWN.get(service)
    if made is None:
        raise InvalidInput(f"{service!r} is not a service for Bible texts", hint=f"known: {', '.join(services.KNOWN)}")
    return RemoteText(
        made(translation=translation, key=key, base_url=base_url), folder=folder, timeout_s=timeout_s, tries=tries
    )


def pieces(start: int, end: int) -> list[Piece]:
    """Return a passage chapter by chapter, as (book, chapter, first verse, last verse).

    Raises:
        InvalidInput: the passage ends before it starts, has no verse, or more than 500.
    """
    if end < start:
        raise InvalidInput(f"the passage ends ({end}) before it starts ({start})")
    if end // canon.BOOK_UNIT - start // canon.BOOK_UNIT > 1:
        raise InvalidInput("a remote passage spans at most two books")
    verses = [ordinal for ordinal in canon.expand(start, end) if ordinal % canon.CHAPTER_UNIT]
    if not verses:
        raise InvalidInput(f"there is no verse from {start} to {end}")
    if len(verses) > MOST_VERSES:
        raise InvalidInput(f"the passage has {len(verses)} verses; at most {MOST_VERSES} can be asked for at once")
    by_chapter: dict[int, list[int]] = {}
    for ordinal in verses:
        by_chapter.setdefault(ordinal // canon.CHAPTER_UNIT, []).append(ordinal % canon.CHAPTER_UNIT)
    return [(key // 1000, key % 1000, numbers[0], numbers[-1]) for key, numbers in by_chapter.items()]

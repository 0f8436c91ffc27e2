"""A whole log, read page by page, by those who keep no place in it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..models.sync import Page
    from ..ports import Remote

PAGE_BYTES = 1024 * 1024


def each_page(remote: Remote, space: bytes, *, limit_bytes: int = PAGE_BYTES) -> Iterator[Page]:
    """The pages of a space's log, from its first entry on.

    Raises: Unavailable.
    """
    cursor, more = "", True
    while more:
        page = remote.fetch(space, cursor, limit_bytes=limit_bytes)
        yield page
        more, cursor = page.more and page.cursor != cursor, page.cursor

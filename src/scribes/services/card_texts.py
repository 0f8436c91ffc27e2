"""The two sides of a card: read from the note or the Bible text that it is about, whenever it is shown."""

from __future__ import annotations

from ..domain.reviews import HIGHLIGHT, NOTE
from ..errors import InvalidInput, NotFound
from ..ids import from_text
from ..models.notes import heading_of
from ..records import record
from ..storage import notes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..domain.highlights import Highlight
    from ..domain.reviews import CardContent
    from ..models.scripture import Reading
    from ..ports import Tx
    from .context import Context
    from .scripture import Scripture


@record
class Sides:
    """What a card is called on one line, its front and its back."""

    title: str
    front: str
    back: str


def sides_of(tx: Tx, context: Context, scripture: Scripture, content: CardContent) -> Sides | None:
    """The sides of a card; None where its note is in the trash or gone, or what it is about is no longer there."""
    if content.source_kind not in (NOTE, HIGHLIGHT):
        return _of_verse(scripture, content)
    try:
        stored = notes.get(tx, from_text(content.source), visible_to=context.visible_to)
    except (NotFound, InvalidInput):
        return None
    note = stored.content
    if note.deleted_us is not None:
        return None
    if content.source_kind == NOTE:
        return _of_note(note)
    from ..domain.highlights import highlight

    found = highlight(content.text, note.title, note.body)
    return of_highlight(found) if found else None


def of_highlight(highlight: Highlight) -> Sides:
    """The sides of marked words."""
    return Sides(highlight.hidden, highlight.hidden, highlight.whole)


def title_of(content: CardContent) -> str:
    """What a card is called whose sides cannot be read."""
    return content.text or content.source


def text_of(reading: Reading) -> str:
    """A passage as it is learned by heart: without the title of a psalm, a line for each verse."""
    return "\n".join(verse.text for verse in reading.verses if verse.ordinal % 1000)


def _of_note(note: Any) -> Sides:
    heading = heading_of(note.title, note.body)
    if "==" in heading:
        from ..domain.highlights import unmarked

        heading = heading_of(unmarked(note.title), unmarked(note.body))
    return Sides(heading, heading, note.body or note.title)


def _of_verse(scripture: Scripture, content: CardContent) -> Sides | None:
    from ..scripture.formatting import format_passage

    # Never from a service: a review works offline.
    if not scripture.is_at_hand(content.translation):
        return None
    try:
        reading = scripture.read(_ordinals(content.source), translation=content.translation)
    except (NotFound, InvalidInput, ValueError):
        return None
    named = format_passage(reading.start, reading.end, "long")
    return Sides(f"{named} ({content.translation})", f"{named}\n{reading.name}", text_of(reading))


def _ordinals(osis: str) -> tuple[int, int]:
    """The first and the last verse of a passage in OSIS. The parser of what people type takes 20 ms to load."""
    first, _, last = osis.partition("-")
    return _edge(first, 0), _edge(last or first, 1)


def _edge(osis: str, side: int) -> int:
    """The first (0) or last (1) verse of a book, a chapter or a verse.

    Raises: ValueError.
    """
    from ..scripture import canon

    name, *numbers = osis.split(".")
    book = canon.book_number(name)
    if book is None or len(numbers) > 2 or (numbers and not 1 <= int(numbers[0]) <= canon.chapters(book)):
        raise ValueError(osis)
    if not numbers:
        return canon.whole_book(book)[side]
    if len(numbers) == 1:
        return canon.whole_chapter(book, int(numbers[0]))[side]
    return canon.ordinal(book, int(numbers[0]), int(numbers[1]))

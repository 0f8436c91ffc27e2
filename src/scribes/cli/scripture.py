"""`scribes read`, `xref` and `topics`: texts of Scripture and what belongs to them. None of them opens a vault."""

from __future__ import annotations

from ..errors import InvalidInput
from ..records import as_data, replaced
from .output import BOLD, DIM, line_of, safe, say, style, width, write, write_json
from .session import current
from .verses import READABLE, named, parallel_lines, reading_lines, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.scripture import Linked, Place, Reading, TopicCount, TopicLine
    from ..services.scripture import Scripture
    from .session import Session

NOTHING_FOUND = 3
XREFS, TOPICS, MAX_LIMIT = 10, 20, 1_000
INDENT, FIRST = "    ", "web"


def scripture_of(session: Session) -> Scripture:
    """The texts, without the vault."""
    from ..wiring import scripture

    return scripture(session.settings)


def read(passage: list[str], translation: str | None, parallel: list[str]) -> int:
    """Read a passage."""
    session = current()
    scripture = scripture_of(session)
    asked = _passages(scripture, _words(passage, 'scribes read "Rom 8:28-30"'))
    codes = list(dict.fromkeys([translation or session.settings.translation, *parallel]))
    readings = [[scripture.read(place, translation=code) for code in codes] for place in asked]
    if session.json:
        found = [
            {
                "passage": named(*place),
                "osis": texts[0].osis,
                "texts": [_text_data(one) for one in texts],
            }
            for place, texts in zip(asked, readings, strict=True)
        ]
        write_json(found if len(found) > 1 else found[0])
    elif session.quiet:
        write(session, [verse.text for texts in readings for one in texts for verse in one.verses])
    elif not session.tty:
        write(session, [row for texts in readings for row in _rows(texts)])
    else:
        readings = [[_with_title(scripture, one) for one in texts] for texts in readings]
        pages = [
            parallel_lines(session, texts) if len(texts) > 1 else reading_lines(session, texts[0]) for texts in readings
        ]
        write(session, [line for number, page in enumerate(pages) for line in [""] * bool(number) + page])
    for credit in dict.fromkeys(one.credit for texts in readings for one in texts if one.credit):
        if not session.tty:
            say(session, credit)
    return 0


def xref(passage: list[str], limit: int | None, translation: str | None) -> int:
    """Show what is linked with a passage."""
    session = current()
    scripture = scripture_of(session)
    start, end = scripture.parse(_words(passage, 'scribes xref "John 3:16"')).passage
    code = translation or usual_text(session, scripture)
    found = scripture.crossrefs((start, end), limit=in_range(limit, XREFS), translation=code)
    if session.json:
        write_json([as_data(one) for one in found])
    elif session.quiet:
        write(session, [one.osis for one in found])
    elif not session.tty:
        write(session, ["\t".join((one.osis, str(one.weight), one.reason, one.text)) for one in found])
    else:
        write(session, _xref_lines(session, scripture.read((start, end), translation=code), found))
    if not found:
        say(session, f"nothing is linked with {named(start, end)}")
        return NOTHING_FOUND
    return 0


def topics(words: list[str], of: str | None, limit: int | None) -> int:
    """Show what a topic says, or which topics there are."""
    session = current()
    scripture = scripture_of(session)
    many = in_range(limit, TOPICS)
    if of is not None:
        if words:
            raise InvalidInput("--of takes the passage alone", hint='scribes topics --of "John 3:16"')
        found, lines = scripture.topics_of(of, limit=many), []
    else:
        asked = _words(words, "scribes topics faith")
        found = scripture.topics(asked, limit=many)
        exact = [topic for topic in found if topic.name.lower() == " ".join(asked.lower().split())]
        lines = scripture.topic((exact or found)[0].name) if exact or len(found) == 1 else []
        found = (exact + [topic for topic in found if topic not in exact]) if exact else found
    _show_topics(session, found, lines)
    if not found:
        say(session, f"no topic {'has ' + of if of else 'is named ' + ' '.join(words)}")
        return NOTHING_FOUND
    return 0


def usual_text(session: Session, scripture: Scripture) -> str:
    """The text that is read by default, or the first one where that is one of a service: many verses are looked up."""
    code = session.settings.translation
    return code if scripture.is_at_hand(code) or not session.settings.scripture_service else FIRST


def in_range(limit: int | None, usual: int) -> int:
    """The number of a --limit.

    Raises: InvalidInput.
    """
    if limit is not None and not 1 <= limit <= MAX_LIMIT:
        raise InvalidInput(f"--limit {limit} is out of range", hint=f"1 to {MAX_LIMIT}")
    return limit or usual


def _words(words: list[str], example: str) -> str:
    text = " ".join(words).strip()
    if not text:
        raise InvalidInput("of which passage?" if "topics" not in example else "which topic?", hint=example)
    return text


def _passages(scripture: Scripture, text: str) -> list[tuple[int, int]]:
    """The passages of a text as typed: one, as a search box takes it, or several as in running text.

    Raises: InvalidInput.
    """
    try:
        return [scripture.parse(text).passage]
    except InvalidInput:
        found = scripture.find(text)
        if len(found) < 2:
            raise
        return [span.passage for span in found]


def _with_title(scripture: Scripture, reading: Reading) -> Reading:
    """A whole psalm with its title, as it is printed."""
    from ..scripture import canon

    book, chapter, verse = canon.split(reading.start)
    if verse != 1 or not canon.has_title(book, chapter) or reading.end < canon.whole_chapter(book, chapter)[1]:
        return reading
    titled = scripture.read((reading.start - 1, reading.end), translation=reading.translation)
    return replaced(titled, start=reading.start, osis=reading.osis)


def _text_data(reading: Reading) -> dict[str, object]:
    data = as_data(reading)
    return {name: data[name] for name in ("translation", "name", "credit", "verses")}


def _rows(texts: list[Reading]) -> list[str]:
    """A verse a line for programs: OSIS, then the words of each translation."""
    verses = [{verse.osis: verse.text for verse in one.verses} for one in texts]
    places = dict.fromkeys(verse.osis for one in texts for verse in one.verses)
    return ["\t".join([place, *(text.get(place, "") for text in verses)]) for place in places]


def _xref_lines(session: Session, reading: Reading, found: list[Linked]) -> list[str]:
    columns = min(width(), READABLE)
    lines = [*reading_lines(session, reading, most=6), ""]
    for one in found:
        name = named(one.start, one.end)
        lines.append(style(session, name, BOLD) + "  " + style(session, line_of(session, one.reason), DIM))
        text = wrapped(safe(session, one.text), columns - len(INDENT))
        lines += [INDENT + line for line in text[:3]]
        if len(text) > 3:
            lines[-1] += " …"
    return lines


def _show_topics(session: Session, found: list[TopicCount], lines: list[TopicLine]) -> None:
    if session.json:
        write_json({"topics": [as_data(topic) for topic in found], "lines": [as_data(line) for line in lines]})
    elif session.quiet:
        write(session, [place.osis for line in lines for place in line.passages] or [topic.name for topic in found])
    elif not session.tty:
        rows = [f"{line.heading}\t{' '.join(place.osis for place in line.passages)}" for line in lines]
        write(session, rows or [f"{topic.name}\t{topic.passages}" for topic in found])
    elif lines:
        write(
            session,
            [style(session, found[0].name, BOLD), *(row for line in lines for row in _topic_rows(session, line))],
        )
        others = ", ".join(topic.name for topic in found[1:6])
        if others:
            say(session, f"also: {others}")
    else:
        write(session, [f"{topic.passages:>6}  {style(session, topic.name, BOLD)}" for topic in found])
        if found:
            say(session, f'scribes topics "{found[0].name}" shows its passages')


def _topic_rows(session: Session, line: TopicLine) -> list[str]:
    columns = min(width(), READABLE)
    indent = "  " * (line.depth + 1)
    heading = wrapped(safe(session, line.heading), columns - len(indent)) if line.heading else []
    rows = [indent + part for part in heading]
    inner = indent + "  "
    return rows + [inner + style(session, text, DIM) for text in _place_rows(line.passages, columns - len(inner))]


def _place_rows(places: tuple[Place, ...], columns: int) -> list[str]:
    """Passages in lines, none of them torn apart; a book is named once, and again where a line begins."""
    from ..scripture import canon

    lines, line, book = [], "", 0
    for place in places:
        name = named(place.start, place.end, "short")
        known = canon.SHORT[place.start // canon.BOOK_UNIT] + " "
        short = name.removeprefix(known) if line and place.start // canon.BOOK_UNIT == book else name
        if line and len(line) + 2 + len(short) > columns:
            lines.append(line + ";")
            line, short = "", name
        line = f"{line}; {short}" if line else short
        book = place.start // canon.BOOK_UNIT
    return [*lines, line] if line else []

"""`scribes find --verses`: verses of the Bible by words and by meaning. No vault is opened."""

from __future__ import annotations

from ..records import as_data
from .output import BOLD, CYAN, line_of, say, style, width, write, write_json
from .scripture import scripture_of, usual_text
from .verses import READABLE, named, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..models.scripture import VerseHit
    from .session import Session

NOTHING_FOUND = 3
INDENT = "    "


def find_verses(session: Session, words: str, *, limit: int, by: str) -> int:
    """Show the verses that fit best."""
    scripture = scripture_of(session)
    hits = scripture.find_verses(words, translation=usual_text(session, scripture), limit=limit, by=by)
    if session.json:
        write_json([as_data(hit) for hit in hits])
    elif session.quiet:
        write(session, [hit.osis for hit in hits])
    elif not session.tty:
        write(session, [f"{hit.osis}\t{hit.text}\t{_reason(hit)}" for hit in hits])
    else:
        columns = min(width(), READABLE) - len(INDENT)
        lines = []
        for hit in hits:
            lines.append(style(session, named(hit.ordinal), BOLD) + "  " + style(session, _reason(hit), CYAN))
            lines += [INDENT + line for line in wrapped(line_of(session, hit.text), columns)]
        write(session, lines)
    if not hits:
        say(session, f"no verse found for {words}")
        return NOTHING_FOUND
    return 0


def _reason(hit: VerseHit) -> str:
    parts = ["words"] if hit.words else []
    return ", ".join([*parts, f"meaning {hit.meaning:.2f}"] if hit.meaning is not None else parts)

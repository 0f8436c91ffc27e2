"""The functions people call: find every reference in a text, parse one as typed."""

from __future__ import annotations

from scribes.scripture import canon
from scribes.scripture.context import Context
from scribes.scripture.finder import Finder
from scribes.scripture.patterns import patterns
from scribes.scripture.typography import plain_typography
from scribes.scripture.versification import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from scribes.scripture.spans import Span


def find(
    text: str,
    *,
    context: tuple[int, int] | None = None,
    languages: Iterable[str] = ("en",),
    versification: str = "eng",
    deuterocanon: bool = False,
    missing: bool = False,
) -> list[Span]:
    """Return the references in a text, in order.

    `context` is the note's primary passage: what "v. 5" means where nothing nearer says so. `missing` adds
    references to chapters and verses there are not, marked with `exists=False`. No text makes it raise.
    """
    lex, pat = patterns((languages,) if isinstance(languages, str) else tuple(languages))
    plain = plain_typography(text)
    finder = Finder(text, plain, lex=lex, pat=pat, system=system(versification))
    finder.context = Context(plain, context)
    finder.keep_missing = missing
    if deuterocanon:
        finder.last_book = canon.LAST_BOOK
    return finder.run()

"""The query language of `find`: what people type, as words and filters. Anything unusual is taken literally.

grace unearned        both words            "grace upon grace"      the phrase
grac*                 words that begin so   grace OR mercy          either
-law                  not this word         title:grace             in that field alone
tag:hope  topic:x     with that label       speaker:"J. Stott"      the speaker; also venue: series:
before:2026  after:2026-03  on:sunday       by the day it was heard (before is exclusive, after inclusive)
book:romans  passage:"rom 8:28"             on that book or passage           space:family   in that space
"""

from __future__ import annotations

from ..errors import InvalidInput
from ..records import record

TYPE_CHECKING = False

TEXT_FIELDS = ("title", "body", "speaker", "venue", "series")
LABEL_FIELDS = ("tag", "topic")
DATE_FIELDS = ("before", "after", "on")
PASSAGE_FIELDS = ("book", "passage")
FIELDS = (*TEXT_FIELDS, *LABEL_FIELDS, *DATE_FIELDS, *PASSAGE_FIELDS, "space")
QUOTES = {'"': '"', "\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb"}


@record
class Term:
    """Words to find next to each other, perhaps in one field only, perhaps as the start of a word."""

    text: str
    field: str = ""
    prefix: bool = False


@record
class Filter:
    """A condition that is not about words in the text."""

    field: str
    value: str
    negated: bool = False


@record
class Query:
    """A parsed query: every group must match by one of its terms, none of `excluded` may, every filter must hold."""

    groups: tuple[tuple[Term, ...], ...] = ()
    excluded: tuple[Term, ...] = ()
    filters: tuple[Filter, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether it has words, and just words: who quotes, cuts off or names a field means the very letters."""
        return bool(self.groups) and all(
            len(group) == 1 and not group[0].prefix and not group[0].field and " " not in group[0].text
            for group in self.groups
        )

    @property
    def words(self) -> str:
        """The words to look for, as they were typed."""
        return " ".join(term.text for group in self.groups for term in group)


def parse(text: str) -> Query:
    """The query somebody typed. Never a syntax error: a lone quote, colon or OR is taken as it stands.

    Raises: InvalidInput, when there is nothing in it to look for.
    """
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidInput("the query is not valid Unicode", hint="is the terminal set to UTF-8?")
    groups: list[list[Term]] = []
    excluded: list[Term] = []
    filters: list[Filter] = []
    joined = False
    for raw, quoted in _tokens(text):
        if raw == "OR" and not quoted:
            joined = bool(groups)
            continue
        negated = raw.startswith("-") and len(raw) > 1
        item = _item(raw[1:] if negated else raw, negated=negated)
        if item is None:
            continue
        if isinstance(item, Filter):
            filters.append(item)
        elif negated:
            excluded.append(item)
        elif joined:
            groups[-1].append(item)
        else:
            groups.append([item])
        joined = False
    if not groups and not filters:
        what = "only words to leave out" if excluded else "no word to look for"
        raise InvalidInput(
            f"{what} in {text!r}", hint='try: scribes find grace, or scribes find "tag:hope before:2026"'
        )
    return Query(tuple(map(tuple, groups)), tuple(excluded), tuple(filters))


def _tokens(text: str) -> list[tuple[str, bool]]:
    """The pieces between spaces, a quoted stretch (also behind `field:` or -) being one; and whether it was quoted."""
    tokens: list[tuple[str, bool]] = []
    position, length = 0, len(text)
    while position < length:
        if text[position].isspace():
            position += 1
            continue
        start = position
        while position < length and not text[position].isspace():
            closing = QUOTES.get(text[position])
            opens = position == start or text[position - 1] in ":-"
            end = text.find(closing, position + 1) if closing and opens else -1
            position = end + 1 if end > 0 else position + 1
        piece = text[start:position]
        tokens.append((piece, any(quote in piece for quote in QUOTES)))
    return tokens


def _item(raw: str, *, negated: bool) -> Term | Filter | None:
    """The term or filter that one piece is; None where it holds no letter or digit."""
    field, colon, rest = raw.partition(":")
    field = field.lower()
    if colon and field in FIELDS and _has_word(rest):
        value, _ = _unquoted(rest)
        if field not in TEXT_FIELDS:
            return Filter(field, value, negated)
        return _term(rest, field)
    if raw.startswith("#") and _has_word(raw) and " " not in raw:
        return Filter("tag", raw[1:], negated)
    return _term(raw, "") if _has_word(raw) else None


def _term(raw: str, field: str) -> Term:
    value, prefix = _unquoted(raw)
    return Term(value, field, prefix)


def _unquoted(raw: str) -> tuple[str, bool]:
    """The text without its quotes, and whether a * asks for words that begin so."""
    prefix = raw.endswith("*")
    text = raw[:-1] if prefix else raw
    if len(text) > 1 and QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1]
    return text, prefix


def _has_word(text: str) -> bool:
    return any(map(str.isalnum, text))

"""The regular expressions of a set of languages, compiled once."""

from __future__ import annotations

import re

from scribes.scripture.lexicon import Lexicon, alternatives, lexicon

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# A number with what may follow it directly; the anchor of nearly every reference.
ANCHOR = re.compile(r"([0-9]+)(?:([:.])([0-9]+)(?:-([0-9]+))?)?")
LAST_WORD = re.compile(r"[^\W\d_]+$")
# What may stand between the name of a book and its chapter.
GAP = " .,:-*_#~"
WORD_AHEAD = re.compile(r"[^\W\d_]+")
URL_OR_CODE = re.compile(
    r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]*`|(?:https?|ftp|file)://[^\s)>\]]+|www\.[^\s)>\]]+|[\w.+-]{1,64}@[\w-]+\.\w+",
    re.DOTALL,
)
NUMBER_BEFORE = r"(?:(?<![0-9])(?<![0-9][:.])([1-5])\s*(?:st|nd|rd|th)?\s*\.?|(?<![^\W\d_])(%s)\.?)[ \-]*$"


def by_first_letter(words: Iterable[str]) -> str:
    """Return a pattern of any of the words in any case that fails fast: only one first letter is ever looked into.

    A branch that starts with a plain character is skipped at once, one that ignores case has to be tried.
    """
    rests: dict[str, set[str]] = {}
    for word in words:
        for first in {word[0].lower(), word[0].upper()}:
            rests.setdefault(first, set()).add(word[1:])
    return "|".join(f"{re.escape(first)}(?i:{alternatives(rest)})" for first, rest in sorted(rests.items()))


class Patterns:
    """What the grammar looks for in some languages."""

    def __init__(self, lex: Lexicon) -> None:
        flags = re.IGNORECASE
        chapter, verse = alternatives(lex.words["chapter"]), alternatives(lex.words["verse"])
        after_chapter = alternatives(lex.words.get("chapter_after", ["\0"]))
        after_verse = alternatives(lex.words.get("verse_after", ["\0"]))
        comma = "|,(?=[0-9])" if lex.verse_comma else ""
        self.unit = re.compile(
            rf"""(?:(?P<ch>(?:{chapter}))(?![^\W\d_])\.?\s*|(?P<vs>(?:{verse}))(?![^\W\d_])\.?\s*)?
            (?P<a>[0-9]{{1,3}})(?![0-9])
            (?:(?:(?P<letter>[a-e])?(?P<sep>\s*:\s*(?:(?:{verse})(?![^\W\d_])\.?\s*)?|\s?\.\s*(?!\.)|'(?=[0-9])|\s?(?:{after_chapter})\s?(?=[0-9]){comma})
                |(?P<vsep>(?!\.\s+(?-i:[A-Z]))\s*[:,.]?\s*-?\s*(?:{verse})(?![^\W\d_])\.?\s*(?=[0-9]+(?![0-9])(?![:.][0-9]))))
               (?P<b>[0-9]{{1,3}})(?![0-9])(?:\s?(?:{after_verse}))?)?(?P<unit>\s?(?:{after_chapter}|{after_verse}))?""",
            flags | re.VERBOSE,
        )
        joiners = alternatives(lex.words["and"])
        self.separator = re.compile(rf"(?:[\s,;/&()\[\]=~*_:.\-]+|(?:{joiners})(?![^\W\d_])\.?)+", flags)
        self.range = re.compile(rf"\s*(?:-{{1,3}}|~|(?:{alternatives(lex.words['to'])})(?![^\W\d_]))\s*", flags)
        self.following = re.compile(rf"\s?(?:{alternatives(lex.words['following'])})(?![^\W_])\.?", flags)
        self.title = re.compile(
            rf"\s*[,:.]?\s*(?:{alternatives(lex.words.get('title', ['title']))})(?![^\W\d_])", flags
        )
        codes = alternatives(lex.codes or {"\0"})
        self.translation = re.compile(rf"[\s,;(\[]*-?\s*\b(?:{codes})(?![^\W_])[)\]]*", flags)
        self.code_ahead = re.compile(rf"(?:{codes})(?![^\W\d_])", flags)
        self.marker_ahead = re.compile(
            rf"(?:{chapter}|{verse}|{joiners}|{alternatives(lex.words['to'])})(?![^\W\d_])", flags
        )
        self.space_verse = re.compile(r" {1,2}(?P<b>[0-9]{1,3})(?![0-9:])(?!\.[0-9])(?!\s?(?:st|nd|rd|th)\b)")
        go_on = {"ff", "title", *lex.codes}.union(*(lex.words[kind] for kind in ("and", "to", "chapter", "verse")))
        # What could go on after chapter and verse; where it cannot match, the grammar need not be asked.
        self.more = re.compile(
            r"[\s,;/&()\[\]=~*_:.\-]{0,8}+(?:(?<=[:.\-])[0-9]|"
            rf"(?![1-5][ .]{{0,2}}(?:{by_first_letter(lex.families)})(?![^\W_]))[0-9]|[A-Fa-f](?![^\W_])"
            rf"|(?:{by_first_letter(go_on)})(?![^\W\d_]|\.? [ABD-UW-Z]))"
        )
        ordinals = alternatives(lex.ordinals.keys() - set("1234"))
        self.number_before = re.compile(NUMBER_BEFORE % ordinals, flags)
        self._compile_forward(lex, chapter)
        self._compile_words(lex, verse)

    def _compile_forward(self, lex: Lexicon, chapter: str) -> None:
        preface = alternatives(lex.words.get("preface", ["\0"]))
        links = alternatives(lex.words.get("preface_links", ["\0"]))
        of, the = alternatives(lex.words.get("of", ["\0"])), alternatives(lex.words.get("the", ["\0"]))
        self.preface = re.compile(rf"\s+(?:(?:{preface}|{links})\.?\s+)*", re.IGNORECASE)
        self.preface_before = re.compile(
            rf"(?<![^\W_])(?:{preface})\.?\s+(?:(?:{preface}|{links})\.?\s+)*$", re.IGNORECASE
        )
        self.of = re.compile(rf"\s+(?:{of})\s+(?:(?:{the})\s+)?", re.IGNORECASE)
        self.ordinal_chapter = re.compile(rf"\s?(st|nd|rd|th)\s*(?:({chapter})(?![^\W\d_])\.?)?", re.IGNORECASE)
        self.nouns = re.compile(r"\s+([^\W\d_][^\W\d_'.]*)")

    def _compile_words(self, lex: Lexicon, verse: str) -> None:
        def among(low: int, high: int) -> str:
            return alternatives([word for word, value in lex.numbers.items() if low <= value <= high] or ["\0"])

        below_hundred = rf"(?:(?:{among(20, 90)})[\s-]+(?:{among(1, 9)})(?![^\W_])|(?:{among(1, 90)})(?![^\W_]))"
        number = rf"(?:(?:one\s+)?(?:{among(100, 100)})(?:\s+and)?(?:\s+{below_hundred})?|{below_hundred})"
        numbers = alternatives(lex.numbers or {"\0"})
        roman = r"[ivxlc]+"
        either = rf"((?i:{numbers})|[ivxlc]+|[IVXLC]+)(?![^\W_])"
        # A capital is rare, so looking for one first is what makes this cheap.
        self.name_and_word = re.compile(rf"[A-Z][^\W\d_]+[.,]? +{either}")
        markers = {*lex.words["chapter"], *lex.words["verse"]}
        self.marked_word = re.compile(rf"(?i:{alternatives(markers)})[.]? +{either}")
        stems = {word for word in markers if len(word) >= 4}
        stems = {word for word in stems if not any(word != stem and word.startswith(stem) for stem in stems)}
        self.marker_stems = sorted({*stems, *(stem.capitalize() for stem in stems)})
        self.word_unit = re.compile(
            rf"(?P<a>{number})(?![^\W_])(?:(?:[\s,.:;-]*(?:{verse})\.?\s+|[\s:.]+)(?P<b>{number})(?![^\W_])"
            rf"(?:(?:\s+(?:{alternatives(lex.words['to'])})\s+|\s*-\s*)(?P<c>{number})(?![^\W_]))?)?",
            re.IGNORECASE,
        )
        self.roman_unit = re.compile(
            rf"(?P<a>{roman})(?![^\W_])(?:\s*[.:,]?\s*(?:(?:{verse})\.?\s*)?(?P<b>[0-9]{{1,3}})(?![0-9:]))?",
            re.IGNORECASE,
        )


_PATTERNS: dict[tuple[str, ...], tuple[Lexicon, Patterns]] = {}


def patterns(languages: tuple[str, ...]) -> tuple[Lexicon, Patterns]:
    """Return the words and the patterns of the languages, made at the first call."""
    if languages not in _PATTERNS:
        lex = lexicon(languages)
        _PATTERNS[languages] = lex, Patterns(lex)
    return _PATTERNS[languages]

"""The guard of a paraphrase: what a text says must survive it, and nothing may be new.

It compares what can be compared for certain: references, numbers, quotations, names, tags and links, and the length.
That the sense is the same only a person can tell, and so a paraphrase never changes a note by itself.
"""

from __future__ import annotations

import re
import unicodedata

from ..records import record
from .labels import marked
from .passages import may_name_a_passage
from .wiki import wiki_links

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Parts = Mapping[str, str]

STYLES = ("short", "clear")
SHORTEST, LONGEST = 0.4, 1.8
REFERENCES, NUMBERS, QUOTATIONS, NAMES, MARKS, LENGTH = "reference", "number", "quotation", "name", "mark", "length"
_SHOWN, _SHOWN_CHARACTERS = 3, 60

_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>]+|(?<=\]\()[^()\s]+|\b[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,200}|</?[a-z!][^<>]*>",
    re.IGNORECASE,
)
_AROUND_ADDRESS = ".,;:!?)'\"*_"
_QUOTED = re.compile(
    r"\"((?:(?!\n\s*\n)[^\"])+)\"|[“„]((?:(?!\n\s*\n)[^“”„])+)[“”]|«((?:(?!\n\s*\n)[^«»])+)»|‘((?:(?!\n\s*\n)[^‘\"])+?)’(?!\w)"
    r"|「([^「」]+)」|『([^『』]+)』"
)
_BLOCK_QUOTE = re.compile(r"(?:^[ \t]*>.*\n?)+", re.MULTILINE)
_PLAIN_MARKS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"'})
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_POSSESSIVE = re.compile(r"['’]s?$")
_BOUNDARY = re.compile(r"[.!?…:;“„«‹‘「『(\n。！？]")
_TITLES = "dr mr mrs ms st rev prof fr sr jr pastor"
_PRONOUNS = """
he him his himself you your yours yourself thou thee thy thine who whom whose me my mine we us our ours it its
"""
_BEFORE_NAMES = frozenset(_TITLES.split())
# Pronouns have a capital where God is meant, and titles may be written out.
_NO_NAMES = frozenset((*_TITLES.split(), *_PRONOUNS.split()))
_LIST_NUMBER = re.compile(r"^([ \t>]*)\d{1,3}[.)](?=\s)", re.MULTILINE)
_NUMBER_IN_LINE = re.compile(r"(?<!\S)\(?(\d{1,2})\)(?=\s)")
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]")
_DIGITS = re.compile(r"\d+(?:[.,:/-]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_SMALL = """
two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_VALUES = {word: number for number, word in enumerate(_SMALL.split(), 2)}
_VALUES |= {word: 10 * number for number, word in enumerate(_TENS.split(), 2)} | {"hundred": 100, "thousand": 1000}
_NUMBER_WORD = re.compile(
    rf"\b(?:({_TENS.replace(' ', '|')})[- ](one|{'|'.join(_SMALL.split()[:8])})|({'|'.join(_VALUES)}))\b", re.IGNORECASE
)


@record
class Breach:
    """A rule that a paraphrase breaks: what of it is lost, and what is new. For the length, both say it in words."""

    rule: str
    lost: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


def breaches(
    before: str,
    after: str,
    *,
    main: tuple[int, int] | None = None,
    proper_names: frozenset[str] = frozenset(),
) -> tuple[Breach, ...]:
    """The rules that `after` breaks as a paraphrase of `before`; none where it may be shown.

    `main` is the passage that "v. 5" means where nothing nearer says so; without it, the first that `before` names.
    `proper_names`, in small letters, are names for certain: others are only known as names where they stand within a
    sentence. The shape of quotation marks does not count, nor how often a thing stands there, nor in what order.
    """
    length = _length(before, after)
    if length.new:
        # What is far too long is not worth the reading.
        return (length,)
    if main is None:
        # Other paragraphs may make of the answer what in the note stood in one, with the book named before.
        main = next(((start, end) for start, end, *_ in _references(before, None)), None)
    old, new = _read(before, main, proper_names), _read(after, main, proper_names)
    found = [_compared(rule, old.kinds[rule], new.kinds[rule]) for rule in (REFERENCES, NUMBERS, QUOTATIONS, MARKS)]
    # A name may begin a sentence in one text and stand within one in the other.
    lost = tuple(name for key, name in old.kinds[NAMES].items() if key not in new.words)
    added = tuple(name for key, name in new.kinds[NAMES].items() if key not in old.words)
    found.append(Breach(NAMES, lost, added))
    found.append(length)
    return tuple(breach for breach in found if breach.lost or breach.new)


def told(found: Iterable[Breach]) -> str:
    """What a paraphrase would do, in words that follow on "would": lose the name "Anna" and add the number "7"."""
    said = []
    for breach in found:
        if breach.rule == LENGTH:
            said += [f"be {words}" for words in (*breach.lost, *breach.new)]
            continue
        said += [
            f"{verb} {_listed(breach.rule, things)}"
            for verb, things in (("lose", breach.lost), ("add", breach.new))
            if things
        ]
    return " and ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else "".join(said)


def _listed(rule: str, things: tuple[str, ...]) -> str:
    shown = [f'"{_short(thing)}"' for thing in things[:_SHOWN]]
    more = len(things) - len(shown)
    return f"the {rule}{'s' * (len(things) > 1)} " + ", ".join(shown) + (f" and {more} more" if more else "")


def _short(text: str) -> str:
    line = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return line if len(line) <= _SHOWN_CHARACTERS else line[: _SHOWN_CHARACTERS - 1] + "…"


def _compared(rule: str, old: Parts, new: Parts) -> Breach:
    lost = tuple(thing for key, thing in old.items() if key not in new)
    return Breach(rule, lost, tuple(thing for key, thing in new.items() if key not in old))


def _length(before: str, after: str) -> Breach:
    old, new = (len(" ".join(text.split())) for text in (before, after))
    if new < SHORTEST * old:
        return Breach(LENGTH, lost=(f"less than {SHORTEST} times as long",))
    return Breach(LENGTH, new=(f"more than {LONGEST} times as long",)) if new > LONGEST * old else Breach(LENGTH)


@record
class _Content:
    """What of a text is compared, by rule, each as it is compared with how it is written; and all its words."""

    kinds: dict[str, dict[str, str]]
    words: frozenset[str]


def _read(text: str, main: tuple[int, int] | None, proper_names: frozenset[str]) -> _Content:
    quotations = {_folded(quoted): quoted for quoted in _quotations(text)}
    rest = text
    marks = {}
    for mark, begin, stop in _marks(text):
        marks[mark.casefold() if mark[:1] in "#[" else mark] = mark
        rest = _without(rest, begin, stop)
    references = {}
    for start, end, written, begin, stop in _references(rest, main):
        references[f"{start}-{end}"] = written
        rest = _without(rest, begin, stop)
    numbers = _numbers(_without_list_numbers(rest))
    names, words = _names(rest, proper_names)
    # A name in a reference or a tag is no new name where it stands in a sentence.
    words |= {_key(word) for word in _WORD.findall(text)}
    kinds = {REFERENCES: references, NUMBERS: numbers, QUOTATIONS: quotations, MARKS: marks, NAMES: names}
    return _Content(kinds, frozenset(words))


def _without(text: str, begin: int, stop: int) -> str:
    return text[:begin] + " " * (stop - begin) + text[stop:]


def _references(text: str, main: tuple[int, int] | None) -> list[tuple[int, int, str, int, int]]:
    if not may_name_a_passage(text):
        return []
    from ..scripture.search import find

    return [(span.start, span.end, span.text, span.begin, span.stop) for span in find(text, context=main)]


def _marks(text: str) -> list[tuple[str, int, int]]:
    """The #tags, [[links]], addresses and tags of HTML."""
    found = [(text[begin:stop], begin, stop) for _, begin, stop in wiki_links(text)]
    for address in _ADDRESS.finditer(text):
        mark = address[0].rstrip(_AROUND_ADDRESS)
        found.append((mark, address.start(), address.start() + len(mark)))
    for name in marked(text, "#"):
        found += [(f"#{name}", one.start(), one.end()) for one in re.finditer(rf"#{re.escape(name)}(?![\w-])", text)]
    return found


def _quotations(text: str) -> list[str]:
    """What stands in quotation marks, and block quotes."""
    blocks = [re.sub(r"^[ \t>]+", "", block[0], flags=re.MULTILINE) for block in _BLOCK_QUOTE.finditer(text)]
    quoted = [next(filter(None, one.groups()), "") for one in _QUOTED.finditer(_BLOCK_QUOTE.sub("\n\n", text))]
    return [one for one in (*blocks, *quoted) if _folded(one)]


def _folded(quoted: str) -> str:
    plain = unicodedata.normalize("NFKC", quoted).translate(_PLAIN_MARKS)
    return " ".join(plain.split()).strip("\"' .,;:")


def _numbers(text: str) -> dict[str, str]:
    """The numbers, in digits or in English words from two on, by their value."""
    plain = unicodedata.normalize("NFKC", text)
    found = {}
    for one in _DIGITS.finditer(plain):
        digits = one[0].replace(",", "") if _THOUSANDS.fullmatch(one[0]) else one[0]
        found["".join(_digit(letter) for letter in digits)] = one[0]
    for word in _NUMBER_WORD.finditer(plain):
        tens, ones, single = word.groups()
        value = _VALUES[(tens or single).lower()] + (_VALUES.get(ones.lower(), 1) if ones else 0)
        found[str(value)] = word[0]
    return found


def _without_list_numbers(text: str) -> str:
    """The text without the numbers of lists: at the start of lines, and 1) 2) 3) where they count up from one."""
    text, next_number = _LIST_NUMBER.sub(r"\1", text), 1
    for number in _NUMBER_IN_LINE.finditer(text):
        if int(number[1]) == next_number:
            text, next_number = _without(text, *number.span()), next_number + 1
    return text


def _digit(letter: str) -> str:
    return str(unicodedata.digit(letter, letter))


def _names(text: str, proper_names: frozenset[str]) -> tuple[dict[str, str], set[str]]:
    """The names by their key, and the keys of all words.

    A name is a word with a capital that does not begin a sentence, a line or a heading, or that is one for certain.
    """
    names: dict[str, str] = {}
    words: set[str] = set()
    for line in text.split("\n"):
        is_heading = bool(_HEADING.match(line))
        before, stop = "", 0
        for word in _WORD.finditer(line):
            key = _key(word[0])
            words.add(key)
            begins = is_heading or _begins_sentence(line[stop : word.start()], before)
            if _is_capital(word[0]) and (not begins or key in proper_names):
                names.setdefault(key, _POSSESSIVE.sub("", word[0]))
            before, stop = word[0], word.end()
    return names, words


def _begins_sentence(gap: str, before: str) -> bool:
    if not before:
        return True
    is_short = len(before) == 1 or before.lower() in _BEFORE_NAMES
    return bool(_BOUNDARY.search(gap)) and not (is_short and gap.strip() == ".")


def _is_capital(word: str) -> bool:
    """Whether it may be a name: "I", "I'm", "Him" and the single letters of initials are none."""
    return word[0].isupper() and word[1:2].isalpha() and word.lower() not in _NO_NAMES


def _key(word: str) -> str:
    return _POSSESSIVE.sub("", unicodedata.normalize("NFKC", word).replace("’", "'")).casefold()

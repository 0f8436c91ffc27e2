"""Where the name of a book stands: before a number, or after one."""

from __future__ import annotations

import re

from scribes.scripture.lexicon import BOOK_MASK, FAMILY, IMPLIED, PHRASE, SHORT, VERSE_ONLY, WEAK, plain
from scribes.scripture.patterns import GAP, LAST_WORD, WORD_AHEAD
from scribes.scripture.spelling import distance, skeleton

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scribes.scripture.lexicon import Lexicon
    from scribes.scripture.patterns import Patterns

_WINDOW = 56
_PHRASE_LIMIT = 2.0
_ENOUGH_LETTERS = 5
_DIGITS = frozenset("12345")
_GLUED = re.compile(r"(I{1,3})(?=[A-Z][a-z])|(?:st|nd|rd)(?=[A-Z][a-z])")
_SPACES = frozenset((" ", "\n", ""))
_ENDS_OF_NUMBERS = frozenset("12345iIvVdDtThH" + "oefrsaOEFRSA")
_NUMBERED_ALONE_TOO = 5  # letters of a name such as Corinthians that may stand without its number


class Name:
    """A name found in a text: which book, where, and what kind of evidence it is."""

    __slots__ = ("begin", "book", "flags", "guessed", "letters", "numbered", "stop", "unnumbered", "without_number")

    def __init__(self, book: int, begin: int, stop: int, letters: str, flags: int) -> None:
        self.book = book
        self.begin = begin
        self.stop = stop
        self.letters = letters
        self.flags = flags
        self.numbered = False
        self.guessed = False
        self.without_number = 0
        self.unnumbered: tuple[int, int] = (book, begin)

    @property
    def is_full(self) -> bool:
        """Whether the name is written out, more or less."""
        return len(self.letters) >= _ENOUGH_LETTERS

    def is_strong(self) -> bool:
        """Whether a bare chapter after it is enough."""
        return self.numbered or not self.flags & (WEAK | VERSE_ONLY | SHORT | IMPLIED)

    def is_read_at_all(self) -> bool:
        """Whether this is a name and not the word it is spelt like."""
        return self.numbered or not (self.flags & SHORT and self.letters.islower())

    def starts_from(self, position: int) -> bool:
        """Give the number back where it was already read as part of another passage; tell whether a name is left."""
        if self.begin < position and self.numbered:
            self.book, self.begin = self.unnumbered
            self.numbered = False
            self.without_number = 0
        return self.begin >= position

    def is_read_bare(self) -> bool:
        """Whether it may be followed by a chapter alone, if nothing after that speaks against it."""
        if self.numbered:
            return True
        if self.flags & (VERSE_ONLY | IMPLIED) or self.guessed:
            return False
        return not (self.flags & WEAK and self.letters.islower())


class Names:
    """Looks for names of books with the words of some languages."""

    def __init__(self, text: str, lex: Lexicon, pat: Patterns) -> None:
        self.text = text
        self.lex = lex
        self.pat = pat

    def word_before(self, end: int) -> tuple[str, int]:
        """Return the word that ends before `end`, with at most a gap between, and where it begins; "" for none."""
        window = self.text[end - _WINDOW if end > _WINDOW else 0 : end]
        head = window.rstrip(GAP)
        if head[-1:] == "\n":
            head = head[:-1].rstrip(GAP)
        if len(window) - len(head) > 6 or not head or head[-1].isspace():
            return "", 0
        word = head.rsplit(None, 1)[-1]
        if not word.isalpha():
            letters = LAST_WORD.search(word)
            if letters is None:
                return "", 0
            word = letters[0]
        return word, end - len(window) + len(head) - len(word)

    def before(self, end: int, *, guess: bool) -> Name | None:
        """Return the name that ends before `end`; with `guess` a misspelt one too."""
        letters, begin = self.word_before(end)
        if not letters:
            return None
        return self.named(letters, begin, guess=guess)

    def named(self, letters: str, begin: int, *, guess: bool) -> Name | None:
        """Return the name whose last word is at `begin`."""
        word = letters.lower()
        entry = self.lex.names.get(word) or self.lex.entry(word)
        stop = begin + len(letters)
        if not entry and self.lex.written_without_spaces and not letters.isascii():
            entry, letters, begin = self._suffix(word, letters, begin)
            word = letters.lower()
        if entry & PHRASE:
            phrase = self._phrase(plain(word), begin, stop)
            if phrase:
                return phrase
        if entry & BOOK_MASK:
            name = Name(entry & BOOK_MASK, begin, stop, letters, entry & ~PHRASE)
            members = (self.lex.families.get(word) or self.lex.families.get(plain(word))) if entry & FAMILY else None
            return self._with_number(name, members) if members else name
        return self._glued(letters, begin, stop) or (self._guess(letters, begin, stop) if guess else None)

    def _glued(self, letters: str, begin: int, stop: int) -> Name | None:
        """Return the name with the letters of its number stuck to it: IICor, 1stJohn."""
        number = _GLUED.match(letters)
        members = self.lex.families.get(letters[number.end() :].lower()) if number else None
        if number is None or members is None:
            return None
        start = begin + number.end()
        entry = self.lex.names[letters[number.end() :].lower()]
        name = Name(entry & BOOK_MASK, start, stop, letters[number.end() :], entry & ~PHRASE)
        if number[1]:
            return self._numbered(name, members, len(number[1]), begin, stuck=True)
        return self._with_number(name, members)

    def _suffix(self, word: str, letters: str, begin: int) -> tuple[int, str, int]:
        for length in range(min(len(word), self.lex.longest_name), 0, -1):
            entry = self.lex.names.get(word[-length:])
            if entry:
                return entry, letters[-length:], begin + len(letters) - length
        return 0, letters, begin

    def _phrase(self, word: str, begin: int, stop: int) -> Name | None:
        head = plain(self.text[max(0, begin - 40) : stop].lower())
        for phrase in self.lex.phrases.get(word, ()):
            if head.endswith(phrase) and not head[-len(phrase) - 1 : -len(phrase)].isalnum():
                entry = self.lex.names[phrase]
                return Name(entry & BOOK_MASK, stop - len(phrase), stop, phrase, entry & ~PHRASE & ~SHORT)
        return None

    def _with_number(self, name: Name, members: tuple[int, ...]) -> Name:
        """Return the name with the number that stands before it: "1", "II", "Third", "First Letter of"."""
        text, begin = self.text, name.begin
        if (
            text[begin - 1 : begin] == " "
            and text[begin - 2 : begin - 1] in _DIGITS
            and text[begin - 3 : begin - 2] in _SPACES
        ):
            return self._numbered(name, members, int(text[begin - 2]), begin - 2)
        window = text[max(0, begin - 48) : begin]
        if window.rstrip(" .-")[-1:] not in _ENDS_OF_NUMBERS:
            return name
        number = self.pat.number_before.search(window)
        if number is None and window[-1:] == " ":
            preface = self.pat.preface_before.search(window)
            number = self.pat.number_before.search(window[: preface.start()]) if preface else None
        if number is None:
            return name
        which = int(number[1]) if number[1] else self.lex.ordinals.get(number[2].lower(), 0)
        stuck = number[0][-1:].isdigit()  # 2John is never John
        return self._numbered(name, members, which, begin - len(window) + number.start(), stuck=stuck)

    @staticmethod
    def _numbered(name: Name, members: tuple[int, ...], which: int, begin: int, *, stuck: bool = False) -> Name:
        if 0 < which <= len(members):
            name.without_number = 0 if name.flags & IMPLIED or stuck else name.book
            name.book, name.begin, name.numbered = members[which - 1], begin, True
        return name

    def _guess(self, letters: str, begin: int, stop: int) -> Name | None:
        word = plain(letters.lower())
        spelling = self.lex.spelling
        if len(word) < 3 or (letters.islower() and len(word) < _ENOUGH_LETTERS):
            return None
        name = Name(0, begin, stop, letters, 0)
        name.guessed = True
        window = self.text[max(0, begin - 24) : begin]
        if self.pat.number_before.search(window) and (family := spelling.nearest(word, among="numbered")):
            name.book = family
            name.unnumbered = family, begin
            members = next(books for books in self.lex.families.values() if books[0] == family)
            name = self._with_number(name, members)
            if name.numbered:
                return name
        if self.pat.preface_before.search(window) and (gospel := spelling.nearest(word, among="gospels")):
            name.book = gospel & BOOK_MASK
            return name
        if phrase := self._guess_phrase(word, begin):
            name.book, name.begin = phrase
            return name
        entry = spelling.nearest(word, strict=letters.islower())
        name.book = entry & BOOK_MASK
        return name if name.book else None

    def _guess_phrase(self, word: str, begin: int) -> tuple[int, int] | None:
        """Return book and beginning of a name of several words whose last is misspelt: Song of Soloman."""
        window = plain(self.text[max(0, begin - 24) : begin].lower())
        for head, last, book in self.lex.phrase_heads:
            if window.endswith(head) and distance(skeleton(word), skeleton(last), _PHRASE_LIMIT) <= _PHRASE_LIMIT:
                return book, begin - len(head)
        return None

    def after(self, begin: int) -> Name | None:
        """Return the name that starts at `begin`, the longest there is."""
        words = list(WORD_AHEAD.finditer(self.text, begin, min(begin + 48, len(self.text))))[:5]
        number = self.text[begin : begin + 1] in set("123")
        if not words or (words[0].start() > begin + 4 if number else words[0].start() != begin):
            return None
        for last in reversed(words):
            found = self.named(last[0], last.start(), guess=False)
            if found and (
                found.begin == begin or (found is not None and found.begin == words[0].start() and not number)
            ):
                return found
        return None

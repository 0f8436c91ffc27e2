"""Finding: every number is an anchor, and what stands before it says whether it is a chapter."""

from __future__ import annotations

import re

from scribes.scripture import canon
from scribes.scripture.keeper import BARE_CHAPTER, CERTAIN, SHORTENED, Keeper
from scribes.scripture.lexicon import BOOK_MASK, FAMILY, IMPLIED, PERSON, PHRASE, SHORT, roman
from scribes.scripture.names_in_text import Name
from scribes.scripture.patterns import ANCHOR, URL_OR_CODE, WORD_AHEAD
from scribes.scripture.resolve import WHOLE, Element
from scribes.scripture.spans import Span
from scribes.scripture.tail import Tail

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

_CLOCK = re.compile(r"\s?(?:[ap]\.?m(?![^\W_])|o'?clock|%)", re.IGNORECASE)
_NOTHING_AFTER = re.compile(r"\s*(?:[^\w\s]|\Z|\n)")
_IN_BRACKETS = re.compile(r"\(\s*$")
_SEE = frozenset(("cf", "cp", "see", "compare", "also"))
_QUICK_EXCEPT = SHORT | PHRASE | FAMILY | IMPLIED
_PLAIN_ENDS = frozenset((";", ",", ".", ")", "", "\n"))
_NO_NUMBER_BEFORE = frozenset(("; ", ", ", ": ", "\n\n"))
_ORDINAL_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


class Finder(Keeper):
    """One search through one text."""

    # -- the loop ----------------------------------------------------------------------------------------------------

    def run(self) -> list[Span]:
        """Return the spans of the text in order."""
        hidden = self._hidden_parts()
        words = self._word_anchors()
        for anchor in ANCHOR.finditer(self.text):
            begin = anchor.start()
            while words and words[-1] < begin:
                self._at_word(words.pop(), hidden)
            if begin < self.resume or (hidden and self._is_hidden(begin, hidden)):
                continue
            self._at_number(anchor)
        while words:
            self._at_word(words.pop(), hidden)
        return self.spans

    def _hidden_parts(self) -> list[tuple[int, int]]:
        """Return what is not prose, last first: addresses and code."""
        text = self.text
        if not ("`" in text or "://" in text or "www." in text or "@" in text or "~~~" in text):
            return []
        return [part.span() for part in URL_OR_CODE.finditer(text)][::-1]

    @staticmethod
    def _is_hidden(at: int, hidden: list[tuple[int, int]]) -> bool:
        while hidden and hidden[-1][1] <= at:
            hidden.pop()
        return bool(hidden) and hidden[-1][0] <= at

    # -- numbers in digits -------------------------------------------------------------------------------------------

    def _at_number(self, anchor: re.Match[str]) -> None:
        begin = anchor.start()
        letters, word_begin = self.names.word_before(begin)
        if letters:
            word = letters.lower()
            entry = self.lex.names.get(word, 0)
            plain = entry and anchor[3] and self._stands_plain(entry, word_begin)
            if plain and self._quick(anchor, entry & BOOK_MASK, word_begin):
                return
            if word in self.lex.chapter_words or word in self.lex.verse_words:
                if self._at_marked_number(anchor, letters, word_begin):
                    return
            elif self._at_named_number(anchor, letters, word_begin):
                return
        self._at_unnamed_number(anchor, letters)

    def _stands_plain(self, entry: int, word_begin: int) -> bool:
        """Whether a name is a book by itself: nothing before it can make it 1 John."""
        if not entry & _QUICK_EXCEPT:
            return True
        return entry & _QUICK_EXCEPT == FAMILY and self.text[word_begin - 2 : word_begin] in _NO_NUMBER_BEFORE

    def _at_named_number(self, anchor: re.Match[str], letters: str, word_begin: int) -> bool:
        name = self.names.named(letters, word_begin, guess=anchor[2] == ":")
        if name is None or not name.starts_from(self.resume) or not name.is_read_at_all():
            return False
        plain = name.numbered or not name.flags & (IMPLIED | PHRASE)
        if plain and name.flags & FAMILY and anchor[3] and self._quick(anchor, name.book, name.begin):
            return True
        return self._read_after(name)

    def _quick(self, anchor: re.Match[str], book: int, name_begin: int) -> bool:
        """Take the plain case, chapter and verse with nothing to follow, without the grammar."""
        text, stop = self.text, anchor.end()
        if name_begin < self.resume or self.pat.more.match(text, stop) or book > self.last_book:
            return False
        first, _, second, third = anchor.groups()
        if len(first) > 3 or len(second) > 3 or self._is_spoilt(stop):
            return False
        chapter, verse = int(first), int(second)
        last = int(third) if third and len(third) < 4 else verse
        if not 0 < verse <= last <= self.last_verse(book, chapter) or (third and last == verse):
            return False
        if (self.joinable and self._joins(name_begin)) or "\n" in text[name_begin : anchor.start()]:
            return False
        base = book * canon.BOOK_UNIT + chapter * canon.CHAPTER_UNIT
        confidence = CERTAIN if anchor.start() - name_begin > 5 else SHORTENED
        self.joinable = stop, base + verse, len(self.spans)
        self._append(name_begin, stop, (base + verse, base + last), confidence, "explicit")
        self.context.strong(name_begin, book, chapter)
        self.resume = stop
        return True

    def _is_spoilt(self, stop: int) -> bool:
        """Whether something is stuck to the numbers, or they are a time of day."""
        after = self.text[stop : stop + 1]
        return after not in _PLAIN_ENDS and (after.isalnum() or bool(_CLOCK.match(self.text, stop)))

    def _read_after(self, name: Name) -> bool:
        """Read what follows a name and keep it if it is a reference."""
        tail = self._tail(name.book)
        tail.read(name.stop)
        if not tail.elements:
            return False
        if name.without_number and not self._any_exists(name.book, tail.elements):
            other = self._tail(name.without_number)
            other.read(name.stop)
            if self._any_exists(other.book, other.elements):
                tail = other
                name.book, name.begin = name.unnumbered
        first = tail.elements[0]
        if first.is_whole_chapter and not self._is_enough_evidence(name, tail, first):
            return False
        if (
            tail.single
            and len(tail.elements) == 1
            and ":" not in self.text[name.stop : first.stop]
            and tail.counts(first.stop)
        ):
            return False
        self._keep(name, tail)
        return True

    def _is_enough_evidence(self, name: Name, tail: Tail, first: Element) -> bool:
        """Whether a chapter without a verse is meant as one, and not "Mark 5 tasks" or "ec2"."""
        alone = len(tail.elements) == 1
        if not name.is_read_bare():
            return False
        if (
            name.letters.islower()
            and len(name.letters) < 4
            and self.text[name.stop : name.stop + 1].isdigit()
            and alone
        ):
            return False
        plurals = not name.is_strong() or bool(name.flags & PERSON)
        if alone and tail.counts(first.stop, plurals=plurals):
            return False
        return not name.flags & SHORT or name.numbered or not alone or bool(_NOTHING_AFTER.match(self.text, first.stop))

    def _at_marked_number(self, anchor: re.Match[str], letters: str, word_begin: int) -> bool:
        """Read a number after "chapter" or "v.": of a book before it, of a book after it, or of the context."""
        if word_begin and self.text[word_begin - 1].isalnum():
            return False
        numbered = self.names.named(letters, word_begin, guess=False)  # 1 Ch is a book, ch. 1 a chapter
        name = numbered if numbered and numbered.numbered else self.names.before(word_begin, guess=False)
        if name and name.starts_from(self.resume) and name.is_read_at_all() and self._read_after(name):
            return True
        if letters.lower() in self.lex.verse_words and self._read_verse_of(word_begin):
            return True
        if letters.lower() in self.lex.chapter_words and self._read_before_name(word_begin, anchor.start()):
            return True
        return self._read_in_context(word_begin)

    def _read_in_context(self, begin: int) -> bool:
        """Read "v. 5", "ch. 12" or "(8:38)" in the book and chapter said before."""
        place = self.context.at(begin)
        unit = self.pat.unit.match(self.text, begin)
        if place is None or unit is None:
            return False
        tail = self._tail(place.book)
        if not tail.read_in(place.chapter, unit):
            return False
        self._keep_elements(tail, place.book, begin, place.confidence, how="context")
        if tail.elements and self._any_exists(place.book, tail.elements[-1:]):
            self.context.narrow(begin, place, tail.chapter)
        return True

    def _at_unnamed_number(self, anchor: re.Match[str], letters: str) -> None:
        begin, text = anchor.start(), self.text
        if (
            anchor[2] is None
            and text[anchor.end() : anchor.end() + 1] == " "
            and text[anchor.end() + 1 : anchor.end() + 2] not in "snrt"
        ):
            return
        ordinal = self.pat.ordinal_chapter.match(text, begin + len(anchor[1]))
        if ordinal and self._at_ordinal(anchor, ordinal):
            return
        if anchor[2] != ":" or _CLOCK.match(text, anchor.end()):
            return
        bracketed = text[begin - 1 : begin] == "(" and text[anchor.end() : anchor.end() + 1] in (")", ",", ";")
        if bracketed or letters.lower() in _SEE:
            self._read_in_context(begin)

    # -- a number before its book: chapter 3 of John, the 23rd Psalm -------------------------------------------------

    def _at_ordinal(self, anchor: re.Match[str], ordinal: re.Match[str]) -> bool:
        number = int(anchor[1]) if len(anchor[1]) < 4 else 0
        if ordinal[2]:
            return self._read_of_book(
                [Element(anchor.start(), ordinal.end(), number, WHOLE)], ordinal.end(), anchor.start()
            )
        name = self.names.after(ordinal.end())
        ending = "th" if number % 100 in (11, 12, 13) else _ORDINAL_ENDINGS.get(number % 10, "th")
        if name is None or name.book != canon.PSALMS or not name.is_full or ordinal[1].lower() != ending:
            return False
        element = Element(anchor.start(), name.stop, number, WHOLE)
        self._keep_from(name.book, [element], anchor.start(), name.stop, spaced=True)
        return True

    def _read_before_name(self, begin: int, number_begin: int) -> bool:
        """Read "chapters 5 to 7 of Matthew" from its first number on."""
        tail = self._tail(canon.PSALMS)  # any book will do until its name is met
        unit = self.pat.unit.match(self.text, number_begin)
        if unit is None or unit["b"] is not None:
            return False
        element = Element(begin, unit.end(), int(unit["a"]), WHOLE)
        if (dash := self.pat.range.match(self.text, unit.end())) and (
            last := self.pat.unit.match(self.text, dash.end())
        ):
            element.to(int(last["a"]), WHOLE, last.end("a"))
        tail.start_at(element, in_verses=False)
        return self._read_of_book([element], element.stop, begin)

    def _read_verse_of(self, begin: int) -> bool:
        """Read "verses 1-4 of Psalm 23"."""
        tail = self._tail(canon.PSALMS)
        unit = self.pat.unit.match(self.text, begin)
        if unit is None or unit["b"] is not None or not tail.read_in(1, unit) or len(tail.elements) != 1:
            return False
        of, element = self.pat.of.match(self.text, tail.stop), tail.elements[0]
        name = self.names.after(of.end()) if of else None
        chapter = self.pat.unit.match(self.text, name.stop + 1) if name else None
        if name is None or chapter is None or chapter["b"] is not None or not name.is_read_at_all():
            return False
        verses = Element(begin, chapter.end(), int(chapter["a"]), element.verse)
        verses.to(verses.chapter, element.end_verse, verses.stop)
        self._keep_from(name.book, [verses], begin, verses.stop, spaced=False)
        return True

    def _read_of_book(self, elements: list[Element], at: int, begin: int) -> bool:
        of = self.pat.of.match(self.text, at)
        if of is None:
            return False
        preface = self.pat.preface.match(self.text, of.end() - 1)
        name = (preface and self.names.after(preface.end())) or self.names.after(of.end())
        if name is None or name.flags & SHORT:
            return False
        elements[-1].stop = name.stop
        self._keep_from(name.book, elements, begin, name.stop, spaced=True)
        return True

    def _keep_from(self, book: int, elements: list[Element], begin: int, stop: int, *, spaced: bool) -> None:
        tail = self._tail(book)
        for element in elements:
            tail.start_at(element, in_verses=False)
        tail.stop = stop
        tail.read_on(spaced=spaced)
        self._keep_elements(tail, book, begin, BARE_CHAPTER)
        self._remember(tail, book, begin)

    # -- numbers in words --------------------------------------------------------------------------------------------

    def _word_anchors(self) -> list[int]:
        """Return where a number written in letters may follow a name or a marker, last first."""
        found = []
        for match in self.pat.name_and_word.finditer(self.text):
            at = match.start(1)
            if self.lex.entry(self.names.word_before(at)[0].lower()):
                found.append(at)
        for stem in self.pat.marker_stems:
            self._anchors_at_marker(stem, found)
        return sorted(found, reverse=True) if found else found

    def _anchors_at_marker(self, stem: str, found: list[int]) -> None:
        """Add the number after a marker, as in "chapter three", and the ordinal before one: "first chapter of"."""
        at = self.text.find(stem)
        while at >= 0:
            after = self.pat.marked_word.match(self.text, at)
            if after:
                found.append(after.start(1))
            letters, begin = self.names.word_before(at)
            if letters.lower() in self.lex.ordinals and len(letters) > 3:
                found.append(begin)
            at = self.text.find(stem, at + 1)

    def _at_word(self, at: int, hidden: list[tuple[int, int]]) -> None:
        if at < self.resume or (hidden and self._is_hidden(at, hidden)):
            return
        ordinal = WORD_AHEAD.match(self.text, at)
        if ordinal and (number := self.lex.ordinals.get(ordinal[0].lower())) and len(ordinal[0]) > 3:
            chapter = WORD_AHEAD.match(self.text, ordinal.end() + 1)
            if chapter and chapter[0].lower() in self.lex.chapter_words:
                self._read_of_book([Element(at, chapter.end(), number, WHOLE)], chapter.end(), at)
            return
        letters, word_begin = self.names.word_before(at)
        word = letters.lower()
        marked = word in self.lex.chapter_words
        name = (
            self.names.before(word_begin, guess=False) if marked else self.names.named(letters, word_begin, guess=False)
        )
        element, needs_more = self._word_element(at)
        spelt_roman = self.pat.word_unit.match(self.text, at) is None
        if element is None:
            return
        if name is None and marked:
            element.begin = word_begin
            self._read_of_book([element], element.stop, word_begin)
        elif name and name.starts_from(self.resume) and name.is_read_bare() and name.is_read_at_all():
            if self.system.chapters(name.book) == 1 and spelt_roman:
                return  # "Jude v. 3" is a verse
            is_certain = marked or name.numbered or name.book == canon.PSALMS or not needs_more
            tail = self._tail(name.book)
            tail.start_at(element, in_verses=element.verse != WHOLE)
            tail.read_on()
            has_verse = not tail.elements[0].is_whole_chapter
            if has_verse or (is_certain and not tail.counts(element.stop)):
                self._keep(name, tail)

    def _word_element(self, at: int) -> tuple[Element | None, bool]:
        """Return what is written in letters at a place, and whether it needs a verse to be believed."""
        spelt = self.pat.word_unit.match(self.text, at)
        if spelt:
            element = Element(at, spelt.end("a"), self._value(spelt["a"]), WHOLE)
            if spelt["b"]:
                element.verse = self._value(spelt["b"])
                element.to(element.chapter, self._value(spelt["c"]) if spelt["c"] else element.verse, spelt.end())
            return element, True
        numeral = self.pat.roman_unit.match(self.text, at)
        value = roman(numeral["a"].lower()) if numeral else 0
        if not numeral or not value or numeral["a"] == "I":
            return None, True
        element = Element(at, numeral.end("a"), value, WHOLE)
        if numeral["b"]:
            element.verse = int(numeral["b"])
            element.to(value, element.verse, numeral.end())
        return element, len(numeral["a"]) < 2

    def _value(self, words: str) -> int:
        values = [self.lex.numbers.get(word, 0) for word in re.split(r"[\s-]+", words.lower())]
        return sum(values) - (1 if len(values) > 1 and values[:2] == [1, 100] else 0)

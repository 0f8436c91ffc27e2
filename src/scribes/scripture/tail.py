"""The grammar of what follows the name of a book: chapters, verses, ranges, lists, and where they stop."""

from __future__ import annotations

import re

from scribes.scripture import canon
from scribes.scripture.resolve import WHOLE, Element

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scribes.scripture.lexicon import Lexicon
    from scribes.scripture.patterns import Patterns
    from scribes.scripture.versification import System

    Match = re.Match[str]

_GAP = re.compile(r"[ .,:\-*_#~(=>]{0,8}\n?[ *_]{0,3}")
_COMMA_VERSE = re.compile(r"\s*,\s*([0-9]{1,3})(?![0-9:])")
_HYPHEN_NUMBER = re.compile(r"-([0-9]{1,3})(?![0-9:])")
_LETTER = re.compile(r"[a-eA-E](?![^\W_])|\s[a-e](?=\s[0-9]+:)")
_ELLIPSIS = re.compile(r"\.\s?\.")
_CLOCK = re.compile(r"\s?(?:[ap]\.?m(?![^\W_])|o'?clock|hrs?(?![^\W_])|h(?![^\W_]))", re.IGNORECASE)
_NOT_A_NUMBER_OF_OURS = re.compile(r"\s?%|-[^\W\d_]|/[0-9]+/[0-9]{4}|[.:][0-9]|,[0-9]{3}(?![0-9])|\)\s")
_DATE = re.compile(r"/[0-9]{1,2}/[0-9]{4}|-[0-9]{1,2}-[0-9]{4}")
_LIST_MARK = re.compile(r"[0-9]{1,3}[.)]\s")
_OPEN_LINE = re.compile(r"[,;&\-][ ]*\n[ ]*$|[^\W\d_]\.?[ ]*\n[ ]*$")
_WORD = re.compile(r"[^\W\d_]+")
_BEFORE_NUMBERED = re.compile(r"(?:st|nd|rd)?\s?\.?\s?-?([^\W\d_]+)")
_CLOSES = re.compile(r"[0-9\s,;:.\-&]*(?:(?:and|cf|v+)\.?[0-9\s,;:.\-]*)?\)")


class Tail:
    """Reads the numbers after the name of a book into elements. `stop` is where the last one ends."""

    def __init__(self, text: str, book: int, *, lex: Lexicon, pat: Patterns, system: System) -> None:
        self.text = text
        self.book = book
        self.lex = lex
        self.pat = pat
        self.system = system
        self.single = system.chapters(book) == 1
        self.chapter = 1 if self.single else 0
        self.in_verses = False
        self.elements: list[Element] = []
        self.stop = 0
        self.between = ""
        self.ranging = False

    # -- reading -----------------------------------------------------------------------------------------------------

    def read(self, after_name: int) -> None:
        """Read everything from the end of the name on."""
        gap = _GAP.match(self.text, after_name)
        at = gap.end() if gap else after_name
        unit = self.pat.unit.match(self.text, at)
        if unit is None or (unit["vs"] and not self.single) or self._spoilt(unit):
            return
        if "\n" in self.text[after_name:at] and unit["b"] is None:
            return
        if unit["b"] is None and not unit["ch"] and self._belongs_elsewhere(unit):
            return
        comma = "," in self.text[after_name:at] and unit["b"] is None and _COMMA_VERSE.match(self.text, unit.end())
        if comma and not self.single:
            self._add(unit.start(), comma.end(), int(unit["a"]), int(comma[1]))
            self._after_unit()
        else:
            self._take(unit)
        self.read_on()

    def read_in(self, chapter: int, unit: Match) -> bool:
        """Read from a unit on, such as "v. 5", in a chapter said before."""
        self.chapter = chapter
        self.in_verses = True
        if self._spoilt(unit) or (unit["b"] is None and self._letters_follow(unit.end())):
            return False
        self._take(unit)
        self.read_on()
        return True

    def start_at(self, element: Element, *, in_verses: bool) -> None:
        """Take an element that was read elsewhere, such as "Chapter 1 of Genesis", as the first."""
        self.elements.append(element)
        self.chapter = element.end_chapter
        self.in_verses = in_verses or self.single
        self.stop = element.stop

    def read_on(self, *, spaced: bool = False) -> None:
        """Read the rest of a list; `spaced` lets a number stand after nothing but a space."""
        while self._read_range() or self._read_next(spaced=spaced):
            spaced = False

    def _read_next(self, *, spaced: bool) -> bool:
        at = self.stop
        while code := self.pat.translation.match(self.text, at):
            at = code.end()
        separator = self.pat.separator.match(self.text, at)
        between = separator[0] if separator else ""
        if separator:
            at = separator.end()
        unit = self.pat.unit.match(self.text, at)
        if unit is None or not self._separates(between, unit, spaced=spaced) or self._spoilt(unit):
            return False
        if unit["b"] is None and not (unit["ch"] or unit["vs"]) and not self._stands_alone(unit.end("a")):
            return False
        self.between = between
        self._take(unit, joined=self._is_verse_of_last(between, unit))
        return True

    def _separates(self, between: str, unit: Match, *, spaced: bool) -> bool:
        marked = bool(unit["ch"] or unit["vs"])
        if not between or between == "_":
            return marked
        if _ELLIPSIS.search(between) or ("\n" in between and not self._goes_on(between, unit)):
            return False
        if not between.strip() or between.strip() == ")":
            return marked or spaced or (unit["b"] is not None and between.isspace())
        if unit["b"] is None and not marked:
            if "(" in between:
                return bool(_CLOSES.match(self.text, unit.end("a")))
            return ")" not in between or any("(" in self.text[e.begin : e.stop + 3] for e in self.elements[-1:])
        return True

    def _goes_on(self, between: str, unit: Match) -> bool:
        if between.count("\n") > 1 or _LIST_MARK.match(self.text, unit.start("a")):
            return False
        return bool(_OPEN_LINE.search(between[: between.rindex("\n") + 1]))

    def _stands_alone(self, end: int) -> bool:
        """Whether a bare number in a list is one of ours: no count, no percentage, no number of the next book."""
        if _NOT_A_NUMBER_OF_OURS.match(self.text, end) and not self.text.startswith(")", end):
            return False
        return not (self._letters_follow(end) or self._names_a_book(end) or self.counts(end))

    def _spoilt(self, unit: Match) -> bool:
        """Whether the numbers are a time of day or a date."""
        if unit["b"] is not None and self.text.startswith("%", unit.end()):
            return True
        return bool(_CLOCK.match(self.text, unit.end()) or _DATE.match(self.text, unit.end("a")))

    def _letters_follow(self, end: int) -> bool:
        """Whether letters that mean nothing here are stuck to the number: 2nite, 3D."""
        word = _WORD.match(self.text, end)
        if word and self.lex.written_without_spaces and not word[0].isascii():
            return False
        if word is None or _LETTER.match(self.text, end) or self.pat.following.match(self.text, end):
            return False
        letters = word[0].lower()
        if self.lex.entry(letters) or self.pat.code_ahead.match(self.text, end):
            return False
        return not (self.pat.marker_ahead.match(self.text, end) or self.pat.title.match(self.text, end))

    def _belongs_elsewhere(self, unit: Match) -> bool:
        """Whether the first number is part of a word, or of the next name: Ecclesiastes 2John 19."""
        end = unit.end()
        if self._letters_follow(end):
            return True
        return self.text[unit.start() - 1].isspace() and self.text[end : end + 1].isalpha() and self._names_a_book(end)

    def _names_a_book(self, end: int) -> bool:
        """Whether the number before `end` belongs to a name: ", 1 John"."""
        ahead = _BEFORE_NUMBERED.match(self.text, end)
        number = self.text[end - 1]
        if ahead is None or number not in "12345" or self.text[end - 2 : end - 1].isdigit():
            return False
        word = ahead[1].lower()
        if word in self.lex.families:
            return len(word) > 1 or "." in ahead[0] or ahead[1].isupper()
        return bool(ahead[1][0].isupper() and self.lex.spelling.nearest(word, among="numbered"))

    def counts(self, end: int, *, plurals: bool = True) -> bool:
        """Whether the word after a number says that it counts something: "5 tasks", "3 years"."""
        noun = self.pat.nouns.match(self.text, end)
        if noun is None:
            return self.text.startswith("%", end)
        word, evidence = noun[1].lower().rstrip(".'"), self.lex.evidence
        if word in evidence["verbs"]:
            return False
        if word in evidence["counted"] or (word[-1] == "s" and word[:-1] in evidence["counted"]):
            return True
        return plurals and noun[1][0].islower() and word[-1] == "s" and len(word) > 3 and word[-2] not in "su"

    # -- taking ------------------------------------------------------------------------------------------------------

    def _is_verse_of_last(self, between: str, unit: Match) -> bool:
        """Whether "verse 17" after a lone chapter narrows it, and is not a further reference."""
        if not unit["vs"] or unit["b"] is not None or not self.elements:
            return False
        last = self.elements[-1]
        sentence_ends = "." in between and unit["vs"][0].isupper()
        return last.is_whole_chapter and not last.is_range and not sentence_ends and not last.following

    def _take(self, unit: Match, *, joined: bool = False) -> None:
        a, b, end = self._numbers(unit)
        if b is not None:
            chapter, verse = a, b
        else:
            chapter, verse = self._bare(a, marker="ch" if unit["ch"] else "vs" if unit["vs"] else "", end=end)
        if joined:
            last = self.elements[-1]
            last.verse = verse
            last.to(chapter, verse, end)
            self._move_to(last)
        else:
            self._add(unit.start(), end, chapter, verse)
        self._after_unit()

    def _numbers(self, unit: Match) -> tuple[int, int | None, int]:
        """Return chapter and verse, or one number and None, and where they end."""
        loose = unit["vsep"] and unit["vsep"].strip()[0] in ",.-:" and self.in_verses
        sentence = self.in_verses and unit["sep"] is not None and unit["sep"].startswith(".") and len(unit["sep"]) > 1
        comma = unit["sep"] in (",", ".") and self.in_verses and self._is_a_list(unit)
        if unit["b"] is None or loose or sentence or comma or self._verse_is_a_count(unit):
            return int(unit["a"]), None, unit.end("a")
        return int(unit["a"]), int(unit["b"]), unit.end()

    def _is_a_list(self, unit: Match) -> bool:
        """Whether "30,33" are two verses and not chapter 30: the comma of German, French and Spanish is either."""
        if unit["sep"] == ".":
            return self.ranging and int(unit["a"]) > self.system.chapters(self.book)
        if self.ranging:
            return int(unit["a"]) > self.elements[-1].verse
        return ";" not in self.between

    def _bare(self, number: int, *, marker: str, end: int) -> tuple[int, int]:
        if self.book == canon.PSALMS and (title := self.pat.title.match(self.text, end)) and ":" in title[0]:
            return number, WHOLE
        if marker == "vs" or (self.in_verses and marker != "ch"):
            return self.chapter, number
        if self.single and marker != "ch" and (self.elements or number != 1 or self._range_of_verses(end)):
            return 1, number
        return number, WHOLE

    def _range_of_verses(self, end: int) -> bool:
        dash = self.pat.range.match(self.text, end)
        unit = self.pat.unit.match(self.text, dash.end()) if dash else None
        return unit is not None and unit["b"] is None

    def _verse_is_a_count(self, unit: Match) -> bool:
        spaced = unit["sep"] is not None and unit["sep"].strip() == "." and unit["sep"] != "."
        return spaced and not self._stands_alone(unit.end("b"))

    def _add(self, begin: int, stop: int, chapter: int, verse: int) -> None:
        element = Element(begin, stop, chapter, verse)
        self.elements.append(element)
        self._move_to(element)

    def _move_to(self, element: Element) -> None:
        self.chapter = element.end_chapter
        self.in_verses = element.end_verse != WHOLE or self.single
        self.stop = element.stop

    def _after_unit(self) -> None:
        """Take what may be stuck to a number: a letter, a verse after a space, "title", "ff"."""
        element = self.elements[-1]
        if letter := _LETTER.match(self.text, self.stop):
            self.stop = element.stop = letter.end()
        if element.is_whole_chapter and not element.is_range:
            self._take_spaced_verse(element)
        if title := self.pat.title.match(self.text, self.stop):
            self._take_title(element, title.end())
        if following := self.pat.following.match(self.text, self.stop):
            element.following = True
            self.stop = element.stop = following.end()

    def _take_spaced_verse(self, element: Element) -> None:
        verse = self.pat.space_verse.match(self.text, self.stop)
        if verse is None or not self._stands_alone(verse.end()) or _CLOCK.match(self.text, verse.end()):
            return
        element.verse = int(verse["b"])
        element.to(element.chapter, element.verse, verse.end())
        self._move_to(element)

    def _take_title(self, element: Element, end: int) -> None:
        # The title of a psalm stands above its verse 1, and many texts number it so.
        if element.end_verse == WHOLE and self.book == canon.PSALMS:
            if not element.is_range:
                element.verse = 1
            element.to(element.end_chapter, 1, end)
        self.stop = element.stop = end

    # -- ranges ------------------------------------------------------------------------------------------------------

    def _read_range(self) -> bool:
        self.ranging = True
        found = self._range()
        self.ranging = False
        return found

    def _range(self) -> bool:
        element = self.elements[-1]
        dash = self.pat.range.match(self.text, self.stop)
        if dash is None or element.is_range or element.following:
            return False
        unit = self.pat.unit.match(self.text, dash.end())
        if unit is None or self._spoilt(unit) or self._names_a_book(unit.end("a")):
            return False
        bare = unit["b"] is None and not (unit["ch"] or unit["vs"])
        spaced = len(dash[0].strip()) < len(dash[0])
        counted = (spaced or element.is_whole_chapter) and self.counts(unit.end())
        if bare and (counted or (element.is_whole_chapter and self._letters_follow(unit.end()))):
            return False
        if unit["b"] is not None and self._verse_is_a_count(unit):
            return False
        if bare and element.is_whole_chapter and not unit["vs"]:
            return self._range_of_chapters(element, unit, dash[0], spaced=spaced)
        return self._range_to(element, unit, droppable=bare and spaced)

    def _range_to(self, element: Element, unit: Match, *, droppable: bool) -> bool:
        a, b, stop = self._numbers(unit)
        if b is not None:
            chapter, verse = a, b
        else:
            marker = "ch" if unit["ch"] else "vs" if unit["vs"] else ""
            self.in_verses = self.in_verses and marker != "ch"
            chapter, verse = self._bare(a, marker=marker, end=stop)
        if droppable and verse > self.system.last_verse(self.book, chapter):
            return False
        here, there = (element.chapter, max(element.verse, 1)), (chapter, verse if verse != WHOLE else 999)
        if there < here:
            self._add(unit.start(), stop, chapter, verse)
        else:
            element.to(chapter, verse, stop)
            self._move_to(element)
        self._after_unit()
        return True

    def _range_of_chapters(self, element: Element, unit: Match, dash: str, *, spaced: bool) -> bool:
        """Read "1-2": two chapters, or where that cannot be, a chapter and a verse: "Jer 33-11", "Matt 5-6-7"."""
        number, chapter = int(unit["a"]), element.chapter
        third = _HYPHEN_NUMBER.match(self.text, unit.end()) if dash == "-" and len(self.elements) == 1 else None
        is_verse = 0 < number <= self.system.last_verse(self.book, chapter)
        if third and is_verse and number < int(third[1]):
            element.verse = number
            element.to(chapter, int(third[1]), third.end())
        elif number > chapter and (number <= self.system.chapters(self.book) or not (is_verse or spaced)):
            element.to(number, WHOLE, unit.end())
        elif is_verse:
            element.verse = number
            element.to(chapter, number, unit.end())
        else:
            return False
        self._move_to(element)
        self._after_unit()
        return True

"""The canon: books, their ids and names, how many verses each chapter has, and verse ordinals.

A verse ordinal is `book * 1_000_000 + chapter * 1_000 + verse`, so Romans 8:28 is 45008028: sparse, stable, readable.
Verse 0 is the title of a psalm. A passage is an inclusive `(start, end)` pair of ordinals; a whole chapter is its verse
1 to its last verse. Books 1 to 66 are the Protestant canon in its order, 67 to 85 the deuterocanon in the order below.

Verses are counted as in the King James Version, with two additions where most modern English texts have a verse more
(3 John 15; 2 Esdras 7:36-105). AddEsth is the King James "Rest of Esther", chapters 10 to 16; the letter of Jeremiah is
a book of its own (EpJer), not Baruch 6.
"""

from __future__ import annotations

BOOK_UNIT = 1_000_000
CHAPTER_UNIT = 1_000
PROTESTANT_BOOKS = 66

# A line a book: OSIS id, USFM id, short name, long name, verses in each chapter. USFM has no id of its own for AddEsth;
# ADE is ours. The counts were checked against eng.vrs (see VERSIFICATION-LICENSE.txt and tools/make_versification.py).
_TABLE = """\
Gen|GEN|Gen|Genesis|31 25 24 26 32 22 24 22 29 32 32 20 18 24 21 16 27 33 38 18 34 24 20 67 34 35 46 22 35 \
43 55 32 20 31 29 43 36 30 23 23 57 38 34 34 28 34 31 22 33 26
Exod|EXO|Exod|Exodus|22 25 22 31 23 30 25 32 35 29 10 51 22 31 27 36 16 27 25 26 36 31 33 18 40 37 21 43 46 \
38 18 35 23 35 35 38 29 31 43 38
Lev|LEV|Lev|Leviticus|17 16 17 35 19 30 38 36 24 20 47 8 59 57 33 34 16 30 37 27 24 33 44 23 55 46 34
Num|NUM|Num|Numbers|54 34 51 49 31 27 89 26 23 36 35 16 33 45 41 50 13 32 22 29 35 41 30 25 18 65 23 31 40 \
16 54 42 56 29 34 13
Deut|DEU|Deut|Deuteronomy|46 37 29 49 33 25 26 20 29 22 32 32 18 29 23 22 20 22 21 20 23 30 25 22 19 19 26 \
68 29 20 30 52 29 12
Josh|JOS|Josh|Joshua|18 24 17 24 15 27 26 35 27 43 23 24 33 15 63 10 18 28 51 9 45 34 16 33
Judg|JDG|Judg|Judges|36 23 31 24 31 40 25 35 57 18 40 15 25 20 20 31 13 31 30 48 25
Ruth|RUT|Ruth|Ruth|22 23 18 22
1Sam|1SA|1 Sam|1 Samuel|28 36 21 22 12 21 17 22 27 27 15 25 23 52 35 23 58 30 24 42 15 23 29 22 44 25 12 25 \
11 31 13
2Sam|2SA|2 Sam|2 Samuel|27 32 39 12 25 23 29 18 13 19 27 31 39 33 37 23 29 33 43 26 22 51 39 25
1Kgs|1KI|1 Kgs|1 Kings|53 46 28 34 18 38 51 66 28 29 43 33 34 31 34 34 24 46 21 43 29 53
2Kgs|2KI|2 Kgs|2 Kings|18 25 27 44 27 33 20 29 37 36 21 21 25 29 38 20 41 37 37 21 26 20 37 20 30
1Chr|1CH|1 Chr|1 Chronicles|54 55 24 43 26 81 40 40 44 14 47 40 14 17 29 43 27 17 19 8 30 19 32 31 31 32 34 \
21 30
2Chr|2CH|2 Chr|2 Chronicles|17 18 17 22 14 42 22 18 31 19 23 16 22 15 19 14 19 34 11 37 20 12 21 27 28 23 9 \
27 36 27 21 33 25 33 27 23
Ezra|EZR|Ezra|Ezra|11 70 13 24 17 22 28 36 15 44
Neh|NEH|Neh|Nehemiah|11 20 32 23 19 19 73 18 38 39 36 47 31
Esth|EST|Esth|Esther|22 23 15 17 14 14 10 17 32 3
Job|JOB|Job|Job|22 13 26 21 27 30 21 22 35 22 20 25 28 22 35 22 16 21 29 29 34 30 17 25 6 14 23 28 25 31 40 \
22 33 37 16 33 24 41 30 24 34 17
Ps|PSA|Ps|Psalms|6 12 8 8 12 10 17 9 20 18 7 8 6 7 5 11 15 50 14 9 13 31 6 10 22 12 14 9 11 12 24 11 22 22 \
28 12 40 22 13 17 13 11 5 26 17 11 9 14 20 23 19 9 6 7 23 13 11 11 17 12 8 12 11 10 13 20 7 35 36 5 24 20 \
28 23 10 12 20 72 13 19 16 8 18 12 13 17 7 18 52 17 16 15 5 23 11 13 12 9 9 5 8 28 22 35 45 48 43 13 31 7 \
10 10 9 8 18 19 2 29 176 7 8 9 4 8 5 6 5 6 8 8 3 18 3 3 21 26 9 8 24 13 10 7 12 15 21 10 20 14 9 6
Prov|PRO|Prov|Proverbs|33 22 35 27 23 35 27 36 18 32 31 28 25 35 33 33 28 24 29 30 31 29 35 34 28 28 27 28 \
27 33 31
Eccl|ECC|Eccl|Ecclesiastes|18 26 22 16 20 12 29 17 18 20 10 14
Song|SNG|Song|Song of Songs|17 17 11 16 16 13 13 14
Isa|ISA|Isa|Isaiah|31 22 26 6 30 13 25 22 21 34 16 6 22 32 9 14 14 7 25 6 17 25 18 23 12 21 13 29 24 33 9 \
20 24 17 10 22 38 22 8 31 29 25 28 28 25 13 15 22 26 11 23 15 12 17 13 12 21 14 21 22 11 12 19 12 25 24
Jer|JER|Jer|Jeremiah|19 37 25 31 31 30 34 22 26 25 23 17 27 22 21 21 27 23 15 18 14 30 40 10 38 24 22 17 32 \
24 40 44 26 22 19 32 21 28 18 16 18 22 13 30 5 28 7 47 39 46 64 34
Lam|LAM|Lam|Lamentations|22 22 66 22 22
Ezek|EZK|Ezek|Ezekiel|28 10 27 17 17 14 27 18 11 22 25 28 23 23 8 63 24 32 14 49 32 31 49 27 17 21 36 26 21 \
26 18 32 33 31 15 38 28 23 29 49 26 20 27 31 25 24 23 35
Dan|DAN|Dan|Daniel|21 49 30 37 31 28 28 27 27 21 45 13
Hos|HOS|Hos|Hosea|11 23 5 19 15 11 16 14 17 15 12 14 16 9
Joel|JOL|Joel|Joel|20 32 21
Amos|AMO|Amos|Amos|15 16 15 13 27 14 17 14 15
Obad|OBA|Obad|Obadiah|21
Jonah|JON|Jonah|Jonah|17 10 10 11
Mic|MIC|Mic|Micah|16 13 12 13 15 16 20
Nah|NAM|Nah|Nahum|15 13 19
Hab|HAB|Hab|Habakkuk|17 20 19
Zeph|ZEP|Zeph|Zephaniah|18 15 20
Hag|HAG|Hag|Haggai|15 23
Zech|ZEC|Zech|Zechariah|21 13 10 14 11 15 14 23 17 12 17 14 9 21
Mal|MAL|Mal|Malachi|14 17 18 6
Matt|MAT|Matt|Matthew|25 23 17 25 48 34 29 34 38 42 30 50 58 36 39 28 27 35 30 34 46 46 39 51 46 75 66 20
Mark|MRK|Mark|Mark|45 28 35 41 43 56 37 38 50 52 33 44 37 72 47 20
Luke|LUK|Luke|Luke|80 52 38 44 39 49 50 56 62 42 54 59 35 35 32 31 37 43 48 47 38 71 56 53
John|JHN|John|John|51 25 36 54 47 71 53 59 41 42 57 50 38 31 27 33 26 40 42 31 25
Acts|ACT|Acts|Acts|26 47 26 37 42 15 60 40 43 48 30 25 52 28 41 40 34 28 41 38 40 30 35 27 27 32 44 31
Rom|ROM|Rom|Romans|32 29 31 25 21 23 25 39 33 21 36 21 14 23 33 27
1Cor|1CO|1 Cor|1 Corinthians|31 16 23 21 13 20 40 13 27 33 34 31 13 40 58 24
2Cor|2CO|2 Cor|2 Corinthians|24 17 18 18 21 18 16 24 15 18 33 21 14
Gal|GAL|Gal|Galatians|24 21 29 31 26 18
Eph|EPH|Eph|Ephesians|23 22 21 32 33 24
Phil|PHP|Phil|Philippians|30 30 21 23
Col|COL|Col|Colossians|29 23 25 18
1Thess|1TH|1 Thess|1 Thessalonians|10 20 13 18 28
2Thess|2TH|2 Thess|2 Thessalonians|12 17 18
1Tim|1TI|1 Tim|1 Timothy|20 15 16 16 25 21
2Tim|2TI|2 Tim|2 Timothy|18 26 17 22
Titus|TIT|Titus|Titus|16 15 15
Phlm|PHM|Phlm|Philemon|25
Heb|HEB|Heb|Hebrews|14 18 19 16 14 20 28 13 28 39 40 29 25
Jas|JAS|Jas|James|27 26 18 17 20
1Pet|1PE|1 Pet|1 Peter|25 25 22 19 14
2Pet|2PE|2 Pet|2 Peter|21 22 18
1John|1JN|1 John|1 John|10 29 24 21 21
2John|2JN|2 John|2 John|13
3John|3JN|3 John|3 John|15
Jude|JUD|Jude|Jude|25
Rev|REV|Rev|Revelation|20 29 22 11 14 17 17 13 21 11 19 17 18 20 8 21 18 24 21 15 27 21
Tob|TOB|Tob|Tobit|22 14 17 21 21 17 18 21 6 13 19 22 18 15
Jdt|JDT|Jdt|Judith|16 28 10 15 24 21 32 36 14 23 23 20 20 19 13 25
EsthGr|ESG|Gk Esth|Greek Esther|39 23 22 47 28 14 10 39 32 13
AddEsth|ADE|Add Esth|Additions to Esther|0 0 0 0 0 0 0 0 0 13 12 6 18 19 16 24
Wis|WIS|Wis|Wisdom|16 24 19 20 23 25 30 21 18 21 26 27 19 31 19 29 21 25 22
Sir|SIR|Sir|Sirach|30 18 31 31 15 37 36 19 18 31 34 18 26 27 20 30 32 33 30 32 28 27 27 34 26 29 30 26 28 \
25 31 24 31 26 20 26 31 34 35 30 23 25 33 23 26 20 25 25 16 29 30
Bar|BAR|Bar|Baruch|21 35 37 37 9
EpJer|LJE|Ep Jer|Letter of Jeremiah|73
PrAzar|S3Y|Pr Azar|Prayer of Azariah|68
Sus|SUS|Sus|Susanna|64
Bel|BEL|Bel|Bel and the Dragon|42
1Macc|1MA|1 Macc|1 Maccabees|64 70 60 61 68 63 50 32 73 89 74 53 53 49 41 24
2Macc|2MA|2 Macc|2 Maccabees|36 32 40 50 27 31 42 36 29 38 38 45 26 46 39
3Macc|3MA|3 Macc|3 Maccabees|29 33 30 21 51 41 23
4Macc|4MA|4 Macc|4 Maccabees|35 24 21 26 38 35 23 29 32 21 27 19 27 20 32 25 24 24
1Esd|1ES|1 Esd|1 Esdras|58 30 24 63 73 34 15 96 55
2Esd|2ES|2 Esd|2 Esdras|40 48 36 52 56 59 140 63 47 59 46 51 58 48 63 78
PrMan|MAN|Pr Man|Prayer of Manasseh|15
Ps151|PS2|Ps 151|Psalm 151|7
"""

_UNTITLED = "1 2 10 33 43 71 91 93 94 95 96 97 99 104 105 106 107 111 112 113 114 115 116 117 118 119 135 136 137"
_UNTITLED_PSALMS = frozenset(map(int, _UNTITLED.split())) | frozenset(range(146, 151))

PSALMS = 19
DEUTEROCANON_FIRST = PROTESTANT_BOOKS + 1

_Names = tuple[str, ...]
_Columns = tuple[_Names, _Names, _Names, _Names, tuple[tuple[int, ...], ...]]

OSIS: _Names
USFM: _Names
SHORT: _Names
LONG: _Names
VERSES: tuple[tuple[int, ...], ...]


def _columns() -> _Columns:
    rows = [line.split("|") for line in _TABLE.splitlines()]
    osis, usfm, short, long, counts = zip(("", "", "", "", ""), *rows, strict=True)
    return osis, usfm, short, long, tuple((0, *map(int, row.split())) for row in counts)


# Each is indexed by book number, and VERSES[book] by chapter number; index 0 is a blank, so that no code subtracts one.
OSIS, USFM, SHORT, LONG, VERSES = _columns()
LAST_BOOK = len(OSIS) - 1


def ordinal(book: int, chapter: int, verse: int) -> int:
    """Return the ordinal of a verse, without asking whether there is such a verse."""
    return book * BOOK_UNIT + chapter * CHAPTER_UNIT + verse


def split(ordinal: int) -> tuple[int, int, int]:
    """Return book, chapter and verse of an ordinal."""
    book, rest = divmod(ordinal, BOOK_UNIT)
    chapter, verse = divmod(rest, CHAPTER_UNIT)
    return book, chapter, verse


def book_number(id: str) -> int | None:
    """Return the number of the book with this OSIS or USFM id, in any case, or None."""
    return _numbers().get(id.lower())


def _numbers() -> dict[str, int]:
    if not _NUMBERS:
        for ids in (USFM, OSIS):
            _NUMBERS.update((id.lower(), number) for number, id in enumerate(ids) if number)
    return _NUMBERS


_NUMBERS: dict[str, int] = {}


def chapters(book: int) -> int:
    """Return the number of the last chapter of a book, 0 where there is no such book."""
    return len(VERSES[book]) - 1 if 0 < book <= LAST_BOOK else 0


def last_verse(book: int, chapter: int) -> int:
    """Return the number of the last verse of a chapter, 0 where there is no such chapter."""
    return VERSES[book][chapter] if 0 < chapter <= chapters(book) else 0


def is_verse(ordinal: int) -> bool:
    """Tell whether there is a verse, or the title of a psalm, with this ordinal."""
    book, chapter, verse = split(ordinal)
    if verse == 0:
        return has_title(book, chapter)
    return 0 < verse <= last_verse(book, chapter)


def has_title(book: int, chapter: int) -> bool:
    """Tell whether a chapter is a psalm with a title, which is its verse 0."""
    return book == PSALMS and 0 < chapter <= chapters(PSALMS) and chapter not in _UNTITLED_PSALMS


def whole_chapter(book: int, chapter: int) -> tuple[int, int]:
    """Return the passage from verse 1 of a chapter to its last verse."""
    return ordinal(book, chapter, 1), ordinal(book, chapter, last_verse(book, chapter))


def whole_book(book: int) -> tuple[int, int]:
    """Return the passage from the first verse of a book to its last."""
    last = chapters(book)
    first = next((number for number in range(1, last + 1) if VERSES[book][number]), last)
    return ordinal(book, first, 1), ordinal(book, last, last_verse(book, last))


def next_verse(ordinal: int) -> int | None:
    """Return the verse after this one, in the next chapter or book where it is the last, or None after the last.

    The verse after a psalm's title is verse 1. Titles themselves are never next.
    """
    book, chapter, verse = split(ordinal)
    if verse < last_verse(book, chapter):
        return ordinal + 1
    while book <= LAST_BOOK:
        while chapter < chapters(book):
            chapter += 1
            if VERSES[book][chapter]:
                return book * BOOK_UNIT + chapter * CHAPTER_UNIT + 1
        book, chapter = book + 1, 0
    return None


def previous_verse(ordinal: int) -> int | None:
    """Return the verse before this one, or None at Genesis 1:1. Titles of psalms are passed over."""
    book, chapter, verse = split(ordinal)
    if verse > 1:
        return ordinal - 1
    while book > 0:
        while chapter > 1:
            chapter -= 1
            if VERSES[book][chapter]:
                return book * BOOK_UNIT + chapter * CHAPTER_UNIT + VERSES[book][chapter]
        book -= 1
        chapter = chapters(book) + 1
    return None


def expand(start: int, end: int) -> list[int]:
    """Return the ordinals of the verses of a passage, in order.

    A psalm's title is among them only where the passage starts at it. An end that is no verse stops at the last before.
    """
    first_book, first_chapter, first_verse = split(start)
    verses: list[int] = [start] if first_verse == 0 and start <= end and has_title(first_book, first_chapter) else []
    last_book = min(end // BOOK_UNIT, LAST_BOOK)
    for book in range(max(first_book, 1), last_book + 1):
        low = first_chapter if book == first_book else 1
        for chapter in range(max(low, 1), chapters(book) + 1):
            base = book * BOOK_UNIT + chapter * CHAPTER_UNIT
            if base >= end:
                return verses
            verses.extend(range(max(base + 1, start), min(base + VERSES[book][chapter], end) + 1))
    return verses

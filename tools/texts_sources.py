"""What `build_texts` must find in its sources: names, licences, counts, verses known by heart, and renumberings.

The sources fill fixed slots: a verse their own numbering has beyond a chapter's last slot was appended to it. SPLITS
takes such slots apart again; MOVES then carries each verse to where the canon (English numbering) has it.
"""

from __future__ import annotations

from pathlib import Path

SPOT_VERSES = Path(__file__).with_name("spot_verses.tsv")

# (book, chapter, slot) -> the words each further verse begins with; they become the verses slot + 1, slot + 2 ... at
# the end of a chapter, and slot * 1000 + 1, + 2 ... within one, where slot + 1 is taken.
Splits = dict[tuple[str, int, int], tuple[str, ...]]
# (book, chapter, first, last) -> (chapter, first) in the canon; verses that meet there are joined.
Moves = dict[tuple[str, int, int, int], tuple[int, int]]

# How the verses of Greek Esther 5 and 6 begin, each behind a verse of chapter 4 in its slot.
_GREEK_ESTHER_5 = (
    "It came to pass on the third day",
    "And having raised the golden sceptre",
    "The king said, “What do you desire",
    "Esther said, “Today is a special",
    "The king said, “Hurry and bring Haman",
    "At the banquet, the king said",
    "She said, “My request and my petition",
    "if I have found favor in the king’s sight",
    "So Haman went out from the king",
    "Having gone into his own house",
    "He showed them his wealth",
    "Haman said, “The queen has called",
    "But these things don’t please me",
    "Then Zeresh his wife and his friends",
)
_GREEK_ESTHER_6 = (
    "The Lord removed sleep from the king",
    "And he found the records written",
    "The king said, “What honor or favor",
    "And while the king was enquiring",
    "The king’s servants said, “Behold, Haman",
    "The king said to Haman, “What should",
    "He said to the king, “As for the man",
    "let the king’s servants bring the robe",
    "and let him give it to one of the",
    "Then the king said to Haman, “You have",
    "So Haman took the robe and the horse",
    "Then Mordecai returned to the palace",
    "Haman related the events that had",
    "While they were still speaking, the",
)

WEB_SPLITS: Splits = {
    # The doxology, which the WEB has here and the canon at the end of the letter.
    **{("EsthGr", 5, slot): (words,) for slot, words in enumerate(_GREEK_ESTHER_5, 1)},
    **{("EsthGr", 6, slot): (words,) for slot, words in enumerate(_GREEK_ESTHER_6, 1)},
    ("Rom", 14, 23): ("Now to him who is able", "but now is revealed", "to the only wise God"),
}
WEB_MOVES: Moves = {
    ("Rom", 14, 24, 26): (16, 25),
    # The prayers of Mordecai and Esther, 4:18-47, ran over into the slots of the next two chapters and their heads.
    ("EsthGr", 5, 0, 14): (4, 18),
    ("EsthGr", 6, 0, 14): (4, 33),
    ("EsthGr", 11, 0, 0): (10, 14),
    **{
        ("EsthGr", chapter, slot * 1000 + 1, slot * 1000 + 1): (chapter, slot)
        for chapter in (5, 6)
        for slot in range(1, 14)
    },
    # Behind the last slot there is none, so its second part has the next number.
    ("EsthGr", 5, 15, 15): (5, 14),
    ("EsthGr", 6, 15, 15): (6, 14),
}
WEB_BOOKS = {"AddPs": "Ps151"}

RV_SPLITS: Splits = {
    ("Num", 13, 33): ("También vimos allí gigantes",),
    ("Num", 30, 16): ("Estas son las ordenanzas",),
    ("Judg", 14, 20): ("Y la mujer de Samsón",),
    ("1Sam", 24, 22): ("Entonces David juró",),
    ("2Sam", 20, 25): ("é Ira Jaireo",),
    ("1Kgs", 18, 34): ("Y dijo: Hacedlo otra vez",),
    ("1Kgs", 22, 53): ("Porque sirvió á Baal",),
    ("1Chr", 1, 30): ("Jetur, Naphis",),
    ("1Chr", 21, 30): ("Mas David no pudo",),
    ("2Chr", 33, 10): ("por lo cual Jehová trajo",),
    ("Job", 35, 15): ("por eso Job abrió",),
    ("Job", 39, 30): (
        "Ella habita y está",
        "Desde allí acecha",
        "Sus pollos chupan",
        "A más de eso respondió",
        "¿Es sabiduría contender",
        "Y respondió Job",
        "He aquí que yo soy vil",
        "Una vez hablé",
    ),
    ("Hos", 12, 14): ("Enojado ha Ephraim",),
    ("Jonah", 2, 10): ("Y mandó Jehová al pez",),
    ("Acts", 19, 40): ("Y habiendo dicho esto",),
    ("2Cor", 13, 12): ("Todos los santos",),
}
RV_MOVES: Moves = {
    ("Num", 13, 1, 1): (12, 16),
    ("Num", 13, 2, 34): (13, 1),
    ("Num", 30, 1, 1): (29, 40),
    ("Num", 30, 2, 17): (30, 1),
    ("Judg", 14, 19, 19): (14, 18),
    ("Judg", 14, 20, 21): (14, 19),
    ("1Sam", 24, 1, 1): (23, 29),
    ("1Sam", 24, 2, 23): (24, 1),
    ("1Kgs", 18, 34, 34): (18, 33),
    ("1Kgs", 18, 34001, 34001): (18, 34),
    ("1Kgs", 22, 44, 44): (22, 43),
    ("1Kgs", 22, 45, 54): (22, 44),
    ("1Chr", 1, 30001, 30001): (1, 31),
    ("1Chr", 1, 31, 31): (1, 32),
    ("1Chr", 21, 16, 16): (21, 15),
    ("1Chr", 21, 17, 31): (21, 16),
    ("2Chr", 33, 10001, 10001): (33, 11),
    ("2Chr", 33, 11, 24): (33, 12),
    ("Job", 39, 1, 3): (38, 39),
    ("Job", 39, 4, 33): (39, 1),
    ("Job", 39, 34, 38): (40, 1),
    ("Job", 40, 1, 19): (40, 6),
    ("Hos", 12, 1, 1): (11, 12),
    ("Hos", 12, 2, 15): (12, 1),
    ("Jonah", 2, 1, 1): (1, 17),
    ("Jonah", 2, 2, 11): (2, 1),
    ("2Cor", 13, 13, 13): (13, 14),
    ("2Cor", 13, 12001, 12001): (13, 13),
}

# Notes on where a letter was written and headings of Psalm 119, which the RV 1909 prints into its verses. The King
# James Version and the WEB mark theirs as titles; none of the three texts keeps them.
RV_COLOPHONS = (
    "Fué escrita de Corinto",
    "La primera á los Corintios fué enviada",
    "La segunda Epístola á los Corintios fué enviada",
    "Enviada de Roma á los Gálatas",
    "Escrita de Roma á los Efesios",
    "Escrita de Roma con Epafrodito",
    "Escrita de Roma á los Colosenses",
    "La primera epístola á los Tesalonicenses fué",
    "La segunda Epístola á los Tesalonicenses fué",
    "La primera epístola á Timoteo fué escrita",
    "La segunda epístola á Timoteo, el cual fué",
    "A Tito, el cual fué el primer obispo",
    "A Filemón fué enviada",
    "Fué escrita á los Hebreos",
)


class Text:
    """One text to build: where it comes from and what must come out."""

    def __init__(
        self,
        code: str,
        *,
        name: str,
        language: str,
        package: str,
        count: int,
        sha256: str,
        absent: tuple[int, ...] = (),
        beyond: tuple[int, ...] = (),
        splits: Splits | None = None,
        moves: Moves | None = None,
        books: dict[str, str] | None = None,
        books_with_heads: tuple[str, ...] = (),
        colophons: tuple[str, ...] = (),
        has_titles_in_verses: bool = False,
        notes: str = "",
    ) -> None:
        self.code = code
        self.name = name
        self.language = language
        self.package = package
        self.count = count
        self.sha256 = sha256
        self.spots = _spots(code)
        self.absent = absent
        self.beyond = beyond
        self.splits = splits or {}
        self.moves = moves or {}
        self.books = books or {}
        self.books_with_heads = books_with_heads
        self.colophons = colophons
        self.has_titles_in_verses = has_titles_in_verses
        self.notes = notes

    def renamed(self, verses: dict[tuple[str, int, int], str]) -> dict[tuple[str, int, int], str]:
        """Return the verses with the letter of Jeremiah as a book of its own, as the canon has it."""
        return {
            ("EpJer", 1, verse) if (book, chapter) == ("Bar", 6) else (book, chapter, verse): text
            for (book, chapter, verse), text in verses.items()
        }

    def licence_note(self, version: str) -> str:
        """Return the note that lies beside the text."""
        return (
            f"{self.name}\n\nSource: eBible.org's SWORD module as packaged by Debian ({self.package} {version}).\n"
            "Licence: public domain, as the package's copyright file and the module's own description say.\n\n"
            f"{self.notes.strip()}\n"
        )


def _spots(code: str) -> dict[int, str]:
    """Return the verses known by heart of a text, by ordinal; the tests read the same file."""
    rows = (line.split("\t") for line in SPOT_VERSES.read_text("utf-8").splitlines()[1:])
    return {int(ordinal): verse for text, ordinal, verse in rows if text == code}


TEXTS = (
    Text(
        "web",
        name="World English Bible",
        language="en",
        package="sword-text-web",
        count=37_607,
        sha256="19a01565d9aab6b516dce10b7a9d052606204555887747b74e57ad15d532d652",
        absent=(42017036, 44008037, 44015034, 44024007, 64001015),
        beyond=(67005022, 69010014, 72033032, 72033033, 73001022),
        splits=WEB_SPLITS,
        moves=WEB_MOVES,
        books=WEB_BOOKS,
        books_with_heads=("EsthGr",),
        notes="""
"World English Bible" is a trademark of eBible.org: a text that is changed may not carry the name. Only markup was taken
out here (Strong's numbers, notes, headings, names of speakers in the Song of Songs); the words are as they were.
""",
    ),
    Text(
        "kjv",
        name="King James Version",
        language="en",
        package="sword-text-kjv",
        count=31_218,
        sha256="5453d69db9a6144564225af1b4c62b2e3ef1a201a0df3aff239f742134a40b39",
        absent=(64001015,),
        notes="""
In the United Kingdom printing the King James Version needs leave under letters patent of the Crown; elsewhere it is in
the public domain. The standard text of 1769, without the Apocrypha; paragraph signs, notes, the letters of Psalm 119
and the notes on where a letter was written were taken out.
""",
    ),
    Text(
        "rv1909",
        name="Reina-Valera 1909",
        language="es",
        package="sword-text-sparv",
        count=31_218,
        sha256="39bd2d8321aa5b14a7abb083f854a787684d72fdaac0f07cff1c918d8c66f3a4",
        absent=(64001015,),
        splits=RV_SPLITS,
        moves=RV_MOVES,
        colophons=RV_COLOPHONS,
        has_titles_in_verses=True,
        notes="""
The words and accents are the source's (the spelling of 1909:  "á", "fué"). Taken out: Strong's
numbers, the letters of Psalm 119, and the notes on where a letter was written. Where the Reina-Valera numbers verses
otherwise than the English Bible, verses were carried to the English number; the text of none was changed.
""",
    ),
)

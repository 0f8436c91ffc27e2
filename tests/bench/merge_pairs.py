"""Pairs of edits of one note, as two devices make them while apart: written by hand, and made of sermon-like texts."""

from __future__ import annotations

import random
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

EACH = 16


@dataclass(frozen=True)
class Pair:
    kind: str
    base: str
    ours: str
    theirs: str


@dataclass(frozen=True)
class Judged:
    """What a merge did wrong: words that a side wrote and that are gone; sentences no person would have written."""

    lost: list[str]
    garbled: list[str]


MARKERS = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7}).*\n?", re.MULTILINE)


def judge(pair: Pair, merged: str, flagged: Iterable[str] = ()) -> Judged:
    """What is wrong with a merged text; `flagged` are the stretches that the system shows as conflicts."""
    garbled = [f"marker: {marker}" for marker in MARKERS.findall(merged) if marker.startswith("<")]
    merged = MARKERS.sub("", merged)
    base, ours, theirs, result = (Counter(words(text)) for text in (pair.base, pair.ours, pair.theirs, merged))
    lost = [word for side in (ours, theirs) for word in side if side[word] > base[word] and not result[word]]
    garbled += [f"not a word of any side: {word}" for word in result if not (base[word] or ours[word] or theirs[word])]
    shown = " ".join(" ".join(words(text)) for text in flagged)
    counts = [Counter(sentences(text)) for text in (pair.base, pair.ours, pair.theirs)]
    for sentence, number in Counter(sentences(merged)).items():
        if number > max(1, *(count[sentence] for count in counts)) and sentence not in shown:
            garbled.append(f"doubled: {sentence}")
    return Judged(lost, garbled)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def sentences(text: str) -> list[str]:
    """The sentences of three words and more, as words alone."""
    found = (" ".join(words(sentence)) for sentence in re.split(r"[.!?]\s|\n\s*\n|\n(?=[-*|#>\d])", text + "\n\n"))
    return [sentence for sentence in found if sentence.count(" ") >= 2]


SERMON = """\
# Grace that teaches

Titus 2:11-14, Pastor Daniel, morning service

The grace of God has appeared, bringing salvation for all people. It does not only forgive; it trains us to say no.

Three things it teaches:

- to renounce ungodliness and worldly passions
- to live self-controlled, upright and godly lives
- to wait for our blessed hope

Daniel told of his grandfather, who kept a lamp burning in the window for forty years. "Waiting is not idle," he said.

> He gave himself for us to redeem us from all lawlessness.

We are not saved by works, but we are saved for works. The order matters more than anything else in this letter.

## Prayer

- Ruth: surgery on Monday
- the youth camp in July
- Peter and Anna, who lost their father
"""

STUDY = """\
# John 15: the vine and the branches

Abide is used ten times in the chapter. What does it mean to abide?

Anna said that a branch does not strain to bear fruit. It simply stays where it is, and the sap does the rest.

| verse | what is promised | to whom |
|-------|------------------|---------|
| 15:5  | much fruit       | who abides |
| 15:7  | ask whatever you wish | whose words abide |
| 15:11 | full joy         | the disciples |

Question for next week: why does pruning hurt so much?

We closed with the Lord's prayer.
"""

PLAIN = """\
Romans 8 again tonight. There is therefore now no condemnation for those who are in Christ Jesus. Paul does not say
there is less condemnation, or that it comes later. He says there is none. I needed to hear that after this week. The
Spirit himself bears witness with our spirit that we are children of God, and if children, then heirs.

Groaning comes three times: creation groans, we groan, the Spirit groans. Hope that is seen is not hope.

Nothing can separate us. Neither death nor life, nor angels nor rulers, nor things present nor things to come.
"""


def _changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def by_hand() -> list[Pair]:
    """Edits that people make."""
    return [*_by_hand_sermon(), *_by_hand_study(), *_by_hand_plain(), *_by_hand_short()]


def _by_hand_sermon() -> list[Pair]:
    def pair(kind: str, ours: list[tuple[str, str]], theirs: list[tuple[str, str]]) -> Pair:
        return Pair(kind, SERMON, _changed(SERMON, *ours), _changed(SERMON, *theirs))

    lamp = SERMON[SERMON.index("Daniel told") : SERMON.index("> He gave")]
    works = SERMON[SERMON.index("We are not") : SERMON.index("## Prayer")]
    moved = SERMON.replace(lamp, "").replace("## Prayer", lamp + "## Prayer")
    works_first = SERMON.replace(works, "").replace("Three things", works + "Three things")
    return [
        pair("two places", [("Pastor Daniel", "Pastor Daniel Weber")], [("youth camp", "whole youth camp")]),
        pair("two places", [("trains us", "slowly trains us")], [("for forty years", "for almost forty years")]),
        pair("one sentence", [("has appeared", "has truly appeared")], [("all people", "all peoples")]),
        pair("one sentence", [("It does not only", "Grace does not only")], [("say no.", "say no, and to say yes.")]),
        pair("one word", [("forty years", "thirty years")], [("forty years", "fifty years")]),
        pair("one word", [("lawlessness", "wickedness")], [("lawlessness", "iniquity")]),
        pair("list", [("on Monday\n", "on Monday\n- Esther, who starts school\n")], [("- the youth", "- our youth")]),
        pair("list", [("father\n", "father\n- rain\n")], [("father\n", "father\n- the new elders\n")]),
        pair("list", [("- the youth camp in July\n", "")], [("in July", "in August")]),
        pair("list", [("hope\n", "hope (2:13)\n")], [("passions\n", "passions (2:12)\n")]),
        pair("heading", [("# Grace that teaches", "# Grace that trains")], [("Titus 2:11-14", "Titus 2:11-15")]),
        pair(
            "heading", [("## Prayer\n", "## Prayer points\n")], [("## Prayer\n\n", "## Prayer\n\n- thanks for rain\n")]
        ),
        pair("heading", [("## Prayer", "## For prayer")], [("## Prayer", "## Prayer list")]),
        Pair("moved, edited", SERMON, moved, _changed(SERMON, ("a lamp", "an oil lamp"))),
        Pair("moved, edited", SERMON, moved, _changed(SERMON, ("Waiting is not idle", "Waiting is never idle"))),
        Pair("moved by both", SERMON, moved, SERMON.replace(lamp, "").replace("# Grace", lamp + "# Grace")),
        Pair("moved, moved", SERMON, moved, works_first),
        Pair("moved, removed", SERMON, moved, SERMON.replace(lamp, "")),
        Pair(
            "removed, edited", SERMON, SERMON.replace(works, ""), _changed(SERMON, ("this letter", "the whole letter"))
        ),
        Pair("removed, edited", SERMON, _changed(SERMON, ("a lamp", "a small lamp")), SERMON.replace(lamp, "")),
        Pair("removed by both", SERMON, SERMON.replace(lamp, ""), SERMON.replace(lamp, "")),
        Pair(
            "both append", SERMON, SERMON + "\nTalk to Daniel about the lamp.\n", SERMON + "\nRead Titus 3 at home.\n"
        ),
        Pair("both append", SERMON, SERMON + "\nRead Titus 3.\n", SERMON + "\nRead Titus 3.\n\nCall Ruth on Sunday.\n"),
        Pair("both prepend", SERMON, "Sunday, rainy\n\n" + SERMON, "Second service\n\n" + SERMON),
        pair(
            "rewritten, fixed",
            [
                (
                    works.split("\n")[0],
                    "Works do not save us, yet we are saved in order to work; nothing is as clear here.",
                )
            ],
            [("The order matters", "This order matters")],
        ),
        pair(
            "rewritten by both",
            [(works.split("\n")[0], "Grace first, then works. That is the whole of it.")],
            [(works.split("\n")[0], "Good deeds follow salvation as fruit follows the root.")],
        ),
    ]


def _by_hand_study() -> list[Pair]:
    def pair(kind: str, ours: list[tuple[str, str]], theirs: list[tuple[str, str]]) -> Pair:
        return Pair(kind, STUDY, _changed(STUDY, *ours), _changed(STUDY, *theirs))

    row = "| 15:7  | ask whatever you wish | whose words abide |\n"
    return [
        pair("table", [("much fruit   ", "more and more fruit")], [("full joy", "joy that is full")]),
        pair("table", [(row, row + "| 15:9  | his love | all |\n")], [("who abides |", "whoever abides |")]),
        pair("table", [(row, "")], [("whose words abide", "in whom his words abide")]),
        pair("table", [("the disciples |", "us |")], [("the disciples |", "the eleven |")]),
        pair("table", [("| to whom |", "| for whom |")], [("what is promised", "the promise")]),
        pair("one sentence", [("Anna said", "Anna pointed out")], [("bear fruit", "bring fruit")]),
        pair("question", [("hurt so much", "hurt")], [("next week", "the next meeting")]),
        pair("question", [("why does pruning", "why must pruning")], [("why does pruning", "how does pruning")]),
        pair(
            "both append", [("prayer.\n", "prayer.\n\nSnacks: Mark\n")], [("prayer.\n", "prayer.\n\nSnacks: Lydia\n")]
        ),
        pair("apostrophe", [("the Lord's prayer", "our Lord's prayer")], [("We closed", "Tonight we closed")]),
        pair("apostrophe", [("the Lord's prayer", "Christ's prayer")], [("the Lord's prayer", "Jesus' prayer")]),
        pair("number", [("ten times", "11 times")], [("ten times", "eleven times (ESV)")]),
    ]


def _by_hand_plain() -> list[Pair]:
    def pair(kind: str, ours: list[tuple[str, str]], theirs: list[tuple[str, str]]) -> Pair:
        return Pair(kind, PLAIN, _changed(PLAIN, *ours), _changed(PLAIN, *theirs))

    reflowed = "\n\n".join(textwrap.fill(part, 72) for part in PLAIN.strip().split("\n\n")) + "\n"
    unwrapped = "\n\n".join(" ".join(part.split()) for part in PLAIN.strip().split("\n\n")) + "\n"
    edited = _changed(PLAIN, ("less condemnation", "a little less condemnation"), ("heirs", "heirs with Christ"))
    groaning = PLAIN[PLAIN.index("Groaning") : PLAIN.index("Nothing")]
    return [
        Pair("reflow", PLAIN, reflowed, edited),
        Pair("reflow", PLAIN, edited, unwrapped),
        Pair("reflow", PLAIN, reflowed, unwrapped),
        Pair("reflow", PLAIN, unwrapped, _changed(PLAIN, ("He says there is none. ", ""))),
        pair("split", [("there is none. I", "there is none.\n\nI")], [("I needed", "How I needed")]),
        pair("split", [("none. I needed", "none.\n\nI needed")], [("this week. ", "this week. Psalm 32 too. ")]),
        pair("joined", [("then heirs.\n\nGroaning", "then heirs. Groaning")], [("three times", "exactly three times")]),
        pair("sentence added", [("later. ", "later. Mark that word. ")], [("none. ", "none. Not one bit. ")]),
        pair("sentence added", [("is none. ", "is none. None! ")], [("is none. ", "is none. Zero, said Tom. ")]),
        pair("sentence removed", [(" I needed to hear that after this week.", "")], [("this week", "these weeks")]),
        pair("sentence removed", [(" He says there is none.", "")], [(" I needed to hear that after this week.", "")]),
        Pair(
            "moved, edited",
            PLAIN,
            groaning + PLAIN.replace(groaning, ""),
            _changed(PLAIN, ("we groan", "we all groan")),
        ),
        Pair("moved, edited", PLAIN, PLAIN.replace(groaning, "") + "\n" + groaning, edited),
        pair("same fix", [("Neither death", "Not death")], [("Neither death", "Not death")]),
        pair(
            "punctuation",
            [("Hope that is seen is not hope.", "Hope that is seen, is not hope!")],
            [("three times:", "thrice:")],
        ),
        pair("case", [("the Spirit groans", "The Spirit groans")], [("the Spirit groans", "the Holy Spirit groans")]),
    ]


def _by_hand_short() -> list[Pair]:
    return [
        Pair("short", "", "Psalm 23 at the bedside", "Hebrews 11 for Sunday"),
        Pair("short", "Ruth", "Ruth 1", "Ruth, chapter one"),
        Pair("short", "By grace we are saved.", "By mercy we are saved.", "By favor we are saved."),
        Pair("short", "By grace we are saved.", "By sheer grace we are saved.", "By grace alone we are saved."),
        Pair("short", "- milk\n- bread", "- milk\n- bread\n- wine", "- milk\n- bread\n- grapes"),
        Pair(
            "short",
            "- [ ] call Ruth\n- [ ] pay rent\n",
            "- [x] call Ruth\n- [ ] pay rent\n",
            "- [ ] call Ruth\n- [x] pay rent\n",
        ),
        Pair("short", "- [ ] call Ruth\n", "- [x] call Ruth\n", "- [ ] call Ruth tonight\n"),
        Pair("short", "one two three", "three two one", "one two three four"),
        Pair("short", "θεός ἀγάπη ἐστίν", "ὁ θεός ἀγάπη ἐστίν", "θεός ἀγάπη ἐστίν, 1 John 4"),
        Pair("short", "בְּרֵאשִׁית בָּרָא אֱלֹהִים", "בְּרֵאשִׁית בָּרָא אֱלֹהִים אֵת", "In Hebrew: בְּרֵאשִׁית בָּרָא אֱלֹהִים"),
    ]


OPENERS = [
    "Grace",
    "The covenant",
    "Every promise",
    "This psalm",
    "Our hope",
    "The shepherd",
    "Faith",
    "His mercy",
    "The prophet",
    "Obedience",
]
VERBS = [
    "reminds",
    "teaches",
    "carries",
    "calls",
    "humbles",
    "gathers",
    "strengthens",
    "comforts",
    "corrects",
    "invites",
]
OBJECTS = [
    "the weary",
    "the whole church",
    "us in the desert",
    "those who wait",
    "the proud",
    "every household",
    "the small group",
]
ENDS = [
    "to return to the first love",
    "before the morning comes",
    "in the middle of the storm",
    "as the apostle wrote to Titus",
    "even when nobody sees it",
    "because the tomb is empty",
    "without counting the cost",
    "when the harvest is near",
]
FRESH = [
    "quietly",
    "gladly",
    "again",
    "together",
    "tonight",
    "boldly",
    "always",
    "daily",
    "freely",
    "wholly",
    "patiently",
    "openly",
    "surely",
    "truly",
]
NAMES = [
    "Ruth",
    "Peter",
    "Anna",
    "Lydia",
    "Mark",
    "Esther",
    "Silas",
    "Phoebe",
    "Tabitha",
    "Jonas",
    "Miriam",
    "Caleb",
    "Hannah",
    "Titus",
    "Eunice",
]


def _sentence(source: random.Random) -> str:
    return " ".join(map(source.choice, (OPENERS, VERBS, OBJECTS, ENDS))) + "."


def _paragraphs(source: random.Random, number: int = 6) -> list[str]:
    return [" ".join(_sentence(source) for _ in range(source.randint(2, 4))) for _ in range(number)]


def _with_word(source: random.Random, text: str, word: str) -> str:
    tokens = text.split(" ")
    tokens.insert(source.randrange(1, len(tokens)), word)
    return " ".join(tokens)


def _joined(paragraphs: list[str]) -> str:
    return "\n\n".join(paragraphs) + "\n"


def _move_and_edit(source: random.Random) -> tuple[str, str, str]:
    parts = _paragraphs(source)
    at, to = source.sample(range(len(parts)), 2)
    ours, theirs = list(parts), list(parts)
    ours.insert(to, ours.pop(at))
    theirs[at] = _with_word(source, theirs[at], source.choice(FRESH))
    return _joined(parts), _joined(ours), _joined(theirs)


def _move_both(source: random.Random) -> tuple[str, str, str]:
    parts = _paragraphs(source)
    sides = [list(parts), list(parts)]
    for side in sides:
        at, to = source.sample(range(len(parts)), 2)
        side.insert(to, side.pop(at))
    return _joined(parts), _joined(sides[0]), _joined(sides[1])


def _append_both(source: random.Random) -> tuple[str, str, str]:
    parts, more, names = _paragraphs(source, 3), _paragraphs(source, 2), source.sample(NAMES, 2)
    ours, theirs = (_joined([*parts, f"{name}: {text}"]) for name, text in zip(names, more, strict=True))
    return _joined(parts), ours, theirs


def _list_both(source: random.Random) -> tuple[str, str, str]:
    items = [f"- {name}: {source.choice(OBJECTS)}" for name in source.sample(NAMES, 7)]
    base, ours, theirs = items[:5], items[:5], items[:5]
    ours.insert(source.randrange(6), items[5])
    theirs.insert(source.randrange(6), items[6])
    at = source.randrange(5)
    theirs = [f"{item} {source.choice(FRESH)}" if item == base[at] else item for item in theirs]
    return "\n".join(base), "\n".join(ours), "\n".join(theirs)


def _list_reordered(source: random.Random) -> tuple[str, str, str]:
    items = [f"- {name}: {source.choice(OBJECTS)}" for name in source.sample(NAMES, 6)]
    ours, theirs = list(items), list(items)
    source.shuffle(ours)
    at = source.randrange(6)
    theirs[at] += f", {source.choice(FRESH)}"
    return "\n".join(items), "\n".join(ours), "\n".join(theirs)


def _rewrite_and_fix(source: random.Random) -> tuple[str, str, str]:
    parts = _paragraphs(source, 4)
    at = source.randrange(4)
    found = parts[at].split(". ")
    number = source.randrange(len(found))
    ours, theirs = list(found), list(found)
    ours[number] = f"{source.choice(NAMES)} put it {source.choice(FRESH)}: {source.choice(ENDS)}"
    theirs[number] = _with_word(source, theirs[number], source.choice(FRESH))
    sides = [[*parts[:at], ". ".join(side), *parts[at + 1 :]] for side in (ours, theirs)]
    return _joined(parts), _joined(sides[0]), _joined(sides[1])


def _same_word(source: random.Random) -> tuple[str, str, str]:
    parts = _paragraphs(source, 3)
    tokens = _joined(parts).split(" ")
    at = source.randrange(1, len(tokens))
    while "\n" in tokens[at]:
        at = source.randrange(1, len(tokens))
    ours, theirs = (" ".join([*tokens[:at], word, *tokens[at + 1 :]]) for word in source.sample(FRESH, 2))
    return _joined(parts), ours, theirs


def _remove_and_edit(source: random.Random) -> tuple[str, str, str]:
    parts = _paragraphs(source, 5)
    at = source.randrange(5)
    theirs = list(parts)
    theirs[at] = _with_word(source, theirs[at], source.choice(FRESH))
    return _joined(parts), _joined(parts[:at] + parts[at + 1 :]), _joined(theirs)


def _one_sentence(source: random.Random) -> tuple[str, str, str]:
    parts = _paragraphs(source, 3)
    tokens = parts[1].split(" ")
    first, second = sorted(source.sample(range(1, len(tokens)), 2))
    words = source.sample(FRESH, 2)
    ours = " ".join([*tokens[:first], words[0], *tokens[first + source.randint(0, 1) :]])
    theirs = " ".join([*tokens[:second], words[1], *tokens[second + source.randint(0, 1) :]])
    return _joined(parts), _joined([parts[0], ours, parts[2]]), _joined([parts[0], theirs, parts[2]])


def _reflow(source: random.Random) -> tuple[str, str, str]:
    parts = [textwrap.fill(part, 60) for part in _paragraphs(source, 3)]
    ours = [textwrap.fill(part, source.choice((50, 76, 1_000))) for part in parts]
    theirs = list(parts)
    theirs[1] = _with_word(source, theirs[1], source.choice(FRESH))
    return _joined(parts), _joined(ours), _joined(theirs)


def _table(source: random.Random) -> tuple[str, str, str]:
    rows = [[str(n), name, source.choice(OBJECTS)] for n, name in enumerate(source.sample(NAMES, 5), 1)]

    def shown(cells: list[list[str]]) -> str:
        lines = [f"| {' | '.join(row)} |" for row in cells]
        return "\n".join(["| no | who | for |", "|----|-----|-----|", *lines]) + "\n"

    ours, theirs = ([list(row) for row in rows] for _ in range(2))
    at, other = source.randrange(5), source.randrange(5)
    ours[at][2] += f" {source.choice(FRESH)}"
    theirs[other][1] += f" and {source.choice(NAMES)}"
    theirs.insert(source.randrange(6), ["6", source.choice(NAMES), source.choice(OBJECTS)])
    return shown(rows), shown(ours), shown(theirs)


def _insert_same_place(source: random.Random) -> tuple[str, str, str]:
    parts = _paragraphs(source, 3)
    found = parts[1].split(". ")
    at = source.randrange(1, len(found))
    names = source.sample(NAMES, 2)
    ours, theirs = (". ".join([*found[:at], f"{name} said so", *found[at:]]) for name in names)
    return _joined(parts), _joined([parts[0], ours, parts[2]]), _joined([parts[0], theirs, parts[2]])


def _sentences_reordered(source: random.Random) -> tuple[str, str, str]:
    found = [_sentence(source) for _ in range(5)]
    ours = list(found)
    at, to = source.sample(range(5), 2)
    ours.insert(to, ours.pop(at))
    theirs = _with_word(source, " ".join(found), source.choice(FRESH))
    return " ".join(found), " ".join(ours), theirs


def _many_edits(source: random.Random) -> tuple[str, str, str]:
    text = _joined(_paragraphs(source, 8))
    sides = []
    for _ in range(2):
        tokens = text.split(" ")
        for _ in range(6):
            at = source.randrange(1, len(tokens))
            tokens[at : at + source.randint(0, 1)] = [source.choice(FRESH)] * source.randint(0, 1)
        sides.append(" ".join(tokens))
    return text, sides[0], sides[1]


MADE: dict[str, Callable[[random.Random], tuple[str, str, str]]] = {
    "moved, edited": _move_and_edit,
    "moved, moved": _move_both,
    "both append": _append_both,
    "list": _list_both,
    "list reordered, edited": _list_reordered,
    "rewritten, fixed": _rewrite_and_fix,
    "one word": _same_word,
    "removed, edited": _remove_and_edit,
    "one sentence": _one_sentence,
    "reflow": _reflow,
    "table": _table,
    "sentence added": _insert_same_place,
    "sentences reordered, edited": _sentences_reordered,
    "two places": _many_edits,
}


def pairs() -> list[Pair]:
    """All pairs, always the same."""
    made = [
        Pair(kind, *make(random.Random(f"{kind} {number}"))) for kind, make in MADE.items() for number in range(EACH)
    ]
    return [*by_hand(), *(pair for pair in made if pair.ours != pair.theirs)]

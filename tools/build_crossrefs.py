"""Build the bundled cross references and topics from Debian's packages: `python tools/build_crossrefs.py [--check]`.

Needs apt (to download and unpack sword-dict-naves, sword-comm-scofield and sword-text-web into a temporary folder;
nothing is installed), pysword, and the King James text that `build_texts` has built. `--check` writes nothing.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools")]

import same_words
import sword_source
from crossref_sources import Passage, TopicLine, scofield_passages, title, topic_lines, web_notes
from scribes.scripture import canon, passage_table, text_file, topic_file, word_index

TARGET = ROOT / "src/scribes/scripture/data/links"
KJV = ROOT / "src/scribes/scripture/data/texts/kjv.scripture"
NEW_TESTAMENT = canon.ordinal(40, 1, 1)

# How strong a link of each kind is, of 1,000. A quotation named in a text's own notes is the surest there is; what two
# verses share of their words comes next; what an editor put together thins out with the number he put together.
QUOTATION = 950
SAME_WORDS = (350, 900)
SAME_STORY = (250, 500)
NOTE = 700
TOPIC = 700
MOST_IN_GROUP = 150
MOST_IN_NOTE = 16
MOST_A_VERSE = 12

NAVE_TOPICS, NAVE_REFERENCES = 5_322, 77_935

Link = tuple[Passage, Passage, float, str]


def main() -> int:
    """Build the tables, check them, and write them."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="compare with the bundled files; write nothing")
    arguments.add_argument("--folder", type=Path, help="keep the downloads here, and use those that are there")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        files = build(folder)
    differing = [name for name, data in files.items() if not options.check or (TARGET / name).read_bytes() != data]
    if options.check:
        print("differs from what is bundled:", *differing or ["nothing"])
        return 1 if differing else 0
    for name, data in files.items():
        (TARGET / name).write_bytes(data)
    return 0


def build(folder: Path) -> dict[str, bytes]:
    """Return the files by name."""
    topics = nave(folder)
    kinds = {
        "quotations": quotations(folder),
        "same words": alike(),
        "Scofield": scofield(folder),
        "topics": topic_links(topics),
    }
    for kind, links in kinds.items():
        print(f"{kind}: {len(links):,} links")
    rows = ranked([link for links in kinds.values() for link in links])
    print(f"rows: {len(rows):,}, from {len({row[0] for row in rows}):,} passages")
    about = {"name": "Nave, Scofield, the WEB's notes, same words", "licence": "public domain"}
    files = {
        "bundled.links": passage_table.pack(rows, about),
        "nave.topics": topic_file.pack(
            [(name, [(n.depth, n.heading, n.passages) for n in lines]) for name, lines in topics]
        ),
        "nave.links": passage_table.pack(
            topic_rows(topics), {"name": "Nave's topics by passage", "licence": "public domain"}
        ),
    }
    for name, data in files.items():
        print(f"{name}: {len(data):,} bytes")
    return files


def nave(folder: Path) -> list[tuple[str, list[TopicLine]]]:
    """Return the topics of Nave's, sorted by name; headings that came twice are one."""
    entries = list(sword_source.dictionary(sword_source.fetch("sword-dict-naves", folder)))
    references = sum(entry.count("osisRef=") for _, entry in entries)
    if (len(entries), references) != (NAVE_TOPICS, NAVE_REFERENCES):
        raise SystemExit(f"Nave's has {len(entries)} topics and {references} references: has the package changed?")
    topics: dict[str, list[TopicLine]] = {}
    for heading, entry in entries:
        topics.setdefault(title(heading), []).extend(topic_lines(entry.partition("<def>")[2]))
    kept = sum(len(line.passages) for lines in topics.values() for line in lines)
    print(f"Nave: {len(entries):,} topics under {len(topics):,} names, {references:,} references, {kept:,} passages")
    return sorted(topics.items(), key=lambda topic: topic[0].lower())


def topic_links(topics: list[tuple[str, list[TopicLine]]]) -> list[Link]:
    """Return links between the passages that stand in one line of a topic, those that share words before the others."""
    likeness = Likeness(king_james())
    links: list[Link] = []
    for name, lines in topics:
        for line in lines:
            group = [passage for passage in line.passages if passage[1] - passage[0] < 30]
            if 2 <= len(group) <= MOST_IN_GROUP:
                base = TOPIC / math.log2(len(group) + 2)
                for a, b in itertools.permutations(group, 2):
                    factor = likeness.of(a, b)
                    # In a long list only what also shares words belongs together; in a short one the editor is enough.
                    if factor > 0.1 or len(group) <= 12:
                        links.append((a, b, base * (0.25 + 0.75 * factor) * _short(a) * _short(b), f"topic: {name}"))
    return links


def _short(passage: Passage) -> float:
    """Return how much a link to a passage tells of each of its verses: 1 for one verse, less for many."""
    return 1 / (1 + 0.25 * math.log2(1 + passage[1] - passage[0]))


class Likeness:
    """How much of their telling words passages share; a word tells more the fewer verses have it."""

    def __init__(self, verses: dict[int, list[str]]) -> None:
        counts: dict[str, int] = {}
        for words in verses.values():
            for word in set(words):
                counts[word] = counts.get(word, 0) + 1
        self._worth = {
            word: math.log(len(verses) / count) for word, count in counts.items() if count < len(verses) / 12
        }
        self._verses = verses
        self._known: dict[Passage, tuple[set[str], float]] = {}

    def of(self, a: Passage, b: Passage) -> float:
        """Return 0 (no telling word in both) to 1 (all of them)."""
        words, total = self._words(a)
        others, other_total = self._words(b)
        shared = sum(self._worth[word] for word in words & others)
        return min(1.0, 2 * shared / (min(total, other_total) or 1.0))

    def _words(self, passage: Passage) -> tuple[set[str], float]:
        if passage not in self._known:
            own = range(passage[0], passage[1] + 1)
            words = {word for verse in own for word in self._verses.get(verse, ()) if word in self._worth}
            self._known[passage] = (words, sum(self._worth[word] for word in words))
        return self._known[passage]


def king_james() -> dict[int, list[str]]:
    """Return the words of each verse of the King James Version."""
    return {n: word_index.fold(text) for n, text in text_file.load(str(KJV)).read(0, 10**9)}


def topic_rows(topics: list[tuple[str, list[TopicLine]]]) -> list[passage_table.Row]:
    """Return rows "passage, number of a topic", stronger where fewer passages stand in the same line."""
    verses = king_james()
    best: dict[tuple[Passage, int], int] = {}
    for number, (name, lines) in enumerate(topics):
        stems = {word[:5] for word in word_index.fold(name) if len(word) > 3}
        for line in lines:
            # A line of its own is mostly a detail of history ("the letter to the Romans"), not what a verse is about.
            base = 600 / math.log2(max(len(line.passages), 4) + 1)
            for passage in line.passages:
                own = (word[:5] for verse in range(passage[0], passage[1] + 1) for word in verses.get(verse, ()))
                weight = int(base * (2.5 if stems.intersection(own) else 1) * _short(passage))
                best[passage, number] = max(weight, best.get((passage, number), 0))
    return [(start, end, number, number, weight, "") for ((start, end), number), weight in sorted(best.items())]


def scofield(folder: Path) -> list[Link]:
    """Return links from the verse of a note to the passages it names, and back."""
    links: list[Link] = []
    likeness = Likeness(king_james())
    for (book, chapter, verse), note in sword_source.raw_verses(
        sword_source.fetch("sword-comm-scofield", folder), kind="comments/zcom"
    ):
        number = canon.book_number(book)
        body = note.partition("Book Introduction")[0] if "Book Introduction" in note else note
        passages = list(dict.fromkeys(scofield_passages(body)))
        if not number or not 0 < len(passages) <= MOST_IN_NOTE:
            continue
        here = (canon.ordinal(number, chapter, verse),) * 2
        weight = NOTE / math.log2(len(passages) + 1)
        for passage, is_note in passages:
            own = weight * (1.2 if is_note else 1.0) * (0.3 + 0.7 * likeness.of(here, passage))
            links.append((here, passage, own, "Scofield's note"))
            links.append((passage, here, own * 0.6, "Scofield's note"))
    return links


def quotations(folder: Path) -> list[Link]:
    """Return links between verses and what the WEB's own notes say they quote."""
    links: list[Link] = []
    for (book, chapter, verse), raw in sword_source.raw_verses(sword_source.fetch("sword-text-web", folder)):
        number = canon.book_number(book)
        for passage in web_notes(raw) if number else []:
            here = (canon.ordinal(number or 0, chapter, verse),) * 2
            is_quotation = here[0] >= NEW_TESTAMENT > passage[0]
            links.append((here, passage, QUOTATION, "quotes" if is_quotation else "noted in the WEB"))
            links.append((passage, here, QUOTATION, "quoted by" if is_quotation else "noted in the WEB"))
    return links


def alike() -> list[Link]:
    """Return links between verses of the King James Version that say the same."""
    verses = king_james()
    same = same_words.pairs(verses)
    links: list[Link] = []
    for pairs, (low, high), reason in (
        (same, SAME_WORDS, "same words"),
        (same_words.grow(verses, same), SAME_STORY, "same story"),
    ):
        for (verse, other), share in pairs.items():
            weight = low + (high - low) * share
            links.append(((verse, verse), (other, other), weight, reason))
            links.append(((other, other), (verse, verse), weight, reason))
    return links


def ranked(links: list[Link]) -> list[passage_table.Row]:
    """Return the strongest links of each passage: what several sources say adds up, the strongest names the reason."""
    doubts: dict[tuple[Passage, Passage], float] = {}
    reasons: dict[tuple[Passage, Passage], tuple[float, str]] = {}
    for here, there, weight, reason in links:
        if here[0] <= there[1] and there[0] <= here[1]:
            continue
        pair = (here, there)
        doubts[pair] = doubts.get(pair, 1.0) * (1 - weight / 1000)
        reasons[pair] = max(reasons.get(pair, (0.0, "")), (weight, reason))
    by_passage: dict[Passage, list[tuple[float, Passage]]] = {}
    for (here, there), doubt in doubts.items():
        by_passage.setdefault(here, []).append((-(1 - doubt), there))
    rows: list[passage_table.Row] = []
    for here, others in by_passage.items():
        for strength, there in sorted(others)[:MOST_A_VERSE]:
            rows.append((*here, *there, max(1, round(-strength * 1000)), reasons[here, there][1]))
    return sorted(rows)


if __name__ == "__main__":
    raise SystemExit(main())

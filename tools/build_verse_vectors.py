"""Build the vectors of the bundled verses: `python tools/build_verse_vectors.py [--check]`.

Embeds each verse of the World English Bible with the bundled model: about five minutes on one core. `--check` compares
with what is bundled, and writes nothing. Another processor may round a number here and there the other way, so
`--check` allows a row to differ by 1 in some places.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src")]

from scribes.adapters.embedder_local import LocalEmbedder
from scribes.scripture import texts
from scribes.scripture.text_file import load
from scribes.vectors import rows, verses

AT_ONCE = 2000
LAST = 99_999_999


def main() -> int:
    """Embed the verses, and write the file or compare it with the one that is bundled."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--check", action="store_true", help="compare with the bundled file; write nothing")
    options = arguments.parse_args()
    embedder = LocalEmbedder()
    vectors = embedded(embedder)
    data = verses.pack(vectors, digest=embedder.digest, stamp=load(texts.named("web").path).stamp)
    print(f"{len(vectors):,} verses, {len(data):,} bytes")
    if options.check:
        return 0 if is_as_bundled(vectors, embedder) else 1
    Path(verses.FILE).write_bytes(data)
    return 0


def embedded(embedder: LocalEmbedder) -> dict[int, bytes]:
    """Return the vector of each verse by its ordinal; titles of psalms are no verses."""
    found = [verse for verse in texts.read(0, LAST) if verse.ordinal % 1000 and verse.text.strip()]
    vectors: dict[int, bytes] = {}
    for begin in range(0, len(found), AT_ONCE):
        part = found[begin : begin + AT_ONCE]
        vectors.update(zip((verse.ordinal for verse in part), embedder.embed([v.text for v in part]), strict=True))
        print(f"{len(vectors):,} of {len(found):,}", file=sys.stderr)
    return vectors


def is_as_bundled(vectors: dict[int, bytes], embedder: LocalEmbedder) -> bool:
    """Tell whether the bundled file has these vectors, but for rounding; say what differs."""
    bundled = verses.VerseVectors(verses.FILE)
    if bundled.digest != embedder.digest:
        print("the bundled file was made with another embedder")
        return False
    kept = dict(bundled.rows())
    differ = [
        ordinal
        for ordinal in sorted(vectors.keys() | kept.keys())
        if not is_near(rows.row(vectors.get(ordinal, b"\0\0\0\0")), kept.get(ordinal, b""))
    ]
    print(f"{len(differ)} verses differ" if differ else "as bundled")
    return not differ


def is_near(row: bytes, other: bytes) -> bool:
    """Tell whether two rows differ by 1 at most in each place."""
    return len(row) == len(other) and all((a - b + 1) % 256 <= 2 for a, b in zip(row, other, strict=True))


if __name__ == "__main__":
    raise SystemExit(main())

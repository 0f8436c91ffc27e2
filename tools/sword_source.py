"""Debian's SWORD packages, fetched into a folder, and their verses and entries with their markup."""

from __future__ import annotations

import functools
import glob
import os
import struct
import subprocess
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Address = tuple[str, int, int]


def fetch(package: str, folder: Path) -> Path:
    """Return the folder a Debian package was unpacked into; nothing is installed on the machine."""
    unpacked = folder / package
    if not unpacked.exists():
        # apt drops to a user of its own for downloads, which cannot write here; as root that is only a warning.
        subprocess.run(["apt-get", "-qq", "download", package], cwd=folder, check=True)
        archive = glob.glob(f"{package}_*.deb", root_dir=folder)[0]
        subprocess.run(["dpkg", "-x", str(folder / archive), str(unpacked)], check=True)
    return unpacked


def package_version(package: str, folder: Path) -> str:
    """Return the version of a package that `fetch` has fetched."""
    archive = glob.glob(f"{package}_*.deb", root_dir=folder)[0]
    shown = subprocess.run(
        ["dpkg-deb", "-f", str(folder / archive), "Version"], capture_output=True, text=True, check=True
    )
    return shown.stdout.strip()


def raw_verses(unpacked: Path, *, kind: str = "texts/ztext") -> Iterator[tuple[Address, str]]:
    """Yield ((OSIS book, chapter, verse), text with its markup) for each slot of the one SWORD module in a package."""
    from pysword.bible import SwordBible

    sword = unpacked / "usr/share/sword"
    conf = next((sword / "mods.d").glob("*.conf")).read_text("utf-8", "replace")
    module = next(folder for folder in (sword / "modules" / kind).iterdir() if folder.is_dir())
    # A commentary (zCom) is stored exactly as a text (zText), which is the one pysword knows by name.
    bible = SwordBible(
        os.fspath(module), "ztext", _setting(conf, "Versification", "KJV").lower(), "utf-8", "OSIS", "BOOK"
    )
    # pysword unpacks a whole book for each of its verses; kept, a text is read in seconds instead of minutes.
    bible._decompressed_text = functools.lru_cache(maxsize=2)(bible._decompressed_text)
    for books in bible.get_structure().get_books().values():
        for book in books:
            for chapter, verses in enumerate(book.chapter_lengths, 1):
                raws = list(bible.get_iter(books=[book.name], chapters=[chapter], clean=False))
                if len(raws) != verses:
                    raise SystemExit(f"{book.osis_name} {chapter} has {len(raws)} slots instead of {verses}")
                # Before verse 1 there is a slot for what heads the chapter; what had no slot of its own may be there.
                head = _head(bible, book.name, chapter)
                for verse, raw in enumerate([head, *raws] if head else raws, 0 if head else 1):
                    yield (book.osis_name, chapter, verse), raw


def _head(bible: Any, book: str, chapter: int) -> str:
    ((testament, (first, *_)),) = bible.get_structure().ref_to_indicies([book], [chapter], [1]).items()
    return bible._text_for_index(testament, first - 1) or ""


def _setting(conf: str, name: str, default: str) -> str:
    for line in conf.splitlines():
        if line.startswith(f"{name}="):
            return line.partition("=")[2].strip()
    return default


def dictionary(unpacked: Path) -> Iterator[tuple[str, str]]:
    """Yield (heading, entry with its markup) from the one SWORD dictionary (zLD) in a package.

    Source: the layout of zLD files. `.idx` points into `.dat` (heading, then block and entry numbers); `.zdx` points to
    the compressed blocks of `.zdt`, each of which starts with a count and the (offset, size) of its entries.
    """
    stem = next((unpacked / "usr/share/sword/modules/lexdict/zld").rglob("*.idx")).with_suffix("")
    idx, dat, zdx, zdt = (stem.with_suffix(suffix).read_bytes() for suffix in (".idx", ".dat", ".zdx", ".zdt"))
    blocks = [zlib.decompress(zdt[offset : offset + size]) for offset, size in struct.iter_unpack("<II", zdx)]
    for offset, size in struct.iter_unpack("<II", idx):
        heading, _, pointer = dat[offset : offset + size].partition(b"\n")
        block, entry = struct.unpack("<II", pointer[:8])
        start, length = struct.unpack_from("<II", blocks[block], 4 + entry * 8)
        yield heading.strip().decode(), blocks[block][start : start + length].rstrip(b"\0").decode()

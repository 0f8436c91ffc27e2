"""OpenBible.info's cross references: the download is read with care, and written as a table that ranks by votes."""

from __future__ import annotations

import os

from scribes.errors import InvalidInput
from scribes.scripture import canon, crossrefs, passage_table, whole_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Vote = tuple[int, int, int, int, int]

CREDIT = "OpenBible.info, CC BY 4.0"
MOST_BYTES = 100_000_000
MOST_ROWS = 2_000_000
_MOST_LINE_BYTES = 400
_LEAST_GOOD_SHARE = 0.5
_HINT = "download the cross references from OpenBible.info and hand over the zip, or the text file in it"


class Report:
    """How many rows of a file were read, and how many were left out."""

    __slots__ = ("bad", "first_bad", "rows")

    def __init__(self) -> None:
        self.rows = 0
        self.bad = 0
        # Line number and text of the first row left out, for the message.
        self.first_bad = ""


def read(path: str | os.PathLike[str], report: Report | None = None) -> Iterator[Vote]:
    """Yield (from start, from end, to start, to end, votes) for each row of the download, a zip or the text in it.

    Rows that cannot be read are left out and counted in `report`.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is not such a file, is damaged, or unpacks to more than allowed.
    """
    report = report or Report()
    try:
        for number, line in enumerate(_lines(path), 1):
            if number > MOST_ROWS:
                raise InvalidInput(f"it has more than {MOST_ROWS} rows")
            row = _row(line)
            if row is not None:
                report.rows += 1
                yield row
            elif number > 1 and line.strip():
                report.bad += 1
                report.first_bad = report.first_bad or f"line {number}: {line[:60].decode('utf-8', 'replace')!r}"
    except InvalidInput as e:
        raise InvalidInput(f"{os.fspath(path)}: {e.message}", hint=e.hint or _HINT) from e


def import_file(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> Report:
    """Write the download as a table into `folder`, where `crossrefs.of` reads it as `crossrefs.IMPORTED`.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is not such a file; more than half of its rows cannot be read.
        StorageFull: there is no room; a table that was there is as it was.
    """
    report = Report()
    rows = [(*vote, "votes at OpenBible.info") for vote in read(path, report)]
    if report.rows < (report.rows + report.bad) * _LEAST_GOOD_SHARE or not rows:
        first = f": {report.first_bad}" if report.first_bad else ""
        raise InvalidInput(f"{os.fspath(path)} is not a list of cross references{first}", hint=_HINT)
    about = {"name": "cross references", "licence": "CC BY 4.0", "credit": CREDIT, "rows": str(report.rows)}
    whole_file.write(os.path.join(folder, crossrefs.IMPORTED), passage_table.pack(rows, about))
    return report


def _lines(path: str | os.PathLike[str]) -> Iterator[bytes]:
    import io
    import zipfile
    import zlib

    data = whole_file.read(path, most_bytes=MOST_BYTES)
    if data[:4] != b"PK\3\4":
        yield from io.BytesIO(data)
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            texts = [info for info in archive.infolist() if info.filename.lower().endswith((".txt", ".tsv"))]
            if len(texts) != 1:
                raise InvalidInput(f"the zip holds {len(texts)} text files instead of one")
            with archive.open(texts[0]) as file:
                yield from _limited(file)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as e:
        raise InvalidInput(f"the zip cannot be read: {e}") from e


def _limited(file: object) -> Iterator[bytes]:
    # What the zip says of its size is not trusted; lines are read with a limit, and so is their sum.
    left = MOST_BYTES
    readline = file.readline  # type: ignore[attr-defined]
    while line := readline(_MOST_LINE_BYTES):
        left -= len(line)
        if left < 0:
            raise InvalidInput(f"the zip unpacks to more than {MOST_BYTES // 1_000_000} MB")
        yield line


def _row(line: bytes) -> Vote | None:
    cells = line.rstrip(b"\r\n").split(b"\t")
    if len(cells) < 3:
        return None
    here, there = _passage(cells[0]), _passage(cells[1])
    votes = cells[2].strip()
    if here is None or there is None or not votes.removeprefix(b"-").isdigit() or len(votes) > 7:
        return None
    return (*here, *there, int(votes))


def _passage(cell: bytes) -> tuple[int, int] | None:
    first, _, last = cell.partition(b"-")
    start, end = _verse(first), _verse(last or first)
    return (start, end) if start is not None and end is not None and start <= end else None


def _verse(cell: bytes) -> int | None:
    parts = cell.strip().split(b".")
    if len(parts) != 3 or not (parts[1].isdigit() and parts[2].isdigit()) or len(parts[1] + parts[2]) > 6:
        return None
    book = canon.book_number(parts[0].decode("ascii", "replace"))
    ordinal = canon.ordinal(book or 0, int(parts[1]), int(parts[2]))
    return ordinal if book and canon.is_verse(ordinal) and ordinal % canon.CHAPTER_UNIT else None

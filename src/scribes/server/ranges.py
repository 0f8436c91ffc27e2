"""Files as answers: the part that is asked for, never shown by a browser as a page of this server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from .errors import answer
from .tables.blobs import Blob

ONE_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
Read = Callable[[int, int], Iterator[bytes]]


def file_answer(request: Request, blob: Blob, read: Read) -> Response:
    """The content of a file, or the one range of it that is asked for; several at once are answered with all of it."""
    etag = f'"{blob.sha256.hex()}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=0, must-revalidate",
        "Content-Disposition": _attached(blob.file_name or f"{blob.id.hex()}.bin"),
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    if etag in [one.strip() for one in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    size = blob.size_bytes
    asked = request.headers.get("range", "") if request.headers.get("if-range", etag) == etag else ""
    part = _part(asked, size)
    if part is not None and part[0] >= part[1]:
        said = answer(request.scope, 416, "invalid", f"the file has {size} bytes")
        said.headers["Content-Range"] = f"bytes */{size}"
        return said
    begin, stop = part or (0, size)
    if part:
        headers["Content-Range"] = f"bytes {begin}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - begin)
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=blob.media_type)
    pieces = read(begin, stop)
    # The first piece before the answer begins: what is wrong with it can still be said.
    first = next(pieces, b"")
    return StreamingResponse(chain((first,), pieces), status, headers, media_type=blob.media_type)


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """Where the range that is asked for begins and stops; None for the whole file, or what is no range of bytes."""
    found = ONE_RANGE.fullmatch(asked.strip().replace(" ", ""))
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        # The last so many bytes; of none there is no range.
        return max(0, size - int(last)) if int(last) else size, size
    stop = min(size, int(last) + 1) if last else size
    return (int(first), stop) if not last or int(first) <= int(last) else None


def _attached(name: str) -> str:
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in " ._-()") else "_" for letter in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

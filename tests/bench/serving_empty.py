"""A FastAPI app with nothing in it, served as Scribes is: what any request, and any write of some bytes, costs."""

from __future__ import annotations

import os
import socket
import sqlite3
import tempfile
from functools import cache
from threading import Lock
from typing import Annotated

import uvicorn
from fastapi import Body, FastAPI

app = FastAPI()
_writing = Lock()


@app.get("/empty")
def empty() -> dict[str, str]:
    """Nothing, from a thread, as the routes of Scribes."""
    return {}


@app.get("/empty-async")
async def empty_async() -> dict[str, str]:
    """Nothing, from the loop."""
    return {}


@app.post("/write")
def write(body: Annotated[bytes, Body(media_type="application/octet-stream")]) -> dict[str, int]:
    """A row in a table, on disk when this is answered."""
    with _writing:
        connection = _connection()
        connection.execute("BEGIN IMMEDIATE")
        seq = connection.execute("INSERT INTO entry (body) VALUES (?)", (body,)).lastrowid
        connection.execute("COMMIT")
    return {"seq": seq or 0}


@cache
def _connection() -> sqlite3.Connection:
    connection = sqlite3.connect(
        os.path.join(tempfile.mkdtemp(), "plain.db"), isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    return connection


def main() -> None:
    """Serve on a free port of loopback until a signal comes."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    config = uvicorn.Config(app, http="h11", ws="none", log_config=None, access_log=False, server_header=False)
    print(f"listens on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()

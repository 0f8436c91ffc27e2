"""A FastAPI app with nothing in it, served as Scribes is: what any request costs."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/empty")
def empty() -> dict[str, str]:
    """Nothing, from a thread, as the routes of Scribes."""
    return {}


@app.get("/empty-async")
async def empty_async() -> dict[str, str]:
    """Nothing, from the loop."""
    return {}


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

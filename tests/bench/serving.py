"""The server under load on loopback, beside an empty FastAPI route that is served the same way: CPU, latency, memory.

Needs `wrk` (Debian). Each round lasts some seconds and ends by itself; nothing but 127.0.0.1 is asked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

import scribes
from scribes.config import load
from scribes.services import account as accounts
from scribes.services.controlling import in_step
from scribes.storage import logs, spaces

SECONDS, ROUNDS, CONNECTIONS = 4, 3, 32
CLIENTS, PUSHES = 7, 40
LIMITS = {"GET": (2.5, 4.0), "POST": (6.0, None)}
TICKS = os.sysconf("SC_CLK_TCK")
EMPTY = "tests.bench.serving_empty"


@dataclass
class Round:
    """What one round of load showed: CPU of the server for each request, and how long requests took, in ms."""

    cpu_us: float
    p50_ms: float
    p99_ms: float
    requests: int


def measure(requests: int = 100_000) -> None:
    """Print the tables."""
    if shutil.which("wrk") is None:
        print("\nThe server under load: not measured, `wrk` is not here (apt-get install wrk)")
        return
    with tempfile.TemporaryDirectory() as folder, _empty() as empty, _server(folder) as (process, url):
        token = _signed_up(url)
        note = _ask(url, "/v1/notes", {"title": "Romans 8", "body": "All things work together for good. " * 30}, token)
        paths = {
            "empty": (empty, "/empty"),
            "empty, async": (empty, "/empty-async"),
            "GET": (process, f"/v1/notes/{note['id']}"),
        }
        rounds: dict[str, list[Round]] = {name: [] for name in (*paths, "POST")}
        script = Path(folder) / "post.lua"
        script.write_text(_post_script())
        for _ in range(ROUNDS):
            for name, (server, path) in paths.items():
                rounds[name].append(_load(server, _url_of(server, path), token))
            rounds["POST"].append(_load(process, f"{url}/v1/notes", token, script=str(script)))
        _print(rounds)
        _pushes(folder, url, str(empty.url))  # type: ignore[attr-defined]
        _memory(process, url, path, token, requests)


def _print(rounds: dict[str, list[Round]]) -> None:
    best = {name: min(found, key=lambda one: one.cpu_us) for name, found in rounds.items()}
    base = best["empty"]
    print(f"\n| {CONNECTIONS} connections, best of {ROUNDS} rounds of {SECONDS} s | CPU | p50 | p99 | requests |")
    print("|---|---|---|---|---|")
    for name, one in best.items():
        times = one.cpu_us / base.cpu_us
        print(
            f"| {name} | {one.cpu_us:.0f} us, {times:.2f}x | {one.p50_ms:.1f} ms | {one.p99_ms:.1f} ms,"
            f" {one.p99_ms / base.p99_ms:.2f}x | {one.requests:,} |"
        )
    print("\nLimits: GET 2.5x CPU and 4x p99 of the empty route, POST 6x CPU.")


def _pushes(folder: str, url: str, plain: str) -> None:
    """Seven clients, each with bundles of one note made before, which they push one at a time."""
    with ExitStack() as opened:
        made = [_bundles(opened, folder, url, f"client{number}") for number in range(CLIENTS)]
        ours = _all_at_once([partial(remote.append, space, [raw]) for raw in raws] for remote, space, raws in made)
    with httpx2.Client(base_url=plain, headers={"Content-Type": "application/octet-stream"}) as client:
        bare = _all_at_once([partial(_written, client, raw) for raw in raws] for _, _, raws in made)
    print(f"\n| {CLIENTS} clients, {PUSHES} notes each, one at a time | p50 | p95 |\n|---|---|---|")
    for name, times in (("pushed to the server", ours), ("bytes into a bare FastAPI and SQLite", bare)):
        cuts = statistics.quantiles(times, n=20)
        print(f"| {name} | {statistics.median(times):.1f} ms | {cuts[18]:.1f} ms |")


def _bundles(opened: ExitStack, folder: str, url: str, name: str) -> tuple[Any, bytes, list[bytes]]:
    home = Path(folder) / name
    home.mkdir()
    settings = load({"HOME": str(home), "SCRIBES_KEYSTORE": "file", "SCRIBES_INDEXING": "manual"})
    vault = opened.enter_context(scribes.open(settings=settings))
    vault.servers.log_in(url, email=f"{name}@example.org", password="a long one for the bench", is_new=True)
    vault.sync.run()
    for number in range(PUSHES):
        vault.notes.add(f"Note {number}", "All things work together for good. " * 20)
    with vault._context.engine.read() as tx:
        account, space = accounts.get(tx, vault._context.me), spaces.get(tx, vault._context.me.space)
    push = in_step(vault.sync, vault._context, space, account)
    with vault._context.engine.read() as tx:
        waiting = [change for _, change in logs.unsent(tx, space.n, limit=PUSHES)]
    return vault.servers.remote(url), space.id, [push.bundle([change], {}).raw for change in waiting]


def _written(client: httpx2.Client, raw: bytes) -> None:
    client.post("/write", content=raw).raise_for_status()


def _all_at_once(work: Iterable[list[Callable[[], object]]]) -> list[float]:
    """How long each call took, in ms, where each list has a thread of its own."""
    times: list[float] = []

    def run(calls: list[Callable[[], object]]) -> None:
        for call in calls:
            begun = time.perf_counter()
            call()
            times.append((time.perf_counter() - begun) * 1000)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(run, work))
    return times


def _memory(process: subprocess.Popen[str], url: str, path: str, token: str, requests: int) -> None:
    marks = [_rss_mib(process)]
    done = 0
    while done < requests:
        done += _load(process, url + path, token).requests
        marks.append(_rss_mib(process))
    shown = f"{marks[0]:.0f} MiB before, {marks[1]:.0f} after the first round, {marks[-1]:.0f} after {done:,} requests"
    print(f"\nMemory: {shown}")


def _load(process: subprocess.Popen[str], url: str, token: str, *, script: str = "") -> Round:
    before = _cpu_s(process)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", "-H", f"Authorization: Bearer {token}"]
    command += ["-s", script] if script else []
    said = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"the server refused: {said}")
    requests = int(re.search(r"(\d+) requests in", said)[1])  # type: ignore[index]
    return Round(
        (_cpu_s(process) - before) / requests * 1e6, _percentile(said, "50%"), _percentile(said, "99%"), requests
    )


def _percentile(said: str, name: str) -> float:
    value, unit = re.search(rf"{name}\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]
    return float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def _cpu_s(process: subprocess.Popen[str]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _rss_mib(process: subprocess.Popen[str]) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[1]) / 1024  # type: ignore[index]


@contextmanager
def _server(folder: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "scribes", "serve", "--port", "0", "--data", f"{folder}/server"]
    # What notes mean is worked out behind requests, at 14 notes a CPU second (figures.md): that is no part of these.
    limits = {"SCRIBES_SERVER_REQUESTS_A_MINUTE": "1000000000", "SCRIBES_SERVER_INDEX_MEANING": "false"}
    with _started(command, {**os.environ, "HOME": folder, **limits}) as (process, url):
        yield process, url


@contextmanager
def _empty() -> Iterator[subprocess.Popen[str]]:
    with _started([sys.executable, "-m", EMPTY], dict(os.environ)) as (process, _):
        yield process


@contextmanager
def _started(command: list[str], environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"listens on (http://[^\s,]+)", line):
                process.url = found[1]  # type: ignore[attr-defined]
                yield process, found[1]
                break
        else:
            raise SystemExit(f"{command} did not start")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _url_of(process: subprocess.Popen[str], path: str) -> str:
    return str(getattr(process, "url", "")) + path


def _signed_up(url: str) -> str:
    said = {"email": "anna@example.org", "password": "a long one for the bench", "name": "Anna"}
    return str(_ask(url, "/v1/auth/signup", said)["access_token"])


def _ask(url: str, path: str, said: Any, token: str = "") -> Any:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url + path, json.dumps(said).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def _post_script() -> str:
    body = json.dumps({"title": "Romans 8", "body": "All things work together for good. #hope " * 5})
    return f"wrk.method = 'POST'\nwrk.body = [[{body}]]\nwrk.headers['Content-Type'] = 'application/json'\n"


if __name__ == "__main__":
    start = time.perf_counter()
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    print(f"\n{time.perf_counter() - start:.0f} s")

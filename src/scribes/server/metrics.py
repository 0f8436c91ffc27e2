"""Figures of a server for Prometheus: counted as requests go by, or looked up when somebody asks."""

from __future__ import annotations

import importlib.util

import structlog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LATENCY_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
WORK_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


class Silent:
    """Where nobody asks for figures, none are kept."""

    in_flight = 0

    def request(self, method: str, route: str, status: int, took_s: float, *, is_stream: bool) -> None:
        """A request was answered."""

    def job(self, outcome: str, number: int = 1) -> None:
        """Jobs came to an end: done, put off or parked."""

    def lag(self, seconds: float) -> None:
        """So long it took until what was written here stood in its log."""

    def paraphrase(self, seconds: float) -> None:
        """So long the assistant took."""

    def look_up(self, figures: Callable[[], Mapping[str, int]]) -> None:
        """Where to ask for how much waits."""


class Metrics(Silent):
    """The figures of one server."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "scribes_request_seconds",
            "How long requests took, by route as declared, method and status",
            ("method", "route", "status"),
            buckets=LATENCY_S,
            registry=self._registry,
        )
        self._by_labels: dict[tuple[str, str, int], Histogram] = {}
        self._streams = Counter("scribes_streams", "Streams of events that ended", registry=self._registry)
        self._jobs = Counter("scribes_jobs", "Jobs by what became of them", ("outcome",), registry=self._registry)
        for outcome in ("done", "put_off", "parked"):
            self._jobs.labels(outcome)
        self._lag = Histogram(
            "scribes_sync_lag_seconds",
            "From the write of a change until it stood in the log of its space",
            buckets=WORK_S,
            registry=self._registry,
        )
        self._paraphrase = Histogram(
            "scribes_paraphrase_seconds", "How long the assistant took", buckets=WORK_S, registry=self._registry
        )
        flying = Gauge("scribes_requests_in_flight", "Requests at work now", registry=self._registry)
        flying.set_function(lambda: self.in_flight)
        self._waiting = Gauge("scribes_waiting", "How much waits, by what", ("what",), registry=self._registry)
        self._figures: Callable[[], Mapping[str, int]] = dict

    def request(self, method: str, route: str, status: int, took_s: float, *, is_stream: bool) -> None:
        """A request was answered. A stream lasts as long as its reader wants, which is no figure of ours."""
        if is_stream:
            self._streams.inc()
            return
        key = (method if method in METHODS else "other", route, status)
        found = self._by_labels.get(key)
        if found is None:
            found = self._by_labels[key] = self._requests.labels(*key)
        found.observe(took_s)

    def job(self, outcome: str, number: int = 1) -> None:
        """Jobs came to an end: done, put off or parked."""
        self._jobs.labels(outcome).inc(number)

    def lag(self, seconds: float) -> None:
        """So long it took until what was written here stood in its log."""
        self._lag.observe(seconds)

    def paraphrase(self, seconds: float) -> None:
        """So long the assistant took."""
        self._paraphrase.observe(seconds)

    def look_up(self, figures: Callable[[], Mapping[str, int]]) -> None:
        """Where to ask for how much waits."""
        self._figures = figures

    def text(self) -> bytes:
        """All figures, as Prometheus reads them.

        Raises: what the figures raise.
        """
        from prometheus_client import generate_latest

        for what, number in self._figures().items():
            self._waiting.labels(what).set(number)
        return generate_latest(self._registry)


def kept(wanted: str) -> Metrics | Silent:
    """Figures, where they are wanted and their package is here."""
    if wanted == "off":
        return Silent()
    if importlib.util.find_spec("prometheus_client") is None:
        structlog.get_logger("scribes.server").warning("no metrics", missing="prometheus-client")
        return Silent()
    return Metrics()

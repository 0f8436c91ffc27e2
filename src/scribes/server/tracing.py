"""Traces for OpenTelemetry and faults for Sentry: where they are switched on, and their packages are here.

A span says the method, the route as it was declared, and the status. What FastAPI itself would send holds the path and
the query of a request, which are words of a person; it is switched off in app.py.
"""

from __future__ import annotations

import importlib.util
from typing import Any

import structlog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SDK, EXPORTER = "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"


class Span:
    """A request as a span."""

    __slots__ = ("_span",)

    def __init__(self, span: Any) -> None:
        self._span = span

    def end(self, route: str, status: int) -> None:
        """The request was answered."""
        self._span.set_attribute("http.route", route)
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            from opentelemetry.trace import StatusCode

            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class Tracer:
    """Makes spans of requests."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("scribes.server")

    def begin(self, scope: Mapping[str, Any], trace: str) -> Span:
        """The span of a request, under the trace id by which its log and its answer name it."""
        from opentelemetry import trace as api

        above = api.SpanContext(int(trace, 16), int(trace[:16], 16) or 1, is_remote=True, trace_flags=api.TraceFlags(1))
        context = api.set_span_in_context(api.NonRecordingSpan(above))
        attributes = {"http.request.method": scope["method"]}
        kind = api.SpanKind.SERVER
        return Span(self._tracer.start_span(scope["method"], context=context, kind=kind, attributes=attributes))

    def close(self) -> None:
        """Send what waits."""
        self._provider.shutdown()


def tracer(*, wanted: bool) -> Tracer | None:
    """A tracer whose spans go where OTEL_EXPORTER_OTLP_ENDPOINT says; None where none is wanted, or to be had."""
    if not wanted:
        return None
    if not _is_here(SDK) or not _is_here(EXPORTER):
        missing = "opentelemetry-sdk opentelemetry-exporter-otlp-proto-http"
        structlog.get_logger("scribes.server").warning("no traces", missing=missing)
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "scribes"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracer(provider)


def report_faults(dsn: str) -> None:
    """Send faults of ours to Sentry, where an address is given and its package is here: kinds and places alone."""
    if not dsn:
        return
    if not _is_here("sentry_sdk"):
        structlog.get_logger("scribes.server").warning("no reports of faults", missing="sentry-sdk")
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        default_integrations=False,
        auto_enabling_integrations=False,
        before_send=without_words,
    )


def fault(error: BaseException) -> None:
    """Report a fault of ours, where that was switched on."""
    if _is_here("sentry_sdk"):
        import sentry_sdk

        sentry_sdk.capture_exception(error)


def without_words(event: Any, _: Any) -> Any:
    """A report without what may hold words of a person: messages of errors, the request, who asked."""
    for one in event.get("exception", {}).get("values", ()):
        one["value"] = ""
    for name in ("request", "user", "breadcrumbs", "extra", "server_name", "logentry", "message"):
        event.pop(name, None)
    return event


def _is_here(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False

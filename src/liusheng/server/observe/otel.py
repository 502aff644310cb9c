"""Traces of requests as OpenTelemetry has them, sent over OTLP (HTTP). Loaded if they are wanted.

A request or WebSocket is a span; what the services report of it (`liusheng.runtime.metering`)
are its children. No span has audio, text, a path as it was sent, an address or a key.
"""

from __future__ import annotations

import os
import time
from types import TracebackType

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import Scope

from liusheng import __version__
from liusheng.server.observe.routes import RequestKind
from liusheng.server.request_record import RequestRecord

_MOST_CHILDREN = 1000
"""Spans below one request: a recognition of many hours has a turn each second."""

_FLUSH_MILLISECONDS = 2000

_PROPAGATOR = TraceContextTextMapPropagator()


def otlp_processor(endpoint: str) -> SpanProcessor:
    """Return what sends spans to an OTLP receiver. endpoint: "http://collector:4318", or the whole
    address of its traces."""
    address = endpoint if endpoint.endswith("/v1/traces") else f"{endpoint.rstrip('/')}/v1/traces"
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=address, timeout=5))


class OpenTelemetry:
    """Makes traces.

    processor: takes the spans that have ended.
    ratio: of the requests that are traced; those that came with a trace context follow it.
    """

    def __init__(self, processor: SpanProcessor, ratio: float = 1.0) -> None:
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(ratio)),
            resource=Resource.create(
                {
                    "service.name": os.environ.get("OTEL_SERVICE_NAME", "liusheng"),
                    "service.version": __version__,
                }
            ),
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("liusheng", __version__)

    def begin(self, scope: Scope, kind: RequestKind, record: RequestRecord) -> _RequestTrace:
        """Return the trace of a new request."""
        span = self._tracer.start_span(
            f"{kind.method} {kind.route}",
            context=_parent(scope),
            kind=SpanKind.SERVER,
            attributes={
                **_http_attributes(kind),
                "liusheng.request": record.id,
                **({"liusheng.task": kind.task} if kind.task else {}),
            },
        )
        return _RequestTrace(self._tracer, span, record)

    def stop(self) -> None:
        """Send what is not sent yet, for two seconds at most."""
        self._provider.force_flush(_FLUSH_MILLISECONDS)
        self._provider.shutdown()


def _http_attributes(kind: RequestKind) -> dict[str, str]:
    if kind.method == "TCP":
        return {}
    method = "GET" if kind.method == "WEBSOCKET" else kind.method
    return {"http.request.method": method, "http.route": kind.route}


def _parent(scope: Scope) -> context.Context:
    """Return the context of what called: of the span that is under way here, as in a replica of Ray
    Serve, whose ingress has continued the client's trace; otherwise what the client sent."""
    around = context.get_current()
    if trace.get_current_span(around).get_span_context().is_valid:
        return around
    headers = Headers(scope=scope)
    carrier = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
    return _PROPAGATOR.extract(carrier, context=context.Context())


class _RequestTrace:
    def __init__(self, tracer: trace.Tracer, span: Span, record: RequestRecord) -> None:
        self._tracer = tracer
        self._span = span
        self._record = record
        self._children = 0
        self._context = trace.set_span_in_context(span, context.Context())
        self.names = {"trace": format(span.get_span_context().trace_id, "032x")}

    def __enter__(self) -> _RequestTrace:
        if self._span.is_recording():
            self._record.spans = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace_: TracebackType | None,
    ) -> None:
        self._record.spans = None
        self._span.end()

    def span(self, name: str, seconds: float, **attributes: float | str) -> None:
        """Something ends now, and took so long."""
        if self._children >= _MOST_CHILDREN:
            return
        self._children += 1
        end = time.time_ns()
        child = self._tracer.start_span(
            name,
            context=self._context,
            start_time=end - round(seconds * 1e9),
            attributes={f"liusheng.{key}": value for key, value in attributes.items()},
        )
        child.end(end)

    def answered(self, status: int, close_code: int | None) -> None:
        """The request was answered, or its WebSocket closed."""
        span, record = self._span, self._record
        span.set_attribute("http.response.status_code", status)
        if close_code is not None:
            span.set_attribute("liusheng.close_code", close_code)
        if record.session:
            span.set_attribute("liusheng.session", record.session)
        if record.codes:
            span.set_attribute("error.type", next(iter(record.codes)))
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))

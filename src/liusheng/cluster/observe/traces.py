"""Where Ray Serve sends the spans of its ingress and its replicas: to the server's receiver.

Serve imports `span_processors` in each of its processes, if
RAY_SERVE_TRACING_EXPORTER_IMPORT_PATH names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

EXPORTER = "liusheng.cluster.observe.traces:span_processors"


def span_processors() -> list[SpanProcessor]:
    """Return what sends spans over OTLP (HTTP), as OTEL_EXPORTER_OTLP_ENDPOINT and its relatives
    say."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return [BatchSpanProcessor(OTLPSpanExporter(timeout=5))]

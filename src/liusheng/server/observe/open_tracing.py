"""The traces that the settings ask for."""

from __future__ import annotations

from liusheng.server.config.observe import ObserveSettings
from liusheng.server.observe.tracing import NoTracing, Tracing


def open_tracing(settings: ObserveSettings) -> Tracing:
    """Return what traces requests. OpenTelemetry is imported only if it is used.

    Raises:
        ValueError: it is not installed.
    """
    if not settings.otlp_endpoint:
        return NoTracing()
    try:
        from liusheng.server.observe.otel import OpenTelemetry, otlp_processor
    except ImportError as error:
        raise ValueError(
            f"observe.otlp_endpoint needs the package {error.name}, which is not installed; run: "
            "pip install '.[server,otel]'"
        ) from error
    return OpenTelemetry(otlp_processor(settings.otlp_endpoint), settings.trace_ratio)

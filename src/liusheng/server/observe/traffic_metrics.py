"""The metrics of requests and sessions."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from liusheng.runtime.histogram import Histogram
from liusheng.server.observe.families import counter, counters, gauges, histograms
from liusheng.server.observe.observer import Observer
from liusheng.server.observe.routes import TASKS_AND_PROTOCOLS
from liusheng.server.observe.traffic import Traffic

_SESSION = ("task", "protocol")


def traffic_metrics(observer: Observer) -> Iterator[Metric]:
    """Yield the metrics of requests and sessions."""
    traffic = observer.traffic
    yield gauges(
        "sessions",
        "Sessions now: WebSockets, and requests that recognise or synthesise.",
        _SESSION,
        [(each, traffic.open[each]) for each in TASKS_AND_PROTOCOLS],
    )
    yield counters(
        "sessions_started",
        "Sessions that began.",
        _SESSION,
        {each: traffic.sessions[each] for each in TASKS_AND_PROTOCOLS},
    )
    yield counters(
        "requests",
        "Requests over HTTP and WebSocket handshakes that have ended, by the status of the "
        "response (499: the client had gone).",
        ("method", "route", "status"),
        _requests(traffic),
    )
    yield histograms(
        "request_duration_seconds",
        "How long requests over HTTP and WebSockets lasted.",
        ("method", "route"),
        _durations(traffic),
    )
    yield counters(
        "websocket_closes",
        "WebSockets that were closed by either side, by close code.",
        ("code",),
        {(code,): count for code, count in traffic.closes.items()},
    )
    yield counters(
        "errors",
        "Errors that clients got, refusals included, by code.",
        ("task", "code"),
        {(task or "none", code): count for (task, code), count in traffic.errors.items()},
    )
    yield counters(
        "received_audio_seconds",
        "Seconds of audio received for recognition.",
        ("protocol",),
        {(protocol,): seconds for protocol, seconds in traffic.audio_in.items()},
    )
    yield counters(
        "synthesized_audio_seconds",
        "Seconds of audio synthesised.",
        ("protocol",),
        {(protocol,): seconds for protocol, seconds in traffic.audio_out.items()},
    )
    yield counter("received_bytes", "Bytes of bodies and messages received.", traffic.bytes_in)
    yield counter("sent_bytes", "Bytes of bodies and messages sent.", traffic.bytes_out)
    yield gauges(
        "key_sessions",
        "Sessions now, by the name of their API key.",
        ("key",),
        [((name,), count) for name, count in observer.state.key_sessions.items()],
    )


def _requests(traffic: Traffic) -> dict[tuple[str, ...], float]:
    return {
        (kind.method, kind.route, str(status)): count
        for (kind, status), count in traffic.requests.items()
    }


def _durations(traffic: Traffic) -> dict[tuple[str, ...], Histogram]:
    return {(kind.method, kind.route): each for kind, each in traffic.seconds.items()}

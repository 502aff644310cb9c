"""Traces, with the exporter in memory and with one that a small receiver takes."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx2
import pytest

from liusheng.protocol import paths
from liusheng.server.config.observe import ObserveSettings
from liusheng.server.observe.open_tracing import open_tracing
from liusheng.server.observe.routes import RequestKind
from liusheng.server.observe.tracing import NoTracing
from liusheng.server.request_record import RequestRecord
from tests.server.conftest import Serve

pytest.importorskip("opentelemetry.sdk.trace")

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from liusheng.server.observe.otel import OpenTelemetry

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAYS = "four words of speech"


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Where the spans of servers are that the test starts."""
    memory = InMemorySpanExporter()
    monkeypatch.setattr(
        "liusheng.server.lifecycle.serving.open_tracing",
        lambda settings: OpenTelemetry(SimpleSpanProcessor(memory), settings.trace_ratio),
    )
    return memory


async def ended(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    """Return a span by its name, when it has ended."""
    for _ in range(1000):
        for span in exporter.get_finished_spans():
            if span.name == name:
                return span
        await asyncio.sleep(0.005)
    raise AssertionError(f"no {name} in {[each.name for each in exporter.get_finished_spans()]}")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_recognition_is_a_span_with_its_steps(
    serve: Serve, exporter: InMemorySpanExporter
) -> None:
    server = await serve()
    async with server.asr() as dialogue:
        await dialogue.send(SAYS.ljust(32_000).encode())
        await dialogue.send({"name": "a", "signal": "end"})
        while (await dialogue.receive()).get("signal") != "finished":
            pass
    request = await ended(exporter, f"WEBSOCKET {paths.ASR_STREAMING}")
    assert request.context
    assert request.attributes
    assert request.attributes["liusheng.task"] == "asr"
    assert request.attributes["liusheng.close_code"] == 1000
    assert request.attributes["liusheng.session"]
    children = [
        span
        for span in exporter.get_finished_spans()
        if span.parent and span.parent.span_id == request.context.span_id
    ]
    assert {"queue", "decode", "final"} <= {span.name for span in children}
    for child in children:
        assert child.start_time is not None
        assert child.end_time is not None
        assert child.start_time <= child.end_time
    assert "words" not in "".join(span.to_json() for span in exporter.get_finished_spans())


@pytest.mark.asyncio(loop_scope="session")
async def test_a_synthesis_continues_the_trace_of_its_client(
    serve: Serve, exporter: InMemorySpanExporter
) -> None:
    server = await serve(observe={"trace_ratio": 0})
    url = f"http://{server.address}{paths.TTS_STREAMING}"
    async with httpx2.AsyncClient() as client:
        traced = await client.post(
            url, json={"text": "3"}, headers={"traceparent": f"00-{TRACE}-{PARENT}-01"}
        )
        assert traced.status_code == 200
        await client.post(url, json={"text": "3"})
        await client.post(url, json={"text": "3"}, headers={"traceparent": "00-zzz-1-01"})
    request = await ended(exporter, f"POST {paths.TTS_STREAMING}")
    assert request.context
    assert request.parent
    assert request.attributes
    assert format(request.context.trace_id, "032x") == TRACE
    assert format(request.parent.span_id, "016x") == PARENT
    assert request.attributes["http.response.status_code"] == 200
    names = [span.name for span in exporter.get_finished_spans()]
    assert {"first packet", "step"} <= set(names)
    assert names.count(request.name) == 1, "of the others, none is traced"


@pytest.mark.asyncio(loop_scope="session")
async def test_a_websocket_continues_the_trace_of_its_client(
    serve: Serve, exporter: InMemorySpanExporter
) -> None:
    server = await serve(observe={"trace_ratio": 0})
    header = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    async with server.connect(paths.TTS_STREAMING, additional_headers=header):
        pass
    request = await ended(exporter, f"WEBSOCKET {paths.TTS_STREAMING}")
    assert request.context
    assert request.parent
    assert format(request.context.trace_id, "032x") == TRACE
    assert format(request.parent.span_id, "016x") == PARENT


def test_below_an_ingress_its_span_is_the_parent(exporter: InMemorySpanExporter) -> None:
    """Ray Serve calls a replica's application with its own span around; its parent is the
    client's."""
    tracing = OpenTelemetry(SimpleSpanProcessor(exporter))
    header = (b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())
    scope = {"type": "http", "headers": [header]}
    kind = RequestKind("POST", paths.TTS)
    ingress = TracerProvider().get_tracer("ingress")
    with (
        ingress.start_as_current_span("proxy"),
        ingress.start_as_current_span("replica") as span,
        tracing.begin(scope, kind, RequestRecord("a")),
    ):
        pass
    with tracing.begin(scope, kind, RequestRecord("b")):
        pass
    below, direct = exporter.get_finished_spans()
    assert below.parent
    assert below.parent.span_id == span.get_span_context().span_id
    assert below.context
    assert below.context.trace_id == span.get_span_context().trace_id
    assert direct.parent
    assert format(direct.parent.span_id, "016x") == PARENT


class Receiver(BaseHTTPRequestHandler):
    """Takes what is sent to it."""

    received: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).received.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[Receiver]]]:
    """A receiver of OTLP over HTTP, and its address."""
    handler = type("R", (Receiver,), {"received": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", handler
        server.shutdown()
        thread.join()


@pytest.mark.asyncio(loop_scope="session")
async def test_spans_reach_a_receiver_before_the_server_ends(
    serve: Serve, receiver: tuple[str, type[Receiver]]
) -> None:
    address, handler = receiver
    server = await serve(observe={"otlp_endpoint": address})
    async with httpx2.AsyncClient() as client:
        refused = await client.post(f"http://{server.address}{paths.TTS}", content=b"{")
    assert refused.status_code == 400
    server.stop.set()
    for _ in range(2000):
        if handler.received:
            break
        await asyncio.sleep(0.005)
    ((path, body), *_) = handler.received
    assert path == "/v1/traces"
    assert paths.TTS.encode() in body
    assert b"invalid_json" in body
    assert refused.headers["X-Request-Id"].encode() in body


def test_without_a_receiver_nothing_is_traced() -> None:
    assert isinstance(open_tracing(ObserveSettings()), NoTracing)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "liusheng.server.observe.otel", None)
    with pytest.raises(ValueError, match=r"pip install '\.\[server,otel\]'"):
        open_tracing(ObserveSettings(otlp_endpoint="http://127.0.0.1:4318"))


def test_an_address_without_a_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match=r"write it as in"):
        ObserveSettings(otlp_endpoint="collector:4317")


def test_a_request_has_so_many_steps_at_most_and_an_error_is_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("liusheng.server.observe.otel._MOST_CHILDREN", 2)
    memory = InMemorySpanExporter()
    tracing = OpenTelemetry(SimpleSpanProcessor(memory))
    scope = {"type": "http", "headers": []}
    with tracing.begin(scope, RequestKind("POST", "/asr"), RequestRecord()) as traced:
        for _ in range(5):
            traced.span("step", 0.1)
        traced.answered(503, None)
    *steps, request = memory.get_finished_spans()
    assert [each.name for each in steps] == ["step", "step"]
    assert request.name == "POST /asr"
    assert request.status.status_code is StatusCode.ERROR
    tracing.stop()

"""What becomes known of one request or WebSocket while it is served, for the access log, the
metrics and the traces.

The middleware of `liusheng.server.observe` makes a record for each; whatever serves the request
adds to it. It is found in the context, which tasks inherit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from liusheng.runtime.metering import current_meter

_current: ContextVar[RequestRecord] = ContextVar("request_record")


class RecordSink(Protocol):
    """What counts for all requests of a kind."""

    def admitted(self) -> None:
        """A request has passed the checks of access and limits, and is served."""

    def failed(self, code: str) -> None:
        """A client gets an error."""

    def audio_received(self, seconds: float) -> None:
        """Audio came in for recognition."""

    def audio_made(self, seconds: float) -> None:
        """Audio was synthesised."""


class SpanSink(Protocol):
    """Takes the spans of a request that is traced."""

    def span(self, name: str, seconds: float, **attributes: float | str) -> None:
        """A step ends now, and took so long."""


class RequestRecord:
    """A request over HTTP, or a WebSocket: a `Meter` of what the services do for it.

    id: the client gets it as the header X-Request-Id.
    sink: counts for all requests.
    spans: takes the steps; None: the request is not traced.
    session: identifier of the newest session on a WebSocket, which the client got.
    key: name of the API key.
    codes: of the errors that the client got, in order, each once.
    audio_in, audio_out: seconds of audio received and synthesised.
    """

    def __init__(self, id: str = "", sink: RecordSink | None = None) -> None:  # noqa: A002
        self.id = id
        self.spans: SpanSink | None = None
        self.session = ""
        self.key = ""
        self.codes: dict[str, None] = {}
        self.audio_in = 0.0
        self.audio_out = 0.0
        self._sink = sink
        self._admitted = False

    def admitted(self) -> None:
        """The request has passed the checks of access and limits, and is served."""
        if self._sink and not self._admitted:
            self._sink.admitted()
        self._admitted = True

    def failed(self, code: str) -> None:
        """The client gets an error. code: one of `ErrorCode`."""
        self.codes[code] = None
        if self._sink:
            self._sink.failed(code)

    def audio_received(self, seconds: float) -> None:
        """Audio came in for recognition."""
        self.audio_in += seconds
        if self._sink:
            self._sink.audio_received(seconds)

    def audio_made(self, seconds: float) -> None:
        """Audio was synthesised."""
        self.audio_out += seconds
        if self._sink:
            self._sink.audio_made(seconds)

    def span(self, name: str, seconds: float, **attributes: float | str) -> None:
        """A step ends now, and took so long."""
        if self.spans:
            self.spans.span(name, seconds, **attributes)


def current_record() -> RequestRecord:
    """Return the record of the request that is served in this context; outside of any, a record
    that nobody reads."""
    return _current.get(None) or RequestRecord()


@contextmanager
def recording(record: RequestRecord) -> Iterator[None]:
    """Make a record the current one, as a context."""
    token, meter = _current.set(record), current_meter.set(record)
    try:
        yield
    finally:
        current_meter.reset(meter)
        _current.reset(token)

"""What is counted of requests and WebSockets, from the start of the process."""

from __future__ import annotations

from collections import Counter, defaultdict

from liusheng.runtime.histogram import SECONDS, Histogram
from liusheng.server.observe.routes import OTHER, RequestKind

_LONG = (*SECONDS, 300.0, 1800.0)

_CLOSE_CODES = frozenset(range(1000, 1016))
"""Of RFC 6455 and IANA's registry; clients may send others."""


class Traffic:
    """Counters of requests and sessions.

    open: sessions now, by task and protocol.
    sessions: sessions that began, by task and protocol.
    requests: requests over HTTP, and handshakes, that ended, by kind and status.
    closes: WebSockets that were closed, by code.
    errors: errors that clients got, by task ("" where there is none) and code.
    seconds: that requests over HTTP and sessions took, by kind.
    bytes_in, bytes_out: of bodies and messages.
    audio_in, audio_out: seconds of audio received and synthesised, by protocol.
    """

    def __init__(self) -> None:
        self.open: Counter[tuple[str, str]] = Counter()
        self.sessions: Counter[tuple[str, str]] = Counter()
        self.requests: Counter[tuple[RequestKind, int]] = Counter()
        self.closes: Counter[str] = Counter()
        self.errors: Counter[tuple[str, str]] = Counter()
        self.seconds: defaultdict[RequestKind, Histogram] = defaultdict(lambda: Histogram(_LONG))
        self.bytes_in = 0
        self.bytes_out = 0
        self.audio_in: defaultdict[str, float] = defaultdict(float)
        self.audio_out: defaultdict[str, float] = defaultdict(float)

    def begin(self, kind: RequestKind) -> CountedRequest:
        """Return what counts a request that came in."""
        return CountedRequest(self, kind)

    def answered(self, kind: RequestKind, status: int, seconds: float) -> None:
        """A request over HTTP, or a WebSocket, has ended. status: of its response."""
        self.requests[kind, status if 100 <= status < 600 else 0] += 1
        self.seconds[kind].observe(seconds)

    def closed(self, code: int) -> None:
        """A WebSocket was closed, by either side."""
        self.closes[str(code) if code in _CLOSE_CODES else OTHER] += 1


class CountedRequest:
    """One request as the traffic counts it, from `admitted` to `ended`."""

    def __init__(self, traffic: Traffic, kind: RequestKind) -> None:
        self._traffic = traffic
        self._kind = kind
        self._session = kind.task, kind.protocol
        self._open = False

    def admitted(self) -> None:
        """It has passed the checks of access and limits, and is served."""
        if self._kind.task:
            self._open = True
            self._traffic.open[self._session] += 1
            self._traffic.sessions[self._session] += 1

    def failed(self, code: str) -> None:
        """Its client gets an error."""
        self._traffic.errors[self._kind.task, code] += 1

    def audio_received(self, seconds: float) -> None:
        """Audio came in for recognition."""
        self._traffic.audio_in[self._kind.protocol] += seconds

    def audio_made(self, seconds: float) -> None:
        """Audio was synthesised."""
        self._traffic.audio_out[self._kind.protocol] += seconds

    def ended(self) -> None:
        """It is over."""
        if self._open:
            self._traffic.open[self._session] -= 1

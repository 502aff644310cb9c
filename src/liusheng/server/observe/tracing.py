"""Traces of requests: the interface, and what there is when they are not traced."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol

from starlette.types import Scope

from liusheng.server.observe.routes import RequestKind
from liusheng.server.request_record import RequestRecord


class RequestTrace(AbstractContextManager["RequestTrace"], Protocol):
    """The trace of one request, which spans the time in which it is entered.

    names: what lines of the log name besides the request's id.
    """

    names: dict[str, str]

    def answered(self, status: int, close_code: int | None) -> None:
        """The request was answered, or its WebSocket closed."""


class Tracing(Protocol):
    """Makes the traces of requests."""

    def begin(self, scope: Scope, kind: RequestKind, record: RequestRecord) -> RequestTrace:
        """Return the trace of a new request."""

    def stop(self) -> None:
        """Send what is not sent yet, for a few seconds at most."""


class _NoTrace:
    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def __enter__(self) -> _NoTrace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def answered(self, status: int, close_code: int | None) -> None:
        pass


_NO_TRACE = _NoTrace()


class NoTracing:
    """Traces nothing."""

    def begin(self, scope: Scope, kind: RequestKind, record: RequestRecord) -> RequestTrace:
        """Return what does nothing."""
        return _NO_TRACE

    def stop(self) -> None:
        """Nothing is to be sent."""

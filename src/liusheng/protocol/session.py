"""What the state machines of all WebSocket sessions share, and the interface their driver uses.

A session does no I/O. Its driver passes it the frames of the client and the results of the engine,
executes its commands, and sends its messages:

    frames ──▶ text_received, bytes_received ──▶ commands()      what the driver executes at once
    engine ──▶ methods of the session's kind ──▶ next_message()  what the driver sends, in order
"""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from liusheng.protocol.errors import CloseCode, ErrorCode, ProtocolError
from liusheng.protocol.frames import encode, is_costly
from liusheng.protocol.outbox import Close, Outbox

C = TypeVar("C")
C_co = TypeVar("C_co", covariant=True)


class DrivenSession(Protocol[C_co]):
    """What a driver needs of a session whose commands are of type C_co."""

    @property
    def id(self) -> str: ...
    @property
    def awaits_client(self) -> bool: ...
    @property
    def under_way(self) -> bool: ...
    @property
    def closed(self) -> bool: ...
    @property
    def backlog(self) -> int: ...
    @property
    def unsent(self) -> int: ...
    @property
    def held(self) -> int: ...
    def is_costly(self, frame: str | bytes) -> bool: ...
    def commands(self) -> Iterable[C_co]: ...
    def next_message(self) -> str | bytes | Close | None: ...
    def take_errors(self) -> Sequence[str]: ...
    def text_received(self, frame: str) -> None: ...
    def bytes_received(self, data: bytes) -> None: ...
    @property
    def has_more(self) -> bool: ...
    def go_on(self) -> None: ...
    def disconnected(self, *, deliberate: bool = True) -> None: ...
    def idle(self) -> None: ...
    def unreachable(self, error: ProtocolError, code: CloseCode) -> None: ...
    def time_passed(self, now: float) -> None: ...
    def stop(self, error: ProtocolError, code: CloseCode) -> None: ...
    def wind_down(self, error: ProtocolError, code: CloseCode) -> None: ...


def random_id() -> str:
    """Return a new identifier: 32 hexadecimal digits."""
    return uuid.uuid4().hex


class BaseSession(ABC, Generic[C]):
    """Outbox, commands and end of a session whose commands are of type C.

    idle_seconds: the time limit that `idle` names to the client; the driver keeps the time.
    new_id: makes identifiers.
    """

    def __init__(self, idle_seconds: float, new_id: Callable[[], str]) -> None:
        self._idle_seconds = idle_seconds
        self._new_id = new_id
        self._id = ""
        self._closed = False
        self._errors: list[str] = []
        self._commands: deque[C] = deque()
        self._outbox = Outbox(self._encoded, self._error_code)

    # What the driver reads

    @property
    def id(self) -> str:
        """Identifier for logs; "" before the first `start`."""
        return self._id

    @property
    @abstractmethod
    def awaits_client(self) -> bool:
        """Whether the client has to send next, so that its silence counts as idleness."""

    @property
    @abstractmethod
    def under_way(self) -> bool:
        """Whether the client would lose work if the session ended now."""

    @property
    def closed(self) -> bool:
        """Whether the outbox gets no more messages."""
        return self._closed

    @property
    def backlog(self) -> int:
        """How many messages are not sent yet; consecutive rendered ones count once."""
        return len(self._outbox)

    @property
    def unsent(self) -> int:
        """How many bytes the messages take that are not sent yet."""
        return self._outbox.held

    @property
    def held(self) -> int:
        """How many bytes are held for the client, without the audio that is queued."""
        return self.unsent

    def is_costly(self, frame: str | bytes) -> bool:
        """Return whether it may take more than about a tenth of a millisecond to handle a frame;
        b"": to go on with the last one."""
        return isinstance(frame, str) and is_costly(frame)

    def commands(self) -> Iterable[C]:
        """Yield the commands to execute now, in order, each once."""
        while self._commands:
            yield self._commands.popleft()

    def next_message(self) -> str | bytes | Close | None:
        """Return the next frame to send, or the close; None while the outbox is empty."""
        message, error = self._outbox.take()
        if error is not None:
            self._errors.append(error)
        return message

    def take_errors(self) -> Sequence[str]:
        """Return the codes of the errors in the messages since the last call."""
        taken, self._errors = self._errors, []
        return taken

    # Static, so that the outbox does not refer to the session, which it would keep from being freed
    # without the garbage collector.

    @staticmethod
    def _encoded(message: msgspec.Struct) -> str | bytes:
        """Return the frame for a message."""
        return encode(message)

    @staticmethod
    def _error_code(message: msgspec.Struct) -> str | None:
        """Return the code of a message that reports an error: it has one, or its `error` has."""
        code = getattr(getattr(message, "error", message), "code", None)
        return None if code is None else ErrorCode(code).value

    # What the client does

    @abstractmethod
    def text_received(self, frame: str) -> None:
        """Handle a text frame."""

    @abstractmethod
    def bytes_received(self, data: bytes) -> None:
        """Handle a binary frame; or, where it may have many messages, the first: see `has_more`."""

    @property
    def has_more(self) -> bool:
        """Whether the last frame may have another message: `go_on` handles it."""
        return False

    def go_on(self) -> None:
        """Handle the next message of the last frame, when there is room for it."""

    def disconnected(self, *, deliberate: bool = True) -> None:
        """Handle the loss of the connection: abandon the work, send nothing more.

        deliberate: the client closed it, as opposed to a connection that broke.
        """
        self._abandon_all()
        self._outbox.clear()
        self._closed = True

    def idle(self) -> None:
        """Handle a client that sent nothing for the time limit."""
        if self.awaits_client:
            error = ProtocolError(
                ErrorCode.IDLE_TIMEOUT,
                f"The client sent nothing for {self._idle_seconds:g} s, so this connection is "
                "closed. Connect again to continue.",
            )
            self.unreachable(error, CloseCode.POLICY)

    def unreachable(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session of a client that sends nothing, or reads nothing, for the reason `error`.

        Its connection may be dead: one that breaks without a word looks the same.
        """
        self.stop(error, code)

    def time_passed(self, now: float) -> None:
        """Handle the time, once a second. now: seconds, from any start."""

    def stop(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session from the server's side, for the reason `error`."""
        if self._closed:
            return
        replies = self._abandon_all()
        self._report(error)
        self._outbox.extend(replies)
        self._close(code, error.code.value)

    def wind_down(self, error: ProtocolError, code: CloseCode) -> None:
        """End the session from the server's side as `stop` does, but send the results of what was
        received first, if the kind of session has any."""
        self.stop(error, code)

    # For the kinds of sessions

    @abstractmethod
    def _abandon_all(self) -> Iterable[msgspec.Struct]:
        """Issue the commands that end all work; return the replies still due for that work."""

    @abstractmethod
    def _report(self, error: ProtocolError) -> None:
        """Put an error message into the outbox."""

    def _close(self, code: CloseCode, reason: str) -> None:
        """Put the close into the outbox."""
        self._outbox.append_close(Close(code, reason))
        self._closed = True

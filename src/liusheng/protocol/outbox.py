"""What a session has to send, in order.

A message is encoded when it is put in, and no object of it is kept, so what the outbox holds is
known to the byte, whatever of a client's is in it. Replies that are rendered when they are sent
take next to nothing until then, and only one of them exists at a time: the one that is being sent.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from liusheng.protocol.errors import CloseCode

_ENTRY_BYTES = 200
"""About what an entry takes besides its text."""

Encode = Callable[[msgspec.Struct], str | bytes | None]
"""Returns the frame for a message; None: it has none."""


@dataclass(frozen=True)
class Close:
    """Close the WebSocket, after every message before it is sent.

    reason: of the close frame, at most 123 bytes of UTF-8 (RFC 6455, section 5.5.1).
    """

    code: CloseCode
    reason: str


@dataclass(slots=True)
class _Encoded:
    """A message. audio: it is audio, which `drop_audio` drops."""

    frame: str | bytes
    error: str | None
    audio: bool


@dataclass(slots=True)
class _Rendered:
    """Consecutive messages that are rendered when they are sent."""

    render: Callable[[], msgspec.Struct]
    count: int


class Outbox:
    """The messages of one session that are not sent yet.

    encode: see `Encode`.
    error_code: returns the code of a message that reports an error; None: it reports none.
    """

    def __init__(self, encode: Encode, error_code: Callable[[msgspec.Struct], str | None]) -> None:
        self.encode = encode
        self._error_code = error_code
        self._entries: deque[_Encoded | _Rendered | Close] = deque()
        self._frames = 0  # bytes of those that are encoded

    def __len__(self) -> int:
        """How many messages there are; consecutive rendered ones count once."""
        return len(self._entries)

    @property
    def held(self) -> int:
        """Bytes of memory."""
        return self._frames + _ENTRY_BYTES * len(self._entries)

    def append(self, message: msgspec.Struct, *, audio: bool = False) -> None:
        """Put a message in. audio: it may be dropped by `drop_audio`."""
        frame = self.encode(message)
        if frame is not None:
            self._add(_Encoded(frame, self._error_code(message), audio))

    def extend(self, messages: Iterable[msgspec.Struct]) -> None:
        """Put messages in."""
        for message in messages:
            self.append(message)

    def append_when_sent(self, render: Callable[[], msgspec.Struct]) -> None:
        """Put a message in that is rendered when it is sent.

        A message that waits for a slow connection thus carries the newest state, and many
        consecutive ones cost a counter.
        """
        last = self._entries[-1] if self._entries else None
        if isinstance(last, _Rendered) and last.render == render:
            last.count += 1
        else:
            self._entries.append(_Rendered(render, 1))

    def append_close(self, close: Close) -> None:
        """Put the close in."""
        self._entries.append(close)

    def take_all(self, other: Outbox) -> None:
        """Put in all that another outbox has, which is empty then."""
        self._entries.extend(other._entries)
        self._frames += other._frames
        other.clear()

    def drop_audio(self) -> None:
        """Drop the messages that are audio."""
        kept = [each for each in self._entries if not (isinstance(each, _Encoded) and each.audio)]
        self.clear()
        for each in kept:
            self._add(each)

    def clear(self) -> None:
        """Drop all."""
        self._entries.clear()
        self._frames = 0

    def take(self) -> tuple[str | bytes | Close | None, str | None]:
        """Return the next frame to send, or the close, and the code of the error that it reports.

        None, None: there is none.
        """
        while self._entries:
            entry = self._entries[0]
            if isinstance(entry, _Rendered):
                entry.count -= 1
                if not entry.count:
                    self._entries.popleft()
                if (frame := self.encode(entry.render())) is not None:
                    return frame, None
                continue
            self._entries.popleft()
            if isinstance(entry, Close):
                return entry, None
            self._frames -= sys.getsizeof(entry.frame)
            return entry.frame, entry.error
        return None, None

    def _add(self, entry: _Encoded | _Rendered | Close) -> None:
        self._entries.append(entry)
        if isinstance(entry, _Encoded):
            self._frames += sys.getsizeof(entry.frame)

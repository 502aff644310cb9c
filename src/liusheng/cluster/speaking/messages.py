"""The messages between a replica that borrows synthesis and one that lends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from liusheng.runtime.errors import BusyError, BusyReason, GaveWayError, TextStoppedError
from liusheng.runtime.synthesis.messages import SpeechChunk
from liusheng.tts.types import SpeechRequest


@dataclass(frozen=True)
class SpeechOrder:
    """Asks for a speech.

    key: a name for it that no other one has.
    more: the text is not complete.
    """

    key: str
    request: SpeechRequest
    more: bool


@dataclass(frozen=True)
class Begun:
    """The speech has its place. maker: who makes it, for `Lenders.steer`."""

    maker: Any


@dataclass(frozen=True)
class Steering:
    """What the lender has to know while it makes a speech; also that somebody still listens.

    text: what was added to the text since the last one.
    last: the text is complete.
    taken: seconds of audio that the listener has taken so far.
    """

    key: str
    text: str = ""
    last: bool = False
    taken: float = 0.0


class LentSpeechError(Exception):
    """A speech failed where it was made; the log there says why."""


@dataclass(frozen=True)
class Failed:
    """A speech has ended before its text. The errors themselves cannot be pickled."""

    kind: Literal["busy", "gave way", "text stopped", "failed"]
    message: str = ""
    reason: BusyReason = "sessions"
    retry_after: float = 0.0

    @classmethod
    def of(cls, error: Exception) -> Failed:
        """Return the message of an error."""
        if isinstance(error, BusyError):
            return cls("busy", str(error), error.reason, error.retry_after)
        if isinstance(error, TextStoppedError):
            return cls("text stopped")
        if isinstance(error, GaveWayError):
            return cls("gave way")
        return cls("failed", str(error) or repr(error))

    @property
    def error(self) -> Exception:
        """The same error for who listens."""
        if self.kind == "busy":
            return BusyError(self.message, self.reason, self.retry_after)
        if self.kind == "text stopped":
            return TextStoppedError()
        return GaveWayError() if self.kind == "gave way" else LentSpeechError(self.message)


LentMessage = Begun | SpeechChunk | Failed
"""What a lender answers: `Begun`, audio, and at the end a chunk that is `over`; or `Failed`."""

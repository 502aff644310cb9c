"""The commands, and the events, of a session with several recognitions, each with a number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from liusheng.protocol import asr
from liusheng.protocol.errors import ProtocolError
from liusheng.protocol.utterance import UtteranceLike


@dataclass(frozen=True)
class BeginRecognition:
    """Open a recognition of audio in the format of `start`; answer with `refused` if that is
    impossible."""

    number: int
    start: asr.Start


@dataclass(frozen=True)
class FeedRecognition:
    """Pass audio to a recognition."""

    number: int
    data: bytes


@dataclass(frozen=True)
class EndRecognition:
    """End the audio of a recognition; answer with `finished`.

    cut_short: the client has not ended it. What can be decoded of an incomplete container is
        recognised.
    drop_rest: what is not decoded yet is dropped.
    """

    number: int
    cut_short: bool = False
    drop_rest: bool = False


@dataclass(frozen=True)
class DropRecognition:
    """Drop a recognition; no answer is expected."""

    number: int


RecognitionCommand = BeginRecognition | FeedRecognition | EndRecognition | DropRecognition


class NumberedRecognitionEvents(Protocol):
    """What a recogniser reports to such a session."""

    def refused(self, number: int, error: ProtocolError) -> None:
        """A recognition cannot be opened."""

    def decoded(self, number: int, seconds: float) -> None:
        """Seconds of audio were decoded from a container."""

    def updated(
        self, number: int, closed: Iterable[UtteranceLike], index: int, text: str, stable: int
    ) -> None:
        """A recognition has new text; see `liusheng.protocol.transcript.Transcript.update`."""

    def finished(self, number: int) -> None:
        """Every utterance of a recognition is closed."""

    def failed(self, number: int, error: ProtocolError) -> None:
        """A recognition is lost."""


class SpeechEvents(Protocol):
    """What a recogniser reports besides to a session that follows who speaks when."""

    def speech_started(self, number: int, start: float) -> None:
        """Speech was detected in a recognition. start: where it began, in seconds of its audio."""

    def speech_stopped(self, number: int, end: float) -> None:
        """The speech that was detected last has ended. end: in seconds of the recognition's
        audio."""

    def covered(self, number: int, seconds: float) -> None:
        """The text that follows covers so many seconds of a recognition's audio."""

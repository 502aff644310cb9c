"""The commands of a realtime session to its driver.

Several recognitions can be under way in one session; `number` identifies one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from liusheng.protocol import realtime


@dataclass(frozen=True)
class OpenRecognition:
    """Open a recognition; answer with `refused` if that is impossible."""

    number: int
    lang: str
    format: realtime.Format


@dataclass(frozen=True)
class FeedRecognition:
    """Pass audio, in the format of `OpenRecognition`, to a recognition."""

    number: int
    data: bytes


@dataclass(frozen=True)
class FinishRecognition:
    """End the audio of a recognition; answer with `finished`."""

    number: int


@dataclass(frozen=True)
class AbandonRecognition:
    """Drop a recognition; no answer is expected."""

    number: int


RealtimeCommand = OpenRecognition | FeedRecognition | FinishRecognition | AbandonRecognition

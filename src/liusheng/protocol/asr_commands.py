"""The commands of a recognition session to its driver."""

from __future__ import annotations

from dataclasses import dataclass

from liusheng.protocol import asr


@dataclass(frozen=True)
class Open:
    """Open a recognition as `start` describes; answer with `opened` or `refused`."""

    session: str
    start: asr.Start


@dataclass(frozen=True)
class Feed:
    """Pass a packet of audio to the recognition."""

    data: bytes


@dataclass(frozen=True)
class Finish:
    """End the audio; answer with `finished` when every utterance is closed."""


@dataclass(frozen=True)
class Abandon:
    """Drop the recognition; no answer is expected."""


@dataclass(frozen=True)
class Detach:
    """Keep the recognition for its client, whose connection broke, or is silent as if it had; no
    answer is expected."""


@dataclass(frozen=True)
class TakeUp:
    """Take up a recognition that was kept, or that another connection has; answer with `resumed`
    or `refused`.

    token: of the client.
    from_utterance, finals: see `liusheng.protocol.asr.Resume`.
    """

    token: str
    from_utterance: int
    finals: tuple[str, ...] = ()


AsrCommand = Open | Feed | Finish | Abandon | Detach | TakeUp

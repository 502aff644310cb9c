"""What a transcription session of OpenAI's Realtime API wants done with its recognitions."""

from __future__ import annotations

from dataclasses import dataclass

from liusheng.protocol import realtime


@dataclass(frozen=True)
class Open:
    """Begin recognition `number`; answer with `refused` if it cannot be had."""

    number: int
    lang: str
    format: realtime.Format


@dataclass(frozen=True)
class Feed:
    """Give audio, in the format that `Open` named, to this recognition."""

    number: int
    data: bytes


@dataclass(frozen=True)
class Finish:
    """No more audio comes: answer with `finished`."""

    number: int


@dataclass(frozen=True)
class Abandon:
    """Drop this recognition; nobody waits for it."""

    number: int


Command = Open | Feed | Finish | Abandon

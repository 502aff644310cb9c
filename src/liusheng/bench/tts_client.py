"""One client of synthesis: times the audio of a text, and finds gaps in its playback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from liusheng.client import Client, ClientError


@dataclass(frozen=True)
class PlaybackGap:
    """An interruption of playback: the player had no audio left.

    at: seconds of audio played before it.
    seconds: its duration.
    """

    at: float
    seconds: float


@dataclass(frozen=True)
class TtsResult:
    """The result of synthesising one text. Times are in seconds.

    began: from the start of the measurement.
    first_packet: from the request to the first audio; None without any.
    took: from the request to the last audio.
    seconds: of audio.
    gaps: of a player that starts with the first packet.
    complete: whether all audio was received.
    pcm: the audio, signed 16-bit mono, where it was kept.
    failure: code of the error that ended it; "" without one.
    """

    text: str
    began: float
    first_packet: float | None = None
    took: float = 0.0
    seconds: float = 0.0
    gaps: tuple[PlaybackGap, ...] = ()
    complete: bool = False
    pcm: bytes = b""
    failure: str = ""


async def synthesize_text(
    client: Client,
    text: str,
    rate: int,
    *,
    voice: str | None = None,
    to_end: bool = True,
    keep: bool = False,
    epoch: float = 0.0,
) -> TtsResult:
    """Have a text synthesised, receiving the audio as fast as it comes; return the result.

    rate: the sample rate of the server's audio, in hertz.
    to_end: otherwise disconnect after the first audio.
    keep: whether the result has the audio.
    epoch: the start of the measurement, on the event loop's clock.
    """
    now = asyncio.get_running_loop().time
    began = now() - epoch
    arrivals: list[tuple[float, float]] = []
    kept = bytearray()
    synthesis = client.synthesize(text, voice=voice)
    try:
        async for pcm in synthesis:
            arrivals.append((now(), len(pcm) / (2 * rate)))
            if keep:
                kept += pcm
            if not to_end:
                break
        await synthesis.aclose()
    except ClientError as error:
        return TtsResult(text, began, failure=error.code)
    first = synthesis.first_packet_seconds
    if first is None:
        return TtsResult(text, began, failure="no_audio")
    return TtsResult(
        text,
        began,
        first_packet=first,
        took=first + arrivals[-1][0] - arrivals[0][0],
        seconds=sum(seconds for _, seconds in arrivals),
        gaps=tuple(playback_gaps(arrivals)),
        complete=to_end,
        pcm=bytes(kept),
    )


def playback_gaps(arrivals: Iterable[tuple[float, float]]) -> list[PlaybackGap]:
    """The gaps of a player that starts with the first packet.

    arrivals: when each packet came, and its seconds of audio, in order.
    """
    gaps: list[PlaybackGap] = []
    played = 0.0
    plays_until: float | None = None  # when the audio received so far will have been played
    for at, seconds in arrivals:
        if plays_until is None:
            plays_until = at
        elif at > plays_until:
            gaps.append(PlaybackGap(played, at - plays_until))
            plays_until = at
        plays_until += seconds
        played += seconds
    return gaps

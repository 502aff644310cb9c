"""One listener: a text said by a server, and a player that plays it as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from liusheng.client import Client, ClientError


@dataclass(frozen=True)
class Gap:
    """The player ran dry.

    at: seconds of audio played before.
    seconds: of silence.
    """

    at: float
    seconds: float


@dataclass(frozen=True)
class TtsResult:
    """A text and what became of it. Times are in seconds.

    began: on the clock of the whole measurement.
    first_packet: from the text sent to the first audio; None when there was none.
    took: from the text sent to the last audio.
    seconds: of audio.
    complete: whether it was heard to the end.
    pcm: signed 16-bit mono, where it was to be kept.
    failure: code of the error that ended it; "" when it went well.
    """

    text: str
    began: float
    first_packet: float | None = None
    took: float = 0.0
    seconds: float = 0.0
    gaps: tuple[Gap, ...] = ()
    complete: bool = False
    pcm: bytes = b""
    failure: str = ""


async def listen(
    client: Client,
    text: str,
    rate: int,
    *,
    voice: str | None = None,
    to_end: bool = True,
    keep: bool = False,
    epoch: float = 0.0,
) -> TtsResult:
    """Have a text said and return what came, as fast as it came.

    rate: of the server's audio, in hertz.
    to_end: otherwise hang up after the first audio.
    keep: the audio.
    epoch: the beginning of the measurement, on the event loop's clock.
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
        gaps=tuple(starved(arrivals)),
        complete=to_end,
        pcm=bytes(kept),
    )


def starved(arrivals: Iterable[tuple[float, float]]) -> list[Gap]:
    """Return where a player that starts with the first packet would have run dry.

    arrivals: when each packet came, and how many seconds of audio it had, in order.
    """
    gaps: list[Gap] = []
    played = 0.0
    dry: float | None = None  # when what has come will have been played
    for at, seconds in arrivals:
        if dry is None:
            dry = at
        elif at > dry:
            gaps.append(Gap(played, at - dry))
            dry = at
        dry += seconds
        played += seconds
    return gaps

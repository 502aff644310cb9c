"""Recognitions of our own client, which resumes them, with its defaults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import pairwise
from pathlib import Path

import liusheng
from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.client.messages import Final

CLIPS = Path(__file__).parents[2] / "data" / "tiny"
PACKET = 2_720
PAUSE = 0.01  # seconds after a packet of 85 ms


def speech(first: int) -> list[bytes]:
    """Return packets of digits, with pauses, so that utterances end in between.

    first: clip that it begins with.
    """
    clips = sorted(clip for clip in CLIPS.glob("*.flac") if not clip.stem.startswith("other"))
    pause = bytes(2 * 16_000)
    spoken = [b"".join(map(samples_to_pcm, decode_file(clip, 16_000))) + pause for clip in clips]
    audio = b"".join(spoken[first:] + spoken[:first])
    return [audio[at : at + PACKET] for at in range(0, len(audio), PACKET)]


class Speaker:
    """One that speaks all packets, but stops after half of them until `go` is set.

    spoken: set when a third has been spoken.
    events: states of its connection, as the client tells them.
    """

    def __init__(self, packets: list[bytes]) -> None:
        self.spoken, self.go = asyncio.Event(), asyncio.Event()
        self.events: list[str] = []
        self._packets = packets

    async def recognized(self, address: str) -> Final:
        """Return the result; no word may have been reported twice."""
        async with liusheng.connect(f"ws://{address}") as client:
            updates = [
                update
                async for update in client.recognize(
                    self._paced(), on_connection=lambda change: self.events.append(change.state)
                )
            ]
        final = updates[-1]
        assert isinstance(final, Final)
        words = [word for update in updates[:-1] for word in update.words]
        assert all(a.end <= b.start for a, b in pairwise(words)), "a word was reported twice"
        return final

    async def _paced(self) -> AsyncIterator[bytes]:
        for n, packet in enumerate(self._packets):
            if n == len(self._packets) // 3:
                self.spoken.set()
            if n == len(self._packets) // 2:
                await self.go.wait()
            yield packet
            await asyncio.sleep(PAUSE)


async def unbroken(address: str, packets: list[bytes]) -> Final:
    """Return the result of these packets without a stop."""
    speaker = Speaker(packets)
    speaker.go.set()
    final = await speaker.recognized(address)
    assert not speaker.events
    assert final.text
    return final


async def all_spoken(speakers: Iterable[Speaker]) -> None:
    """Return when each has spoken a third."""
    for each in speakers:
        await each.spoken.wait()

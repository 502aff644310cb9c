"""What `liusheng bench tts` does, in its order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from liusheng.bench.figures import milliseconds
from liusheng.bench.intelligibility import Echo, Voice, echo, voices
from liusheng.bench.listener import TtsResult, listen
from liusheng.bench.processes import Watch
from liusheng.bench.serving import Target
from liusheng.bench.texts import SENTENCES, text_of
from liusheng.bench.tts_load import TtsLoad
from liusheng.bench.tts_report import Listening, Outcome
from liusheng.client import Client, connect

_ENOUGH = 60.0
"""Seconds of speech of one length, after which only the first packets are waited for."""
_REST = 0.3
"""Seconds that a server is left after a listener hung up: the block that it was making is not to be
the next text's delay."""
_LISTENER_TEXT = 30
"""Characters that each of many listeners hears at a time."""


@dataclass(frozen=True)
class Plan:
    """A measurement of synthesis.

    lengths: of the texts for one listener, in characters.
    repeat: texts of each length.
    audience: the many listeners; None: leave them out.
    sentences: of each voice that are recognised again.
    voices: by name; the first is timed; none: the default one is timed, and all are recognised.
    lang: of the texts that are timed.
    """

    lengths: Sequence[int]
    repeat: int
    audience: TtsLoad | None
    sentences: int
    voices: Sequence[str]
    lang: str

    async def run(self, target: Target, tell: Callable[[str], None]) -> Outcome:
        """Measure a server. tell: what is done, for a person who waits.

        Raises:
            ClientError: when the server cannot be reached, or does not know a voice.
        """
        async with connect(target.url, retry_for=0.0) as client:
            rate = await client.sample_rate()
            chosen = self._chosen(await voices(client))
            timed = next((v.name for v in chosen if self.lang in v.languages), chosen[0].name)
            # What is wrong is told at once, and the server is warm.
            async for _ in client.synthesize(text_of(30, self.lang, 0), voice=timed or None):
                pass
            alone = {}
            for length in self.lengths:
                alone[length] = await self._alone(client, rate, length, timed)
                first = milliseconds(alone[length].first_packet.p50)
                tell(f"{length} characters: first packet {first} ms at the median")
            together = None
            if self.audience is not None:
                together = await self._together(client, rate, self.audience, target.pid, timed)
                first = milliseconds(together.first_packet.p95)
                tell(
                    f"{together.listeners} listeners: first packet {first} ms at p95, "
                    f"{together.gaps} gaps"
                )
            echoes: list[Echo] = []
            for voice in chosen if self.sentences else ():
                for lang in voice.languages:
                    if lang in SENTENCES:
                        tell(f"recognising {voice.name or 'the default voice'} ({lang}) again")
                        texts = SENTENCES[lang][: self.sentences]
                        echoes += await echo(client, texts, rate, voice.name, lang)
        return Outcome(alone, together, echoes)

    def _chosen(self, known: Sequence[Voice]) -> list[Voice]:
        """Return the voices to measure; the one without a name is a server's default.

        Raises:
            ValueError: when there is no such voice.
        """
        if not known:
            return [Voice(name, (self.lang,)) for name in self.voices or [""]]
        by_name = {voice.name: voice for voice in known}
        for name in self.voices:
            if name not in by_name:
                raise ValueError(f"the server has no voice {name}; it has: {', '.join(by_name)}")
        return [by_name[name] for name in self.voices or by_name]

    async def _alone(self, client: Client, rate: int, length: int, voice: str) -> Listening:
        texts: list[TtsResult] = []
        heard = 0.0
        for number in range(self.repeat):
            text = text_of(length, self.lang, number)
            to_end = heard < _ENOUGH
            said = await listen(client, text, rate, voice=voice or None, to_end=to_end)
            texts.append(said)
            if not to_end:
                await asyncio.sleep(_REST)
            heard += said.seconds
        return Listening(f"{length} characters", texts)

    async def _together(
        self, client: Client, rate: int, audience: TtsLoad, pid: int | None, voice: str
    ) -> Listening:
        def text(number: int) -> str:
            return text_of(_LISTENER_TEXT, self.lang, number)

        name = f"{audience.listeners} listeners"
        if pid is None:
            texts = await audience.listen(client, rate, text, voice or None)
            return Listening(name, texts, None, audience.listeners)
        watch = Watch(pid)
        async with watch:
            texts = await audience.listen(client, rate, text, voice or None)
        return Listening(name, texts, watch.usage, audience.listeners)

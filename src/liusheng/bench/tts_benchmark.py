"""The synthesis benchmark: one listener, many listeners, then intelligibility."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from liusheng.bench.figures import milliseconds
from liusheng.bench.intelligibility import (
    IntelligibilityResult,
    ServerVoice,
    list_voices,
    measure_intelligibility,
)
from liusheng.bench.processes import ResourceMonitor
from liusheng.bench.target import Target
from liusheng.bench.texts import SENTENCES, make_text
from liusheng.bench.tts_client import TtsResult, synthesize_text
from liusheng.bench.tts_load import TtsLoad
from liusheng.bench.tts_trial import TtsMeasurement, TtsTrial
from liusheng.client import Client, connect

_ENOUGH = 60.0
"""Seconds of audio at one length of text, after which only first packets are measured."""
_REST = 0.3
"""Seconds after a disconnection: the block that was being synthesised must not delay the next
text."""
_LOAD_TEXT = 30
"""Characters of each text under load."""


@dataclass(frozen=True)
class TtsBenchmark:
    """A measurement of synthesis.

    lengths: of the texts for one listener, in characters.
    repeat: texts of each length.
    load: the many listeners; None: left out.
    sentences: how many are recognised again for each voice and language; 0: none.
    voices: names; the first with the language is timed, all are recognised again. Without names
        that is the server's default voice, and all its voices.
    lang: of the texts that are timed.
    """

    lengths: Sequence[int]
    repeat: int
    load: TtsLoad | None
    sentences: int
    voices: Sequence[str]
    lang: str

    async def run(self, target: Target, on_progress: Callable[[str], None]) -> TtsMeasurement:
        """Measure a server. on_progress: called with a line of text after each step.

        Raises:
            ClientError: the server cannot be reached, or refuses the first text.
            ValueError: the server does not have one of the voices.
        """
        async with connect(target.url, retry_for=0.0) as client:
            rate = await client.sample_rate()
            voices = self._choose(await list_voices(client))
            timed = next((v.name for v in voices if self.lang in v.languages), voices[0].name)
            # Fails before anything is measured, and warms the server up.
            async for _ in client.synthesize(make_text(30, self.lang, 0), voice=timed or None):
                pass
            single = {}
            for length in self.lengths:
                single[length] = await self._single(client, rate, length, timed)
                first = milliseconds(single[length].first_packet.p50)
                on_progress(f"{length} characters: first packet {first} ms at the median")
            load = None
            if self.load is not None:
                load = await self._load(client, rate, self.load, target.pid, timed)
                first = milliseconds(load.first_packet.p95)
                on_progress(
                    f"{load.listeners} listeners: first packet {first} ms at p95, {load.gaps} gaps"
                )
            results = await self._intelligibility(client, rate, voices, on_progress)
        return TtsMeasurement(single, load, results)

    def _choose(self, available: Sequence[ServerVoice]) -> list[ServerVoice]:
        """The voices to measure; the name "" stands for a server's default voice."""
        if not available:
            return [ServerVoice(name, (self.lang,)) for name in self.voices or [""]]
        by_name = {voice.name: voice for voice in available}
        for name in self.voices:
            if name not in by_name:
                raise ValueError(f"the server has no voice {name}; it has: {', '.join(by_name)}")
        return [by_name[name] for name in self.voices or by_name]

    async def _single(self, client: Client, rate: int, length: int, voice: str) -> TtsTrial:
        results: list[TtsResult] = []
        received = 0.0
        for number in range(self.repeat):
            text = make_text(length, self.lang, number)
            to_end = received < _ENOUGH
            result = await synthesize_text(client, text, rate, voice=voice or None, to_end=to_end)
            results.append(result)
            if not to_end:
                await asyncio.sleep(_REST)
            received += result.seconds
        return TtsTrial(f"{length} characters", results)

    async def _load(
        self, client: Client, rate: int, load: TtsLoad, pid: int | None, voice: str
    ) -> TtsTrial:
        def text(number: int) -> str:
            return make_text(_LOAD_TEXT, self.lang, number)

        name = f"{load.listeners} listeners"
        if pid is None:
            results = await load.run(client, rate, text, voice or None)
            return TtsTrial(name, results, None, load.listeners)
        monitor = ResourceMonitor(pid)
        async with monitor:
            results = await load.run(client, rate, text, voice or None)
        return TtsTrial(name, results, monitor.usage, load.listeners)

    async def _intelligibility(
        self,
        client: Client,
        rate: int,
        voices: Sequence[ServerVoice],
        on_progress: Callable[[str], None],
    ) -> list[IntelligibilityResult]:
        results: list[IntelligibilityResult] = []
        for voice in voices if self.sentences else ():
            for lang in voice.languages:
                if lang in SENTENCES:
                    on_progress(f"intelligibility of {voice.name or 'the default voice'} ({lang})")
                    texts = SENTENCES[lang][: self.sentences]
                    results += await measure_intelligibility(client, texts, rate, voice.name, lang)
        return results

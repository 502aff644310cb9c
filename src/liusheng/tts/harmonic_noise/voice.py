"""The voice: clauses in Mandarin, English, or both, to audio and timings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from liusheng.audio.pcm import Samples
from liusheng.models.devices import Device
from liusheng.tts.blocks import FIRST_BLOCK, plan_blocks
from liusheng.tts.harmonic_noise.head import Head
from liusheng.tts.harmonic_noise.network import FRAME_SAMPLES, ClausePlan, Network
from liusheng.tts.misaki import english
from liusheng.tts.misaki.spelling import Spelling, spell
from liusheng.tts.text.types import Clause, Span
from liusheng.tts.types import SAMPLE_RATE
from liusheng.tts.voice import Timing

_EARLY = 2
"""Frames that a sound begins before its phoneme's own, as the teacher has it (median of 400
sentences: 2 at their beginning, 1.5 at their end)."""


class HarmonicNoiseVoice:
    """A speaker of Mandarin and English.

    Args:
        files: see `Network`.
        name: the voice's name.
        gender: "female", "male" or "unknown".

    Raises:
        ValueError: see `Network`.
        DeviceError: the device cannot be had.
    """

    languages = ("zh", "en")
    mixes = True

    def __init__(
        self, files: dict[str, Path], name: str, gender: str, device: Device = "cpu"
    ) -> None:
        self.name = name
        self.gender = gender
        self._network = Network(files, device)
        english.front_end()  # loaded now: the first English word does not wait for it

    def speak(self, clause: Clause, *, speed: float, urgent: bool) -> Iterator[Samples]:
        """See `ClauseVoice.speak`."""
        return self.timed(clause, speed=speed, urgent=urgent)[1]

    def timed(
        self, clause: Clause, *, speed: float, urgent: bool
    ) -> tuple[tuple[Timing, ...], Iterator[Samples]]:
        """See `TimedVoice.timed`: from the durations that the network predicts."""
        spelling = spell(clause)
        if not spelling.audible:
            return tuple(Timing(0, 0) for _ in spelling.spans), iter(())
        plan = self._network.plan(self._network.tokens(spelling.phonemes), speed)
        # The same pieces in any case: how many half frames are computed together decides on the
        # last bit of a sample, and a text is to have the same samples however busy a server is.
        sounds = self.sounds(plan, plan_blocks(len(plan), FIRST_BLOCK))
        return self._timings(spelling, plan), sounds if urgent else _first_two_joined(sounds)

    def phones(self, clause: Clause) -> list[str]:
        """See `PhoneticVoice.phones`: in misaki's notation."""
        spelling = spell(clause)
        return spelling.by_unit() if clause.lang == "zh" else [spelling.phonemes]

    def sounds(self, plan: ClausePlan, blocks: Sequence[tuple[int, int]]) -> Iterator[Samples]:
        """Yield the audio of each block, which is finished two half frames later than its maps."""
        head = Head(plan.f0)
        for (_, end), maps in zip(blocks, self._network.maps(plan, blocks), strict=True):
            samples = head.add(maps)
            yield samples if end < len(plan) else np.concatenate([samples, head.rest()])

    def _timings(self, spelling: Spelling, plan: ClausePlan) -> tuple[Timing, ...]:
        ends = np.cumsum(plan.frames) - _EARLY
        seconds = np.maximum(ends, 0) * (FRAME_SAMPLES / SAMPLE_RATE)
        # seconds[n] is where the pad and n phonemes end.
        places = self._network.inventory.places(spelling.phonemes)
        return tuple(
            Timing(float(seconds[places[start]]), float(seconds[places[end]]))
            for start, end in _with_spaces(spelling)
        )


def _first_two_joined(blocks: Iterator[Samples]) -> Iterator[Samples]:
    """Whoever does not wait for the first block gets 0.7 s at once."""
    yield np.concatenate(list(islice(blocks, 2)))
    yield from blocks


def _with_spaces(spelling: Spelling) -> Iterator[Span]:
    """Where each unit's phonemes stand, with the space after them, in which the voice goes on."""
    for start, end in spelling.spans:
        spaces = len(spelling.phonemes[end:]) - len(spelling.phonemes[end:].lstrip(" "))
        yield start, end + spaces if start < end else end

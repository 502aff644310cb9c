"""The student's sound from its ONNX graphs, in blocks, with ONNX Runtime and numpy alone.

A clause in blocks is the same clause as in one pass, within the rounding of 16 bits: the decoder
is given the half frames around a block that it sees, and the head adds up transforms one by one,
each with noise of its own, however many of them come at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

Floats = npt.NDArray[np.float32]
Complexes = npt.NDArray[np.complex64]

RATE = 24000
FRAME = 600
"""Samples of a frame, which durations count."""

HOP = 300
SIZE = 1200
BINS = SIZE // 2 + 1
CONTEXT = 27
"""Half frames that the decoder sees on each side."""

_REACH = 2
"""Half frames that a transform reaches on each side."""

_VOICED = 40.0
_HIGHEST = 11000.0
_LOUDEST = 7.0
_WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SIZE) / SIZE)).astype(np.float32)
_OVERLAP = 1.5
"""What the squares of the windows over any sample add up to."""

_SEED = 1


@dataclass(frozen=True)
class Plan:
    """A clause before it sounds.

    frames: of 25 ms, for each token. sound: (128, n). f0, energy: (half frames,).
    """

    frames: npt.NDArray[np.int64]
    sound: Floats
    f0: Floats
    energy: Floats


class Engine:
    """The graphs of `training.voice.export`.

    Args:
        folder: text.onnx, curves.onnx, decoder.onnx and vocab.json.
    """

    def __init__(self, folder: Path) -> None:
        self._text, self._curves, self._decoder = (
            _session(folder / f"{name}.onnx") for name in ("text", "curves", "decoder")
        )
        self._ids: dict[str, int] = json.loads((folder / "vocab.json").read_text("utf-8"))["vocab"]

    def tokens(self, phonemes: str) -> list[int]:
        """The numbers of phonemes in Kokoro's notation; unknown ones are left out."""
        return [0, *(self._ids[each] for each in phonemes if each in self._ids), 0]

    def places(self, phonemes: str) -> list[int]:
        """For each phoneme, and for the end, the number of its token; unknown ones have none."""
        known = accumulate((each in self._ids for each in phonemes), initial=1)
        return [int(each) for each in known]

    def plan(
        self,
        tokens: Sequence[int],
        speed: float = 1.0,
        frames: npt.NDArray[np.int64] | None = None,
    ) -> Plan:
        """How long each token lasts, unless `frames` says so; pitch and energy of what is said."""
        logs, prosody, sound = self._text.run(None, {"tokens": np.array([tokens], np.int64)})
        if frames is None:
            frames = np.maximum(np.rint(np.expm1(logs) / speed), 1).astype(np.int64)
        f0, energy = self._curves.run(None, {"prosody": np.repeat(prosody, frames, 1)})
        return Plan(frames, sound, f0, energy)

    def blocks(self, plan: Plan, sizes: Iterator[int]) -> Iterator[Floats]:
        """The clause's samples in blocks of about as many half frames as `sizes` gives."""
        head = Head(plan.f0)
        halves = len(plan.f0)
        sound = np.repeat(plan.sound, 2 * plan.frames, 1)
        at = 0
        while at < halves:
            end = min(halves, at + next(sizes))
            yield head.add(self._maps(plan, sound, at, end))
            at = end
        yield head.rest()

    def say(self, tokens: Sequence[int], speed: float = 1.0) -> Floats:
        """A clause in one pass."""
        plan = self.plan(tokens, speed)
        return np.concatenate(list(self.blocks(plan, iter([len(plan.f0)]))))

    def _maps(self, plan: Plan, sound: Floats, at: int, end: int) -> Floats:
        """(half frames, 5 * bins) of those from `at` to `end`."""
        first, last = max(0, at - CONTEXT), min(len(plan.f0), end + CONTEXT)
        given = {
            "sound": np.ascontiguousarray(sound[:, first:last]),
            "f0": plan.f0[first:last],
            "energy": plan.energy[first:last],
        }
        maps: Floats = self._decoder.run(None, given)[0]
        return maps[at - first : end - first]


class Head:
    """Sound of maps, as `training.voice.head` makes it: pulses and noise, filtered, and a rest.

    Half frame t is a transform of the samples around 300 t, from 300 t - 600 to 300 t + 600.
    """

    def __init__(self, f0: Floats) -> None:
        self._f0 = f0
        self._noise = np.random.default_rng(_SEED)
        self._done = 0  # half frames
        self._phase = 0.0  # of the pulses where `_pulses` ends, in turns
        # Pulses and sums that half frames to come need, from the sample 300 * _done - 600.
        self._pulses = np.zeros(_REACH * HOP, np.float32)
        self._sum = np.zeros(SIZE - HOP, np.float32)

    def add(self, maps: Floats) -> Floats:
        """Take half frames, in order; return the samples that are finished with them."""
        count = len(maps)
        spectrum = self._spectrum(maps)
        pieces = np.fft.irfft(spectrum, SIZE, 1).astype(np.float32) * (_WINDOW / _OVERLAP)
        total = np.zeros(len(self._sum) + count * HOP, np.float32)
        total[: len(self._sum)] = self._sum
        for number, piece in enumerate(pieces):
            total[number * HOP : number * HOP + SIZE] += piece
        before = max(0, _REACH - self._done) * HOP  # samples before the first
        self._done += count
        self._sum = total[count * HOP :]
        return total[min(before, count * HOP) : count * HOP]

    def rest(self) -> Floats:
        """What the last half frames leave, up to the end of the clause."""
        return self._sum[: _REACH * HOP]

    def _spectrum(self, maps: Floats) -> Complexes:
        lh, theta, ln, lr, phi = (maps[:, i * BINS : (i + 1) * BINS] for i in range(5))
        noise = self._noise.standard_normal((len(maps), BINS, 2), np.float32)
        loud = np.exp(np.minimum(ln, _LOUDEST))
        turned = np.tanh(theta) * np.float32(np.pi)
        found: Complexes = np.multiply(self._source(len(maps)), _polar(lh, turned))
        found += _polar(lr, phi)
        found += loud * noise.view(np.complex64)[:, :, 0]
        return found

    def _source(self, count: int) -> Complexes:
        """The pulses' spectra of the next half frames."""
        first = self._done + len(self._pulses) // HOP - _REACH
        last = self._done + count - 1 + _REACH
        self._pulses = np.concatenate([self._pulses, self._train(first, last)])
        windows = np.lib.stride_tricks.sliding_window_view(self._pulses, SIZE)[::HOP][:count]
        spectra = np.fft.rfft(windows * _WINDOW, SIZE, 1).astype(np.complex64) / (SIZE / 4)
        self._pulses = self._pulses[count * HOP :]
        return spectra

    def _train(self, first: int, last: int) -> Floats:
        """Pulses of half frames `first` to `last`; nothing after the end."""
        end = min(last, len(self._f0))
        if first >= end:
            return np.zeros((last - first) * HOP, np.float32)
        middles = np.arange(len(self._f0)) * HOP + (HOP - 1) / 2
        f = np.interp(np.arange(first * HOP, end * HOP), middles, self._f0)
        voiced, f = f > _VOICED, np.maximum(f, _VOICED)
        turns = self._phase + np.cumsum(f / RATE)
        self._phase = float(turns[-1] % 1)
        phase = 2 * np.pi * (turns % 1)
        count = np.floor(_HIGHEST / f) + 0.5
        low = 2 * np.sin(phase / 2)
        near = np.abs(low) <= 2e-3
        train = np.where(near, count, np.sin(count * phase) / np.where(near, 1, low)) - 0.5
        made = np.zeros((last - first) * HOP, np.float32)
        made[: len(f)] = np.where(voiced, train, 0)
        return made


def _polar(logs: Floats, angle: Floats) -> Complexes:
    found = np.empty(logs.shape, np.complex64)
    size = np.exp(np.minimum(logs, _LOUDEST))
    found.real, found.imag = size * np.cos(angle), size * np.sin(angle)
    return found


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    return onnxruntime.InferenceSession(str(path), options)

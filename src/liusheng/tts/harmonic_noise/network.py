"""The network: phonemes to durations, pitch and energy, and these to spectral maps, in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from liusheng.models.devices import Device
from liusheng.tts.misaki.inventory import Inventory
from liusheng.tts.onnx_session import open_session

FRAME_SAMPLES = 600
"""Samples of 24 kHz audio in a frame (25 ms), which durations count."""

Floats = npt.NDArray[np.float32]

_SEEN = 3
"""Half frames that a convolution of the decoder sees on each side."""

_CONVOLUTIONS = 9
_CONTEXT = _SEEN * _CONVOLUTIONS
"""Half frames that the decoder sees on each side."""

_INPUTS, _WIDTH = 130, 256
"""Channels of the decoder's first convolution, and of the others."""


@dataclass(frozen=True)
class ClausePlan:
    """A clause before it sounds.

    frames: int64, shape (tokens,), each at least 1.
    sound: float32, shape (128, tokens): what the decoder is told of each.
    f0: Hz, below 40 where there is no voice; energy: as Kokoro has it. Both float32, for half
        frames: shape (2 * sum of frames,).
    """

    frames: npt.NDArray[np.int64]
    sound: Floats
    f0: Floats
    energy: Floats

    def __len__(self) -> int:
        """Half frames."""
        return len(self.f0)


class Network:
    """The graphs that `training.voice.export` writes, and the inventory of phonemes.

    Args:
        files: role to path: text, curves, decoder, tokens.

    Raises:
        ValueError: a file is not of the type that its role needs.
        DeviceError: the device cannot be had.
    """

    def __init__(self, files: dict[str, Path], device: Device = "cpu") -> None:
        self.inventory = Inventory(files["tokens"])
        self._text = open_session(files["text"], device, dequantised=True)
        self._curves = open_session(files["curves"], device, dequantised=True)
        self._decoder = open_session(files["decoder"], device, dequantised=True)

    def tokens(self, phonemes: str) -> list[int]:
        """The numbers of phonemes between pads; phonemes not in the inventory are left out."""
        return [0, *self.inventory.numbers(phonemes), 0]

    def plan(
        self,
        tokens: Sequence[int],
        speed: float = 1.0,
        frames: npt.NDArray[np.int64] | None = None,
    ) -> ClausePlan:
        """How a clause is spoken.

        speed: 2.0 takes half the time, as far as each token may have a single frame.
        frames: of each token, if they are known.
        """
        logs, prosody, sound = self._text.run(
            ["log_frames", "prosody", "sound"], {"tokens": np.array([tokens], np.int64)}
        )
        if frames is None:
            frames = _rounded(np.expm1(logs) / speed)
        f0, energy = self._curves.run(
            ["f0", "energy"], {"prosody": np.repeat(prosody, frames, axis=1)}
        )
        return ClausePlan(frames, sound, f0, energy)

    def maps(self, plan: ClausePlan, blocks: Iterable[tuple[int, int]]) -> Iterator[Floats]:
        """Yield the maps of each block, shape (half frames, 5 * bins): the same, however the clause
        is cut.

        blocks: from half frame, to half frame; adjacent, from 0 to the end of the plan.
        """
        return _Decoding(self._decoder, plan).blocks(blocks)


class _Decoding:
    """The decoder over a clause. Each convolution keeps what it is to see again."""

    def __init__(self, session: onnxruntime.InferenceSession, plan: ClausePlan) -> None:
        self._session = session
        self._sound = np.repeat(plan.sound, 2 * plan.frames, axis=1)
        self._f0, self._energy = plan.f0, plan.energy
        self._first = np.zeros((1, _INPUTS, _SEEN), np.float32)
        self._others = np.zeros((_CONVOLUTIONS - 1, _WIDTH, _SEEN), np.float32)
        self._given = 0

    def blocks(self, blocks: Iterable[tuple[int, int]]) -> Iterator[Floats]:
        halves = len(self._f0)
        ready: Floats | None = None  # maps that the end of the clause gave before they were due
        for start, end in blocks:
            if ready is None:
                upto = min(halves, end + _CONTEXT)
                maps = self._decode(upto, last=upto == halves)
                ready = maps if upto == halves else None
                yield maps[: end - start]
            else:
                yield ready[: end - start]
            ready = None if ready is None else ready[end - start :]

    def _decode(self, upto: int, *, last: bool) -> Floats:
        """The maps that are known from the half frames before `upto`, but for those known before.

        last: there are no more.
        """
        given = slice(self._given, upto)
        maps, self._first, self._others = self._session.run(
            ["maps", "next_first", "next_others"],
            {
                "sound": self._sound[:, given],
                "f0": self._f0[given],
                "energy": self._energy[given],
                "first": self._first,
                "others": self._others,
                # A convolution sees zeros before the beginning and after the end.
                "after": np.zeros((1, _WIDTH, _SEEN if last else 0), np.float32),
            },
        )
        self._given = upto
        found: Floats = maps
        return found


def _rounded(frames: Floats) -> npt.NDArray[np.int64]:
    return np.maximum(np.rint(frames), 1).astype(np.int64)

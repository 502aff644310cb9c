"""Speech probabilities: how likely each 32 ms of audio is speech.

The model is Silero VAD (v6, MIT), which faster-whisper carries. A detector is a pure function of
(state, samples): nothing is kept here between calls.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from liusheng.asr.vad.segments import FRAME
from liusheng.audio.pcm import Samples

_CONTEXT = 64

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class VadState:
    """What the model remembers of a stream.

    h, c: LSTM state, float32, shape (128,).
    tail: the last 64 samples seen, then those that do not fill a frame yet.
    """

    h: Floats
    c: Floats
    tail: Samples


class SpeechDetector(Protocol):
    """Estimates how likely frames are speech."""

    def open(self) -> Any:
        """Return the state of a new stream."""

    def probabilities(self, state: Any, samples: Samples) -> tuple[Any, Floats]:
        """Take samples; return the new state and the probability of each frame completed."""


class SileroVad:
    """Silero's model, loaded at first use; about 0.07 ms a frame."""

    @cached_property
    def _session(self) -> Any:
        import faster_whisper
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        path = Path(faster_whisper.__file__).parent / "assets" / "silero_vad_v6.onnx"
        return onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )

    def open(self) -> VadState:
        zeros = np.zeros(128, np.float32)
        return VadState(zeros, zeros, np.zeros(_CONTEXT, np.float32))

    def probabilities(self, state: VadState, samples: Samples) -> tuple[VadState, Floats]:
        audio = np.concatenate([state.tail, samples])
        frames = (len(audio) - _CONTEXT) // FRAME
        if frames == 0:
            return replace(state, tail=audio), np.empty(0, np.float32)
        rows = np.lib.stride_tricks.sliding_window_view(audio, _CONTEXT + FRAME)[::FRAME]
        probabilities, h, c = self._session.run(
            None,
            {
                "input": np.ascontiguousarray(rows[:frames]),
                "h": state.h.reshape(1, 1, -1),
                "c": state.c.reshape(1, 1, -1),
            },
        )
        # A copy, so that a state never keeps a whole turn's audio alive.
        tail = audio[frames * FRAME :].copy()
        return VadState(h.reshape(-1), c.reshape(-1), tail), probabilities.reshape(-1)

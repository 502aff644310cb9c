"""Kokoro-82M with one style, as a teacher: sound, and the prosody that it was made with.

Networks of the StyleTTS 2 family (Li and others, 2023) predict frames of each phoneme, then F0 and
energy, then sound from all of these; a student can so learn each from the one before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

RATE = 24000
"""Samples a second."""

FRAME = 600
"""Samples of a frame, 25 ms: what durations count."""

MARGIN = 2
"""Frames of silence that are kept before and after what the teacher says."""

_QUIET = 10 ** (-65 / 20)
"""Root mean square of a frame below which it is silence; vowels have about 0.3."""

_MOST = 509
_STYLE = 256
_TIMBRE = 128
"""The first numbers of a style, which its decoder is given; the others make durations and pitch."""

_AS_LONG = 100
"""Phonemes of the sentences whose style all have."""


@dataclass(frozen=True)
class Spoken:
    """What the teacher made of `tokens`.

    tokens: int64 (n,), with the 0 before and after.
    frames: int64 (n,), frames of 25 ms.
    f0, energy: float32 (2 * frames.sum(),); F0 in hertz.
    audio: float32 (600 * frames.sum(),).
    turns: of the teacher's source where the audio begins; see `training.voice.head.pulses`.
    """

    tokens: npt.NDArray[np.int64]
    frames: npt.NDArray[np.int64]
    f0: npt.NDArray[np.float32]
    energy: npt.NDArray[np.float32]
    audio: npt.NDArray[np.float32]
    turns: float = 0.0


class Teacher:
    """The network of `training.voice.kokoro_graph`, with one style for all that it says.

    A speaker of Kokoro has a style for each number of phonemes, and the sound changes with it: that
    for 10 is two thirds away from that for 100. A student whose decoder sees a third of a second on
    each side cannot know it, and would learn the mean of all.

    Args:
        model: the rewritten ONNX file.
        folder: Liusheng's model kokoro-82m: vocab.json and voices/*.bin.
        speaker: one of the voices, "zf_xiaoxiao"; or several, "zf_xiaobei+af_heart", with the
            prosody of the first and the mean of their timbres.

    Raises:
        ValueError: no such voice.
    """

    def __init__(self, model: Path, folder: Path, speaker: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(model), options)
        self._ids: dict[str, int] = json.loads((folder / "vocab.json").read_text("utf-8"))["vocab"]
        self._style = style(folder / "voices", speaker)

    def tokens(self, phonemes: str) -> list[int]:
        """The numbers of phonemes in Kokoro's notation; unknown ones are left out."""
        return [0, *[self._ids[each] for each in phonemes if each in self._ids][:_MOST], 0]

    def inputs(self, phonemes: str) -> dict[str, npt.NDArray[Any]]:
        """What the network is given to say them."""
        return {
            "tokens": np.array([self.tokens(phonemes)], np.int64),
            "style": self._style[None],
            "speed": np.ones(1, np.float32),
        }

    def say(self, phonemes: str) -> Spoken:
        inputs = self.inputs(phonemes)
        audio, frames, f0, energy = self._session.run(None, inputs)
        return Spoken(
            inputs["tokens"][0], frames.ravel(), f0.ravel(), energy.ravel(), audio.ravel()
        )


def style(folder: Path, speaker: str) -> npt.NDArray[np.float32]:
    """The style, float32 (256,), of a speaker or of several; see `Teacher`."""
    styles = []
    for name in speaker.split("+"):
        path = folder / f"{name}.bin"
        if not path.is_file():
            raise ValueError(f"Kokoro-82M has no voice {name!r}; {folder} has those that it has")
        styles.append(np.fromfile(path, np.float32).reshape(-1, _STYLE)[_AS_LONG])
    of_the_first: npt.NDArray[np.float32] = styles[0]
    timbre = np.mean([each[:_TIMBRE] for each in styles], 0)
    return np.concatenate([timbre, of_the_first[_TIMBRE:]])


def trimmed(spoken: Spoken) -> Spoken:
    """Without the silence around it, but for `MARGIN` frames.

    The frames go from the first token, which nothing is said in, and from the last ones: the end,
    the mark before it, and the vowel that these follow, in whose frames most of the silence stands.
    Each keeps one frame at least.
    """
    loud = np.flatnonzero(_loudness(spoken.audio) > _QUIET)
    if not loud.size:
        raise ValueError("the teacher said nothing")
    frames = spoken.frames.copy()
    before = min(max(0, int(loud[0]) - MARGIN), int(frames[0]) - 1)
    frames[0] -= before
    after = max(0, int(spoken.frames.sum()) - 1 - int(loud[-1]) - MARGIN)
    left = after
    for place in range(len(frames) - 1, 0, -1):
        taken = min(left, int(frames[place]) - 1)
        frames[place] -= taken
        left -= taken
    end = int(spoken.frames.sum()) - (after - left)
    return Spoken(
        spoken.tokens,
        frames,
        spoken.f0[2 * before : 2 * end],
        spoken.energy[2 * before : 2 * end],
        spoken.audio[FRAME * before : FRAME * end],
        (spoken.turns + turns(spoken.f0[: 2 * before])) % 1,
    )


def turns(f0: npt.NDArray[np.float32]) -> float:
    """How often a source at F0 (Hz, for each half frame) turns round."""
    return float(f0.astype(np.float64).sum() * (FRAME / 2 / RATE))


def _loudness(audio: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The root mean square of each frame."""
    found: npt.NDArray[np.float32] = np.sqrt(np.square(audio.reshape(-1, FRAME)).mean(1))
    return found

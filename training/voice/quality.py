"""Predicted opinion scores of the folders that `training.voice.say` made.

    python -m training.voice.quality FOLDER...

DistillMOS (Stahl and Gamper, 2025) and DNSMOS P.835 and P.808 (Reddy and others, 2021 and 2022),
means over the files. Both were made for telephony and for English above all: they rank voices that
are alike, they do not replace listeners.
"""

from __future__ import annotations

import argparse
import sys
import wave
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import soxr
import torch
from speechmos import dnsmos

sys.modules.setdefault("torchaudio", ModuleType("torchaudio"))  # only DistillMOS's command uses it
import distillmos  # noqa: E402

_RATE = 16000
_QUIET = 0.005
"""What is below this part of the peak at both ends is silence."""

_LOUDNESS = 0.07
"""The root mean square that all are brought to."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--every", type=int, default=1, help="take every so manieth file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = distillmos.ConvTransformerSQAModel().eval()
    for folder in arguments.folders:
        scores = []
        for path in sorted(folder.glob("*.wav"))[:: arguments.every]:
            sound = _loaded(path)
            with torch.no_grad():
                distilled = float(model(torch.from_numpy(sound)[None]))
            other = dnsmos.run(sound, _RATE)
            scores.append([distilled, other["p808_mos"], other["ovrl_mos"], other["sig_mos"]])
        means = np.mean(scores, 0)
        print(folder, "DistillMOS {:.2f} P.808 {:.2f} OVRL {:.2f} SIG {:.2f}".format(*means))


def _loaded(path: Path) -> npt.NDArray[np.float32]:
    """A file at 16 kHz, without the silence around it, at one loudness."""
    with wave.open(str(path), "rb") as file:
        rate, data = file.getframerate(), file.readframes(file.getnframes())
    sound: npt.NDArray[np.float32] = soxr.resample(
        np.frombuffer(data, "<i2").astype(np.float32) / 32768, rate, _RATE
    )
    (loud,) = np.nonzero(np.abs(sound) > np.abs(sound).max() * _QUIET)
    sound = sound[loud[0] : loud[-1] + 1]
    sound = sound / np.sqrt(np.square(sound).mean()) * _LOUDNESS
    clipped: npt.NDArray[np.float32] = np.clip(sound, -1, 1).astype(np.float32)
    return clipped


if __name__ == "__main__":
    main()

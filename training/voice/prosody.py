"""How far an exported voice's durations and pitch are from its teacher's, on held-out sentences.

    python -m training.voice.prosody FOLDER HELD_OUT

Durations: the mean difference for each phoneme in milliseconds, and of whole sentences in percent.
Pitch, over the teacher's durations: the mean difference in cents where both have a voice, its
correlation within a sentence, and the share of half frames where only one of them has a voice.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from training.voice.project import network

_FRAME_MS = 25
_VOICED = 40.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("voice", type=Path)
    parser.add_argument("held_out", type=Path)
    arguments = parser.parse_args()
    voice = network(arguments.voice)
    apart, longer, cents, alike, unlike = [], [], [], [], []
    for path in sorted(arguments.held_out.glob("*.npz")):
        with np.load(path) as part:
            tokens, frames = part["tokens"].tolist(), part["frames"].astype(np.int64)
            real = part["f0"]
        guess = voice.plan(tokens).frames
        apart.append(np.abs(guess - frames).mean() * _FRAME_MS)
        longer.append(abs(guess.sum() / frames.sum() - 1) * 100)
        f0 = voice.plan(tokens, frames=frames).f0
        both = (f0 > _VOICED) & (real > _VOICED)
        cents.append(np.abs(1200 * np.log2(f0[both] / real[both])).mean())
        alike.append(np.corrcoef(f0[both], real[both])[0, 1])
        unlike.append(((f0 > _VOICED) != (real > _VOICED)).mean() * 100)
    print(
        f"{arguments.voice}: {np.mean(apart):.1f} ms a phoneme, "
        f"{np.mean(longer):.1f} % a sentence; "
        f"{np.mean(cents):.0f} cents, correlation {np.mean(alike):.2f}, "
        f"voicing differs in {np.mean(unlike):.1f} %"
    )


if __name__ == "__main__":
    main()

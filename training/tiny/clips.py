"""Write chosen utterances of a part as small FLAC files, for tests.

python -m training.tiny.clips DATA/held-out-000.npz FOLDER name=number ...
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import soundfile

from training.tiny.data import load_parts
from training.tiny.voices import RATE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("chosen", nargs="+", help="name=number")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    utterances = load_parts(arguments.part.parent, arguments.part.stem)
    margin = np.zeros(RATE // 5, np.int16)
    for chosen in arguments.chosen:
        name, _, number = chosen.partition("=")
        utterance = utterances[int(number)]
        pcm = np.concatenate([margin, utterance.pcm, margin])
        soundfile.write(arguments.folder / f"{name}.flac", pcm, RATE, "PCM_16")
        print(name, *utterance.tokens)


if __name__ == "__main__":
    main()

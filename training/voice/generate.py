"""Have the teacher say sentences; keep what it says and the prosody that it says it with.

    python -m training.voice.generate SENTENCES.jsonl TEACHER.onnx KOKORO OUT --speaker zf_xiaoxiao

One NPZ for each sentence, named by its line: `tokens`, `frames`, `f0`, `energy`, `audio` (16 bits)
and `turns`, as `teacher.Spoken` has them, `lang` and `text`. What is there is left alone, so that a
run that was stopped goes on, and several share the work with --part and --parts.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from training.voice.teacher import RATE, Spoken, Teacher, trimmed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sentences", type=Path)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("kokoro", type=Path, help="the folder of Liusheng's model kokoro-82m")
    parser.add_argument("out", type=Path)
    parser.add_argument("--speaker", required=True)
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--parts", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    teacher = Teacher(arguments.teacher, arguments.kokoro, arguments.speaker)
    lines = arguments.sentences.read_text("utf-8").splitlines()
    begin, spent, seconds = time.monotonic(), time.process_time(), 0.0
    for number in range(arguments.part, len(lines), arguments.parts):
        path = arguments.out / f"{number:05d}.npz"
        if path.exists():
            continue
        sentence = json.loads(lines[number])
        spoken = trimmed(teacher.say(sentence["phonemes"]))
        save(path, spoken, sentence["lang"], sentence["text"])
        seconds += len(spoken.audio) / RATE
        print(
            f"{number}: {seconds / 60:.1f} minutes of speech in "
            f"{(time.monotonic() - begin) / 60:.1f}, of a processor "
            f"{(time.process_time() - spent) / 60:.1f}",
            flush=True,
        )


def save(path: Path, spoken: Spoken, lang: str, text: str) -> None:
    """Write one file, whole or not at all."""
    partial = path.with_suffix(".part")
    with partial.open("wb") as stream:
        np.savez(
            stream,
            tokens=spoken.tokens.astype(np.int16),
            frames=spoken.frames.astype(np.int16),
            f0=spoken.f0.astype(np.float32),
            energy=spoken.energy.astype(np.float32),
            audio=np.rint(np.clip(spoken.audio, -1, 1) * 32767).astype(np.int16),
            turns=spoken.turns,
            lang=lang,
            text=text,
        )
    partial.replace(path)


if __name__ == "__main__":
    main()

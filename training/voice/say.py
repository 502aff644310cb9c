"""Sentences as wav files by one voice, and how long it took.

    python -m training.voice.say student:FOLDER OUT
    python -m training.voice.say teacher:SPEAKER OUT --teacher TEACHER.onnx --kokoro KOKORO
    python -m training.voice.say models:NAME,NAME OUT

FOLDER is of `export`; NAMEs are installed models, whose voices speak as a server's with these. The
sentences are those of texts/held_out.txt, or with --benchmark the project's own. OUT gets NNN.wav
for each, and facts.json: `texts`, `factor` (processor seconds a second of speech, text to samples)
and `first_ms` (processor milliseconds from a text to its first block), median and 95 %.
"""

from __future__ import annotations

import argparse
import json
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.voice.project import Reader, Served, benchmark, exported, installed
from training.voice.sentences import held_out
from training.voice.teacher import RATE, Teacher, trimmed

Floats = npt.NDArray[np.float32]
Voice = Callable[[str], Iterator[Floats]]

_BETWEEN = 0.15
"""Seconds between two clauses of a sentence."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("voice")
    parser.add_argument("out", type=Path)
    parser.add_argument("--teacher", type=Path)
    parser.add_argument("--kokoro", type=Path)
    parser.add_argument("--benchmark", action="store_true")
    parser.add_argument("--first", type=int, default=1000, help="so many sentences")
    arguments = parser.parse_args()
    kind, _, name = arguments.voice.partition(":")
    voice: Voice
    if kind == "student":
        voice = Served([exported(Path(name))]).say
    elif kind == "teacher":
        voice = teacher(Teacher(arguments.teacher, arguments.kokoro, name), Reader())
    elif kind == "models":
        voice = Served(installed(name)).say
    else:
        parser.error(f"{kind!r} is none of student, teacher, models")
    arguments.out.mkdir(parents=True, exist_ok=True)
    list(voice("热身。Warm up."))
    texts = (benchmark() if arguments.benchmark else held_out())[: arguments.first]
    firsts: list[float] = []
    spent = seconds = 0.0
    for number, text in enumerate(texts):
        begin = time.process_time()
        blocks = voice(text)
        parts = [next(blocks)]
        firsts.append(time.process_time() - begin)
        sound = np.concatenate([*parts, *blocks])
        spent += time.process_time() - begin
        seconds += len(sound) / RATE
        write(arguments.out / f"{number:03d}.wav", sound)
    facts = {
        "texts": texts,
        "factor": spent / seconds,
        "first_ms": [1000 * float(np.quantile(firsts, q)) for q in (0.5, 0.95)],
    }
    path = arguments.out / "facts.json"
    path.write_text(json.dumps(facts, ensure_ascii=False, indent=1), "utf-8")
    print({name: value for name, value in facts.items() if name != "texts"})


def teacher(network: Teacher, reader: Reader) -> Voice:
    def say(text: str) -> Iterator[Floats]:
        for number, reading in enumerate(reader.clauses(text)):
            if number:
                yield np.zeros(int(_BETWEEN * RATE), np.float32)
            yield trimmed(network.say(reading.phonemes)).audio

    return say


def write(path: Path, sound: Floats) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "none"))
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()

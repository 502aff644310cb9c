"""Speak the tiny model's training data, in parts that are made one after another.

    python -m training.tiny.generate kokoro OUT --parts 40
    python -m training.tiny.generate hibari OUT --parts 40
    python -m training.tiny.generate held-out OUT --parts 4     for evaluation
    python -m training.tiny.generate espeak OUT --parts 4       for evaluation

Kokoro is Liusheng's model kokoro-82m (`liusheng models pull kokoro-82m`), eSpeak NG the program
espeak-ng. Each part is a file OUT/<name>-<number>.npz, seeded by its number: a run that was
interrupted goes on where it stopped, and several processes can share the work (`--first`).
"""

from __future__ import annotations

import argparse
import json
import random
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from liusheng.models.store import Store
from training.tiny.texts import KINDS, Text
from training.tiny.voices import RATE, Espeak, Hibari, Kokoro, Samples, joined

_PART = 40
"""Utterances in a part."""

_SHARES = {
    ("digits", "zh"): 42,
    ("commands", "zh"): 16,
    ("other", "zh"): 14,
    ("digits", "en"): 16,
    ("commands", "en"): 7,
    ("other", "en"): 5,
}
_SHARES_HIBARI = {("digits", "en"): 30, ("commands", "en"): 20, ("other", "en"): 50}
_SHARES_ESPEAK = {
    ("digits", "zh"): 30,
    ("digits", "en"): 30,
    ("commands", "zh"): 20,
    ("commands", "en"): 20,
}

_SPEEDS = (0.55, 1.15)
"""Of Kokoro and hibari: at 1 they say four to five digits a second, faster than people dictate."""

Speaker = Kokoro | Hibari | Espeak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["kokoro", "hibari", "held-out", "espeak"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--parts", type=int, required=True)
    parser.add_argument("--first", type=int, default=0, help="number of the first part")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    speaker: Speaker
    if arguments.what == "hibari":
        speaker = Hibari()
    elif arguments.what == "espeak":
        speaker = Espeak()
    else:
        speaker = Kokoro(Store().open("kokoro-82m").path)
    for number in range(arguments.first, arguments.first + arguments.parts):
        path = arguments.out / f"{arguments.what}-{number:03d}.npz"
        if not path.exists():
            _make(path, speaker, random.Random(f"{arguments.what} {number}"))


def _make(path: Path, speaker: Speaker, rng: random.Random) -> None:
    shares = _SHARES
    if isinstance(speaker, Hibari):
        shares = _SHARES_HIBARI
    elif isinstance(speaker, Espeak):
        shares = _SHARES_ESPEAK
    held_out = path.stem.startswith("held-out")
    begin = time.monotonic()
    pieces: list[Samples] = []
    facts: list[dict[str, object]] = []
    for _ in range(_PART):
        kind, language = rng.choices(list(shares), list(shares.values()))[0]
        text = KINDS[kind](rng, language)
        voice, audio = _say(speaker, text, rng, held_out=held_out)
        pieces.append(audio)
        facts.append({**asdict(text), "voice": voice})
    pcm, offsets = joined(pieces)
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as stream:
        np.savez(stream, pcm=pcm, offsets=offsets, facts=json.dumps(facts, ensure_ascii=False))
    partial.replace(path)
    print(f"{path.name}: {len(pcm) / RATE:.0f} s of audio in {time.monotonic() - begin:.0f} s")


def _say(
    speaker: Speaker, text: Text, rng: random.Random, *, held_out: bool
) -> tuple[str, Samples]:
    if isinstance(speaker, Espeak):
        return speaker.speak(text.tokens, text.language, rng)
    speed = rng.uniform(*_SPEEDS)
    if isinstance(speaker, Hibari):
        return speaker.speak(text.phonemes, speed, rng)
    choose = speaker.held_out_voice if held_out else speaker.training_voice
    voice, style = choose(rng, text.language)
    return voice, speaker.speak(text.phonemes, style, speed)


if __name__ == "__main__":
    main()

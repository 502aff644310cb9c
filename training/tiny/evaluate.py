"""Measure an exported model, through Liusheng's own recogniser.

    python -m training.tiny.evaluate MODEL [--data DATA] [--recordings TSV ...] [--noise MINUTES]

MODEL is a folder written by `tiny.export`. DATA's parts `held-out` (voices that training does not
use) and `espeak` (a synthesiser that training does not use) are recognised as they are and
perturbed. A TSV has a column `path` (relative to it) and a column `tokens`: the words of the
vocabulary in the recording, separated by spaces, or nothing for other speech. `--noise` adds
recordings without speech.

Errors are substitutions, insertions and deletions of tokens, in percent of the reference tokens.
In recordings without such words, false alarms are counted, in tokens an hour.
"""

from __future__ import annotations

import argparse
import csv
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from liusheng.asr.in_process import InProcessStream
from liusheng.asr.online import recognizer as sherpa_online
from liusheng.asr.types import StreamParams
from liusheng.audio.decode import decode_file
from liusheng.models.types import InstalledModel, Kind, Task
from training.tiny.augment import Augmenter, Samples, noise, sounds
from training.tiny.data import load_parts
from training.tiny.vocabulary import GARBAGE, WORDS_EN, WORDS_ZH
from training.tiny.voices import RATE

_TURN = RATE // 10
_WORDS = re.compile(
    "|".join([*sorted(WORDS_ZH, key=len, reverse=True), *(rf"\b{word}\b" for word in WORDS_EN)]),
    re.IGNORECASE,
)


@dataclass
class Tally:
    """The errors in one set of recordings."""

    tokens: int = 0
    errors: int = 0
    alarms: int = 0
    quiet_seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(
        self, samples: Samples, reference: Sequence[str], hypothesis: Sequence[str], name: str
    ) -> None:
        """Count one recording."""
        if reference:
            self.tokens += len(reference)
            self.errors += distance(reference, hypothesis)
        else:
            self.quiet_seconds += len(samples) / RATE
            self.alarms += len(hypothesis)
        if list(reference) != list(hypothesis):
            self.wrong.append(
                f"{name}: {' '.join(reference) or '-'} > {' '.join(hypothesis) or '-'}"
            )

    def __str__(self) -> str:
        parts = []
        if self.tokens:
            rate = 100 * self.errors / self.tokens
            parts.append(f"{self.errors} errors in {self.tokens} tokens ({rate:.1f} %)")
        if self.quiet_seconds:
            an_hour = self.alarms * 3600 / self.quiet_seconds
            minutes = self.quiet_seconds / 60
            parts.append(f"{self.alarms} false alarms in {minutes:.1f} min ({an_hour:.0f} an hour)")
        return ", ".join(parts)


class StreamingModel:
    """The model, run as the server runs it."""

    def __init__(self, folder: Path) -> None:
        files = {"model": folder / "model.int8.onnx", "tokens": folder / "tokens.txt"}
        kind = Kind.ONLINE_ZIPFORMER2_CTC
        model = InstalledModel("tiny", Task.ASR, kind, folder, files, ("zh", "en"))
        self._recognizer = sherpa_online.load(model)
        self.audio_seconds = 0.0
        self.processor_seconds = 0.0

    def tokens(self, samples: Samples) -> list[str]:
        """Return the tokens recognised in 16 kHz samples, sent a tenth of a second at a time."""
        begin = time.process_time()
        stream = InProcessStream(self._recognizer, StreamParams(lang="auto"))
        texts = []
        for at in range(0, len(samples), _TURN):
            outcome = stream.advance(samples[at : at + _TURN], last=at + _TURN >= len(samples))
            texts += [utterance.text for utterance in outcome.closed]
        self.processor_seconds += time.process_time() - begin
        self.audio_seconds += len(samples) / RATE
        return [word for text in texts for word in vocabulary_words(text)]


def vocabulary_words(text: str) -> list[str]:
    """Return the words of the vocabulary in a text, in order."""
    return [word.lower() for word in _WORDS.findall(text)]


def distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Return the least number of substitutions, insertions and deletions from `a` to `b`."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--recordings", type=Path, nargs="*", default=[])
    parser.add_argument("--noise", type=float, default=0, help="minutes")
    parser.add_argument("--wrong", action="store_true", help="print each recording with errors")
    arguments = parser.parse_args()
    model = StreamingModel(arguments.model)
    tallies: dict[str, Tally] = {}
    for group, name, samples, reference in _recordings(arguments):
        tally = tallies.setdefault(group, Tally())
        tally.add(samples, reference, model.tokens(samples), name)
    for group, tally in tallies.items():
        print(f"{group}: {tally}")
        if arguments.wrong:
            print("".join(f"    {line}\n" for line in tally.wrong), end="")
    print(f"real-time factor {model.processor_seconds / model.audio_seconds:.4f}")


def _recordings(
    arguments: argparse.Namespace,
) -> Iterable[tuple[str, str, Samples, Sequence[str]]]:
    """Yield group, name, samples and reference tokens."""
    for part in ("held-out", "espeak") if arguments.data else ():
        yield from _synthetic(arguments.data, part)
    for table in arguments.recordings:
        with table.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t"):
                blocks = list(decode_file(table.parent / row["path"], RATE))
                reference = (row["tokens"] or "").split()
                yield table.stem, row["path"], np.concatenate(blocks), reference
    rng = np.random.default_rng(5)
    for number in range(round(2 * arguments.noise)):
        make = sounds if number % 2 else noise
        samples = make(30 * RATE, rng) * np.float32(10 ** (-rng.uniform(10, 50) / 20))
        yield "noise", str(number), np.clip(samples, -1, 1), ()


def _synthetic(folder: Path, part: str) -> Iterable[tuple[str, str, Samples, Sequence[str]]]:
    utterances = load_parts(folder, part)
    augmenter = Augmenter(utterances, seed=11)
    margin = np.zeros(RATE // 4, np.float32)
    for number, utterance in enumerate(utterances):
        reference = [token for token in utterance.tokens if token != GARBAGE]
        group = f"{part}, {utterance.kind} {utterance.language}"
        name = str(number)
        yield group, name, np.concatenate([margin, utterance.samples, margin]), reference
        yield f"{group}, perturbed", name, augmenter.perturbed(utterance), reference


if __name__ == "__main__":
    main()

"""Make the sentences that the teacher is to say, with their phonemes.

    python -m training.voice.sentences OUT.jsonl --count 6000 --libime LIBIME [--documents ROOT]
    python -m training.voice.sentences HELD_OUT.jsonl --held-out

One pass of the voice a line: `text`, `phonemes`, `lang` ("zh", "en", "mixed") and `kind`, where it
came from. Of several candidates the one is taken whose phonemes have been seen together least.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from training.voice import documents, trigram
from training.voice.grammar import Grammar
from training.voice.project import Reader, Reading, benchmark

_TEXTS = Path(__file__).parent / "texts"
_SHARES = {"zh": 32, "trigram": 28, "mixed": 14, "en": 16, "documents": 10}
_CANDIDATES = 3
_LONGEST = (1, 60, 100, 100, 150)
"""Phonemes that clauses may be joined up to; 1 leaves each alone, as the server mostly has them."""

_MIXED = (60, 100, 150)
"""The same for sentences in two languages, which are to be said in one pass."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=6000, help="sentences; a few become two")
    parser.add_argument("--libime", type=Path, help="the folder of Liusheng's model libime-zh")
    parser.add_argument("--documents", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held-out", action="store_true", help="those of held_out.txt")
    arguments = parser.parse_args()
    rng, reader = random.Random(arguments.seed), Reader()
    with arguments.out.open("w", encoding="utf-8") as out:
        if arguments.held_out:
            for text in held_out():
                for reading in reader.joined(text, max(_LONGEST)):
                    _write(out.write, reading, "held-out")
            return
        sources = _sources(arguments.libime, arguments.documents, rng)
        kinds, shares = zip(*((k, s) for k, s in _SHARES.items() if k in sources), strict=True)
        taken = Taken()
        for _ in range(arguments.count):
            kind = rng.choices(kinds, shares)[0]
            lengths = _MIXED if kind == "mixed" else _LONGEST
            found = [
                list(reader.joined(next(sources[kind]), rng.choice(lengths)))
                for _ in range(_CANDIDATES)
            ]
            for reading in max(found, key=taken.news):
                if taken.take(reading):
                    _write(out.write, reading, kind)


def held_out() -> list[str]:
    lines = (_TEXTS / "held_out.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


class Taken:
    """What has been taken, and what is never to be."""

    def __init__(self) -> None:
        self._never = [*held_out(), *benchmark()]
        self._texts: set[str] = set()
        self._seen: Counter[str] = Counter()

    def news(self, readings: list[Reading]) -> float:
        """How new the phonemes of a sentence are, three by three: 1 is all new."""
        triples = [each for reading in readings for each in _triples(reading.phonemes)]
        if not triples or any(self._known(each) for each in readings):
            return -1.0
        return sum(1 / (1 + self._seen[each]) for each in triples) / len(triples)

    def take(self, reading: Reading) -> bool:
        """Whether it is one to be said: something, not twice, and nothing that is held out."""
        if self._known(reading) or not any(map(str.isalpha, reading.phonemes)):
            return False
        self._texts.add(reading.phonemes)
        self._seen.update(_triples(reading.phonemes))
        return True

    def _known(self, reading: Reading) -> bool:
        return reading.phonemes in self._texts or (
            len(reading.text) > 3 and any(reading.text in each for each in self._never)
        )


def _sources(libime: Path | None, root: Path, rng: random.Random) -> dict[str, Iterator[str]]:
    chinese, english = documents.sentences(root)
    mandarin, mixed, english_grammar = (
        Grammar(_TEXTS / f"{name}.txt") for name in ("zh", "mixed", "en")
    )
    sources = {
        "zh": _endless(lambda: mandarin.sentence(rng)),
        "mixed": _endless(lambda: re.sub(" +", " ", mixed.sentence(rng)).strip()),
        "en": _endless(lambda: _capital(english_grammar.sentence(rng))),
    }
    if chinese and english:
        sources["documents"] = _endless(lambda: rng.choice(rng.choice((chinese, chinese, english))))
    if libime is not None:
        sources["trigram"] = trigram.sentences(libime, rng)
    return sources


def _endless(one: Callable[[], str]) -> Iterator[str]:
    while True:
        yield one()


def _capital(text: str) -> str:
    text = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", re.sub(" +", " ", text).strip())
    return text[:1].upper() + text[1:]


def _triples(phonemes: str) -> list[str]:
    return [phonemes[i : i + 3] for i in range(len(phonemes) - 2)]


def _write(write: Callable[[str], object], reading: Reading, kind: str) -> None:
    row = {"text": reading.text, "phonemes": reading.phonemes, "lang": reading.lang, "kind": kind}
    write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

"""hibari-tts's front end, with its dictionaries in a quarter of the memory."""

from __future__ import annotations

import gzip
import json
from array import array
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from hibari.g2p import ASSETS, G2P
from hibari.g2p.lexicon import Lexicon
from hibari.g2p.oov import OOV
from hibari.g2p.tagger import Tagger
from hibari.g2p.tokenize import Tokenizer

from liusheng.tts.onnx_session import open_session
from liusheng.tts.text.packed import PackedStrings

Reading: TypeAlias = "str | dict[str, str | None]"
"""Phonemes, or phonemes by part of speech."""

_FREQUENT = 1024
"""Features of which the weights stay unpacked: a few are in nearly every word."""


class PackedG2P(G2P):  # type: ignore[misc]  # untyped
    """The same phonemes as those of `G2P`.

    A table is packed before the next one is read: loading takes less memory at its height, and less
    of what is freed stays between objects that are not.

    british: see `G2P`.
    """

    def __init__(self, *, british: bool = False) -> None:
        accent = "gb" if british else "us"
        self.british = british
        self.unk = ""
        self.tagger = _tagger()
        self.tokenizer = Tokenizer(_asset("tokenizer_exceptions.json"))
        gold, silver = (
            PackedReadings(_entries(f"lexicon_{accent}_{kind}.json.gz"))
            for kind in ("gold", "silver")
        )
        self.lexicon = Lexicon(gold, silver, british)
        network = Path(ASSETS, "oov_gb.onnx" if british else "oov.onnx")
        self._oov = OOV(str(network), open_session(network))


def _asset(name: str) -> Any:
    path = Path(ASSETS, name)
    data = path.read_bytes()
    return json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)


def _entries(name: str) -> Iterator[tuple[str, Any]]:
    yield from _asset(name).items()


def _tagger() -> Tagger:
    tables = _asset("tagger.json.gz")
    tagger = Tagger({"tagdict": {}, "tags": tables["tags"], "weights": {}})
    tagger.weights = PackedWeights(tables.pop("weights").items())
    tagger.tagdict = PackedStrings(tables["tagdict"].items())
    tagger.vocab = PackedStrings((word, "") for word in tables["vocab"])
    return tagger


class PackedReadings:
    """The readings of words: phonemes, or as JSON phonemes by part of speech."""

    def __init__(self, words: Iterable[tuple[str, Reading]]) -> None:
        self._packed = PackedStrings(
            (word, reading if isinstance(reading, str) else json.dumps(reading, ensure_ascii=False))
            for word, reading in words
        )

    def get(self, word: str) -> Reading | None:
        """The reading of a word; None if there is none."""
        packed = self._packed.get(word)
        if packed is None or not packed.startswith("{"):
            return packed
        by_tag: dict[str, str | None] = json.loads(packed)
        return by_tag


class PackedWeights:
    """The weights of a tagger: for each feature those of some tags. Each pair of them is two
    characters, which number the tag and the weight."""

    def __init__(self, features: Iterable[tuple[str, Mapping[str, float]]]) -> None:
        self._weights = array("d")
        tags: dict[str, int] = {}
        weights: dict[float, int] = {}
        self._packed = PackedStrings(
            (
                feature,
                "".join(
                    chr(tags.setdefault(tag, len(tags)))
                    + chr(weights.setdefault(weight, len(weights)))
                    for tag, weight in each.items()
                ),
            )
            for feature, each in features
        )
        self._tags = tuple(tags)
        self._weights.extend(weights)
        self.get = lru_cache(_FREQUENT)(self._unpacked)

    def _unpacked(self, feature: str) -> dict[str, float] | None:
        pairs = self._packed.get(feature)
        if pairs is None:
            return None
        return {
            self._tags[ord(pairs[at])]: self._weights[ord(pairs[at + 1])]
            for at in range(0, len(pairs), 2)
        }

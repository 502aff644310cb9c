"""Whisper's decoder: with the whole vocabulary, and for Mandarin with the part that it needs.

The cut decoder is made from the model's own file when it is loaded, and has no copy on disk. Of the
encoder it has as little as CTranslate2 loads: it decodes what the whole model encoded.
"""

from __future__ import annotations

import logging
import math
import mmap
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ctranslate2
import msgspec
import numpy as np
import tokenizers

from liusheng.asr.offline.whisper_encoder import Floats, WhisperEncoder
from liusheng.asr.offline.whisper_vocabulary import CutVocabulary, is_mandarin, mandarin_tokens
from liusheng.asr.options import WhisperOptions
from liusheng.models import ctranslate2_file
from liusheng.models.types import InstalledModel

_log = logging.getLogger(__name__)

_OF_TOKENS = ("decoder/embeddings/", "decoder/projection/")
"""Scopes of the variables that have a row for each token; mostly one is an alias of the other."""
_LAYERS, _FIRST_LAYER = "encoder/layer_", "encoder/layer_0/"
_ENCODER_NORM = "encoder/layer_norm/"
"""By its size CTranslate2 knows encoded audio, which it does not encode again."""
_TOKENS_IN_CONFIG = ("lang_ids", "suppress_ids", "suppress_ids_begin")
_LEAST_SHARE = 1 / 3
"""Share of the embeddings in the decoder from which on a cut is worth the memory of a second one.
(Whisper tiny 0.7, base 0.5, large-v3-turbo 0.4, small 0.26, medium 0.12.)"""
_END_OF_TEXT = "<|endoftext|>"
_LEAST_PROBABILITY = 1e-10


@dataclass(frozen=True)
class Generated:
    """What the decoder found for a window.

    tokens, scores: of each hypothesis, the likeliest first; the mean log probability of a token.
    no_speech: probability that nobody speaks.
    """

    tokens: tuple[list[int], ...]
    scores: tuple[float, ...]
    no_speech: float


_Generate = Callable[[Any, Sequence[list[int]], dict[str, Any]], list[Generated]]
"""From stacked encoded windows, their prompts and options."""


class WhisperDecoder:
    """The decoders of a model. Tokens are those of the whole vocabulary everywhere."""

    def __init__(
        self,
        whole: Any,
        encoder: WhisperEncoder,
        tokenizer: tokenizers.Tokenizer,
        mandarin: CutDecoder | None,
    ) -> None:
        """whole: `ctranslate2.models.Whisper`. mandarin: None: there is one decoder for all."""
        self._whole = whole
        self._encoder = encoder
        self._tokenizer = tokenizer
        self._end = tokenizer.token_to_id(_END_OF_TEXT) or 0
        self._mandarin = mandarin

    def generate(
        self,
        encoded: Sequence[Floats],
        prompts: Sequence[list[int]],
        mandarin: Sequence[bool],
        **options: Any,
    ) -> list[Generated]:
        """Decode windows together.

        prompts: of equal length.
        mandarin: whether the text of a window is to be in Mandarin. If it has other letters too, it
            is decoded again with the whole vocabulary.
        options: of `ctranslate2.models.Whisper.generate`.
        """
        found: dict[int, Generated] = {}
        if cut := self._mandarin:
            own = [i for i, each in enumerate(mandarin) if each and cut.covers(prompts[i])]
            results = self._run(cut.generate, encoded, prompts, own, options)
            found = {i: each for i, each in results.items() if is_mandarin(self._text(each))}
        rest = [i for i in range(len(encoded)) if i not in found]
        found |= self._run(self._generate_whole, encoded, prompts, rest, options)
        return [found[i] for i in range(len(encoded))]

    def align(
        self, encoded: Floats, start: Sequence[int], tokens: Sequence[int], frames: int
    ) -> list[tuple[int, int]]:
        """Align tokens of a text with the audio; return pairs of a token's and a frame's index.

        start: the tokens before those of the text.
        frames: of the features, without padding.
        """
        storage = self._encoder.storage(encoded)
        cut = self._mandarin
        if cut and cut.covers([*start, *tokens]):
            return cut.align(storage, start, tokens, frames)
        return _align(self._whole, storage, start, tokens, frames)

    def score(
        self,
        encoded: Floats,
        start: Sequence[int],
        texts: Sequence[Sequence[int]],
        frames: int,
    ) -> list[float]:
        """Return the log probability (natural) of each of some texts, given the audio.

        encoded: without more padding than is needed: each text is scored with a copy of it.
        start, frames: see `align`.
        texts: tokens of each.
        """
        storage = self._encoder.storage(np.repeat(encoded, len(texts), axis=0))
        cut = self._mandarin
        if cut and all(cut.covers([*start, *tokens]) for tokens in texts):
            return cut.score(storage, start, texts, frames)
        return _score(self._whole, storage, start, texts, frames)

    def _run(
        self,
        generate: _Generate,
        encoded: Sequence[Floats],
        prompts: Sequence[list[int]],
        chosen: Sequence[int],
        options: dict[str, Any],
    ) -> dict[int, Generated]:
        if not chosen:
            return {}
        stacked = self._encoder.stacked([encoded[i] for i in chosen])
        results = generate(stacked, [prompts[i] for i in chosen], options)
        return dict(zip(chosen, results, strict=True))

    def _generate_whole(
        self, stacked: Any, prompts: Sequence[list[int]], options: dict[str, Any]
    ) -> list[Generated]:
        return _generate(self._whole, stacked, prompts, options)

    def _text(self, generated: Generated) -> str:
        """Return the text of the likeliest hypothesis."""
        return self._tokenizer.decode([t for t in generated.tokens[0] if t < self._end])


class CutDecoder:
    """A decoder with a part of the vocabulary; it takes and returns tokens of the whole one."""

    def __init__(self, model: Any, vocabulary: CutVocabulary) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self.covers = vocabulary.covers

    def generate(
        self, stacked: Any, prompts: Sequence[list[int]], options: dict[str, Any]
    ) -> list[Generated]:
        """See `WhisperDecoder.generate`. The vocabulary covers the prompts."""
        own = [self._vocabulary.renumber(prompt) for prompt in prompts]
        return [
            replace(each, tokens=tuple(map(self._vocabulary.restore, each.tokens)))
            for each in _generate(self._model, stacked, own, options)
        ]

    def align(
        self, storage: Any, start: Sequence[int], tokens: Sequence[int], frames: int
    ) -> list[tuple[int, int]]:
        """See `WhisperDecoder.align`. The vocabulary covers the tokens."""
        renumber = self._vocabulary.renumber
        return _align(self._model, storage, renumber(start), renumber(tokens), frames)

    def score(
        self, storage: Any, start: Sequence[int], texts: Sequence[Sequence[int]], frames: int
    ) -> list[float]:
        """See `WhisperDecoder.score`. The vocabulary covers the tokens."""
        renumber = self._vocabulary.renumber
        own = [renumber(tokens) for tokens in texts]
        return _score(self._model, storage, renumber(start), own, frames)


def load_mandarin_decoder(
    model: InstalledModel, hf: tokenizers.Tokenizer, options: WhisperOptions
) -> CutDecoder | None:
    """Load a decoder with the part of the vocabulary that Mandarin needs, for the CPU.

    Returns None where it would gain little (the embeddings are a small part of the decoder), and
    where it cannot be made: the file is in a format that is not known here, does not fit the
    tokenizer, or there is no room for temporary files.
    """
    with (model.path / "model.bin").open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        parsed = ctranslate2_file.parse(memoryview(mapped))
    except ctranslate2_file.UnknownFormatError as error:
        _log.warning("Mandarin is decoded with all tokens: %s: %s", model.path, error)
        return None
    end = hf.token_to_id(_END_OF_TEXT)
    if end is None or not _is_worth_it(parsed, hf.get_vocab_size()):
        return None
    vocabulary = CutVocabulary(mandarin_tokens(hf, end), hf.get_vocab_size())
    try:
        return CutDecoder(_load_cut(model, hf, options, parsed, vocabulary), vocabulary)
    except OSError as error:
        _log.warning("Mandarin is decoded with all tokens, for want of temporary files: %s", error)
        return None


def _is_worth_it(model: ctranslate2_file.ModelFile, tokens: int) -> bool:
    decoder = [each for each in model.variables if each.name.startswith("decoder/")]
    rows = sum(len(each.values) for each in decoder if _has_rows(each, tokens))
    return rows > 0 and rows >= _LEAST_SHARE * sum(len(each.values) for each in decoder)


def _has_rows(variable: ctranslate2_file.Variable, tokens: int) -> bool:
    """Whether a variable has a row for each token."""
    return variable.name.startswith(_OF_TOKENS) and variable.shape[:1] == (tokens,)


def _load_cut(
    model: InstalledModel,
    hf: tokenizers.Tokenizer,
    options: WhisperOptions,
    parsed: ctranslate2_file.ModelFile,
    vocabulary: CutVocabulary,
) -> Any:
    config = msgspec.json.decode((model.path / "config.json").read_bytes())
    for name in _TOKENS_IN_CONFIG:
        config[name] = vocabulary.renumber(config.get(name) or ())
    kept = [hf.id_to_token(int(token)) for token in vocabulary.kept]
    # CTranslate2 loads from memory too, but then keeps the whole file there.
    with tempfile.TemporaryDirectory(prefix="liusheng-") as name:
        folder = Path(name)
        with (folder / "model.bin").open("wb") as file:
            file.writelines(ctranslate2_file.serialized(_cut(parsed, vocabulary)))
        (folder / "config.json").write_bytes(msgspec.json.encode(config))
        (folder / "vocabulary.json").write_bytes(msgspec.json.encode(kept))
        return ctranslate2.models.Whisper(
            name,
            compute_type=options.compute_type,
            intra_threads=options.threads,
            inter_threads=1,
        )


def _cut(
    model: ctranslate2_file.ModelFile, vocabulary: CutVocabulary
) -> ctranslate2_file.ModelFile:
    """Return a model with the tokens that were kept, and an encoder that only can be loaded."""
    variables = []
    for each in model.variables:
        if _has_rows(each, vocabulary.size):
            variables.append(each.rows(vocabulary.kept))
        elif not each.name.startswith("encoder/") or each.name.startswith(_ENCODER_NORM):
            variables.append(each)
        elif each.name.startswith(_FIRST_LAYER) or not each.name.startswith(_LAYERS):
            variables.append(each.rows(np.arange(1)) if each.shape else each)
    return replace(model, variables=tuple(variables))


def _generate(
    model: Any, stacked: Any, prompts: Sequence[list[int]], options: dict[str, Any]
) -> list[Generated]:
    results = model.generate(
        stacked, prompts, return_scores=True, return_no_speech_prob=True, **options
    )
    return [Generated(tuple(r.sequences_ids), tuple(r.scores), r.no_speech_prob) for r in results]


def _align(
    model: Any, storage: Any, start: Sequence[int], tokens: Sequence[int], frames: int
) -> list[tuple[int, int]]:
    (result,) = model.align(storage, list(start), [list(tokens)], frames)
    return list(result.alignments)


def _score(
    model: Any, storage: Any, start: Sequence[int], texts: Sequence[Sequence[int]], frames: int
) -> list[float]:
    results = model.align(storage, list(start), list(map(list, texts)), [frames] * len(texts))
    return [
        sum(math.log(max(each, _LEAST_PROBABILITY)) for each in r.text_token_probs) for r in results
    ]

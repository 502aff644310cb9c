"""The smallest Whisper that CTranslate2 loads, with random weights and a vocabulary of choice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers
from ctranslate2.specs.model_spec import index_spec
from ctranslate2.specs.whisper_spec import WhisperSpec

from liusheng.models.types import InstalledModel, Kind, Task

MELS, WIDTH, LAYERS = 80, 16, 2
_POSITIONS = {"encoder": 1_500, "decoder": 448}
_SPECIAL = (
    *("<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|zh|>", "<|translate|>"),
    *("<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"),
)


def tokenizer(pieces: Sequence[str | bytes], timestamps: int = 1_501) -> tokenizers.Tokenizer:
    """Return a tokenizer with a token for each byte, then these pieces, then the special ones."""
    written = [_written(bytes([byte])) for byte in range(256)] + [
        _written(piece if isinstance(piece, bytes) else piece.encode()) for piece in pieces
    ]
    numbers = {token: i for i, token in enumerate(written)}
    made = tokenizers.Tokenizer(tokenizers.models.BPE(numbers, []))
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    made.add_special_tokens([*_SPECIAL, *(f"<|{i * 0.02:.2f}|>" for i in range(timestamps))])
    return made


def make(
    folder: Path, pieces: Sequence[str], favoured: Sequence[str] = (), timestamps: int = 1_501
) -> InstalledModel:
    """Write a model: model.bin, config.json, vocabulary.json, tokenizer.json.

    favoured: pieces that it writes, whatever it hears.
    timestamps: tokens for them.
    """
    hf = tokenizer(pieces, timestamps)
    tokens = hf.get_vocab_size()
    heads = 2
    spec = WhisperSpec(LAYERS, heads, LAYERS, heads)
    generator = np.random.default_rng(1)

    def set_(name: str, *shape: int) -> Any:
        scope, attribute = name.rsplit("/", 1)
        values = generator.normal(0, 0.3, shape).astype(np.float32)
        setattr(index_spec(spec, scope), attribute, values)
        return values

    set_("encoder/conv1/weight", WIDTH, MELS, 3)
    set_("encoder/conv2/weight", WIDTH, WIDTH, 3)
    for side, positions in _POSITIONS.items():
        set_(f"{side}/position_encodings/encodings", positions, WIDTH)
        _set_norm(set_, f"{side}/layer_norm")
        for layer in range(LAYERS):
            _set_layer(set_, f"{side}/layer_{layer}", attends=side == "decoder")
    embeddings = set_("decoder/embeddings/weight", tokens, WIDTH)
    spec.decoder.projection.weight = embeddings
    bias = np.zeros(tokens, np.float32)
    bias[[256 + pieces.index(piece) for piece in favoured]] = 12.0
    spec.decoder.projection.bias = bias
    spec.register_vocabulary([hf.id_to_token(token) for token in range(tokens)])
    spec.config.suppress_ids = [1, 3, hf.token_to_id("<|startoftranscript|>")]
    spec.config.suppress_ids_begin = [2, hf.token_to_id("<|endoftext|>")]
    spec.config.lang_ids = [hf.token_to_id("<|en|>"), hf.token_to_id("<|zh|>")]
    spec.config.alignment_heads = [(LAYERS - 1, 0), (LAYERS - 1, 1)]
    spec.validate()
    spec.optimize()
    spec.save(str(folder))
    hf.save(str(folder / "tokenizer.json"))
    return InstalledModel("random-whisper", Task.ASR, Kind.WHISPER, folder, {}, ("zh", "en"))


_PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHERS = [byte for byte in range(0x100) if byte not in _PRINTABLE]
_CHARACTERS = {
    **{byte: chr(byte) for byte in _PRINTABLE},
    **{byte: chr(0x100 + i) for i, byte in enumerate(_OTHERS)},
}


def _written(piece: bytes) -> str:
    """Return a token's bytes as characters, as GPT-2's byte-level BPE writes them."""
    return "".join(_CHARACTERS[byte] for byte in piece)


def _set_layer(set_: Any, scope: str, attends: bool) -> None:
    for name in ("self_attention", *(("attention",) if attends else ())):
        _set_norm(set_, f"{scope}/{name}/layer_norm")
    set_(f"{scope}/self_attention/linear_0/weight", 3 * WIDTH, WIDTH)
    set_(f"{scope}/self_attention/linear_1/weight", WIDTH, WIDTH)
    if attends:
        set_(f"{scope}/attention/linear_0/weight", WIDTH, WIDTH)
        set_(f"{scope}/attention/linear_1/weight", 2 * WIDTH, WIDTH)
        set_(f"{scope}/attention/linear_2/weight", WIDTH, WIDTH)
    _set_norm(set_, f"{scope}/ffn/layer_norm")
    set_(f"{scope}/ffn/linear_0/weight", 4 * WIDTH, WIDTH)
    set_(f"{scope}/ffn/linear_1/weight", WIDTH, 4 * WIDTH)


def _set_norm(set_: Any, scope: str) -> None:
    set_(f"{scope}/gamma", WIDTH)
    set_(f"{scope}/beta", WIDTH)

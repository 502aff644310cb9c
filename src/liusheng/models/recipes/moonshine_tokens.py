"""Moonshine's vocabulary, from its own runtime's format to sherpa-onnx's."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

from liusheng.models.errors import RecipeError


def convert(
    source_dir: Path,
    target_dir: Path,
    *,
    source: str = "tokenizer.bin",
    output: str = "tokens.txt",
) -> None:
    """Write `tokens.txt`: a line "base64(token) id" for each token of `tokenizer.bin`.

    Raises:
        RecipeError: the file ends inside a token.
    """
    data = (source_dir / source).read_bytes()
    lines = (
        f"{base64.b64encode(token).decode()} {number}\n"
        for number, token in enumerate(_tokens(data))
    )
    (target_dir / output).write_text("".join(lines), encoding="ascii", newline="\n")


def _tokens(data: bytes) -> Iterator[bytes]:
    """Yield the tokens. Each follows its length: one byte, or two from 128 on."""
    place = 0
    while place < len(data):
        length = data[place]
        place += 1
        if length >= 128 and place < len(data):
            length += 128 * (data[place] - 1)
            place += 1
        if place + length > len(data):
            raise RecipeError(f"the vocabulary ends inside a token, at byte {place}")
        yield data[place : place + length]
        place += length

"""Whisper's tokens: the languages of a vocabulary, prompts, and hypotheses as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tokenizers
from faster_whisper.tokenizer import Tokenizer

from liusheng.asr.offline.whisper_encoder import MAX_SECONDS
from liusheng.asr.text.pieces import Piece, split_pieces, spread

_TIMESTAMP_STEP = 0.02
_PROMPT = "以下是普通话的句子。"


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis for a window.

    segments: (start, end, text tokens) of each.
    score: mean log probability of a token.
    no_speech: probability that nobody speaks.
    length: number of tokens, with those of times.
    """

    segments: tuple[tuple[float, float, tuple[int, ...]], ...]
    score: float
    no_speech: float
    length: int = 0

    @property
    def tokens(self) -> list[int]:
        """The tokens of the text, of all segments."""
        return [t for _, _, tokens in self.segments for t in tokens]

    @property
    def log_probability(self) -> float:
        """Of all its tokens (natural logarithm)."""
        return self.score * self.length


def known_languages(hf: tokenizers.Tokenizer, preferred: Sequence[str]) -> tuple[str, ...]:
    """Return the languages of the vocabulary, those of the catalogue first."""
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    known = [c for c in _LANGUAGE_CODES if hf.token_to_id(f"<|{c}|>") is not None]
    first = [c for c in preferred if c in known]
    return (*first, *(c for c in known if c not in first))


def prompt_tokens(tokenizer: Tokenizer, prompted: bool) -> list[int]:
    """Return what the decoder starts with. prompted: Mandarin, without timestamps."""
    start = list(tokenizer.sot_sequence)
    if not prompted:
        return start
    before = [tokenizer.sot_prev, *tokenizer.encode(f" {_PROMPT}")]
    return [*before, *start, tokenizer.no_timestamps]


def hypothesis(
    tokenizer: Tokenizer, ids: Sequence[int], score: float, no_speech: float, seconds: float
) -> Hypothesis:
    """Split tokens at their timestamps; drop segments after the end of the audio (seconds)."""
    segments: list[tuple[float, float, tuple[int, ...]]] = []
    start = 0.0
    tokens: list[int] = []
    for token in [*ids, tokenizer.timestamp_begin + round(MAX_SECONDS / _TIMESTAMP_STEP)]:
        if token < tokenizer.eot:
            tokens.append(token)
        elif token >= tokenizer.timestamp_begin:
            at = (token - tokenizer.timestamp_begin) * _TIMESTAMP_STEP
            if tokens and start < seconds:
                segments.append((start, min(at, seconds), tuple(tokens)))
            start, tokens = at, []
    return Hypothesis(tuple(segments), score, no_speech, len(ids))


def pieces_of(tokenizer: Tokenizer, found: Hypothesis) -> list[Piece]:
    """Return the text, with the pieces of a segment spread over its time."""
    pieces: list[Piece] = []
    for start, end, tokens in found.segments:
        text = tokenizer.decode(list(tokens)).replace("\ufffd", "")
        # A segment is a phrase: `polish` makes the space between phrases a comma.
        if pieces and not text.startswith(" "):
            text = " " + text
        pieces.extend(spread(split_pieces(text), start, max(start, end)))
    return pieces

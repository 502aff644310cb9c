"""Times of a text's pieces from the alignment of its tokens with the audio.

CTranslate2 aligns tokens by dynamic time warping over the cross-attention of the alignment heads,
as OpenAI's Whisper does. A token is a sequence of bytes: several may make one character.
"""

from __future__ import annotations

from collections.abc import Sequence

from liusheng.asr.text.pieces import Piece

_FRAME_SECONDS = 0.02
"""Duration of an encoder frame."""

Span = tuple[float, float]
"""Start and end in seconds."""


def token_times(alignments: Sequence[tuple[int, int]], count: int) -> list[float]:
    """Return the start of each of `count` tokens and, last, the end of the text, in seconds.

    alignments: the path as (token, frame), in order.
    """
    times = [0.0] * (count + 1)
    reached = -1
    last = 0.0
    for token, frame in alignments:
        last = frame * _FRAME_SECONDS
        while reached < token:
            reached += 1
            times[min(reached, count)] = last
    for i in range(reached + 1, count + 1):
        times[i] = last
    return times


def character_spans(
    texts: Sequence[str], groups: Sequence[Sequence[int]], times: Sequence[float]
) -> list[Span]:
    """Return the span of each character that is not a space.

    texts, groups: parts of the text and the tokens of each; see `split_tokens_on_unicode` of
        Whisper's tokenizer.
    times: see `token_times`.
    """
    spans: list[Span] = []
    done = 0
    for text, group in zip(texts, groups, strict=True):
        first, done = done, done + len(group)
        span = (times[first], times[min(done, len(times) - 1)])
        spans += [span] * _length(text)
    return spans


def place(pieces: Sequence[Piece], spans: Sequence[Span], seconds: float) -> list[Piece]:
    """Return pieces at the spans of their characters, without overlaps and within `seconds`."""
    placed = []
    done = 0
    previous_end = 0.0
    for piece in pieces:
        length = _length(piece.text)
        own = spans[done : done + length]
        done += length
        start = min(max(own[0][0], previous_end), seconds) if own else previous_end
        end = min(max(own[-1][1], start), seconds) if own else start
        placed.append(Piece(piece.text, start, end))
        previous_end = end
    return placed


def _length(text: str) -> int:
    """Return how many characters have a span; those of incomplete bytes have none."""
    return sum(not c.isspace() and c != "\ufffd" for c in text)

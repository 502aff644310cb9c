"""Decoding with a second hearing: speech that a decode gave no text for is decoded again, alone.

A window that is cut to such speech has neither the pause at which the model stopped nor the phrase
that it took for the same, and the loudness of a single speaker. What is found is joined in place.
Breath, music and noise must not become words: a second hearing needs more certainty than a first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from liusheng.asr.offline.engine import Decoded, Effort, OfflineEngine, Window
from liusheng.asr.offline.unheard import Gap, unheard
from liusheng.asr.text.pieces import Piece, letters, stands_alone
from liusheng.asr.types import SAMPLE_RATE
from liusheng.asr.vad.certainty import Stretch, covers
from liusheng.audio.level import louder

_ROUNDS = 3
"""How often what is still unheard is decoded again."""
_MARGIN = 0.3
"""Seconds around the speech that are decoded with it, if no word is there."""
_HAN, _LATIN = 0.07, 0.025
"""Seconds that the fastest speaker needs for a Han character and a letter of a word. A text that is
denser than that is invented."""
_MIN_SCORE = -1.0
"""Mean log probability of a token, of a text that is believed."""
_FRINGE = 0.2
"""Seconds of speech at both ends of what is certain, of which a detector is not certain."""


def decode(engine: OfflineEngine, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
    """Decode windows; see `OfflineEngine.decode`. Finals have a second hearing.

    What depends on `Window.certain` is done where that is known: `Decoded.unheard` is set, and a
    text that nobody could have said in so little speech is dropped.
    """
    results = [
        replace(decoded, pieces=(), others=(), rival=()) if _invented(window, decoded) else decoded
        for window, decoded in zip(windows, engine.decode(windows, effort), strict=True)
    ]
    gaps = [_gaps(window, decoded) for window, decoded in zip(windows, results, strict=True)]
    silent: list[list[Stretch]] = [[] for _ in windows]
    for _ in range(_ROUNDS if effort is Effort.FINAL else 0):
        tasks = [
            (i, gap, again)
            for i, found in enumerate(gaps)
            for gap in reversed(found)
            if not any(covers(each, (gap.start, gap.end)) for each in silent[i])
            and (again := _window(windows[i], gap, results[i].lang))
        ]
        if not tasks:
            break
        heard = engine.decode([again[1] for _, _, again in tasks], Effort.FINAL)
        # The last gap of a window comes first, so that the numbers of pieces stay true.
        for (i, gap, (begin, window)), decoded in zip(tasks, heard, strict=True):
            joined = _joined(results[i].pieces, gap, begin, window, decoded)
            if joined is None:
                silent[i].append((gap.start, gap.end))
            else:
                # Other hypotheses lack what was not heard.
                results[i] = replace(results[i], pieces=joined, others=(), rival=(), chosen=False)
        gaps = [_gaps(window, decoded) for window, decoded in zip(windows, results, strict=True)]
    return [
        replace(decoded, unheard=tuple((gap.start, gap.end) for gap in found)) if found else decoded
        for decoded, found in zip(results, gaps, strict=True)
    ]


def _gaps(window: Window, decoded: Decoded) -> tuple[Gap, ...]:
    # A window without any text was heard, and found to be no speech.
    if window.translate or not decoded.pieces or not window.certain:
        return ()
    return unheard(decoded.pieces, window.certain, len(window.samples) / SAMPLE_RATE)


def _window(window: Window, gap: Gap, lang: str) -> tuple[float, Window] | None:
    """Return where a window for a gap begins, and the window; None: it is too short."""
    begin = max(gap.after, gap.start - _MARGIN, 0.0)
    end = min(gap.before, gap.end + _MARGIN)
    samples = window.samples[round(begin * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
    if not len(samples):
        return None
    return begin, Window(
        louder(samples),
        lang,
        timed=True,
        speech=(gap.start - begin, gap.end - begin),
        certain=tuple(
            (max(first, begin) - begin, min(last, end) - begin)
            for first, last in window.certain or ()
            if min(last, end) > max(first, begin)
        ),
        spare=window.spare,
    )


def _joined(
    pieces: Sequence[Piece], gap: Gap, begin: float, window: Window, decoded: Decoded
) -> tuple[Piece, ...] | None:
    """Return a window's pieces with what was found in a gap; None: nothing that is believed."""
    spoken = [piece for piece in decoded.pieces if letters(piece.text)]
    if not spoken or (decoded.score is not None and decoded.score < _MIN_SCORE):
        return None
    if _shortest("".join(piece.text for piece in spoken)) > len(window.samples) / SAMPLE_RATE:
        return None
    before, after = pieces[: gap.at], pieces[gap.at :]
    found = [
        replace(piece, start=piece.start + begin, end=piece.end + begin) for piece in decoded.pieces
    ]
    if before:
        found[0] = _apart(found[0])
        before = [*before[:-1], replace(before[-1], end=min(before[-1].end, gap.after))]
    if after:
        first = _apart(after[0])
        after = [replace(first, start=max(first.start, gap.before)), *after[1:]]
    return (*before, *found, *after)


def _invented(window: Window, decoded: Decoded) -> bool:
    """Whether a text takes longer than there is speech: a model's idea of a hum, or of music.

    (Of 105 recordings of speech, each had at least twice the speech that its text needs.)
    """
    if window.certain is None:
        return False
    speech = sum(end - start for start, end in window.certain)
    return _shortest("".join(piece.text for piece in decoded.pieces)) > speech + _FRINGE


def _apart(piece: Piece) -> Piece:
    """Return a piece with a space before it: it begins a phrase."""
    return piece if piece.text[:1].isspace() else replace(piece, text=f" {piece.text}")


def _shortest(text: str) -> float:
    """Return how long the fastest speaker speaks a text (seconds)."""
    han = sum(map(stands_alone, text))
    return han * _HAN + (sum(map(str.isalnum, text)) - han) * _LATIN

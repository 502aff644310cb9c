"""The open utterance: what was decoded of it, and what of that is stable.

Its text has three parts, in order: *frozen* pieces, whose audio has left the window; *stable*
pieces, still in the window, on which two decodes agreed; and the *tail*, the newest decode's
guess at the rest. Frozen and stable pieces never change again, whatever a later decode says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from liusheng.asr.live.agreement import agreed, continuation
from liusheng.asr.text.pieces import Piece, letters
from liusheng.asr.text.polish import ended, open_ended, text_of, words_of
from liusheng.asr.text.spelling import Spell
from liusheng.asr.types import SAMPLE_RATE, Alternative, Partial, Utterance
from liusheng.asr.vad.certainty import Stretch, covers


@dataclass(frozen=True)
class OpenUtterance:
    """An open utterance's text. Places of pieces are seconds from the start of the stream.

    begin: the first sample of the window, from the start of the stream.
    frozen, stable, tail: the text; see above.
    decoded_until: the speech up to this sample of the stream has been decoded.
    final: the newest decode was made with a final's care.
    others: what the tail may be instead, by further hypotheses of the newest decode, and the score
        of each, after the tail's own.
    lang: the newest decode's language; "" before the first.
    draft: what makes the next decode of the same window cheaper (see `Window.draft`).
    wordless: speech in which even a second hearing found no words (seconds).
    """

    begin: int
    frozen: tuple[Piece, ...] = ()
    stable: tuple[Piece, ...] = ()
    tail: tuple[Piece, ...] = ()
    decoded_until: int = 0
    final: bool = False
    lang: str = ""
    others: tuple[tuple[tuple[Piece, ...], float], ...] = ()
    score: float = 0.0
    draft: tuple[int, ...] = ()
    wordless: tuple[Stretch, ...] = ()

    @property
    def fixed(self) -> tuple[Piece, ...]:
        """All that will not change."""
        return self.frozen + self.stable

    @property
    def final_until(self) -> int:
        """The speech that ends at this sample was decoded with a final's care; 0: it was not."""
        return self.decoded_until if self.final else 0

    @property
    def stable_end(self) -> float:
        """Where in the stream the text that will not change ends (seconds)."""
        return self.fixed[-1].end if self.fixed else 0.0

    def updated(
        self,
        pieces: Sequence[Piece],
        *,
        lang: str,
        decoded_until: int,
        final: bool,
        horizon: float,
        spell: Spell | None = None,
        draft: tuple[int, ...] = (),
        unheard: Sequence[Stretch] = (),
    ) -> OpenUtterance:
        """Take a decode of the window (polished, in stream time).

        Args:
            horizon: pieces that end after this (seconds) are not yet stable.
            unheard: speech without words (seconds). What follows it is not stable either, lest the
                words that a later decode finds there have no place.
            spell: corrects what will be shown, given what stays.
        """
        pieces = _monotone(pieces, self.frozen[-1].end if self.frozen else 0.0)
        again, tail = self._continued(pieces, spell)
        stable = _retimed(self.stable, again)
        if stable and again:
            stable[-1] = _with_marks_of(stable[-1], again[-1])
        wordless = tuple(unheard) if final else self.wordless
        for begin, end in unheard:
            if not any(covers(each, (begin, end)) for each in wordless):
                horizon = min(horizon, begin)
        count = agreed(self.tail, tail)
        while count and tail[count - 1].end > horizon:
            count -= 1
        return replace(
            self,
            stable=_monotone([*stable, *tail[:count]], 0.0),
            tail=_monotone(tail[count:], 0.0),
            decoded_until=decoded_until,
            final=final,
            lang=lang,
            others=(),
            draft=draft,
            wordless=wordless,
        )

    def reconsidered(
        self,
        score: float,
        others: Sequence[tuple[Sequence[Piece], float]],
        spell: Spell | None = None,
    ) -> OpenUtterance:
        """Take further hypotheses of the decode that `updated` took, with their scores.

        Args:
            score: that of the one that `updated` took.
        """
        tails = tuple((tuple(self._continued(p, spell)[1]), each) for p, each in others)
        return replace(self, score=score, others=tails)

    def _continued(
        self, pieces: Sequence[Piece], spell: Spell | None
    ) -> tuple[Sequence[Piece], Sequence[Piece]]:
        """Part a decode of the window: what is stable, decoded again, and what follows it."""
        spelled = spell(self.frozen, pieces) if spell else pieces
        split = continuation(self.stable, spelled)
        again = spelled[:split]
        if spell and _key(self.stable) != _key(again):
            # It was corrected in the light of words that do not stand there.
            return again, spell(self.fixed, pieces[split:])
        return again, spelled[split:]

    def trimmed(self, keep_from: float, quiet: Callable[[float], float]) -> OpenUtterance:
        """Let stable pieces leave the window, at the quietest of their ends.

        Args:
            keep_from: audio from here on (seconds) stays in the window.
            quiet: how little there is a pause at a time: lower is quieter.
        """
        # The last stable piece stays: the punctuation after it is not known yet.
        ends = [i for i, p in enumerate(self.stable[:-1]) if p.end <= keep_from]
        if not ends:
            return self
        later = ends[len(ends) // 2 :]
        at = min(later, key=lambda i: (quiet(self.stable[i].end), -i))
        begin = max(self.begin, round(self.stable[at].end * SAMPLE_RATE))
        return replace(
            self,
            begin=begin,
            frozen=self.frozen + self.stable[: at + 1],
            stable=self.stable[at + 1 :],
            draft=(),
        )

    def partial(self, index: int) -> Partial:
        """Return the text as it is shown while it is open."""
        text = text_of(open_ended(self.fixed + self.tail))
        fixed = self.fixed
        if not fixed:
            return Partial(index, text)
        # What follows a stable word may still become a comma, a full stop or nothing.
        last = replace(fixed[-1], text=_body(fixed[-1].text))
        return Partial(index, text, len(text_of([*fixed[:-1], last])))

    def closed(
        self, index: int, start: float, end: float, longest: float, cut: bool, nbest: int = 1
    ) -> Utterance | None:
        """Return the closed utterance, or None when it has no text.

        Args:
            nbest: so many alternatives, if more than one, where there are so many.
            start, end: of the speech, in seconds.
            longest: no piece ends after this (seconds): the audio's end.
            cut: it was cut by its length.
        """
        pieces = ended(self.fixed + self.tail, self.lang, cut)
        pieces = [p for p in pieces if p.text.strip()]
        if not any(letters(p.text) for p in pieces):
            return None
        pieces = [replace(p, start=min(p.start, longest), end=min(p.end, longest)) for p in pieces]
        text = text_of(pieces)
        return Utterance(
            index,
            text,
            words_of(pieces),
            self.lang,
            start,
            min(end, longest),
            self._alternatives(text, cut, nbest) if nbest > 1 else (),
        )

    def _alternatives(self, text: str, cut: bool, nbest: int) -> tuple[Alternative, ...]:
        found = {letters(text): Alternative(text, self.score)}
        for tail, score in self.others:
            other = text_of(ended(self.fixed + tail, self.lang, cut))
            if key := letters(other):
                # Two hypotheses may differ in what the correction makes the same, or in marks.
                found.setdefault(key, Alternative(other, score))
        return tuple(found.values())[:nbest]


def _key(pieces: Sequence[Piece]) -> str:
    return letters("".join(p.text for p in pieces))


def _monotone(pieces: Sequence[Piece], after: float) -> tuple[Piece, ...]:
    placed = []
    for piece in pieces:
        start = max(piece.start, after)
        after = max(piece.end, start)
        placed.append(replace(piece, start=start, end=after))
    return tuple(placed)


def _retimed(stable: Sequence[Piece], again: Sequence[Piece]) -> list[Piece]:
    """Give stable pieces the places that a new decode has for the same audio."""
    if not again:
        return list(stable)
    same = [again[i * len(again) // len(stable)] for i in range(len(stable))]
    return [replace(p, start=a.start, end=a.end) for p, a in zip(stable, same, strict=True)]


def _body(text: str) -> str:
    end = len(text)
    while end and not text[end - 1].isalnum():
        end -= 1
    return text[:end] if end else text


def _with_marks_of(piece: Piece, other: Piece) -> Piece:
    """Give a stable piece the punctuation that the newest decode has after the same piece."""
    if letters(piece.text) != letters(other.text):
        return piece
    return replace(piece, text=_body(piece.text) + other.text[len(_body(other.text)) :])

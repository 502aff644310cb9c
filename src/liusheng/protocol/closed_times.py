"""The times of the tokens of closed utterances, found when each closes.

A recognition may last for a day. Its final reply has the time of each token, which must not be
found all at once then: that would take seconds, on the event loop. Two things stay for the final
reply: a text without Han characters before the first one with any, whose tokens are words until
then; and words that go on in the next utterance, which wide punctuation alone makes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import chain, dropwhile

from liusheng.han import has_han
from liusheng.protocol.asr import TimedToken
from liusheng.protocol.utterance import UtteranceLike
from liusheng.protocol.word_times import UNTIMED, character_times, words_at_spaces


class ClosedTimes:
    """The tokens of texts that follow each other, each of an utterance.

    early: whether they are found when a text is added, and not when somebody asks.
    """

    def __init__(self, *, early: bool) -> None:
        self._early = early
        self._pieces: list[tuple[str, UtteranceLike]] = []
        self._has_han: list[bool] = []
        self._some_han = False
        self._found: dict[tuple[range, bool], tuple[TimedToken, ...]] = {}

    def add(self, piece: str, utterance: UtteranceLike) -> None:
        """Add the text that an utterance adds to the closed text."""
        self._pieces.append((piece, utterance))
        self._has_han.append(has_han(piece))
        self._some_han = self._some_han or self._has_han[-1]
        if self._early:
            place = len(self._pieces) - 1
            self._tokens(range(place, place + 1), self._some_han)

    def between(self, first: int, end: int | None) -> tuple[TimedToken, ...]:
        """Return the tokens of a range of the texts: characters if it has Han ones, otherwise
        words. Their times never decrease."""
        places = range(len(self._pieces))[first:end]
        by_character = any(self._has_han[place] for place in places)
        tokens: list[TimedToken] = []
        for part in self._parts(places, by_character):
            after = self._tokens(part, by_character)
            if not tokens:
                after = tuple(dropwhile(lambda token: token.w.isspace(), after))
            tokens.extend(_not_before(tokens[-1].ed if tokens else 0.0, after))
        return tuple(tokens)

    def _parts(self, places: range, by_character: bool) -> Iterator[range]:
        """Yield the ranges whose tokens do not depend on those beside them: a word goes on in the
        next text where that does not begin with a space."""
        start = places.start
        for place in places[1:]:
            if by_character or self._pieces[place][0][0].isspace():
                yield range(start, place)
                start = place
        if places:
            yield range(start, places.stop)

    def _tokens(self, places: range, by_character: bool) -> tuple[TimedToken, ...]:
        key = (places, by_character)
        if key not in self._found:
            characters = chain.from_iterable(
                character_times(*self._pieces[place]) for place in places
            )
            timed = characters if by_character else words_at_spaces(characters)
            self._found[key] = tuple(_in_order(timed))
        return self._found[key]


def _in_order(timed: Iterable[tuple[str, float, float]]) -> Iterator[TimedToken]:
    clock = 0.0
    for token, start, stop in timed:
        if token in UNTIMED:
            continue
        begin = max(clock, start)
        clock = max(begin, stop)
        yield TimedToken(w=token, bg=round(begin, 3), ed=round(clock, 3))


def _not_before(clock: float, tokens: tuple[TimedToken, ...]) -> Iterator[TimedToken]:
    """Yield tokens whose times do not decrease, none of them before a time."""
    later = bisect_left(tokens, clock, key=lambda token: token.bg)
    for token in tokens[:later]:
        yield TimedToken(w=token.w, bg=clock, ed=max(clock, token.ed))
    yield from tokens[later:]

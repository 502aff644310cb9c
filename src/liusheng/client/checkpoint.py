"""Where a new recognition can go on, if the server does not have the broken one any more."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from liusheng.client.messages import Alternative, Final, Partial, Word
from liusheng.protocol.closed_text import join


@dataclass(frozen=True)
class RecognitionCheckpoint:
    """What is final: a new recognition of the audio after it needs nothing before it.

    position: bytes of audio before it.
    seconds: of audio before it.
    text: the final text of that audio.
    words: those of the text.
    utterances: how many utterances the text has.
    """

    position: int = 0
    seconds: float = 0.0
    text: str = ""
    words: tuple[Word, ...] = ()
    utterances: int = 0

    def partial(self, partial: Partial, *, cumulative: bool) -> Partial:
        """Return a partial of a recognition that began here as one of the whole audio."""
        if not self.seconds:
            return partial
        if cumulative:
            text = join(self.text, partial.text)
            before = len(text) - len(partial.text)
            stable = text[: before + len(partial.stable)] if partial.stable else self.text
        else:
            text, stable = partial.text, partial.stable
        return replace(
            partial,
            text=text,
            stable=stable,
            utterance=partial.utterance + self.utterances,
            words=self._moved(partial.words),
            heard=None if partial.heard is None else round(partial.heard + self.seconds, 3),
        )

    def final(self, final: Final) -> Final:
        """Return the final of a recognition that began here as that of the whole audio."""
        if not self.seconds:
            return final
        return replace(
            final,
            text=join(self.text, final.text),
            words=self.words + self._moved(final.words),
            alternatives=tuple(
                Alternative(join(self.text, each.text), each.score) for each in final.alternatives
            ),
        )

    def _moved(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        return tuple(
            replace(
                word,
                start=round(word.start + self.seconds, 3),
                end=round(word.end + self.seconds, 3),
            )
            for word in words
        )

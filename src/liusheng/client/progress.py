"""How far a recognition has come, over all of its connections."""

from __future__ import annotations

from msgspec.structs import replace

from liusheng.client.checkpoint import RecognitionCheckpoint
from liusheng.client.messages import Partial, Word
from liusheng.protocol.closed_text import join


class RecognitionProgress:
    """Takes the replies of the server, and gives those that the caller sees.

    bytes_per_second, frame_bytes: of raw samples; 0 for a container, which can only be sent again
        from its beginning.
    cumulative: each text is the whole text so far; otherwise that of one utterance.
    checkpoint: where the recognition under way began.
    from_utterance: the first utterance of it that is not final, or whose words were not received.
    """

    def __init__(self, *, bytes_per_second: int, frame_bytes: int, cumulative: bool) -> None:
        self._bytes_per_second = bytes_per_second
        self._frame_bytes = frame_bytes
        self._cumulative = cumulative
        self.checkpoint = RecognitionCheckpoint()
        self.from_utterance = 0
        self._next = RecognitionCheckpoint()  # where a new recognition would begin
        self._words: tuple[Word, ...] = ()  # since the beginning, without those repeated
        self._words_until = 0.0
        self._last = Partial("")  # that the caller has seen
        self._closed = 0  # utterances whose end the caller has seen
        self._behind = False  # a new recognition has not come as far as the last one yet
        self._held: tuple[Word, ...] = ()  # words of replies that the caller has not seen

    @property
    def final_until(self) -> int:
        """Bytes of the audio whose text is final."""
        return self._next.position

    def restart(self) -> int:
        """A new recognition begins; return the position of its first byte."""
        self.checkpoint = self._next
        self.from_utterance = 0
        self._words = self._next.words
        self.set_back()
        return self.checkpoint.position

    def set_back(self) -> None:
        """The recognition goes on from an earlier point than it had reached."""
        self._behind = bool(self._last.text)

    def replied(self, reply: Partial) -> list[Partial]:
        """Return what the caller sees of a reply: it, or nothing.

        A new recognition repeats what the last one had recognised; until it has come as far, its
        texts are not shown. The end of an utterance always is, if the caller has not seen it.
        """
        self.from_utterance = reply.utterance + _closes(reply)
        partial = self.checkpoint.partial(reply, cumulative=self._cumulative)
        known_until = self._words[-1].end if self._words else 0.0
        self._words += tuple(word for word in partial.words if word.start >= known_until)
        # A new recognition repeats words, too.
        words = tuple(word for word in partial.words if word.start >= self._words_until)
        self._words_until = max([self._words_until, *(word.end for word in words)])
        if _closes(reply) and reply.final_until is not None:
            self._advance(partial, reply.final_until)
        if self._behind and self._repeats(partial):
            self._held += words
            return []
        self._behind = False
        if _closes(partial) or self._cumulative:  # the whole text has the end of each before
            self._closed = partial.utterance + _closes(partial)
        self._last = replace(partial, words=self._held + words)
        self._held = ()
        return [self._last]

    def _advance(self, partial: Partial, final_until: float) -> None:
        """Everything that was reported is final."""
        if not self._bytes_per_second or partial.utterance < self._next.utterances:
            return
        frames = int(final_until * self._bytes_per_second / self._frame_bytes)
        text = partial.text if self._cumulative else join(self._next.text, partial.text)
        self._next = RecognitionCheckpoint(
            position=self.checkpoint.position + frames * self._frame_bytes,
            seconds=self.checkpoint.seconds + frames * self._frame_bytes / self._bytes_per_second,
            text=text,
            words=self._words,
            utterances=partial.utterance + 1,
        )

    def _repeats(self, partial: Partial) -> bool:
        """Whether the caller has seen as much. Lengths tell that of open texts only: an utterance
        may end with a shorter text than it had while it was open."""
        ended = partial.utterance < self._closed
        if _closes(partial) and not ended:
            return False
        last = self._last
        if self._cumulative:
            return len(partial.text) < len(last.text)
        return ended or (partial.utterance, len(partial.text)) < (last.utterance, len(last.text))


def _closes(partial: Partial) -> bool:
    return partial.is_final and bool(partial.text)

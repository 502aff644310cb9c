"""The replies of a recognition, in the form that its client asked for."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from liusheng.protocol import asr
from liusheng.protocol.transcript import Transcript, View


class Replies:
    """Renders replies from a transcript, each when it is sent.

    with_final_until: whether results say up to where the text is final.
    processed: seconds of audio that the transcript covers, where that is known.
    """

    def __init__(
        self, config: asr.RecognitionConfig | None = None, *, with_final_until: bool = False
    ) -> None:
        self._config = config or asr.RecognitionConfig()
        self.transcript = Transcript(self._config.nbest, timed=self._config.word_times)
        self.processed: float | UnsetType = UNSET
        self._with_final_until = with_final_until
        self._reported = 0  # closed utterances that a reply has covered

    @property
    def has_more(self) -> bool:
        """Whether the next reply is of a closed utterance that was not reported yet."""
        return self._config.partials == "utterance" and self._reported < self.transcript.closed

    def result(self) -> asr.Result:
        """Return the next reply.

        In "utterance" mode closed utterances come one by one, then the open one.
        """
        transcript = self.transcript
        since, self._reported = self._reported, transcript.closed
        if self._config.partials == "cumulative":
            return self._render(transcript.view, since, self._reported)
        if since == self._reported:
            return self._render(transcript.open_view, since, since)
        self._reported = since + 1
        return self._render(transcript.closed_view(since), since, since + 1)

    def rest(self) -> list[asr.Result]:
        """Return the replies that bring the client up to date: usually one."""
        results = [self.result()]
        while self.has_more:
            results.append(self.result())
        return results

    def cut_short(self) -> None:
        """The open utterance will be closed before its end: say of no text that it is final, in the
        sense that a new recognition could begin after it."""
        self._with_final_until = False

    def repeated(self, from_utterance: int) -> tuple[asr.Result, ...]:
        """Return the replies for a client that has missed all since an utterance, by its number;
        the last one is of the open utterance."""
        self._reported = self.transcript.place(from_utterance)
        closed = self.rest() if self.has_more else []
        return (*closed, self.result())

    def final(self, name: str) -> asr.Final:
        """Return the last reply: the whole transcript. name: of the audio."""
        transcript = self.transcript
        view = transcript.view
        nbest = self._config.nbest
        alternatives = tuple(
            asr.Alternative(result=text, score=round(score, 4))
            for text, score in (transcript.alternatives() if nbest > 1 else ())
        )
        return asr.Final(
            name=name,
            result=view.result,
            times=transcript.times() if self._config.word_times else (),
            utterance=view.utterance,
            stable=view.stable,
            nbest=alternatives if nbest > 1 else UNSET,
        )

    def _render(self, view: View, since: int, until: int) -> asr.Result:
        timed = self._config.word_times and until > since
        return asr.Result(
            result=view.result,
            utterance=view.utterance,
            is_final=view.is_final,
            stable=view.stable,
            times=self.transcript.times(since, until) if timed else UNSET,
            heard=self.processed,
            final_until=self.transcript.end(until) if self._with_final_until else UNSET,
        )

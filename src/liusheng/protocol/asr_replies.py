"""The replies of a recognition, in the form that its client asked for."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from liusheng.protocol import asr
from liusheng.protocol.transcript import Transcript, View


class Replies:
    """Renders replies from a transcript, each when it is sent.

    resumable: whether the client may go on with another recognition: results say up to where the
        text is final, and what is cut short is not.
    processed: seconds of audio that the transcript covers, where that is known.
    """

    def __init__(
        self, config: asr.RecognitionConfig | None = None, *, resumable: bool = False
    ) -> None:
        self._config = config or asr.RecognitionConfig()
        self.transcript = Transcript(self._config.nbest, timed=self._config.word_times)
        self.processed: float | UnsetType = UNSET
        self._resumable = resumable
        self._final: int | None = None  # closed utterances, where the others were cut short
        self._reported = 0  # closed utterances that a reply has covered

    @property
    def has_more(self) -> bool:
        """Whether the next reply is of a closed utterance that was not reported yet."""
        return self._config.partials == "utterance" and self._reported < self._closed

    def result(self) -> asr.Result:
        """Return the next reply.

        In "utterance" mode closed utterances come one by one, then the open one.
        """
        transcript = self.transcript
        since, self._reported = self._reported, self._closed
        whole, open_ = transcript.open_after(self._reported)
        if self._config.partials == "cumulative":
            return self._render(whole, since, self._reported)
        if since == self._reported:
            return self._render(open_, since, since)
        self._reported = since + 1
        return self._render(transcript.closed_view(since), since, since + 1)

    def rest(self) -> list[asr.Result]:
        """Return the replies that bring the client up to date: usually one."""
        results = self._unreported()
        if not results or self.transcript.open_after(self._closed)[1].result:
            results.append(self.result())
        return results

    def cut_short(self) -> None:
        """The open utterance will be closed before its end. A client that goes on elsewhere gets it
        again, whole: to that one it stays open."""
        if self._resumable:
            self._final = self.transcript.closed

    def repeated(self, from_utterance: int) -> tuple[asr.Result, ...]:
        """Return the replies for a client that has missed all since an utterance, by its number;
        the last one is of the open utterance."""
        self._reported = self.transcript.place(from_utterance)
        return (*self._unreported(), self.result())

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

    def _unreported(self) -> list[asr.Result]:
        """Return the replies of closed utterances that were not reported yet."""
        results = []
        while self.has_more:
            results.append(self.result())
        return results

    @property
    def _closed(self) -> int:
        """How many utterances with text are closed for good."""
        return self.transcript.closed if self._final is None else self._final

    def _render(self, view: View, since: int, until: int) -> asr.Result:
        timed = self._config.word_times and until > since
        return asr.Result(
            result=view.result,
            utterance=view.utterance,
            is_final=view.is_final,
            stable=view.stable,
            times=self.transcript.times(since, until) if timed else UNSET,
            heard=self.processed,
            final_until=self.transcript.end(until) if self._resumable else UNSET,
        )

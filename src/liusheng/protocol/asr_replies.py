"""What the replies of a recognition say, in the form that its client asked for."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from liusheng.protocol import asr
from liusheng.protocol.transcript import Transcript, View


class Replies:
    """Renders replies from a transcript, each when it is sent.

    heard: seconds of audio that the transcript tells of, where that is known.
    """

    def __init__(self, wishes: asr.RecognitionConfig | None = None) -> None:
        self.transcript = Transcript()
        self._wishes = wishes or asr.RecognitionConfig()
        self._reported = 0
        self.heard: float | UnsetType = UNSET

    @property
    def has_more(self) -> bool:
        """Whether the next reply is of a closed utterance that was not reported yet."""
        return self._wishes.partials == "utterance" and self._reported < self.transcript.closed

    def result(self) -> asr.Result:
        """Return what the next reply says.

        In "utterance" mode closed utterances come one by one, then the one that is open.
        """
        transcript = self.transcript
        since, self._reported = self._reported, transcript.closed
        if self._wishes.partials == "cumulative":
            return self._rendered(transcript.view, since, self._reported)
        if since == self._reported:
            return self._rendered(transcript.open_view, since, since)
        self._reported = since + 1
        return self._rendered(transcript.closed_view(since), since, since + 1)

    def final(self, name: str) -> asr.Final:
        """Return the last reply: the whole transcript."""
        transcript = self.transcript
        view = transcript.view
        nbest = self._wishes.nbest
        return asr.Final(
            name=name,
            result=view.result,
            times=transcript.times() if self._wishes.word_times else (),
            utterance=view.utterance,
            stable=view.stable,
            nbest=UNSET
            if nbest == 1
            else tuple(
                asr.Alternative(result=text, score=round(score, 4))
                for text, score in transcript.alternatives(nbest)
            ),
        )

    def _rendered(self, view: View, since: int, until: int) -> asr.Result:
        timed = self._wishes.word_times and until > since
        return asr.Result(
            result=view.result,
            utterance=view.utterance,
            is_final=view.is_final,
            stable=view.stable,
            times=self.transcript.times(since, until) if timed else UNSET,
            heard=self.heard,
        )

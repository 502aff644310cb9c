"""A stream that is recognised in this process, without a server: for evaluation and tools.

It keeps the stream's audio as far as it is needed and has its speech detected, as the server does.
"""

from __future__ import annotations

from liusheng.asr.recognizer import Outcome, Recognizer, Turn
from liusheng.asr.types import StreamParams
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.audio.pcm import Samples, pcm_to_samples, samples_to_pcm


class InProcessStream:
    """A stream and its audio.

    detector: of speech, for recognisers that are windowed; by default with the default options.
    state: of the newest outcome.

    Raises:
        NotSupportedError: when the recogniser cannot serve `params`.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        params: StreamParams | None = None,
        detector: SpeechActivityDetector | None = None,
    ) -> None:
        params = params or StreamParams()
        self._recognizer = recognizer
        self.state = recognizer.open(params)
        self._detector: SpeechActivityDetector | None = None
        if recognizer.capabilities(params.lang).windowed:
            self._detector = detector or SpeechActivityDetector()
            self._speech = self._detector.open(params.endpoint)
        self._pcm = bytearray()
        self._start = 0

    @property
    def end(self) -> int:
        """Samples taken in."""
        return self._start + len(self._pcm) // 2

    def turn(self, samples: Samples, last: bool = False, *, spare: bool = True) -> Turn:
        """Return the turn that takes `samples` in; its outcome goes to `done`."""
        pcm = samples_to_pcm(samples)
        fresh = self.end
        self._pcm += pcm
        if not self._detector:
            return Turn(self.state, pcm, fresh, last, spare=spare)
        # Detector and recogniser both take the PCM, as on the server.
        self._speech, activity = self._detector.advance(self._speech, pcm_to_samples(pcm), last)
        return Turn(self.state, bytes(self._pcm), self._start, last, activity, spare)

    def done(self, outcome: Outcome) -> None:
        """Take the outcome of the newest turn."""
        self.state = outcome.state
        drop = outcome.needs - self._start
        if drop > 0:
            del self._pcm[: 2 * drop]
            self._start = outcome.needs

    def advance(self, samples: Samples, last: bool = False) -> Outcome:
        """Take audio in; return what it led to. last: no more comes."""
        [outcome] = self._recognizer.advance([self.turn(samples, last)])
        self.done(outcome)
        if last:
            self._recognizer.forget([outcome.state])
        return outcome

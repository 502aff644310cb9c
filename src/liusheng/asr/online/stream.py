"""One stream of an online model: a native stream, and the state from which it can be rebuilt.

sherpa-onnx keeps a stream's encoder state and hypothesis in a native object that cannot leave its
process. What leaves it is a `StreamState`: where in the stream the native one begins and how many
steps it has decoded from there. Whoever has the state and the audio since then can build the native
stream again by decoding it once more, and gets the very same stream, because at every endpoint a
new native stream begins and so none depends on anything older.

A new native stream begins a little before the endpoint. After a pause that is one step, for the
sake of a word that had begun but had given no token yet. Where an utterance was cut in the middle
of speech (it reached its maximum length), it is `_WARM_SECONDS`, whose tokens are dropped, as the
utterance before has them: the model continues as if there had been no cut. The library's own
`reset` would not do: for some kinds of models it clears the encoder's state and words are lost, for
others it keeps a state that comes from the whole past and could not be rebuilt.

Where nobody speaks a stream rests (see `liusheng.asr.online.silence`): its audio is kept back. If
speech follows before the endpoint is due, the model decodes all of it, as if it had never rested.
Otherwise the utterance is closed when the model would have closed it, and the next native stream
begins a little before the next speech.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sherpa_onnx

from liusheng.asr.online.hypothesis import OnlineHypothesis
from liusheng.asr.online.second_pass import FirstPass
from liusheng.asr.online.silence import SilenceRules
from liusheng.asr.online.state import FRAME, ChunkTiming, StreamState
from liusheng.asr.recognizer import Outcome
from liusheng.asr.sherpa.tokens import Token, Vocabulary
from liusheng.asr.text.pieces import Piece
from liusheng.asr.types import SAMPLE_RATE, Partial, Script, Utterance
from liusheng.audio.pcm import pcm_to_samples

_SLACK = 2 * FRAME
"""Features of some models come a frame or two later than they might."""

_TAIL_FRAMES = 32
"""Silence that is decoded after the last of the audio: models give a token up to 0.3 s late."""

_PAUSE_SECONDS = 0.5
"""An utterance that ends this soon after its last token was cut in the middle of speech."""

_WARM_SECONDS = 1.28
"""What a model decodes again after such a cut; zipformers look back 1.3 to 5 s, mostly less."""

_BEFORE_SECONDS = 0.5
_AFTER_SECONDS = 0.6
"""Audio around the tokens of an utterance that is decoded again: a model may give a token late, and
the last one's length is not known."""

_PHRASE = 8
"""Characters at the end of a text that traditional spelling may still change: how a simplified
character is written depends on the phrase it is in, which may be incomplete."""


class LiveStream:
    """A stream with its native stream; what `SherpaOnline` keeps between turns.

    native: the library's stream, for `decode_streams`.
    closed: the utterances that this turn has closed so far, with their audio if they are to be
        decoded again.
    """

    def __init__(
        self,
        recognizer: sherpa_onnx.OnlineRecognizer,
        vocabulary: Vocabulary,
        timing: ChunkTiming,
        *,
        appends_only: bool,
        languages: Sequence[str],
        silence: SilenceRules | None,
        second_pass: bool,
        state: StreamState,
    ) -> None:
        """Begin the native stream of `state`; its steps are decoded again with the next feed.

        appends_only: the decoding only ever appends tokens. Greedy search does: of a CTC or
            transducer model it picks each frame's best token once, of Paraformer each fired one's,
            and what was picked is input to the rest and stays. A beam may revise its tokens.
        silence: when the stream rests; None: never.
        second_pass: closed utterances are decoded again, so what is shown of an open one is not
            stable.
        """
        self._recognizer = recognizer
        self._vocabulary = vocabulary
        self._timing = timing
        self._appends_only = appends_only
        self._silence = silence
        self._second_pass = second_pass
        self._state = state
        self._index = state.index
        self._origin = state.origin
        self._audio = bytearray()
        self._warm = state.warm
        self._hypothesis = OnlineHypothesis(
            vocabulary, languages, state.params, state.tokens, appends_only=appends_only
        )
        self._skipped = state.skipped
        self._resting = state.resting
        self._cursor = state.cursor
        self._awake = state.awake
        self._floor = state.floor
        self._decided = state.steps
        self.closed: list[FirstPass] = []
        if silence and not state.turn:
            self._rest()
        self._begin()

    def follows(self, state: StreamState) -> bool:
        """Whether the native stream is where `state` says, so that it can continue."""
        return self._state.turn == state.turn

    def _begin(self) -> None:
        expected = map(self._vocabulary.match_case, self._state.params.hotwords)
        hotwords = "/".join(expected)
        self.native = self._recognizer.create_stream(hotwords or None)
        self._given = 0
        self._seen = 0
        self._steps = 0

    def feed(self, pcm: bytes, start: int, last: bool) -> None:
        """Take in audio that begins at sample `start` of the stream: at or before `end`. After the
        last, what the model looks ahead is added.
        """
        self.closed = []
        self._audio += memoryview(pcm)[2 * (self.end - start) :]
        self._last = last
        self._audio_end = self.end
        if last:
            self._audio += bytes(2 * FRAME * (self._timing.window + _TAIL_FRAMES))

    def ready(self) -> bool:
        """Whether `native` has the audio for a step, and somebody may be speaking in it."""
        if self._steps >= self._decided and self._silence:
            self._resting = self._resting or self._fell_silent(self._silence)
            if self._resting:
                self._resting = not self._speech_resumes(self._silence)
            if self._resting:
                return False
        self._give()
        return bool(self._recognizer.is_ready(self.native))

    def _give(self) -> None:
        """Give `native` the audio for the next step."""
        upto = min(2 * (self._timing.due(self._steps + 1) + _SLACK), len(self._audio))
        if upto > self._given:
            # The binding converts a list faster than an array.
            fresh = pcm_to_samples(self._audio[self._given : upto])
            self.native.accept_waveform(SAMPLE_RATE, fresh.tolist())
            self._given = upto
        if self._last and self._given == len(self._audio):
            self.native.input_finished()

    def _fell_silent(self, rules: SilenceRules) -> bool:
        """Whether neither the model nor the detector has found speech for long enough."""
        given, due = (self._origin + self._timing.due(self._steps + n) for n in (0, 1))
        if self.end < due:
            return False  # there is nothing to decide yet
        if self._decoded() - max(self._spoken(), self._awake) < rules.hang_over:
            self._cursor = None
            return False
        if self._cursor is None:
            self._cursor = rules.begin(max(self._origin, given - rules.hang_over))
        self._detect(rules, due)
        return given - self._cursor.speech_end >= rules.hang_over

    def _speech_resumes(self, rules: SilenceRules) -> bool:
        """Detect speech in what is there of a resting stream; return whether there is any."""
        while True:
            end = self.end
            untouched = self._steps == 0
            due = (
                end
                if untouched
                else self._origin + self._timing.due(self._steps + self._skipped + 1)
            )
            speech = self._detect(rules, min(end, due))
            if speech is not None:
                if untouched:
                    self._forget_until(speech - rules.pre_roll)
                self._awake = speech
                self._cursor = None
                self._skipped = 0
                return True
            if untouched:
                assert self._cursor is not None
                self._forget_until(self._cursor.frames_end - rules.pre_roll)
            if end <= due:
                return False
            self._skipped += 1
            quiet = self._decoded() + self._skipped * self._timing.step_samples
            # The model counts from the end of the token's frame.
            since = self._spoken() + 4 * FRAME if self._hypothesis.tokens else self._origin
            if quiet - since >= (rules.endpoint if self._hypothesis.tokens else rules.no_text):
                self._end()

    def _detect(self, rules: SilenceRules, upto: int) -> int | None:
        """Detect speech up to a sample of the stream; return where it begins, or None."""
        cursor = self._cursor or rules.begin(self._origin)
        first, last = (2 * (at - self._origin) for at in (cursor.at, upto))
        self._cursor, speech = rules.detect(cursor, pcm_to_samples(self._audio[first:last]))
        return speech

    def _rest(self) -> None:
        """Wait for speech before anything is computed."""
        if not self._resting:
            self._cursor = None
        self._resting = True
        self._skipped = 0

    def _forget_until(self, sample: int) -> None:
        """Let the native stream, which was given nothing yet, begin later in the stream."""
        if sample > self._origin:
            del self._audio[: 2 * (sample - self._origin)]
            self._origin = sample

    def step(self) -> None:
        """Take note of a step that `native` has just decoded."""
        self._steps += 1
        if self._steps == self._warm or (self._appends_only and self._steps == self._decided):
            # What it has found so far is known: from before the cut, or from before the native
            # stream was lost. What was shown stays, should this machine even round another way.
            self._seen = len(self._recognizer.tokens(self.native))
        if self._steps <= max(self._warm, self._decided):
            return
        self._collect()
        if self._recognizer.is_endpoint(self.native):
            self._end()

    def _end(self) -> None:
        """Close the utterance at an endpoint and begin the next native stream."""
        pieces = self._pieces()
        cut_short = bool(pieces) and self._in_speech(pieces)
        self._close(pieces, cut_short)
        steps = self._steps + self._skipped
        back = min(steps, self._timing.steps_in(_WARM_SECONDS) if cut_short else 1)
        dropped = (steps - back) * self._timing.step_samples
        self._origin += dropped
        del self._audio[: 2 * dropped]
        self._warm = back if cut_short else 0
        self._decided = 0
        if self._silence and not cut_short:
            self._rest()
        self._begin()

    def close(self) -> None:
        """Close the open utterance, if there is one, after the last of the audio."""
        self._close(self._pieces(), cut=False)

    def _close(self, pieces: list[Piece], cut: bool) -> None:
        utterance = self._hypothesis.closed(self._index, pieces, cut)
        if utterance is None:
            return
        at, pcm = 0, b""
        if self._second_pass:
            at, pcm = self._around(utterance.start, utterance.end, cut)
        self.closed.append(FirstPass(utterance, at, pcm, cut))
        self._index += 1

    def _around(self, begin: float, end: float, cut: bool) -> tuple[int, bytes]:
        """Return where the audio of an utterance begins, and the audio (int16)."""
        first = round((begin - _BEFORE_SECONDS) * SAMPLE_RATE)
        last = round((end if cut else end + _AFTER_SECONDS) * SAMPLE_RATE)
        first = max(first, self._floor, self._origin)
        last = max(first, min(last, self._audio_end))
        self._floor = last
        return first, bytes(self._audio[2 * (first - self._origin) : 2 * (last - self._origin)])

    def _in_speech(self, pieces: Sequence[Piece]) -> bool:
        """Whether the decoding stands too close to the last word for a pause."""
        if self._skipped:
            return False
        return self._decoded() / SAMPLE_RATE - pieces[-1].end < _PAUSE_SECONDS

    def _decoded(self) -> int:
        """Return how much of the stream has been decoded, in samples."""
        return self._origin + self._steps * self._timing.step_samples

    @property
    def end(self) -> int:
        """The sample of the stream up to which audio is here, padding after the last included."""
        return self._origin + len(self._audio) // 2

    def _spoken(self) -> int:
        """Return where the last token begins, or where the native stream does."""
        tokens = self._hypothesis.tokens
        return round(tokens[-1].time * SAMPLE_RATE) if tokens else self._origin

    def outcome(self, closed: Sequence[Utterance]) -> Outcome:
        """Return what the turn led to.

        closed: what became of the utterances that were closed.
        """
        text = self._hypothesis.text(self._until())
        self._state = replace(
            self._state,
            turn=self._state.turn + 1,
            index=self._index,
            origin=self._origin,
            warm=self._warm,
            steps=self._steps,
            skipped=self._skipped,
            tokens=tuple(self._hypothesis.tokens),
            resting=self._resting,
            cursor=self._cursor,
            awake=self._awake,
            floor=self._floor,
        )
        stable = len(text) if self._appends_only and not self._second_pass else 0
        if self._state.params.script is Script.TRADITIONAL:
            stable = max(0, stable - _PHRASE)
        return Outcome(
            self._state,
            tuple(closed),
            Partial(self._index, text, stable),
            needs=self._origin,
            covered=self._covered(),
            step=self._samples_to_next_step(),
        )

    def _covered(self) -> int:
        """Return up to where the audio has been computed, or was silent."""
        if self._resting or not self._steps:
            return self._audio_end if self._resting else self._origin
        return min(self._audio_end, self._origin + self._timing.due(self._steps))

    def _samples_to_next_step(self) -> int:
        """Return how many samples later there is something to do."""
        if self._resting:
            return self._timing.step_samples
        due = self._origin + self._timing.due(self._steps + 1)
        return max(due - self.end, FRAME)

    def _collect(self) -> None:
        """Take over the tokens that the native stream has found since the last time."""
        result = self._recognizer.get_result_all(self.native)
        fresh = result.tokens[self._seen :]
        begin = self._origin / SAMPLE_RATE
        if self._timing.ratio is None:
            step = self._timing.step_samples / SAMPLE_RATE
            begin += (self._steps - 1) * step - self._timing.lag
            times = [begin + step * (i + 0.5) / len(fresh) for i in range(len(fresh))]
        else:
            times = [begin + self._timing.ratio * t for t in result.timestamps[self._seen :]]
        if self._appends_only:
            self._seen += len(fresh)
        self._hypothesis.extend(
            Token(text, max(0.0, round(time, 3))) for text, time in zip(fresh, times, strict=True)
        )

    def _pieces(self) -> list[Piece]:
        return self._hypothesis.pieces(self._until())

    def _until(self) -> float:
        """Return up to where the last token may reach (seconds)."""
        return min(self._audio_end / SAMPLE_RATE, self._decoded() / SAMPLE_RATE - self._timing.lag)

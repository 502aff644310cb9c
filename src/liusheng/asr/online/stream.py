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

Where nobody speaks a stream rests (see `liusheng.asr.online.rest`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sherpa_onnx

from liusheng.asr.online.hypothesis import OnlineHypothesis
from liusheng.asr.online.native_audio import NativeAudio
from liusheng.asr.online.rest import Found, Position, Rest
from liusheng.asr.online.second_pass import FirstPass
from liusheng.asr.online.silence import SilenceRules
from liusheng.asr.online.state import FRAME, ChunkTiming, StreamState
from liusheng.asr.recognizer import Outcome
from liusheng.asr.sherpa.tokens import Token, Vocabulary
from liusheng.asr.text.pieces import Piece
from liusheng.asr.types import SAMPLE_RATE, Partial, Script, Utterance

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
        self._second_pass = second_pass
        self._state = state
        self._index = state.index
        self._audio = NativeAudio(state.origin)
        self._warm = state.warm
        self._hypothesis = OnlineHypothesis(
            vocabulary, languages, state.params, state.tokens, appends_only=appends_only
        )
        self._rest = Rest(silence, timing, state) if silence else None
        self._floor = state.floor
        self._decided = state.steps
        self.closed: list[FirstPass] = []
        if self._rest and not state.turn:
            self._rest.begin()
        self._begin(state.origin)

    def follows(self, state: StreamState) -> bool:
        """Whether the native stream is where `state` says, so that it can continue."""
        return self._state.turn == state.turn

    def _begin(self, origin: int) -> None:
        # Their characters were checked when the stream was opened; the library's list of hotwords
        # has signs of its own, and parts words at ASCII spaces only.
        expected = map(self._vocabulary.match_case, self._state.params.hotwords)
        hotwords = "/".join(" ".join(word.split()) for word in expected)
        self.native = self._recognizer.create_stream(hotwords or None)
        self._audio.begin_again(origin)
        self._seen = 0
        self._steps = 0

    def feed(self, pcm: bytes, start: int, last: bool) -> None:
        """Take in audio that begins at sample `start` of the stream: at or before `end`. After the
        last, what the model looks ahead is added.
        """
        self.closed = []
        padding = FRAME * (self._timing.window + _TAIL_FRAMES)
        self._audio.append(pcm, start, padding if last else None)

    def ready(self) -> bool:
        """Whether `native` has the audio for a step, and somebody may be speaking in it."""
        if self._rest and self._steps >= self._decided and self._rests(self._rest):
            return False
        self._audio.give(self.native, self._timing.due(self._steps + 1) + _SLACK)
        return bool(self._recognizer.is_ready(self.native))

    def _rests(self, rest: Rest) -> bool:
        """Whether the stream rests, or begins to; its endpoints on the way are taken."""
        rest.resting = rest.resting or rest.fell_silent(self._audio, self._position())
        while rest.resting:
            found = rest.find(self._audio, self._position())
            if found is Found.SILENT:
                return True
            if found is Found.SPEECH:
                rest.resting = False
            else:
                self._end()
        return False

    def _position(self) -> Position:
        tokens = self._hypothesis.tokens
        last = round(tokens[-1].time * SAMPLE_RATE) if tokens else None
        return Position(self._steps, self._decoded(), last)

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
        origin = self._audio.origin + (steps - back) * self._timing.step_samples
        self._warm = back if cut_short else 0
        self._decided = 0
        if self._rest and not cut_short:
            self._rest.begin()
        self._begin(origin)

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
        first = max(first, self._floor, self._audio.origin)
        last = max(first, min(last, self._audio.received))
        self._floor = last
        return first, self._audio.pcm(first, last)

    def _in_speech(self, pieces: Sequence[Piece]) -> bool:
        """Whether the decoding stands too close to the last word for a pause."""
        if self._skipped:
            return False
        return self._decoded() / SAMPLE_RATE - pieces[-1].end < _PAUSE_SECONDS

    def _decoded(self) -> int:
        """Return how much of the stream has been decoded, in samples."""
        return self._audio.origin + self._steps * self._timing.step_samples

    @property
    def end(self) -> int:
        """The sample of the stream up to which audio is here, padding after the last included."""
        return self._audio.end

    @property
    def _skipped(self) -> int:
        return self._rest.skipped if self._rest else 0

    @property
    def _resting(self) -> bool:
        return bool(self._rest and self._rest.resting)

    def outcome(self, closed: Sequence[Utterance]) -> Outcome:
        """Return what the turn led to.

        closed: what became of the utterances that were closed.
        """
        text = self._hypothesis.text(self._until())
        self._state = replace(
            self._state,
            turn=self._state.turn + 1,
            index=self._index,
            origin=self._audio.origin,
            warm=self._warm,
            steps=self._steps,
            tokens=tuple(self._hypothesis.tokens),
            floor=self._floor,
            **(self._rest.state() if self._rest else {}),
        )
        stable = len(text) if self._appends_only and not self._second_pass else 0
        if self._state.params.script is Script.TRADITIONAL:
            stable = max(0, stable - _PHRASE)
        return Outcome(
            self._state,
            tuple(closed),
            Partial(self._index, text, stable),
            needs=self._audio.origin,
            covered=self._covered(),
            step=self._samples_to_next_step(),
        )

    def _covered(self) -> int:
        """Return up to where the audio has been computed, or was silent."""
        if self._resting or not self._steps:
            return self._audio.received if self._resting else self._audio.origin
        return min(self._audio.received, self._audio.origin + self._timing.due(self._steps))

    def _samples_to_next_step(self) -> int:
        """Return how many samples later there is something to do."""
        if self._resting:
            return self._timing.step_samples
        due = self._audio.origin + self._timing.due(self._steps + 1)
        return max(due - self.end, FRAME)

    def _collect(self) -> None:
        """Take over the tokens that the native stream has found since the last time."""
        result = self._recognizer.get_result_all(self.native)
        fresh = result.tokens[self._seen :]
        times = self._timing.token_times(
            self._audio.origin / SAMPLE_RATE,
            self._steps,
            result.timestamps[self._seen :],
            len(fresh),
        )
        if self._appends_only:
            self._seen += len(fresh)
        self._hypothesis.extend(
            Token(text, max(0.0, round(time, 3))) for text, time in zip(fresh, times, strict=True)
        )

    def _pieces(self) -> list[Piece]:
        return self._hypothesis.pieces(self._until())

    def _until(self) -> float:
        """Return up to where the last token may reach (seconds)."""
        return min(
            self._audio.received / SAMPLE_RATE, self._decoded() / SAMPLE_RATE - self._timing.lag
        )

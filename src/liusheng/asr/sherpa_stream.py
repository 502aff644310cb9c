"""One stream of an online model: a native stream, and the state from which it can be rebuilt.

sherpa-onnx keeps a stream's encoder state and hypothesis in a native object that cannot leave its
process. What leaves it is a `StreamState`: the audio that the native stream has been given and how
many steps it has decoded of it. Whoever holds the state can build the native stream again by
decoding that audio once more, and gets the very same stream, because at every endpoint a new native
stream begins and so none depends on anything older than the audio in its state.

A new native stream begins a little before the endpoint. After a pause that is one step, for the
sake of a word that had begun but had given no token yet. Where an utterance was cut in the middle
of speech (it reached its maximum length), it is `_WARM_SECONDS`, whose tokens are dropped, as the
utterance before has them: the model hears on as if there had been no cut. The library's own `reset`
would not do: for some kinds of models it clears the encoder's state and words are lost, for others
it keeps a state that comes from the whole past and could not be rebuilt.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sherpa_onnx

from liusheng.asr.offline import Piece
from liusheng.asr.sherpa_tokens import Token, Vocabulary, language_of
from liusheng.asr.text import ended, polish, text_of, words_of
from liusheng.asr.types import (
    SAMPLE_RATE,
    Outcome,
    Partial,
    Samples,
    Script,
    StreamParams,
    Utterance,
)

_FRAME = SAMPLE_RATE // 100
"""Samples from one feature frame to the next (10 ms)."""

_TAIL_FRAMES = 32
"""Silence that is decoded after the last of the audio: models give a token up to 0.3 s late."""

_PAUSE_SECONDS = 0.5
"""An utterance that ends this soon after its last token was cut in the middle of speech."""

_WARM_SECONDS = 1.28
"""What a model hears again after such a cut; zipformers look back 1.3 to 5 s, mostly less."""

_PHRASE = 8
"""Characters at the end of a text that traditional spelling may still change: how a simplified
character is written depends on the phrase it is in, which may be incomplete."""


@dataclass(frozen=True)
class Pace:
    """How a model walks over feature frames of 10 ms.

    window: frames that a step looks at. A step is due when one more than these are there.
    shift: frames from one step to the next.
    ratio: the true duration of an output frame over the 40 ms that the library takes it for, or
        None for models without times (a token is then placed within the step that gave it).
    lag: for these, seconds by which a step's tokens are older than the frames it moves on to.
    """

    window: int
    shift: int
    ratio: float | None
    lag: float = 0.0

    @property
    def step_samples(self) -> int:
        """Samples from one step to the next."""
        return self.shift * _FRAME

    def steps_in(self, seconds: float) -> int:
        """Return how many steps cover a duration."""
        return math.ceil(seconds * SAMPLE_RATE / self.step_samples)


@dataclass(frozen=True)
class StreamState:
    """All that is known of a stream, as a value.

    stream: names the stream in the caches of native streams.
    turn: how many turns led here.
    index: of the open utterance.
    origin: samples of the stream before `audio`.
    audio: int16 samples, from where the native stream begins.
    warm: how many of its first steps only warm the encoder up.
    steps: how many steps have been decoded.
    tokens: of the open utterance.
    """

    stream: str
    params: StreamParams
    turn: int = 0
    index: int = 0
    origin: int = 0
    audio: bytes = b""
    warm: int = 0
    steps: int = 0
    tokens: tuple[Token, ...] = ()


def new_state(params: StreamParams) -> StreamState:
    """Return the state of a stream that has not begun."""
    return StreamState(stream=uuid.uuid4().hex, params=params)


class LiveStream:
    """A stream with its native stream; what `SherpaOnline` keeps between turns.

    native: the library's stream, for `decode_streams`.
    """

    def __init__(
        self,
        recognizer: sherpa_onnx.OnlineRecognizer,
        vocabulary: Vocabulary,
        pace: Pace,
        *,
        settled: bool,
        languages: Sequence[str],
        state: StreamState,
    ) -> None:
        """Begin the native stream of `state`; its steps are decoded again with the next feed.

        settled: the decoding only ever appends tokens. Greedy search does: of a CTC or transducer
            model it picks each frame's best token once, of Paraformer each fired one's, and what
            was picked is input to the rest and not looked at again. A beam may change its mind.
        """
        self._recognizer = recognizer
        self._vocabulary = vocabulary
        self._pace = pace
        self._settled = settled
        self._languages = languages
        self._decided = state.steps
        self._text: str | None = None
        self.resume(state)
        self._begin()

    def follows(self, state: StreamState) -> bool:
        """Whether the native stream is where `state` says, so that it can simply go on."""
        return self._state.turn == state.turn

    def resume(self, state: StreamState) -> None:
        """Go on from `state`, which this stream follows."""
        self._state = state
        self._index = state.index
        self._origin = state.origin
        self._audio = bytearray(state.audio)
        self._warm = state.warm
        self._steps = state.steps
        self._tokens = list(state.tokens)

    def _begin(self) -> None:
        expected = map(self._vocabulary.expected, self._state.params.hotwords)
        hotwords = "/".join(expected)
        self.native = self._recognizer.create_stream(hotwords or None)
        self._given = 0
        self._seen = 0
        self._steps = 0

    def feed(self, samples: Samples, last: bool) -> None:
        """Take audio in: 16 kHz in [-1, 1]. After the last, what the model looks ahead is added."""
        pcm = np.rint(np.clip(samples * 32768, -32768, 32767)).astype("<i2")
        self._audio += pcm.tobytes()
        self._last = last
        self._heard = self._origin + len(self._audio) // 2
        if last:
            self._audio += bytes(2 * _FRAME * (self._pace.window + _TAIL_FRAMES))
        self._give()

    def _give(self) -> None:
        fresh = np.frombuffer(self._audio, "<i2", offset=2 * self._given).astype(np.float32) / 32768
        if len(fresh):
            # The binding converts a list faster than an array.
            self.native.accept_waveform(SAMPLE_RATE, fresh.tolist())
        self._given += len(fresh)
        if self._last:
            self.native.input_finished()

    def ready(self) -> bool:
        """Whether `native` has the audio for a step."""
        return bool(self._recognizer.is_ready(self.native))

    def step(self) -> tuple[Utterance, ...]:
        """Take note of a step that `native` has just decoded; return the utterance it closed."""
        self._steps += 1
        if self._steps == self._warm or (self._settled and self._steps == self._decided):
            # What it has found so far is known: from before the cut, or from before the native
            # stream was lost. What was shown stays, should this machine even round another way.
            self._seen = len(self._recognizer.tokens(self.native))
        if self._steps <= max(self._warm, self._decided):
            return ()
        if self._pace.ratio is None:
            self._collect()
        if not self._recognizer.is_endpoint(self.native):
            return ()
        return self._end()

    def _end(self) -> tuple[Utterance, ...]:
        """Close the utterance at an endpoint and begin the next native stream."""
        self._collect()
        pieces = self._pieces()
        cut_short = bool(pieces) and self._in_speech(pieces)
        closed = self._close(pieces, cut_short)
        back = min(self._steps, self._pace.steps_in(_WARM_SECONDS) if cut_short else 1)
        dropped = (self._steps - back) * self._pace.step_samples
        self._origin += dropped
        del self._audio[: 2 * dropped]
        self._warm = back if cut_short else 0
        self._decided = 0
        self._begin()
        self._give()
        return closed

    def close(self) -> tuple[Utterance, ...]:
        """Close the open utterance, if there is one, after the last of the audio."""
        self._collect()
        return self._close(self._pieces(), cut=False)

    def _close(self, pieces: list[Piece], cut: bool) -> tuple[Utterance, ...]:
        self._tokens.clear()
        self._text = None
        if not pieces:
            return ()
        lang = self._state.params.lang
        if lang == "auto":
            lang = language_of(text_of(pieces), self._languages)
        pieces = ended(pieces, lang, cut)
        utterance = Utterance(
            self._index, text_of(pieces), words_of(pieces), lang, pieces[0].start, pieces[-1].end
        )
        self._index += 1
        return (utterance,)

    def _in_speech(self, pieces: Sequence[Piece]) -> bool:
        """Whether the decoding stands too close to the last word for a pause."""
        return self._decoded() / SAMPLE_RATE - pieces[-1].end < _PAUSE_SECONDS

    def _decoded(self) -> int:
        """Return how much of the stream has been decoded, in samples."""
        return self._origin + self._steps * self._pace.step_samples

    def outcome(self, closed: Sequence[Utterance]) -> Outcome:
        """Return what the turn led to."""
        if not self._last:
            self._collect()
        if self._text is None:
            self._text = text_of(self._pieces())
        text = self._text
        state = replace(
            self._state,
            turn=self._state.turn + 1,
            index=self._index,
            origin=self._origin,
            audio=bytes(self._audio),
            warm=self._warm,
            steps=self._steps,
            tokens=tuple(self._tokens),
        )
        # The caller keeps the audio and hands it in again; here it would only take memory.
        self._state = replace(state, audio=b"")
        self._audio.clear()
        stable = len(text) if self._settled else 0
        if self._state.params.script is Script.TRADITIONAL:
            stable = max(0, stable - _PHRASE)
        partial = Partial(self._index, text, stable)
        return Outcome(state, tuple(closed), partial, speaking=bool(text))

    def _collect(self) -> None:
        """Take over the tokens that the native stream has found since the last time."""
        if self._steps < max(self._decided, self._warm):
            return
        result = self._recognizer.get_result_all(self.native)
        fresh = result.tokens[self._seen :]
        if fresh or not self._settled:
            self._text = None
        if not self._settled:
            self._tokens.clear()
        if self._pace.ratio is None:
            step = self._pace.step_samples / SAMPLE_RATE
            begin = self._origin / SAMPLE_RATE + (self._steps - 1) * step - self._pace.lag
            times = [begin + step * (i + 0.5) / len(fresh) for i in range(len(fresh))]
        else:
            begin = self._origin / SAMPLE_RATE
            times = [begin + self._pace.ratio * t for t in result.timestamps[self._seen :]]
        if self._settled:
            self._seen += len(fresh)
        self._tokens += (
            Token(text, max(0.0, round(time, 3))) for text, time in zip(fresh, times, strict=True)
        )

    def _pieces(self) -> list[Piece]:
        """Return the open utterance as it is shown; more tokens only add to its end."""
        asked = self._state.params.lang
        if asked == "auto":
            # Not what was spoken: then the first Han character would change what is before it.
            asked = "zh" if "zh" in self._languages else self._languages[0]
        until = min(self._heard / SAMPLE_RATE, self._decoded() / SAMPLE_RATE - self._pace.lag)
        return polish(
            self._vocabulary.pieces(self._tokens, until), asked, self._state.params.script
        )

"""Streaming models, run for real by sherpa-onnx, with random weights."""

from __future__ import annotations

import difflib
import itertools
import pickle
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from liusheng.asr.capabilities import NotSupportedError
from liusheng.asr.online import recognizer as sherpa_online
from liusheng.asr.online.recognizer import SherpaOnline
from liusheng.asr.options import OnlineOptions
from liusheng.asr.recognizer import Outcome, StateLostError, Turn
from liusheng.asr.types import Script, StreamParams, Utterance
from liusheng.audio.pcm import Samples, samples_to_pcm
from liusheng.models.types import InstalledModel
from tests.support.level_detector import LevelDetector

pytestmark = pytest.mark.slow

CHEAP = (
    pytest.param("lstm-transducer", marks=pytest.mark.slow),
    "nemo-ctc",
    "online-paraformer",
)
"""What does not depend on the architecture is tested on one transducer, CTC model, Paraformer."""
EVERY = (
    *("lstm-transducer", "nemo-ctc", "online-paraformer"),
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("zipformer2-transducer", "zipformer2-ctc", "nemo-ctc-8")
    ),
)

PACKET = 4800

Models = Callable[[str], InstalledModel]


@pytest.fixture(params=CHEAP)
def model(request: pytest.FixtureRequest, tiny_model: Models) -> InstalledModel:
    return tiny_model(request.param)


@pytest.fixture
def recognizer(model: InstalledModel) -> SherpaOnline:
    return load(model)


@pytest.fixture(params=EVERY)
def every(request: pytest.FixtureRequest, tiny_model: Models) -> InstalledModel:
    return tiny_model(request.param)


def load(model: InstalledModel, options: OnlineOptions | None = None) -> SherpaOnline:
    """Load a model; where speech is, is seen by its level: no network has to be computed for it."""
    return sherpa_online.load(model, options or OnlineOptions(), LevelDetector())


def packets(samples: Samples, size: int) -> list[tuple[Samples, bool]]:
    starts = range(0, len(samples), size)
    return [(samples[i : i + size], i + size >= len(samples)) for i in starts]


class Speaker:
    """A stream and whoever keeps its state and the audio that it may need again."""

    def __init__(self, recognizer: SherpaOnline, params: StreamParams | None = None) -> None:
        self.state = recognizer.open(params or StreamParams())
        self._pcm = b""
        self._start = 0

    def turn(self, packet: Samples, last: bool = False, *, moved: bool = False) -> Turn:
        """Return the next turn; moved: for a recogniser that did not take the one before."""
        state = pickle.loads(pickle.dumps(self.state))
        pcm = samples_to_pcm(packet)
        if moved:
            return Turn(state, self._pcm + pcm, self._start, last)
        return Turn(state, pcm, self._start + len(self._pcm) // 2, last)

    def took(self, packet: Samples, outcome: Outcome) -> None:
        self.state = outcome.state
        self._pcm = (self._pcm + samples_to_pcm(packet))[2 * (outcome.needs - self._start) :]
        self._start = outcome.needs

    @property
    def kept(self) -> float:
        """Seconds of audio that are kept for the stream."""
        return len(self._pcm) / 32_000

    def say(
        self,
        recognizer: SherpaOnline,
        packet: Samples,
        last: bool = False,
        *,
        moved: bool = False,
    ) -> Outcome:
        turn = self.turn(packet, last, moved=moved)
        [outcome] = recognizer.advance([turn])
        self.took(packet, outcome)
        return outcome


def outcomes(
    recognizers: Sequence[SherpaOnline],
    samples: Samples,
    size: int = PACKET,
    params: StreamParams | None = None,
) -> list[Outcome]:
    """Feed a stream packet by packet; the recognisers take turns of five packets."""
    speaker = Speaker(recognizers[0], params)
    result = []
    for i, (packet, last) in enumerate(packets(samples, size)):
        recognizer = recognizers[i // 5 % len(recognizers)]
        moved = len(recognizers) > 1 and i % 5 == 0
        result.append(speaker.say(recognizer, packet, last, moved=moved))
    return result


def closed(results: Sequence[Outcome]) -> list[Utterance]:
    return [utterance for outcome in results for utterance in outcome.closed]


def seen(results: Sequence[Outcome]) -> list[tuple[object, ...]]:
    """What a client sees of outcomes: all but the state."""
    return [(o.closed, o.partial) for o in results]


def test_steps_are_as_long_as_the_library_takes_them(
    every: InstalledModel, speech: Samples
) -> None:
    recognizer = load(every)
    native = recognizer._native
    stream = native.create_stream()
    stream.accept_waveform(16_000, speech.tolist())
    steps = 0
    while native.is_ready(stream):
        native.decode_stream(stream)
        steps += 1
    frames = len(speech) // 160
    timing = recognizer._timing
    assert (
        (steps - 1) * timing.shift + timing.window
        < frames
        <= steps * timing.shift + timing.window + 3
    )
    native.reset(stream)
    if timing.ratio is not None:  # Paraformer does not say
        started = native.get_result_all(stream).start_time
        assert started == pytest.approx(steps * timing.shift / 100, abs=1e-3)


def test_utterances_follow_one_another(every: InstalledModel, speech: Samples) -> None:
    recognizer = load(every)
    results = outcomes([recognizer], speech)
    utterances = closed(results)
    assert len(utterances) >= 2
    assert [u.index for u in utterances] == list(range(len(utterances)))
    times = [t for u in utterances for w in u.words for t in (w.start, w.end)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= len(speech) / 16_000
    for u in utterances:
        assert u.text
        assert "".join(w.text for w in u.words) == u.text.replace(" ", "")
        assert (u.start, u.end) == (u.words[0].start, u.words[-1].end)
    assert results[-1].partial.text == ""


def test_words_are_where_the_sound_is(every: InstalledModel, speech: Samples) -> None:
    recognizer = load(every)
    loud = np.abs(speech).reshape(-1, 3200).max(1) > 0.02
    quiet_words = 0
    words = [w for u in closed(outcomes([recognizer], speech)) for w in u.words]
    for word in words:
        packet = int(word.start * 5)
        quiet_words += not loud[max(0, packet - 2) : packet + 1].any()
    assert quiet_words <= 0.1 * len(words)


def test_the_cut_into_packets_does_not_matter(recognizer: SherpaOnline, speech: Samples) -> None:
    whole = closed(outcomes([recognizer], speech, len(speech)))
    for size in (333, 5000, 40_000):
        assert closed(outcomes([recognizer], speech, size)) == whole


def test_a_batch_equals_single_streams(every: InstalledModel, speech: Samples) -> None:
    recognizer = load(every)
    streams = [np.roll(speech, 7777 * i)[: len(speech) - 3000 * i] for i in range(4)]
    alone = [seen(outcomes([recognizer], samples)) for samples in streams]
    states = {i: recognizer.open(StreamParams()) for i in range(4)}
    together: dict[int, list[Outcome]] = {i: [] for i in range(4)}
    ends = [0] * 4
    for turn in itertools.zip_longest(*(packets(samples, PACKET) for samples in streams)):
        there = [i for i in range(4) if turn[i]]
        results = recognizer.advance(
            [Turn(states[i], samples_to_pcm(turn[i][0]), ends[i], turn[i][1]) for i in there]
        )
        for i, outcome in zip(there, results, strict=True):
            states[i] = outcome.state
            ends[i] += PACKET
            together[i].append(outcome)
    assert [seen(together[i]) for i in range(4)] == alone


def test_small_batches_equal_large_ones(model: InstalledModel, speech: Samples) -> None:
    turns = [np.roll(speech, 999 * i) for i in range(4)]
    texts = []
    for limit in (2, 16):
        recognizer = load(model, OnlineOptions(batch=limit))
        states = [recognizer.open(StreamParams()) for _ in turns]
        results = recognizer.advance(
            [
                Turn(s, samples_to_pcm(samples), last=True)
                for s, samples in zip(states, turns, strict=True)
            ]
        )
        texts.append([outcome.closed for outcome in results])
    assert texts[0] == texts[1]


def test_a_stream_goes_on_in_another_worker(every: InstalledModel, speech: Samples) -> None:
    one, two = load(every), load(every)
    assert seen(outcomes([one, two], speech)) == seen(outcomes([one], speech))


def test_a_lost_stream_is_rebuilt(recognizer: SherpaOnline, speech: Samples) -> None:
    expected = outcomes([recognizer], speech)
    speaker = Speaker(recognizer)
    for i, (packet, last) in enumerate(packets(speech, PACKET)):
        if i and i % 7 == 0:
            recognizer.forget([speaker.state])
            with pytest.raises(StateLostError):
                recognizer.advance([speaker.turn(packet, last)])
        outcome = speaker.say(recognizer, packet, last, moved=i % 7 == 0)
        assert outcome.closed == expected[i].closed
        assert outcome.partial == expected[i].partial


def test_a_turn_can_be_sent_again(recognizer: SherpaOnline, speech: Samples) -> None:
    expected = outcomes([recognizer], speech)
    speaker = Speaker(recognizer)
    for i, (packet, last) in enumerate(packets(speech, PACKET)):
        if i % 5 == 0:
            recognizer.advance([speaker.turn(packet, last)])  # its outcome is lost
        outcome = speaker.say(recognizer, packet, last, moved=i % 5 == 0)
        assert outcome.closed == expected[i].closed


def test_a_turn_that_failed_can_be_sent_again(
    recognizer: SherpaOnline, speech: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = closed(outcomes([recognizer], speech))
    speaker = Speaker(recognizer)
    utterances = list(speaker.say(recognizer, speech[:50_000]).closed)

    def fail(self: object, streams: object) -> None:
        raise MemoryError

    turn = speaker.turn(speech[50_000:], last=True)
    with monkeypatch.context() as broken:
        broken.setattr(type(recognizer._native), "decode_streams", fail)
        with pytest.raises(MemoryError):
            recognizer.advance([turn])
    outcome = speaker.say(recognizer, speech[50_000:], last=True, moved=True)
    assert utterances + list(outcome.closed) == expected


def test_a_batch_with_a_lost_stream_leaves_the_others_alone(
    recognizer: SherpaOnline, speech: Samples
) -> None:
    expected = closed(outcomes([recognizer], speech[:100_000]))
    lost, kept = Speaker(recognizer), Speaker(recognizer)
    said = list(kept.say(recognizer, speech[:50_000]).closed)
    lost.say(recognizer, speech[:50_000])
    recognizer.forget([lost.state])
    with pytest.raises(StateLostError):
        recognizer.advance([kept.turn(speech[50_000:]), lost.turn(speech[50_000:])])
    said += kept.say(recognizer, speech[50_000:100_000], last=True).closed
    assert said == expected


@pytest.mark.parametrize("script", Script)
def test_stable_text_stays(recognizer: SherpaOnline, speech: Samples, script: Script) -> None:
    results = outcomes([recognizer], speech, params=StreamParams(script=script))
    texts = {u.index: u.text for u in closed(results)}
    shown = [outcome.partial for outcome in results if outcome.partial.stable]
    assert shown
    for partial in shown:
        assert texts[partial.index].startswith(partial.text[: partial.stable])


def test_silence_gives_nothing_and_is_forgotten(recognizer: SherpaOnline) -> None:
    silence = (np.random.default_rng(0).standard_normal(10 * 16_000) * 2e-4).astype(np.float32)
    speaker = Speaker(recognizer)
    for packet, last in packets(silence, PACKET):
        outcome = speaker.say(recognizer, packet, last)
        assert (outcome.closed, outcome.partial.text) == ((), "")
        # Rule 1 begins anew after 2.4 s; where silence is skipped, only the pre-roll is kept.
        assert speaker.kept < 4


def test_talk_without_a_pause_is_cut(model: InstalledModel, endless: Samples) -> None:
    options = OnlineOptions(rule3_min_utterance_length=5.0)
    one, two = load(model, options), load(model, options)
    speaker = Speaker(one)
    results = []
    for packet, last in packets(endless, PACKET):
        results.append(speaker.say(one, packet, last))
        assert speaker.kept < 6
    utterances = closed(results)
    assert len(utterances) >= 3
    for before, after in itertools.pairwise(utterances):
        assert after.start >= before.end
    assert seen(outcomes([one, two], endless)) == seen(results)


def test_a_cut_loses_nothing(tiny_model: Models, endless: Samples) -> None:
    # Not with a transducer: a random one that differs in one token goes another way altogether.
    model = tiny_model("nemo-ctc")
    texts: list[str] = []
    for seconds in (5.0, 100.0):
        recognizer = load(model, OnlineOptions(rule3_min_utterance_length=seconds))
        utterances = closed(outcomes([recognizer], endless))
        assert not any(u.text.endswith("。") for u in utterances[:-1])
        texts.append(" ".join(u.text for u in utterances))
    whole, cut = texts
    assert difflib.SequenceMatcher(None, whole, cut, autojunk=False).ratio() > 0.9


def test_endpoint_rules_are_options(model: InstalledModel, phrases: Samples) -> None:
    counts = []
    for seconds in (0.4, 1.8):
        options = OnlineOptions(rule2_min_trailing_silence=seconds)
        counts.append(len(closed(outcomes([load(model, options)], phrases))))
    assert counts[0] > counts[1]


def test_an_empty_stream(recognizer: SherpaOnline) -> None:
    state = recognizer.open(StreamParams())
    [outcome] = recognizer.advance([Turn(state, b"")])
    assert outcome.partial.text == ""
    [outcome] = recognizer.advance([Turn(outcome.state, b"", last=True)])
    assert (outcome.closed, outcome.partial.text) == ((), "")


def test_beam_search_marks_nothing_as_stable(tiny_model: Models, speech: Samples) -> None:
    options = OnlineOptions(decoding_method="modified_beam_search")
    model = tiny_model("lstm-transducer")
    one, two = load(model, options), load(model, options)
    results = outcomes([one], speech)
    assert len(closed(results)) >= 2
    assert all(outcome.partial.stable == 0 for outcome in results)
    assert results[-1].partial.text == ""
    assert seen(outcomes([one, two], speech)) == seen(results)


def test_unsupported_options(tiny_model: Models) -> None:
    ctc = tiny_model("nemo-ctc")
    with pytest.raises(NotSupportedError, match="transducer"):
        load(ctc, OnlineOptions(decoding_method="modified_beam_search"))
    with pytest.raises(ValueError, match="'beam'"):
        OnlineOptions(decoding_method="beam")
    with pytest.raises(ValueError, match="at least 5"):
        OnlineOptions(rule3_min_utterance_length=2.0)
    with pytest.raises(NotSupportedError, match=r"'fr'.*zh, en"):
        load(ctc).open(StreamParams(lang="fr"))


def test_the_language_of_a_text(tiny_model: Models, speech: Samples) -> None:
    model = tiny_model("nemo-ctc")
    found = closed(outcomes([load(model)], speech))
    assert {u.lang for u in found} == {"zh"}  # most tokens are Han characters
    asked = closed(outcomes([load(model)], speech, params=StreamParams(lang="en")))
    assert {u.lang for u in asked} == {"en"}
    only = load(replace(model, languages=("en",), path=Path()))
    assert {u.lang for u in closed(outcomes([only], speech))} == {"en"}

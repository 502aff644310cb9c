"""A stream's audio and segmentation, through turns and detections that are lost on the way."""

from __future__ import annotations

import pickle
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liusheng.asr.in_process import InProcessStream
from liusheng.asr.live.decoder import LiveRecognizer
from liusheng.asr.options import LiveOptions, VadOptions
from liusheng.asr.types import SAMPLE_RATE, StreamParams, Utterance
from liusheng.asr.vad.activity import SpeechActivityDetector
from liusheng.asr.vad.segments import OpenSegment, SpeechActivity, SpeechSegment
from liusheng.audio.pcm import Samples, samples_to_pcm
from liusheng.runtime.recognition.handler import RecognitionHandler
from liusheng.runtime.recognition.messages import (
    Detection,
    TurnRequest,
    TurnResult,
    VadRequest,
)
from liusheng.runtime.recognition.stream_audio import MAX_VAD_LAG, StreamAudio, TurnAudio
from liusheng.runtime.recognition.vad_handler import VadHandler
from tests.support.examples import examples
from tests.support.letter_texts import spoken_texts
from tests.support.letters import LETTER, LetterEngine, speak
from tests.support.level_detector import LevelDetector

LIMIT = 20 * SAMPLE_RATE


def pcm(text: str) -> bytes:
    """Return a sample for each two letters."""
    return text.encode()


def detection(end: int, needs: int | None = None, **found: Any) -> Detection:
    return Detection(b"", SpeechActivity(end, end if needs is None else needs, **found))


def open_segment(start: int, speech_end: int) -> OpenSegment:
    return OpenSegment(start, speech_end, start, speech_end, 0, b"")


class TestStepwise:
    """Audio of a model that decodes its streams step by step."""

    def test_it_is_kept_only_as_far_as_it_is_needed(self) -> None:
        audio = StreamAudio(windowed=False)
        audio.append(pcm("aabbccddee"))
        turn = audio.next_turn(3, finishing=False, resident=True)
        assert turn == TurnAudio(pcm("aabbcc"), 0, last=False)
        audio.turn_done(turn, 1, 0, None)
        assert (audio.taken, audio.queued, audio.kept) == (3, 2, 4)
        turn = audio.next_turn(1, finishing=True, resident=True)
        assert turn == TurnAudio(pcm("dd"), 3, last=False)
        moved = audio.next_turn(9, finishing=True, resident=False)
        assert moved == TurnAudio(pcm("bbccddee"), 1, last=True)
        audio.turn_done(moved, 5, 0, None)
        assert (audio.queued, audio.kept) == (0, 0)

    def test_a_lost_turn_takes_the_same_again(self) -> None:
        audio = StreamAudio(windowed=False)
        audio.append(pcm("aabb"))
        turn = audio.next_turn(9, finishing=False, resident=True)
        audio.turn_lost(turn)
        assert audio.next_turn(9, finishing=False, resident=True) == turn


class TestWindowed:
    """Audio of a model that decodes whole windows."""

    def test_a_turn_takes_only_what_was_detected(self) -> None:
        audio = StreamAudio(windowed=True)
        audio.append(bytes(2 * 1024))
        ticket, piece = audio.next_detection(1, 600) or (0, b"")
        assert len(piece) == 2 * 512, "it ends with a frame"
        assert audio.detected(ticket, detection(512, 100, open=open_segment(100, 512)))
        turn = audio.next_turn(LIMIT, finishing=False, resident=False)
        assert (turn.start, turn.end, turn.ticket, turn.last) == (100, 512, None, False)
        assert audio.kept == 924

    def test_silence_is_dropped_without_a_turn(self) -> None:
        audio = StreamAudio(windowed=True)
        audio.append(bytes(2 * 1024))
        ticket, _ = audio.next_detection(1, 1024) or (0, b"")
        assert audio.detected(ticket, detection(1024, 724))
        assert (audio.queued, audio.kept) == (0, 300)

    def test_what_is_not_detected_is_kept(self) -> None:
        audio = StreamAudio(windowed=True)
        audio.append(bytes(2 * 1024))
        turn = audio.next_turn(LIMIT, finishing=True, resident=False)
        audio.turn_lost(turn)
        audio.turn_done(turn, 1024, 0, None)
        assert audio.kept == 1024

    def test_a_detection_that_a_turn_overtook_does_not_count(self) -> None:
        audio = StreamAudio(windowed=True)
        audio.append(bytes(2 * 1024))
        ticket, _ = audio.next_detection(1, 1024) or (0, b"")
        turn = audio.next_turn(LIMIT, finishing=True, resident=False)
        assert turn.ticket is not None
        assert not audio.detected(ticket, detection(1024, 1024))
        assert audio.next_detection(1, 1024) is None, "the worker detects"
        audio.turn_done(turn, 1024, 0, detection(1024, 1024))
        assert (audio.speech.end, audio.queued, audio.kept) == (1024, 0, 0)

    def test_the_vad_process_continues_after_a_turn_that_was_lost(self) -> None:
        audio = StreamAudio(windowed=True)
        audio.append(bytes(2 * 1024))
        turn = audio.next_turn(LIMIT, finishing=True, resident=False)
        audio.turn_lost(turn)
        assert audio.next_detection(1, 1024) is not None

    def test_a_turn_detects_where_the_vad_process_failed_or_lags(self) -> None:
        audio = StreamAudio(windowed=True)
        audio.append(bytes(2 * 1024))
        ticket, _ = audio.next_detection(1, 1024) or (0, b"")
        assert not audio.without_vad
        audio.detection_failed(ticket)
        assert audio.without_vad
        assert audio.next_detection(1, 1024) is None
        turn = audio.next_turn(LIMIT, finishing=False, resident=False)
        assert turn.ticket is not None
        audio.turn_done(turn, 1024, 0, detection(1024, 1024))
        assert not audio.without_vad, "it is past what the VAD process failed on"
        audio.append(bytes(2 * (MAX_VAD_LAG + 1)))
        assert audio.without_vad

    def test_a_text_that_is_ready_is_closed_without_audio(self) -> None:
        audio = StreamAudio(windowed=True)
        audio.append(bytes(2 * 1024))
        ticket, _ = audio.next_detection(1, 1024) or (0, b"")
        audio.detected(ticket, detection(1024, 100, open=open_segment(100, 800)))
        turn = audio.next_turn(LIMIT, finishing=False, resident=False)
        assert len(turn.pcm) == 2 * 924
        audio.turn_done(turn, 100, 800, None)
        audio.append(bytes(2 * 1024))
        ticket, _ = audio.next_detection(1, 1024) or (0, b"")
        audio.detected(ticket, detection(2048, 1900, closed=(SpeechSegment(100, 900, 100, 800),)))
        assert not audio.undecoded
        turn = audio.next_turn(LIMIT, finishing=False, resident=False)
        assert (turn.pcm, turn.end) == (b"", 2048)

    def test_a_backlog_is_taken_segment_by_segment(self) -> None:
        audio = StreamAudio(windowed=True)
        audio.append(bytes(2 * 1024))
        segments = tuple(SpeechSegment(at, at + 100, at, at + 100) for at in (0, 200, 400))
        ticket, _ = audio.next_detection(1, 1024) or (0, b"")
        audio.detected(ticket, detection(1024, 600, open=open_segment(600, 1024), closed=segments))
        for number, size in ((2, 300), (1, 624)):
            turn = audio.next_turn(300, finishing=False, resident=False)
            assert turn.activity is not None
            assert len(turn.activity.closed) == number
            assert turn.end - turn.start == size
            audio.turn_done(turn, turn.activity.needs, 0, None)
        assert audio.speech.closed == ()


class Server:
    """What the service does with one stream, driven by hand; messages go through pickle."""

    def __init__(self, options: LiveOptions) -> None:
        detector = SpeechActivityDetector(options.vad, LevelDetector())
        self.audio = StreamAudio(windowed=True)
        self.workers = RecognitionHandler(LiveRecognizer(LetterEngine(), options), detector)
        self.vad = VadHandler(detector)
        self.state: bytes | None = None
        self.closed: list[Utterance] = []
        self.finishing = False
        self.over = False
        self._turn: tuple[TurnAudio, TurnResult] | None = None
        self._detection: tuple[int, Detection] | None = None

    def begin_detection(self) -> None:
        if self._detection or self.finishing:
            return
        task = self.audio.next_detection(1024, 5 * SAMPLE_RATE)
        if task:
            request = VadRequest(None, self.audio.speech_state, task[1])
            self._detection = task[0], self.vad.detect([_sent(request)])[0]

    def end_detection(self, lost: bool) -> None:
        if self._detection and lost:
            self.audio.detection_failed(self._detection[0])
        elif self._detection:
            self.audio.detected(*_sent(self._detection))
        self._detection = None

    def begin_turn(self, limit: int) -> None:
        if self._turn or self.over:
            return
        audio = self.audio
        turn = audio.next_turn(limit, finishing=self.finishing, resident=False)
        detect = turn.ticket is not None
        state = audio.speech_state if detect else None
        request = TurnRequest(
            StreamParams(),
            self.state,
            turn.pcm,
            turn.start,
            turn.last,
            turn.activity,
            detect,
            state,
        )
        self._turn = turn, _sent(self.workers.advance([_sent(request)])[0])

    def end_turn(self, lost: bool) -> None:
        if not self._turn:
            return
        (turn, result), self._turn = self._turn, None
        if lost:
            self.audio.turn_lost(turn)
            return
        self.audio.turn_done(turn, result.needs, result.final_until, result.detection)
        self.state = result.state
        self.closed += result.closed
        self.over = turn.last


def _sent(message: Any) -> Any:
    return pickle.loads(pickle.dumps(message))


_ACTIONS = ("detect", "detected", "turn", "done", "detection lost", "turn lost")


_SHORT = LiveOptions(
    vad=VadOptions(long_after=2.0, max_utterance=3.0, endpoint=0.7), trim=1.5, keep=0.5, hold=0.2
)


def play(server: Server, sound: Samples, chance: Random, limit: int) -> None:
    """Feed all of `sound` but its end, with detections and turns that begin, end and are lost."""
    # Some streams have a slow VAD process, some slow workers, some lose much.
    weights = [chance.choice([1, 5, 20]) for _ in _ACTIONS[:4]]
    weights += [chance.choice([0, 1, 5]) for _ in _ACTIONS[4:]]
    while server.audio.received < len(sound) - LETTER:
        at = server.audio.received
        packet = sound[at : at + chance.randint(1, 6 * LETTER)]
        server.audio.append(samples_to_pcm(packet))
        for action in chance.choices(_ACTIONS, weights, k=chance.randint(0, 8)):
            if action == "detect":
                server.begin_detection()
            elif action == "turn":
                server.begin_turn(limit)
            elif action in ("detected", "detection lost"):
                server.end_detection("lost" in action)
            else:
                server.end_turn("lost" in action)


@given(
    st.lists(spoken_texts, min_size=1, max_size=3).map("   ".join),
    st.integers(),
    st.sampled_from([LiveOptions(), _SHORT]),
    st.sampled_from([1.0, 4.0, 20.0]),
)
@settings(max_examples=examples(200), deadline=None)
def test_whatever_is_lost_the_utterances_are_those_of_one_pass(
    text: str, seed: int, options: LiveOptions, limit: float
) -> None:
    sound = speak(text)
    server = Server(options)
    limit_samples = int(limit * SAMPLE_RATE)
    play(server, sound, Random(seed), limit_samples)
    at = server.audio.received
    server.audio.append(samples_to_pcm(sound[at:]))
    server.finishing = True
    for n in range(1000):
        server.begin_turn(limit_samples)
        server.end_detection(lost=False)
        server.end_turn(lost=n % 3 == 1)
        if server.over:
            break
    assert server.over
    detector = SpeechActivityDetector(options.vad, LevelDetector())
    whole = InProcessStream(LiveRecognizer(LetterEngine(), options), StreamParams(), detector)
    expected = whole.advance(sound, last=True).closed
    joined = "".join(u.text for u in server.closed).replace(" ", "")
    assert joined == text.replace(" ", "")
    assert [u.index for u in server.closed] == list(range(len(server.closed)))
    assert [(u.start, u.end) for u in server.closed] == [(u.start, u.end) for u in expected]
    if options.vad.max_utterance > len(sound) / SAMPLE_RATE:
        # Where an utterance is cut, text that was shown as stable stays with it.
        assert [u.text for u in server.closed] == [u.text for u in expected]
        for one, other in zip(server.closed, expected, strict=True):
            for word, same in zip(one.words, other.words, strict=True):
                assert (word.start, word.end) == pytest.approx((same.start, same.end))
    assert server.audio.queued == 0

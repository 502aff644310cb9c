"""Handlers for worker processes under test: they do what their input tells them to.

A turn's audio is a script, in ASCII padded with spaces to whole samples.
"""

from __future__ import annotations

import os
import pickle
import time
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from liusheng.asr.capabilities import Batching, Capabilities, Hotwords
from liusheng.asr.recognizer import StateLostError
from liusheng.asr.types import Partial, Utterance
from liusheng.asr.vad.segments import SpeechActivity
from liusheng.runtime.recognition.messages import (
    BatchTest,
    Detection,
    RecognizerDescription,
    TurnRequest,
    TurnResult,
    VadRequest,
)

from .markers import happened


class Echo:
    """Recognises its audio as the text that it is, and translates it into capital letters.

    A sticky one keeps the texts to itself: its states only say which of them they follow, and by
    how many words.

    prepares: it prepares turns, and can end in that, too.
    """

    def __init__(self, sticky: bool, prepares: bool = False) -> None:
        self._sticky = sticky
        self._batching = Batching.DECODER if prepares else Batching.ALL
        self._prepared: dict[int, TurnRequest] = {}
        self._texts: dict[str, list[str]] = {}

    def describe(self) -> RecognizerDescription:
        echo = Capabilities(
            "echo",
            hotwords=Hotwords.HAN,
            endpoint=True,
            punctuation=True,
            translation=True,
            batching=self._batching,
        )
        return RecognizerDescription({"auto": echo, "zh": echo}, self._sticky)

    def self_test(self) -> list[BatchTest]:
        return [BatchTest((4.0,), 0.5, final=False, stepwise=True)]

    def advance(self, requests: Sequence[TurnRequest]) -> list[TurnResult]:
        return [self._advance(request) for request in requests]

    def prepare(self, number: int, request: TurnRequest, others: Collection[int]) -> None:
        self.keep(others)
        words = request.pcm.decode("ascii", "replace").split()
        if "die-early" in words:
            os._exit(3)
        if "raise-early" in words:
            raise ValueError("no such sound")
        self._prepared[number] = request

    def complete(self, spare: Mapping[int, bool], others: Collection[int]) -> list[TurnResult]:
        requests = [replace(self._prepared[number], spare=each) for number, each in spare.items()]
        self.keep(others)
        return self.advance(requests)

    def keep(self, numbers: Collection[int]) -> None:
        self._prepared = {each: self._prepared[each] for each in numbers}

    def _advance(self, request: TurnRequest) -> TurnResult:
        spare = b"spare " if request.spare else b"busy  "
        request = replace(request, pcm=request.pcm.replace(b"spare?", spare))
        if self._sticky:
            return self._remembered(request)
        text = self._heard(pickle.loads(request.state) if request.state else "", request.pcm)
        if request.params.translate:
            text = text.upper()
        end = request.start + len(request.pcm) // 2
        return self._result(pickle.dumps(text), text, request.last, end, end)

    def _remembered(self, request: TurnRequest) -> TurnResult:
        start = (uuid.uuid4().hex, 0, 0)
        key, count, end = pickle.loads(request.state) if request.state else start
        words = self._texts.pop(key, [])
        if len(words) != count:
            if request.start:
                raise StateLostError(f"{key} is not here")
            words = request.pcm[: 2 * end].decode("ascii").split()
            assert len(words) == count
            fresh = request.pcm[2 * end :]
        else:
            # Only after a batch failed on another stream is there more than that.
            fresh = request.pcm[2 * (end - request.start) :]
        words = self._heard(" ".join(words), fresh).split()
        self._texts[key] = words
        end += len(fresh) // 2
        state = pickle.dumps((key, len(words), end))
        return self._result(state, " ".join(words), request.last, 0, end)

    @staticmethod
    def _heard(text: str, pcm: bytes) -> str:
        words = pcm.decode("ascii", "replace").split()
        for word in words:
            marker = word.partition("=")[2]
            if word.startswith("raise"):
                raise ValueError(f"no such sound: {word}")
            if word.startswith("die-once") and not happened(marker):
                os._exit(3)
            if word == "sleep":
                _work(1)
            if word in ("die", "die-early"):
                os._exit(3)
            if word.startswith("hang-once") and not happened(marker):
                time.sleep(60)
            text = f"{text} {word}".strip()
        return text

    @staticmethod
    def _result(state: bytes, text: str, last: bool, needs: int, end: int) -> TurnResult:
        if last:
            closed = (Utterance(0, text, (), "zh", 0.0, 1.0),)
            return TurnResult(state, closed, Partial(1), needs, end)
        return TurnResult(state, (), Partial(0, text), needs, end)

    def forget(self, states: Sequence[bytes]) -> None:
        for state in states:
            self._texts.pop(pickle.loads(state)[0], None)


def _work(seconds: float) -> None:
    """Take so long, and a little of the processor all the while: a worker that is still hangs."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        used = time.thread_time()
        while time.thread_time() < used + 0.012:
            pass
        time.sleep(0.06)


class FakeVad:
    """Counts samples, and does what audio that begins with a word says."""

    def describe(self) -> None:
        pass

    def detect(self, requests: Sequence[VadRequest]) -> list[Detection]:
        return [self._detect(each) for each in requests]

    def _detect(self, request: VadRequest) -> Detection:
        if request.pcm.startswith(b"raise"):
            raise ValueError("no such sound")
        if request.pcm.startswith(b"die"):
            os._exit(3)
        if request.pcm.startswith(b"hang"):
            time.sleep(60)
        end = int(request.state or b"0") + len(request.pcm) // 2
        return Detection(str(end).encode(), SpeechActivity(end, end))


def echo(sticky: object, _: object) -> Echo:
    return Echo(bool(sticky))


def vad(_: object) -> FakeVad:
    return FakeVad()


def broken(*_: object) -> None:
    raise FileNotFoundError("model.bin is not there")


def fatal(*_: object) -> None:
    os._exit(7)

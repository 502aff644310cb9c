"""Handlers for worker processes under test: they do as they are told.

A turn's audio is a script, in ASCII padded with spaces to whole samples.
"""

from __future__ import annotations

import os
import pickle
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from liusheng.asr.capabilities import Capabilities, Hotwords
from liusheng.asr.recognizer import StateLostError
from liusheng.asr.types import Partial, SpeechActivity, Utterance
from liusheng.runtime.recognition.handler import RecognizerDescription, TurnRequest, TurnResult
from liusheng.runtime.recognition.vad_service import VadRequest
from liusheng.runtime.synthesis.handler import SynthesisHandler
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.types import Block, SpeechMark, SpeechRequest, Voice


class Echo:
    """Recognises its audio as the text that it is.

    A sticky one keeps the texts to itself: its states only say which of them they follow, and by
    how many words.
    """

    def __init__(self, sticky: bool) -> None:
        self._sticky = sticky
        self._texts: dict[str, list[str]] = {}

    def describe(self) -> RecognizerDescription:
        echo = Capabilities("echo", hotwords=Hotwords.HAN, endpoint=True, punctuation=True)
        return RecognizerDescription({"auto": echo, "zh": echo}, self._sticky)

    def advance(self, requests: Sequence[TurnRequest]) -> list[TurnResult]:
        return [self._advance(request) for request in requests]

    def _advance(self, request: TurnRequest) -> TurnResult:
        spare = b"spare " if request.spare else b"busy  "
        request = replace(request, pcm=request.pcm.replace(b"spare?", spare))
        if self._sticky:
            return self._remembered(request)
        text = self._heard(pickle.loads(request.state) if request.state else "", request.pcm)
        return self._result(pickle.dumps(text), text, request.last)

    def _remembered(self, request: TurnRequest) -> TurnResult:
        key, count = pickle.loads(request.state) if request.state else (uuid.uuid4().hex, 0)
        words = self._texts.pop(key, [])
        if len(words) != count:
            if request.past is None:
                raise StateLostError(f"{key} is not here")
            words = request.past.decode("ascii").split()
            assert len(words) == count
        elif count:
            assert request.past is None, "what is here need not be sent"
        words = self._heard(" ".join(words), request.pcm).split()
        self._texts[key] = words
        result = self._result(pickle.dumps((key, len(words))), " ".join(words), request.last)
        return replace(result, needs=0)

    @staticmethod
    def _heard(text: str, pcm: bytes) -> str:
        words = pcm.decode("ascii").split()
        for word in words:
            marker = word.partition("=")[2]
            if word.startswith("raise"):
                raise ValueError(f"no such sound: {word}")
            if word.startswith("die-once") and not _happened(marker):
                os._exit(3)
            if word == "sleep":
                time.sleep(1)
            if word == "die":
                os._exit(3)
            if word.startswith("hang-once") and not _happened(marker):
                time.sleep(60)
            text = f"{text} {word}".strip()
        return text

    @staticmethod
    def _result(state: bytes, text: str, last: bool) -> TurnResult:
        if last:
            closed = (Utterance(0, text, (), "zh", 0.0, 1.0),)
            return TurnResult(state, closed, Partial(1), False)
        return TurnResult(state, (), Partial(0, text), True)

    def forget(self, states: Sequence[bytes]) -> None:
        for state in states:
            self._texts.pop(pickle.loads(state)[0], None)


class FakeEar:
    """Counts what it hears, and does as audio that begins with a word says."""

    def describe(self) -> None:
        pass

    def listen(self, hearings: Sequence[VadRequest]) -> list[tuple[bytes, SpeechActivity]]:
        return [self._listen(each) for each in hearings]

    def _listen(self, hearing: VadRequest) -> tuple[bytes, SpeechActivity]:
        if hearing.pcm.startswith(b"raise"):
            raise ValueError("no such sound")
        if hearing.pcm.startswith(b"die"):
            os._exit(3)
        if hearing.pcm.startswith(b"hang"):
            time.sleep(60)
        heard = int(hearing.state or b"0") + len(hearing.pcm)
        return str(heard).encode(), SpeechActivity(heard / 32_000)


def _happened(marker: str) -> bool:
    """Whether this was called with `marker`, a file's path, before."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return True
    return False


class Counter:
    """Says the numbers from 1 to the one in the text, a sample and a block each; after "large"
    each for 0.1 s.

    "spell ..." says the code of each character instead, as they come, and 1 where it was flushed;
    the first "!" of "spell=FILE ..." kills the worker once.
    """

    voices: tuple[Voice, ...] = (Voice(0, "counter", ("zh",), "unknown", "counter"),)

    def speak(self, request: SpeechRequest) -> Iterator[Block]:
        whole = GrowingText(request.text, last=True)
        return (block for block in self.follow(request, whole) if block is not None)

    def follow(self, request: SpeechRequest, text: GrowingText) -> Iterator[Block | None]:
        spelt = text.text.startswith("spell")
        return _spelt(text) if spelt else _counted(text.text, request.volume)


def _block(number: int, span: tuple[int, int], text: str, length: int = 1) -> Block:
    return Block(np.full(length, number / 32768, np.float32), (SpeechMark(span, text, 0.0, 0.0),))


def _counted(text: str, volume: float) -> Iterator[Block]:
    count, _, event = text.partition(" ")
    name, _, marker = event.partition("=")
    for number in range(1, int(count) + 1):
        if number == 3 and name == "raise":
            raise ValueError("cannot say 3")
        if number == 3 and name.endswith("die-once") and not _happened(marker):
            os._exit(3)
        if number == 3 and name == "die":
            os._exit(3)
        length = 2_400 if name.startswith("large") else 1
        yield _block(round(number * volume), (0, len(count)), count, length)


def _spelt(text: GrowingText) -> Iterator[Block | None]:
    marker = text.text.split(" ")[0].partition("=")[2]
    at = len(text.text.split(" ")[0]) + 1
    while True:
        while at < (text.flushes[0] if text.flushes else len(text.text)):
            if text.text[at] == "!" and not _happened(marker):
                os._exit(3)
            yield _block(ord(text.text[at]), (at, at + 1), text.text[at])
            at += 1
        if text.flushes:
            text.flushes.popleft()
            yield _block(1, (at, at), "")
        elif text.last:
            return
        else:
            yield None


def echo(sticky: object, _: object) -> Echo:
    return Echo(bool(sticky))


def ear(_: object) -> FakeEar:
    return FakeEar()


def counter(*_: object) -> SynthesisHandler:
    return SynthesisHandler(Counter())


def broken(*_: object) -> None:
    raise FileNotFoundError("model.bin is not there")


def fatal(*_: object) -> None:
    os._exit(7)

"""Handlers for worker processes under test: they do as they are told.

A turn's audio is a script, in ASCII padded with spaces to whole samples.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Sequence

from liusheng.asr.types import Partial, Utterance
from liusheng.runtime.handlers import RecognizerDescription, TurnRequest, TurnResult
from liusheng.tts.types import SpeechRequest, Voice


class Echo:
    """Recognises its audio as the text that it is."""

    def __init__(self, sticky: bool) -> None:
        self._sticky = sticky
        self.calls = 0

    def describe(self) -> RecognizerDescription:
        return RecognizerDescription({"auto": "echo", "zh": "echo"}, self._sticky)

    def advance(self, requests: Sequence[TurnRequest]) -> list[TurnResult]:
        return [self._advance(request) for request in requests]

    def _advance(self, request: TurnRequest) -> TurnResult:
        text = pickle.loads(request.state) if request.state else ""
        words = request.pcm.decode("ascii").split()
        for word in words:
            marker = word.partition("=")[2]
            if word.startswith("raise"):
                raise ValueError(f"no such sound: {word}")
            if word.startswith("die-once") and not _happened(marker):
                os._exit(3)
            if word == "die":
                os._exit(3)
            if word.startswith("hang-once") and not _happened(marker):
                time.sleep(60)
            text += word + " "
        state = pickle.dumps(text)
        if request.last:
            closed = (Utterance(0, text.strip(), (), "zh", 0.0, 1.0),)
            return TurnResult(state, closed, Partial(1), False)
        return TurnResult(state, (), Partial(0, text.strip()), True)

    def forget(self, states: Sequence[bytes]) -> None:
        pass


def _happened(marker: str) -> bool:
    """Whether this was called with `marker`, a file's path, before."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return True
    return False


class Counter:
    """Says the numbers from 1 to the one in the text, a block each."""

    def __init__(self) -> None:
        self._speeches: dict[int, list[int]] = {}

    def describe(self) -> tuple[Voice, ...]:
        return (Voice(0, "counter", ("zh",), "unknown", "counter"),)

    def begin(self, key: int, request: SpeechRequest, skip: int) -> bytes:
        count, _, event = request.text.partition(" ")
        self._speeches[key] = list(range(1 + skip, int(count) + 1))
        self._event = event
        return self.step(key)

    def step(self, key: int) -> bytes:
        numbers = self._speeches[key]
        if not numbers:
            return b""
        number = numbers.pop(0)
        name, _, marker = self._event.partition("=")
        if number == 3 and name == "raise":
            raise ValueError("cannot say 3")
        if number == 3 and name == "die-once" and not _happened(marker):
            os._exit(3)
        if number == 3 and name == "die":
            os._exit(3)
        return number.to_bytes(2, "little")

    def drop(self, keys: Sequence[int]) -> None:
        for key in keys:
            self._speeches.pop(key, None)


def echo(sticky: object, _: object) -> Echo:
    return Echo(bool(sticky))


def counter(_: object) -> Counter:
    return Counter()


def broken(*_: object) -> None:
    raise FileNotFoundError("model.bin is not there")


def fatal(*_: object) -> None:
    os._exit(7)

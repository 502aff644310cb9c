"""A voice for worker processes under test: it does what its text tells it to.

The recognisers of `fake_handlers` start faster without the text rules that it imports.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import NoReturn

import numpy as np

from liusheng.runtime.synthesis.handler import SynthesisHandler
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.types import Skipped
from liusheng.tts.types import Block, SpeechMark, SpeechPosition, SpeechRequest, Voice

from .markers import happened


class Counter:
    """Says the numbers from 1 to the one in the text, a sample and a block each; after "large"
    each for 0.1 s.

    Text that does not begin with a number has nothing to say, nor has a number of five digits
    that is not "large": random texts would keep it counting for hours.
    "spell ..." says the code of each character instead, as they come, and 1 where it was flushed;
    the first "!" of "spell=FILE ..." kills the worker once. A "😀" is not read.
    """

    voices: tuple[Voice, ...] = (Voice(0, "counter", ("zh",), "unknown", "counter"),)

    def speak(self, request: SpeechRequest) -> Iterator[Block]:
        whole = GrowingText(request.text, last=True)
        return (block for block in self.follow(request, whole) if block is not None)

    def follow(
        self,
        request: SpeechRequest,
        text: GrowingText,
        position: SpeechPosition | None = None,
    ) -> Iterator[Block | None]:
        spelt = text.text.startswith("spell")
        if (at := text.text.find("😀")) >= 0:
            text.skipped.append(Skipped("😀", (at, at + 1), "emoji"))
        return _spelt(text) if spelt else _counted(text.text, request.volume, position)


def _block(number: int, span: tuple[int, int], text: str, length: int = 1) -> Block:
    return Block(np.full(length, number / 32768, np.float32), (SpeechMark(span, text, 0.0, 0.0),))


def _counted(text: str, volume: float, start: SpeechPosition | None) -> Iterator[Block]:
    """Every second number begins a clause."""
    count, _, event = text.partition(" ")
    name, _, marker = event.partition("=")
    if not (count.isascii() and count.isdecimal()):
        return
    if len(count) > 4 and not name.startswith("large"):
        return
    if name == "raise-at-once":
        raise ValueError("cannot say anything")
    for number in range(2 * start.parts + 1 if start else 1, int(count) + 1):
        if number == 3 and name == "raise":
            raise ValueError("cannot say 3")
        if number == 3 and name == "raise-quoting":
            raise ValueError(f"cannot say {text}") from KeyError(marker)
        if number == 3 and name.endswith("die-once") and not happened(marker):
            os._exit(3)
        if number == 3 and name == "die":
            os._exit(3)
        if number == 3 and name == "hang-once" and not happened(marker):
            time.sleep(60)
        length = 2_400 if name.startswith("large") else 1
        block = _block(round(number * volume), (0, len(count)), count, length)
        clause = SpeechPosition(number // 2, (number - 1) * length) if number % 2 else None
        yield replace(block, begins=clause)


def _spelt(text: GrowingText) -> Iterator[Block | None]:
    marker = text.text.split(" ")[0].partition("=")[2]
    at = len(text.text.split(" ")[0]) + 1
    while True:
        while at < (text.flushes[0] if text.flushes else len(text.text)):
            if text.text[at] == "!" and not happened(marker):
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


def counter(*_: object) -> SynthesisHandler:
    return SynthesisHandler(Counter())


class _Untestable(SynthesisHandler):
    def self_test(self) -> NoReturn:
        raise ValueError("cannot say the text of the test")


def untestable(*_: object) -> SynthesisHandler:
    return _Untestable(Counter())

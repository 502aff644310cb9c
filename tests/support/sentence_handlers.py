"""A recogniser in a worker that reads sentences: a word that ends with "." closes an utterance.

Its audio is ASCII padded with spaces to whole samples. Its state has no text: it keeps the open
sentence in its process, or reads it again where that part of the audio is in the turn.
"""

from __future__ import annotations

import pickle
import struct
import uuid
from collections.abc import Sequence

from liusheng.asr.capabilities import Capabilities, Hotwords
from liusheng.asr.recognizer import StateLostError
from liusheng.asr.types import Partial, Utterance, Word
from liusheng.runtime.recognition.messages import (
    BatchTest,
    RecognizerDescription,
    TurnRequest,
    TurnResult,
)

_STATE = struct.Struct("<16sIIII")
"""The stream's name, how many turns led here, closed sentences, where the open one begins, and
where the audio that was read ends (samples)."""


class Sentences:
    def __init__(self) -> None:
        self._open: dict[tuple[bytes, int], bytes] = {}

    def describe(self) -> RecognizerDescription:
        capabilities = Capabilities(
            "sentences", hotwords=Hotwords.HAN, endpoint=True, punctuation=True, translation=True
        )
        return RecognizerDescription({"auto": capabilities, "zh": capabilities}, True)

    def self_test(self) -> list[BatchTest]:
        return [BatchTest((4.0,), 0.5, final=False, stepwise=True)]

    def advance(self, requests: Sequence[TurnRequest]) -> list[TurnResult]:
        return [self._advance(request) for request in requests]

    def forget(self, states: Sequence[bytes]) -> None:
        for state in states:
            name, turn, *_ = _STATE.unpack(pickle.loads(state))
            self._open.pop((name, turn), None)

    def _advance(self, request: TurnRequest) -> TurnResult:
        state = request.state
        if state is None:
            state = _STATE.pack(uuid.uuid4().bytes, 0, 0, 0, 0)
        elif not request.saved:
            state = pickle.loads(state)
        name, turn, index, begin, end = _STATE.unpack(state)
        if request.saved:
            # What is here under the old name is of the stream that was left.
            name = uuid.uuid4().bytes
        heard = self._open.pop((name, turn), None)
        if heard is None:
            if request.start > begin:
                raise StateLostError("the open sentence is not here")
            heard = request.pcm[2 * (begin - request.start) :]
        else:
            heard += request.pcm[2 * (end - request.start) :]
        closed = []
        while b"." in heard or (request.last and heard.strip()):
            sentence, dot, heard = heard.partition(b".")
            heard = dot and heard
            size = len(sentence) + len(dot)
            size += size % 2
            heard = heard[(len(sentence) + len(dot)) % 2 :]
            closed.append(_utterance(index, sentence + dot, begin))
            index, begin = index + 1, begin + size // 2
        after = _STATE.pack(name, turn + 1, index, begin, begin + len(heard) // 2)
        if not request.last:
            self._open[name, turn + 1] = heard
        text = " ".join(heard.decode("ascii").split())
        return TurnResult(
            pickle.dumps(after),
            tuple(closed),
            Partial(index, text, 0),
            begin,
            begin + len(heard) // 2,
            saved=after if closed else None,
        )


def _utterance(index: int, heard: bytes, begin: int) -> Utterance:
    """Return a sentence whose words have the times of their samples."""
    words = []
    at = 0
    for text in heard.decode("ascii").split():
        at = heard.index(text.encode(), at)
        start, at = at, at + len(text)
        words.append(Word(text, (begin + start / 2) / 16_000, (begin + at / 2) / 16_000))
    text = " ".join(word.text for word in words)
    return Utterance(index, text, tuple(words), "zh", words[0].start, words[-1].end)


def sentences(*_: object) -> Sentences:
    return Sentences()

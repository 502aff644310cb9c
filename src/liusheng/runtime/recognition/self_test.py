"""What a batch costs on this machine, measured in a worker before the server accepts sessions.

The recording (`self_test.ulaw`, G.711 at 8 kHz, 2.5 s) is one of the synthetic clips that the
project made for its model `tiny`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib import resources

from liusheng.asr.types import SAMPLE_RATE, StreamParams
from liusheng.asr.vad.segments import OpenSegment, SpeechActivity, SpeechSegment
from liusheng.audio.convert import PacketConverter
from liusheng.runtime.recognition.messages import BatchTest, TurnRequest, TurnResult

_REPEATS = 2  # of the recording, in a window
_BATCH = 4
_MOST = 1.2  # seconds after which nothing more is measured


def measure(
    advance: Callable[[Sequence[TurnRequest]], list[TurnResult]], *, windowed: bool
) -> tuple[list[BatchTest], list[bytes]]:
    """Measure batches of one stream and of several, as partials and as finals.

    advance: takes a turn for each request.
    windowed: the model decodes windows.

    Returns the measurements, and the states of the streams that were used.
    """
    pcm = _recording() * _REPEATS
    start = time.perf_counter()
    states = [result.state for result in advance([_request(pcm, windowed, final=True)])]  # warm up
    tests: list[BatchTest] = []
    for final in (False, True):
        for size in (1, _BATCH):
            if tests and time.perf_counter() - start > _MOST:
                break
            began = time.perf_counter(), time.process_time()
            results = advance([_request(pcm, windowed, final=final)] * size)
            passed, used = time.perf_counter() - began[0], time.process_time() - began[1]
            states += [result.state for result in results]
            weights = (len(pcm) / 2 / SAMPLE_RATE,) * size
            tests.append(BatchTest(weights, min(passed, used), final, not windowed))
    return tests, states


def _recording() -> bytes:
    """Return the recording as PCM16, 16 kHz."""
    data = resources.files(__package__).joinpath("self_test.ulaw").read_bytes()
    converter = PacketConverter("mulaw", 8_000, 1, SAMPLE_RATE)
    pcm = converter.feed(data) + converter.rest()
    return pcm[: len(pcm) // 2 * 2]


def _request(pcm: bytes, windowed: bool, *, final: bool) -> TurnRequest:
    activity = None
    if windowed:
        end = len(pcm) // 2
        if final:
            activity = SpeechActivity(end, end, None, (SpeechSegment(0, end, 0, end),))
        else:
            activity = SpeechActivity(end, 0, OpenSegment(0, end, 0, end, 0, b""))
    # Without what is only done where nobody waits: capacity is what counts under load.
    return TurnRequest(StreamParams(), None, pcm, 0, final, activity, spare=False)

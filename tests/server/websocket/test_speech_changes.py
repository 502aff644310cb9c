from __future__ import annotations

from liusheng.asr.vad.segments import OpenSegment, SpeechActivity, SpeechSegment
from liusheng.server.websocket.speech_changes import SpeechChanges

SECOND = 16_000


def opened(start: int) -> OpenSegment:
    return OpenSegment(start, start, start, start, 0, b"")


def segment(start: int, end: int) -> SpeechSegment:
    return SpeechSegment(start, end, start, end)


def test_each_change_is_told_once() -> None:
    changes = SpeechChanges()
    assert list(changes.of(SpeechActivity(end=SECOND))) == []
    speaking = SpeechActivity(end=2 * SECOND, open=opened(SECOND))
    assert list(changes.of(speaking)) == [(True, 1.0)]
    assert list(changes.of(speaking)) == []
    first = segment(SECOND, 3 * SECOND)
    silent = SpeechActivity(end=4 * SECOND, closed=(first,))
    assert list(changes.of(silent)) == [(False, 3.0)]
    # The next one follows while the first waits for its turn.
    again = SpeechActivity(end=6 * SECOND, open=opened(5 * SECOND), closed=(first,))
    assert list(changes.of(again)) == [(True, 5.0)]


def test_speech_that_was_detected_whole() -> None:
    changes = SpeechChanges()
    whole = (segment(0, SECOND), segment(2 * SECOND, 3 * SECOND))
    assert list(changes.of(SpeechActivity(end=4 * SECOND, closed=whole))) == [
        (True, 0.0),
        (False, 1.0),
        (True, 2.0),
        (False, 3.0),
    ]

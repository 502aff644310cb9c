"""How far ahead of a listener audio is sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from liusheng.runtime.synthesis.speech import Packet
from liusheng.server.websocket.pacing import PlaybackClock, split_packet
from liusheng.tts.types import SpeechMark


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 2)), max_size=30),
    st.floats(0.1, 5),
)
def test_a_listener_is_never_further_behind_than_the_pace(
    sent: list[tuple[float, float]], pace: float
) -> None:
    """Each packet has a length and comes some time after the one before."""
    clock = Clock()
    reckoning = PlaybackClock(clock)
    heard_until = clock.now
    for seconds, later in sent:
        clock.now += later
        for piece in split_packet(Packet(b"\0\0" * 1_000, 0.0, seconds, ()), pace / 2):
            waited = reckoning.delay(piece.seconds, pace)
            assert waited <= max(0.0, heard_until - clock.now), "nobody is kept waiting for more"
            clock.now += waited
            reckoning.sent(piece.seconds)
            heard_until = max(heard_until, clock.now) + piece.seconds
            assert heard_until - clock.now <= pace + 1e-6


def test_a_client_that_stops_playing_is_sent_to_at_once() -> None:
    clock = Clock()
    pace = PlaybackClock(clock)
    pace.sent(10)
    assert pace.delay(0.5, 1.0) == 9.5
    pace.reset()
    assert pace.delay(0.5, 1.0) == 0


@given(
    st.binary(min_size=200, max_size=250), st.floats(0.01, 3), st.floats(0.05, 2), st.integers(0, 5)
)
def test_pieces_are_the_packet(audio: bytes, seconds: float, longest: float, count: int) -> None:
    marks = tuple(SpeechMark((i, i + 1), "x", 7 + i, 8 + i) for i in range(count))
    cut = list(split_packet(Packet(audio, 7.0, seconds, marks), longest))
    assert b"".join(piece.audio for piece in cut) == audio
    assert all(len(piece.audio) % 2 == 0 for piece in cut[:-1])
    assert all(piece.seconds <= longest + 1e-9 for piece in cut)
    assert [mark for piece in cut for mark in piece.marks] == list(marks)

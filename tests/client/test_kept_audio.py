from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from liusheng.client.kept_audio import KeptAudio


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=30), st.data())
def test_what_is_kept_is_the_audio(packets: list[bytes], data: st.DataObject) -> None:
    limit = data.draw(st.integers(0, 100))
    kept, whole, acknowledged = KeptAudio(limit), b"", 0
    for packet in packets:
        kept.append(packet)
        whole += packet
        acknowledged = data.draw(st.integers(acknowledged, len(whole)))
        kept.acknowledge(acknowledged)
        if data.draw(st.booleans()):
            kept.release(data.draw(st.integers(0, acknowledged)))
        assert kept.start <= max(acknowledged, kept.start)
        assert kept.end == len(whole)
        assert kept.start <= acknowledged, "what the server does not have is kept"
        assert kept.has_room == (kept.end - kept.start < limit)
    position = data.draw(st.integers(0, len(whole)))
    assert kept.seek(position) == (position >= kept.start)
    if position >= kept.start:
        rest = b""
        while (piece := kept.packet(position + len(rest))) is not None:
            rest += piece
        assert rest == whole[position:]


def test_acknowledged_audio_gives_way_at_the_limit() -> None:
    kept = KeptAudio(4)
    for _ in range(4):
        kept.append(b"ab")
    assert kept.start == 0
    kept.acknowledge(6)
    assert kept.start == 4, "no more than the limit needs"
    kept.release(7)
    assert kept.start == 6, "whole packets are dropped"

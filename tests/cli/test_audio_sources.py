from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from liusheng.audio.containers import DecodeError
from liusheng.cli.audio_sources import FileAudio


def test_a_file_in_packets(recording: Callable[[str, float], Path]) -> None:
    audio = FileAudio(str(recording("a.wav", 0.2)), realtime=False)
    assert audio.seconds == 0
    assert [len(packet) for packet in audio] == [2_720, 2_720, 960]
    assert audio.seconds == pytest.approx(0.2)


def test_errors_come_before_the_first_packet(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not audio")
    with pytest.raises(DecodeError):
        FileAudio(str(tmp_path / "notes.txt"), realtime=False)
    with pytest.raises(FileNotFoundError):
        FileAudio(str(tmp_path / "none.wav"), realtime=False)

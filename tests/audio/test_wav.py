from __future__ import annotations

import os
import wave
from pathlib import Path

import pytest

from liusheng.audio.wav import open_wav


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with open_wav(path, 24_000) as out:
        out.write(b"\1\0" * 12_000)
        assert not path.exists()
        out.write(b"\2\0" * 12_000)
        assert out.seconds == 1.0
    with wave.open(str(path)) as file:
        assert file.getparams()[:4] == (1, 2, 24_000, 24_000)
        assert file.readframes(24_000) == b"\1\0" * 12_000 + b"\2\0" * 12_000
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_a_file_may_be_silent(tmp_path: Path) -> None:
    with open_wav(tmp_path / "a.wav", 16_000):
        pass
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getnframes() == 0


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"before")

    def fail() -> None:
        with open_wav(path, 16_000) as out:
            out.write(b"\0\0")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail()
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_half_a_sample_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 bytes"), open_wav(tmp_path / "a.wav", 16_000) as out:
        out.write(b"abc")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="is a folder"), open_wav(tmp_path, 16_000):
        pass
    with pytest.raises(FileNotFoundError), open_wav(tmp_path / "no" / "a.wav", 16_000):
        pass


def test_a_device_is_not_replaced() -> None:
    with open_wav(os.devnull, 16_000) as out:
        out.write(b"\0\0")
    assert not Path(os.devnull).is_file()

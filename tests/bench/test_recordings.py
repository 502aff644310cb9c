from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from liusheng.audio.containers import DecodeError
from liusheng.audio.wav import open_wav
from liusheng.bench.recordings import Recording, read_clips, read_manifest, read_samples


def write_manifest(folder: Path, text: str) -> Path:
    path = folder / "manifest.tsv"
    path.write_text(text, encoding="utf-8")
    return path


def test_paths_are_relative_to_the_manifest(tmp_path: Path) -> None:
    text = 'id\tseconds\tlang\tpath\treference\na\t1.0\tzh\tsub/a.wav\t"你好\n'
    recordings = read_manifest(write_manifest(tmp_path, text))
    assert recordings == [Recording("a", "zh", tmp_path / "sub/a.wav", '"你好')]


def test_a_manifest_without_a_column_is_refused(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, "id\tlang\tpath\n")
    with pytest.raises(ValueError, match="has no column reference"):
        read_manifest(path)
    with pytest.raises(ValueError, match="has no column id, lang, path, reference"):
        read_manifest(write_manifest(tmp_path, ""))


def test_recordings_are_resampled_to_16_khz(tmp_path: Path) -> None:
    with open_wav(tmp_path / "a.wav", 8_000) as wav:
        wav.write(b"\0\x10" * 4_000)
    samples = read_samples(tmp_path / "a.wav")
    assert samples.shape == (8_000,)
    assert samples.dtype == np.float32
    (clip,) = read_clips([Recording("a", "zh", tmp_path / "a.wav", "")])
    assert clip.seconds == pytest.approx(0.5)


def test_what_is_not_audio_is_refused(tmp_path: Path) -> None:
    path = write_manifest(tmp_path, "text")
    with pytest.raises(DecodeError):
        read_samples(path)
    with pytest.raises(OSError, match="none"):
        read_clips([Recording("a", "zh", tmp_path / "none.wav", "")])

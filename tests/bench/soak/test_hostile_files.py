from __future__ import annotations

import io
import wave

from liusheng.bench.soak.hostile_files import broken, hostile, wav

PCM = bytes(range(0, 200, 2)) * 160


def test_broken_files_are_repeatable_and_differ() -> None:
    files = [broken(PCM, seed) for seed in range(20)]
    assert files == [broken(PCM, seed) for seed in range(20)]
    assert len(set(files)) > 15
    assert all(files)


def test_hostile_files_say_what_they_are() -> None:
    files = hostile()
    assert files["empty"] == b""
    assert files["a playlist"].startswith(b"#EXTM3U")
    with wave.open(io.BytesIO(files["400 channels"])) as file:
        assert file.getnchannels() == 400


def test_the_header_of_a_wav_file() -> None:
    with wave.open(io.BytesIO(wav(8_000, bytes(80), channels=2))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (8_000, 2, 20)

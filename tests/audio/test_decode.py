from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av.container
import numpy as np
import numpy.typing as npt
import pytest
from av.audio.stream import AudioStream

from liusheng.audio.containers import DecodeError
from liusheng.audio.decode import decode_file

from .conftest import MakeFile, tone


def decode(source: object, rate: int = 16_000, **options: float) -> npt.NDArray[np.float32]:
    blocks = list(decode_file(source, rate, **options))  # type: ignore[arg-type]
    return np.concatenate(blocks)


def strength(samples: npt.NDArray[np.float32], rate: int, hertz: float) -> float:
    """The amplitude of one frequency in the middle of a signal."""
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    wave = np.exp(-2j * np.pi * hertz * np.arange(len(middle)) / rate)
    return float(2 * np.abs((middle * wave).mean()))


@pytest.mark.parametrize(
    ("container", "codec", "rate", "layout"),
    [
        ("wav", "pcm_s16le", 44_100, "stereo"),
        ("wav", "pcm_u8", 8_000, "mono"),
        ("wav", "pcm_s24le", 48_000, "mono"),
        ("wav", "pcm_s32le", 22_050, "mono"),
        ("wav", "pcm_f32le", 96_000, "5.1"),
        ("wav", "pcm_f64le", 16_000, "mono"),
        ("wav", "pcm_mulaw", 8_000, "mono"),
        ("wav", "pcm_alaw", 8_000, "stereo"),
        ("flac", "flac", 44_100, "stereo"),
        ("mp3", "libmp3lame", 44_100, "stereo"),
        ("ogg", "libopus", 48_000, "mono"),
        ("ipod", "aac", 44_100, "stereo"),
        ("webm", "libopus", 48_000, "stereo"),
        ("mpegts", "aac", 48_000, "mono"),
        ("aiff", "pcm_s16be", 32_000, "mono"),
    ],
)
def test_any_container_codec_rate_and_layout(
    make_file: MakeFile, container: str, codec: str, rate: int, layout: str
) -> None:
    path = make_file("speech", container=container, codec=codec, rate=rate, layout=layout)
    samples = decode(path)
    assert samples.dtype == np.float32
    assert abs(len(samples) / 16_000 - 1.0) < 0.06  # codecs pad
    assert strength(samples, 16_000, 440) == pytest.approx(0.5, rel=0.08)


def test_lossless_is_exact(make_file: MakeFile) -> None:
    path = make_file("a.flac", container="flac", codec="flac", rate=16_000)
    assert np.abs(decode(path) - tone(16_000, 1.0)).max() <= 1 / 32768


def test_channels_are_averaged(make_file: MakeFile) -> None:
    left = tone(16_000, 1.0)
    stereo = np.stack([left, np.zeros_like(left)])
    path = make_file(
        "a.wav", container="wav", codec="pcm_f32le", rate=16_000, layout="stereo", channels=stereo
    )
    np.testing.assert_allclose(decode(path), left / 2, atol=1e-6)


def test_samples_out_of_range_are_clipped(make_file: MakeFile) -> None:
    wild = np.array([[3.0, -3.0, np.nan, np.inf, 0.25]], dtype=np.float32)
    path = make_file("a.wav", container="wav", codec="pcm_f32le", rate=16_000, channels=wild)
    assert decode(path).tolist() == [1.0, -1.0, 0.0, 1.0, 0.25]


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 48_000])
def test_the_requested_rate(make_file: MakeFile, rate: int) -> None:
    path = make_file("a.wav", container="wav", codec="pcm_s16le", rate=44_100, seconds=0.7)
    assert len(decode(path, rate)) == round(rate * 0.7)


def test_blocks_are_even(make_file: MakeFile) -> None:
    path = make_file("a.wav", container="wav", codec="pcm_s16le", rate=44_100)
    lengths = [len(block) for block in decode_file(path, 16_000, block_seconds=0.085)]
    assert lengths[:-1] == [1_360] * 11
    assert sum(lengths) == 16_000


def test_an_open_file_will_do_seekable_or_not(make_file: MakeFile) -> None:
    path = make_file("a.ogg", container="ogg", codec="libopus", rate=48_000)
    expected = decode(path)

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self._file = path.open("rb")

        def readable(self) -> bool:
            return True

        def read(self, size: int = -1) -> bytes:
            return self._file.read(size)

        def close(self) -> None:
            self._file.close()
            super().close()

    with path.open("rb") as file:
        np.testing.assert_array_equal(decode(file), expected)
    with Pipe() as pipe:
        np.testing.assert_array_equal(decode(pipe), expected)


def test_a_title_in_any_encoding(make_file: MakeFile) -> None:
    path = make_file("a.mp3", container="mp3", codec="libmp3lame", rate=16_000)
    title = "流声".encode("gbk").ljust(30, b"\0")
    with path.open("ab") as file:
        file.write(b"TAG" + title + bytes(94) + b"\x0c")  # ID3v1
    assert strength(decode(path), 16_000, 440) == pytest.approx(0.5, rel=0.08)


def test_a_film_has_sound_too(make_file: MakeFile) -> None:
    path = make_file("a.mp4", container="mp4", codec="aac", rate=44_100, video=True)
    assert strength(decode(path), 16_000, 440) == pytest.approx(0.5, rel=0.08)


def test_a_film_without_sound(make_file: MakeFile) -> None:
    path = make_file("a.mp4", container="mp4", codec="", rate=0, video=True)
    with pytest.raises(DecodeError, match=r"a\.mp4: the file has no audio stream"):
        decode(path)


def test_a_codec_that_is_not_for_speech(make_file: MakeFile) -> None:
    path = make_file("a.flv", container="flv", codec="adpcm_swf", rate=22_050)
    with pytest.raises(DecodeError, match=r'a\.flv: the codec "adpcm_swf" is not supported'):
        decode(path)


def test_the_rate_changes_inside_a_file(make_file: MakeFile) -> None:
    first = make_file("a.mp3", container="mp3", codec="libmp3lame", rate=44_100).read_bytes()
    path = make_file("b.mp3", container="mp3", codec="libmp3lame", rate=24_000)
    path.write_bytes(first + path.read_bytes())
    samples = decode(path)
    assert abs(len(samples) / 16_000 - 2.0) < 0.15
    for half in np.array_split(samples, 2):
        assert strength(half, 16_000, 440) == pytest.approx(0.5, rel=0.1)


def test_a_stream_that_appears_late(make_file: MakeFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """In MPEG-TS, for one. At the end PyAV looks for it among the streams of the start."""
    path = make_file("a.ts", container="mpegts", codec="aac", rate=16_000)
    expected = decode(path)

    class Late:
        def __init__(self, container: av.container.InputContainer) -> None:
            self._container = container
            self.streams = container.streams

        def __enter__(self) -> Late:
            return self

        def __exit__(self, *_: object) -> None:
            self._container.close()

        def demux(self, stream: AudioStream) -> Iterator[Any]:
            yield from self._container.demux(stream)
            raise IndexError("list index out of range")

    def open_late(*arguments: Any, **options: Any) -> Late:
        return Late(opened(*arguments, **options))

    opened = av.open
    monkeypatch.setattr("liusheng.audio.decode.av.open", open_late)
    np.testing.assert_array_equal(decode(path), expected)


def test_what_a_file_raises_is_raised(make_file: MakeFile) -> None:
    data = make_file("a.wav", container="wav", codec="pcm_s16le", rate=16_000).read_bytes()

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 20_000:
                raise MemoryError
            return super().read(size)

    with pytest.raises(MemoryError):
        decode(Broken(data * 4))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"Dear diary, today\n" * 50, "not audio in a supported format"),
        (bytes(5_000), "not audio in a supported format"),
        (np.random.default_rng(1).bytes(5_000), "not audio in a supported format"),
    ],
)
def test_what_is_not_audio(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "diary.wav"
    path.write_bytes(content)
    with pytest.raises(DecodeError, match=rf"diary\.wav: .*{message}"):
        decode(path)


@pytest.mark.parametrize(
    ("name", "container", "codec"),
    [("a.wav", "wav", "pcm_s16le"), ("a.m4a", "ipod", "aac"), ("a.flac", "flac", "flac")],
)
def test_a_file_cut_in_its_header(
    make_file: MakeFile, name: str, container: str, codec: str
) -> None:
    path = make_file(name, container=container, codec=codec, rate=16_000)
    path.write_bytes(path.read_bytes()[:44])
    with pytest.raises(DecodeError, match=name):
        decode(path)


def test_a_file_cut_in_the_middle_gives_what_is_there(make_file: MakeFile) -> None:
    path = make_file("a.mp3", container="mp3", codec="libmp3lame", rate=44_100, seconds=4.0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 1.8 < len(decode(path)) / 16_000 < 2.2


def test_damage_inside_is_skipped_and_counted(make_file: MakeFile) -> None:
    path = make_file("a.aac", container="adts", codec="aac", rate=48_000, seconds=6.0)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3_000] = b"\x55" * 3_000
    damaged: list[int] = []
    blocks = list(decode_file(io.BytesIO(data), 16_000, on_damage=damaged.append))
    assert sum(map(len, blocks)) > 2.5 * 16_000
    assert len(damaged) == 1
    assert damaged[0] > 0


def test_no_file_and_no_right_to_read_are_the_systems_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode(tmp_path / "nothing.wav")
    with pytest.raises(IsADirectoryError):
        decode(tmp_path)


@pytest.mark.parametrize("kind", ["hls", "concat"])
def test_a_playlist_cannot_make_us_open_other_files(make_file: MakeFile, kind: str) -> None:
    secret = make_file("secret.mp3", container="mp3", codec="libmp3lame", rate=16_000)
    path = secret.with_name("list.m3u8" if kind == "hls" else "list.txt")
    path.write_text(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n"
        f"file://{secret}\n#EXT-X-ENDLIST\n"
        if kind == "hls"
        else "ffconcat version 1.0\nfile 'secret.mp3'\n"
    )
    with pytest.raises(DecodeError):
        decode(path)

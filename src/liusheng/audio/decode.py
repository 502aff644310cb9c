"""Decoding of audio files to mono samples (FFmpeg's libraries, through PyAV).

FFmpeg's parsers see what strangers send, and some inputs crash them or inflate them. So only
decoder processes run this module (`liusheng.runtime.decoding`); no other process imports it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.audio.plane import AudioPlane
from av.audio.stream import AudioStream
from av.container import InputContainer

from liusheng.audio.containers import (
    CONVERT,
    MAX_CHANNELS,
    MAX_RATE,
    MIN_RATE,
    Container,
    DecodeError,
)
from liusheng.audio.mixing import ChannelMixer
from liusheng.audio.pcm import Samples
from liusheng.audio.resample import Resampler

logger = logging.getLogger(__name__)

DEMUXERS = (
    "aac aiff amr amrnb amrwb asf au avi caf flac flv loas matroska mov mp3 mpeg mpegts ogg tta "
    "w64 wav wv"
).split()
"""Containers of recordings, by FFmpeg's names. No pictures, no playlists, no raw samples."""

CODECS = frozenset(
    "aac aac_latm ac3 adpcm_ima_qt adpcm_ima_wav adpcm_ms adpcm_yamaha alac amrnb amrwb eac3 flac "
    "g722 g726 g726le gsm gsm_ms ilbc libopencore_amrnb libopencore_amrwb libopus mp1 mp1float mp2 "
    "mp2float mp3 mp3float opus pcm_alaw pcm_bluray pcm_dvd pcm_f32be pcm_f32le pcm_f64be "
    "pcm_f64le pcm_mulaw pcm_s16be pcm_s16be_planar pcm_s16le pcm_s16le_planar pcm_s24be pcm_s24le "
    "pcm_s24le_planar pcm_s32be pcm_s32le pcm_s32le_planar pcm_s64be pcm_s64le pcm_s8 "
    "pcm_s8_planar pcm_u16be pcm_u16le pcm_u24be pcm_u24le pcm_u32be pcm_u32le pcm_u8 speex "
    "truespeech tta vorbis wavpack wmapro wmav1 wmav2 wmavoice".split()
)
"""The audio decoders that may run, by FFmpeg's names."""

_OPTIONS = {
    # A playlist or a concatenation script names further files and addresses, which FFmpeg would
    # open: the sender of a file must not choose what else is read.
    "protocol_whitelist": "none",
    "format_whitelist": ",".join(DEMUXERS),
    # Without it, FFmpeg decodes pictures to find out their size.
    "codec_whitelist": ",".join(sorted(CODECS)),
}

# Tags that are not UTF-8 are no reason to reject a file. PyAV 19 accepts them and has dropped the
# argument.
_LENIENT_TAGS: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}
)

_DTYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}

_INTEGER_SCALES = {
    np.dtype(np.int16): 2.0**15,
    np.dtype(np.int32): 2.0**31,
    np.dtype(np.int64): 2.0**63,
}

_SLICE = 1 << 15
"""Samples that are mixed at once: a frame can have many more, and they are mixed as float64."""


def decode_file(
    source: str | os.PathLike[str] | BinaryIO,
    rate: int,
    *,
    block_seconds: float = 0.5,
    container: Container | None = None,
    on_damage: Callable[[int], None] | None = None,
) -> Iterator[Samples]:
    """Yield the first audio stream of a file at `rate` hertz, decoded as it is read.

    source: a local path, or an open binary file (need not be seekable where the container allows).
    block_seconds: the length of every block but the last.
    container: of the file; None: detected.
    on_damage: called at the end with the number of damaged packets, if there were some.

    Channels are mixed (`liusheng.audio.mixing`). Damaged packets are skipped, as players do; a file
    of which nothing can be decoded is an error.

    Raises:
        OSError: the file cannot be opened.
        DecodeError: it is empty, not audio, damaged from its start, or its rate or its number of
            channels is out of range.
    """
    if isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as file:
            frames = _frames(file, Path(source).name, container, on_damage)
            yield from _blocks(frames, rate, block_seconds)
    else:
        # A temporary file's name is None, or the number of its descriptor.
        name = getattr(source, "name", None)
        name = name if isinstance(name, str) else "the audio"
        yield from _blocks(_frames(source, name, container, on_damage), rate, block_seconds)


def _blocks(
    frames: Iterator[tuple[Samples, int]], rate: int, block_seconds: float
) -> Iterator[Samples]:
    size = max(1, round(block_seconds * rate))
    pending: list[Samples] = []
    pending_length = 0
    for samples in _resampled(frames, rate):
        pending.append(samples)
        pending_length += len(samples)
        if pending_length >= size:
            joined = np.concatenate(pending)
            whole = pending_length - pending_length % size
            for start in range(0, whole, size):
                yield joined[start : start + size]
            pending, pending_length = [joined[whole:]], pending_length - whole
    if pending_length:
        yield np.concatenate(pending)


def _frames(
    file: BinaryIO,
    name: str,
    form: Container | None,
    on_damage: Callable[[int], None] | None,
) -> Iterator[tuple[Samples, int]]:
    """Yield mono samples and their rate, which may change inside a file."""
    try:
        container = av.open(file, mode="r", format=form, options=_OPTIONS, **_LENIENT_TAGS)
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError) as error:
        raise DecodeError(_why_not_opened(file), name=name) from error
    with container:
        stream = _audio_stream(cast(InputContainer, container), name)
        decoded = damaged = 0
        mono = _Mono()
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except MemoryError:
                raise
            except IndexError:  # PyAV looks for streams that have appeared since the start
                break
            except av.error.FFmpegError as error:  # the container ends here
                damaged += 1
                logger.debug("%s: reading stopped: %s", name, error)
                break
            if packet is None:
                break
            try:
                frames = packet.decode()
            except MemoryError:
                raise
            except av.error.FFmpegError as error:
                damaged += 1
                logger.debug("%s: a packet was skipped: %s", name, error)
                continue
            for frame in frames:
                if isinstance(frame, av.AudioFrame) and frame.samples:
                    _check(frame.layout.nb_channels, frame.sample_rate, name)
                    decoded += frame.samples
                    yield from mono.feed(frame)
        yield from mono.rest()
        if not decoded:
            raise DecodeError("the file has no audio, or is damaged from its start", name=name)
        if damaged and on_damage:
            on_damage(damaged)


def _audio_stream(container: InputContainer, name: str) -> AudioStream:
    """Return the first audio stream, which can be decoded."""
    if not container.streams.audio:
        raise DecodeError("the file has no audio stream", name=name)
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None or context.codec.name not in CODECS:
        codec = "an unknown codec" if context is None else f'the codec "{context.codec.name}"'
        raise DecodeError(f"{codec} is not supported", CONVERT, name=name)
    _check(context.layout.nb_channels or 1, context.sample_rate or MIN_RATE, name)
    context.thread_count = 1
    return stream


def _check(channels: int, rate: int, name: str) -> None:
    """Raise DecodeError for what would cost too much, or has more planes than PyAV can read."""
    if channels > MAX_CHANNELS:
        raise DecodeError(
            f"it has {channels} channels, and at most {MAX_CHANNELS} are accepted",
            CONVERT,
            name=name,
        )
    if not MIN_RATE <= rate <= MAX_RATE:
        raise DecodeError(
            f"its sample rate of {rate:,} Hz is not between {MIN_RATE:,} and {MAX_RATE:,} Hz",
            CONVERT,
            name=name,
        )


def _why_not_opened(file: BinaryIO) -> str:
    try:
        if file.seekable():
            file.seek(0)
            empty = not file.read(1)
        else:
            empty = file.tell() == 0
    except OSError:
        empty = False  # a pipe does not say how much was read
    return "the file is empty" if empty else "the file is not audio in a supported format"


class _Mono:
    """Makes one channel of the frames of a file, whose rate and layout may change."""

    def __init__(self) -> None:
        self._mixer: ChannelMixer | None = None
        self._form = (0, 0)  # channels, rate

    def feed(self, frame: av.AudioFrame) -> Iterator[tuple[Samples, int]]:
        """Yield samples and their rate."""
        form = (frame.layout.nb_channels, frame.sample_rate)
        if form != self._form:
            yield from self.rest()
            self._form = form
            self._mixer = ChannelMixer(*form) if form[0] > 1 else None
        data = _channels(frame)
        for start in range(0, data.shape[1], _SLICE):
            samples = _floats(data[:, start : start + _SLICE])
            yield (self._mixer.feed(samples.T) if self._mixer else samples[0]), form[1]

    def rest(self) -> Iterator[tuple[Samples, int]]:
        """Yield what is left."""
        if self._mixer:
            yield self._mixer.rest(), self._form[1]


def _channels(frame: av.AudioFrame) -> npt.NDArray[np.generic]:
    """Return the samples of a frame, shape (channels, n).

    Not `to_ndarray` or `planes`: of a frame with eight planes PyAV counts nine, because it looks
    for an end that such a frame has not. Until PyAV 18 reading the ninth ends the process; PyAV 19
    raises ValueError.
    """
    count = frame.layout.nb_channels
    dtype = np.dtype(_DTYPES[frame.format.packed.name])
    planar = frame.format.is_planar
    planes: list[Any] = [AudioPlane(frame, index) for index in range(count if planar else 1)]
    samples: npt.NDArray[np.generic]
    if planar:
        samples = np.stack([np.frombuffer(each, dtype, frame.samples) for each in planes])
    else:
        samples = np.frombuffer(planes[0], dtype, frame.samples * count).reshape(-1, count).T
    return samples


def _floats(data: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """Return samples of any type as floats in [-1, 1], without NaN."""
    floats = data.astype(np.float64)
    if data.dtype == np.uint8:
        floats = (floats - 128.0) / 128.0
    elif data.dtype in _INTEGER_SCALES:
        floats = floats / _INTEGER_SCALES[data.dtype]
    return np.nan_to_num(floats, nan=0.0).clip(-1.0, 1.0).astype(np.float32)


def _resampled(frames: Iterator[tuple[Samples, int]], rate: int) -> Iterator[Samples]:
    resampler: Resampler | None = None
    for samples, source_rate in frames:
        if resampler is not None and resampler.rate_in != source_rate:
            yield resampler.feed(np.zeros(0, np.float32), last=True)
            resampler = None
        resampler = resampler or Resampler(source_rate, rate)
        yield resampler.feed(samples)
    if resampler is not None:
        yield resampler.feed(np.zeros(0, np.float32), last=True)

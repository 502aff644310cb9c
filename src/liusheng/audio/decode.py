"""Audio files of any container and codec, as mono samples (FFmpeg's libraries, through PyAV)."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import av
import av.error
import numpy as np
import numpy.typing as npt

from liusheng.audio.pcm import Samples
from liusheng.audio.resample import Resampler

logger = logging.getLogger(__name__)

# A playlist or a concatenation script is text that names further files and addresses, which FFmpeg
# would open: whoever hands us a file must not choose what else is read.
_NOTHING_NESTED = {"protocol_whitelist": "none"}

# Titles in GBK and the like are no reason to refuse a file. PyAV 19 takes them as they are, and
# does not know the argument any more.
_ANY_TITLE: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.partition(".")[0]) < 19 else {}
)

_INTEGER_SCALES = {
    np.dtype(np.int16): 2.0**15,
    np.dtype(np.int32): 2.0**31,
    np.dtype(np.int64): 2.0**63,
}


Container = Literal["wav", "flac", "mp3", "ogg", "matroska"]
"""FFmpeg's names; WebM is Matroska."""


class DecodeError(ValueError):
    """There is no audio that can be decoded; the message names the file and what is wrong."""


def decode_file(
    source: str | os.PathLike[str] | BinaryIO,
    rate: int,
    *,
    block_seconds: float = 0.5,
    container: Container | None = None,
) -> Iterator[Samples]:
    """Yield the first audio stream of a file at `rate` hertz, decoded as it is read.

    source: a local path, or an open binary file (need not be seekable where the container allows).
    block_seconds: the length of the blocks; all but the last have exactly this length.
    container: what the file is; found out if not said.

    Channels are averaged. Damaged places inside are skipped, with a warning in the log, as players
    do; a file of which nothing can be decoded is an error.

    Raises:
        OSError: when the file cannot be opened.
        DecodeError: when it is empty, not audio, or broken from its start.
    """
    if isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as file:
            yield from _decode(file, Path(source).name, rate, block_seconds, container)
    else:
        # A temporary file's name is None, or the number of its descriptor.
        name = getattr(source, "name", None)
        name = name if isinstance(name, str) else "the audio"
        yield from _decode(source, name, rate, block_seconds, container)


def _decode(
    file: BinaryIO,
    name: object,
    rate: int,
    block_seconds: float,
    container: Container | None,
) -> Iterator[Samples]:
    size = max(1, round(block_seconds * rate))
    pending: list[Samples] = []
    pending_length = 0
    for samples in _resampled(_frames(file, name, container), rate):
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


def _frames(file: BinaryIO, name: object, said: Container | None) -> Iterator[tuple[Samples, int]]:
    """Yield mono samples at the file's own rate, with that rate, which may change on the way."""
    try:
        container = av.open(
            file,
            mode="r",
            format=said,
            options=_NOTHING_NESTED,
            **_ANY_TITLE,
        )
    except av.error.FFmpegError as error:
        raise DecodeError(f"{name}: {_why_not_opened(file)}") from error
    with container:
        if not container.streams.audio:
            raise DecodeError(f"{name}: there is no audio in this file")
        stream = container.streams.audio[0]
        decoded = damaged = 0
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:  # the container breaks off here
                damaged += 1
                logger.debug("%s: reading stopped: %s", name, error)
                break
            if packet is None:
                break
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                damaged += 1
                logger.debug("%s: a packet was skipped: %s", name, error)
                continue
            for frame in frames:
                if isinstance(frame, av.AudioFrame) and frame.samples:
                    decoded += frame.samples
                    yield _mono(frame.to_ndarray(), frame), frame.sample_rate
        if not decoded:
            raise DecodeError(f"{name}: the file has no sound in it, or is broken from its start")
        if damaged:
            logger.warning("%s: %d damaged places were skipped", name, damaged)


def _why_not_opened(file: BinaryIO) -> str:
    try:
        file.seek(0)
        empty = not file.read(1)
    except OSError:
        empty = False  # a pipe: it cannot be asked again
    return "the file is empty" if empty else "this is not audio in a format that can be decoded"


def _mono(data: npt.NDArray[np.generic], frame: av.AudioFrame) -> Samples:
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    mixed = data.mean(axis=0, dtype=np.float64)
    if data.dtype == np.uint8:
        mixed = (mixed - 128.0) / 128.0
    elif data.dtype in _INTEGER_SCALES:
        mixed = mixed / _INTEGER_SCALES[data.dtype]
    mono: Samples = np.nan_to_num(mixed, nan=0.0).clip(-1.0, 1.0).astype(np.float32)
    return mono


def _resampled(frames: Iterator[tuple[Samples, int]], rate: int) -> Iterator[Samples]:
    resampler: Resampler | None = None
    for samples, own_rate in frames:
        if resampler is not None and resampler.rate_in != own_rate:
            yield resampler.feed(np.zeros(0, np.float32), last=True)
            resampler = None
        resampler = resampler or Resampler(own_rate, rate)
        yield resampler.feed(samples)
    if resampler is not None:
        yield resampler.feed(np.zeros(0, np.float32), last=True)

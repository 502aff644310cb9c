"""Decoding of audio files to mono samples (FFmpeg's libraries, through PyAV)."""

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

# A playlist or a concatenation script names further files and addresses, which FFmpeg would open:
# the sender of a file must not choose what else is read.
_NO_PROTOCOLS = {"protocol_whitelist": "none"}

# Tags that are not UTF-8 are no reason to reject a file. PyAV 19 accepts them and has dropped the
# argument.
_LENIENT_TAGS: dict[str, Any] = (
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
    """The file has no audio that can be decoded; the message names the file and the fault."""


def decode_file(
    source: str | os.PathLike[str] | BinaryIO,
    rate: int,
    *,
    block_seconds: float = 0.5,
    container: Container | None = None,
) -> Iterator[Samples]:
    """Yield the first audio stream of a file at `rate` hertz, decoded as it is read.

    source: a local path, or an open binary file (need not be seekable where the container allows).
    block_seconds: the length of every block but the last.
    container: of the file; None: detected.

    Channels are averaged. Damaged packets are skipped, with a warning in the log, as players do; a
    file of which nothing can be decoded is an error.

    Raises:
        OSError: the file cannot be opened.
        DecodeError: it is empty, not audio, or damaged from its start.
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


def _frames(file: BinaryIO, name: object, form: Container | None) -> Iterator[tuple[Samples, int]]:
    """Yield mono samples and their rate, which may change inside a file."""
    try:
        container = av.open(
            file,
            mode="r",
            format=form,
            options=_NO_PROTOCOLS,
            **_LENIENT_TAGS,
        )
    except av.error.FFmpegError as error:
        raise DecodeError(f"{name}: {_why_not_opened(file)}") from error
    with container:
        if not container.streams.audio:
            raise DecodeError(f"{name}: the file has no audio stream")
        stream = container.streams.audio[0]
        decoded = damaged = 0
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:  # the container ends here
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
            raise DecodeError(f"{name}: the file has no audio, or is damaged from its start")
        if damaged:
            logger.warning("%s: %d damaged packets were skipped", name, damaged)


def _why_not_opened(file: BinaryIO) -> str:
    try:
        file.seek(0)
        empty = not file.read(1)
    except OSError:
        empty = False  # a pipe cannot be read again
    return "the file is empty" if empty else "the file is not audio in a supported format"


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
    for samples, source_rate in frames:
        if resampler is not None and resampler.rate_in != source_rate:
            yield resampler.feed(np.zeros(0, np.float32), last=True)
            resampler = None
        resampler = resampler or Resampler(source_rate, rate)
        yield resampler.feed(samples)
    if resampler is not None:
        yield resampler.feed(np.zeros(0, np.float32), last=True)

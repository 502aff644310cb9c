"""Audio to recognise, as packets of PCM, from files."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator

from liusheng.audio.pcm import BYTES_PER_SAMPLE
from liusheng.cli.constants import STANDARD_INPUT
from liusheng.client.devices import PACKET_SECONDS, RATE
from liusheng.runtime.decoding.blocking import decode_file


class FileAudio:
    """The audio of a file in packets: signed 16-bit PCM, 16 kHz, mono.

    realtime: each packet is yielded when it would have been spoken.
    seconds: of audio yielded so far.

    Raises:
        DecodeError: the file is not audio.
        OSError: it cannot be read.
    """

    def __init__(self, path: str, *, realtime: bool) -> None:
        self.seconds = 0.0
        source = sys.stdin.buffer if path == STANDARD_INPUT else path
        blocks = decode_file(source, RATE, block_seconds=PACKET_SECONDS)
        # The first block is decoded at once, so that errors are raised before anything is sent.
        self._blocks = itertools.chain(list(itertools.islice(blocks, 1)), blocks)
        self._realtime = realtime

    def __iter__(self) -> Iterator[bytes]:
        started = time.monotonic()
        for block in self._blocks:
            self.seconds += len(block) / (BYTES_PER_SAMPLE * RATE)
            if self._realtime:
                time.sleep(max(0.0, started + self.seconds - time.monotonic()))
            yield block

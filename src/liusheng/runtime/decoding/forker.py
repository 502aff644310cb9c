"""The process that forks decoders: one for each file, within milliseconds.

`python -m liusheng.runtime.decoding.forker FD OPTIONS` is started by
`liusheng.runtime.decoding.launch`. FD is its end of a socket pair, OPTIONS are JSON. It has
loaded what decoding needs, has one thread, and never reads a byte of a file. A fork decodes one
file, confined, and ends.

Requests and reports: `liusheng.runtime.forking`.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pkgutil
import socket
import sys
import wave

import av
import msgspec
import numpy as np

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.runtime.decoding import confinement, worker
from liusheng.runtime.decoding.options import DecodingOptions
from liusheng.runtime.forking.forker import Forker, ignore_group_signals
from liusheng.runtime.workers.settling import name_process

_PROGRESS = 5.0
"""Seconds of audio after which a decoder is allowed more processor time."""

_OTHER_PROGRAMS = ("av.__main__", "av.datasets")


class _TimeKeeper:
    """Allows more processor time as more audio is decoded."""

    def __init__(self) -> None:
        self._next = _PROGRESS

    def __call__(self, decoded: float) -> None:
        if decoded >= self._next:
            self._next = decoded + _PROGRESS
            confinement.allow_processor_time(decoded)


def warm_up() -> None:
    """Load all that a decoder imports, which it cannot do itself: PyAV's modules (those for
    subtitles are imported when a film has some), and what decoding a file of our own needs."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in _OTHER_PROGRAMS:
            importlib.import_module(module.name)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(44_100)
        out.writeframes(samples_to_pcm(np.zeros(8_820, np.float32)))
    file.seek(0)
    for _ in decode_file(file, 16_000):
        pass
    with contextlib.suppress(ValueError):
        for _ in decode_file(io.BytesIO(b"not audio"), 16_000):
            pass


def serve(control: socket.socket, options: DecodingOptions) -> None:
    """Fork decoders until the other end of the socket is closed."""
    warm_up()
    base = confinement.address_space()

    def decode(sock: socket.socket) -> None:
        worker.serve(confinement.confine(sock, options.memory_bytes, base), _TimeKeeper())

    Forker(control, decode).run()


def main() -> None:
    """Run a forker."""
    ignore_group_signals()
    control = socket.socket(fileno=int(sys.argv[1]))
    options = msgspec.json.decode(sys.argv[2], type=DecodingOptions)
    os.nice(options.nice)
    name_process("decoding")
    serve(control, options)


if __name__ == "__main__":
    main()

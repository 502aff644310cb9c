"""Decode many files one after another in one process, to find those that end it.

A decoder of a server takes one file, which costs 25 ms whatever the file is. Here a process takes a
thousand, with limits of memory and of processor time, and goes on in another process after a file
that ends it: several times as many files a second. Not as in a server: the process may use the
system, and what one file leaves behind can meet the next.
"""

from __future__ import annotations

import collections
import contextlib
import faulthandler
import io
import logging
import multiprocessing
import os
import resource
import signal
import warnings
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

from liusheng.audio.containers import DecodeError
from liusheng.audio.decode import decode_file
from liusheng.runtime.decoding.confinement import START_SECONDS, address_space
from liusheng.runtime.decoding.options import DecodingOptions

PROCESS = 1_000
"""Files of one process."""

RATE = 16_000
MAX_SECONDS = 600
"""Of audio that are decoded of one file."""

_SILENT_SECONDS = 600.0
"""Seconds without a result, on a busy machine, after which a process waits for ever."""

Files = Callable[[int], io.BytesIO]
"""Returns the file of a number."""


def ends(files: Files, start: int, count: int, outcomes: collections.Counter[str]) -> Iterator[int]:
    """Decode the files of these numbers; yield each that ended its process.

    outcomes: counts the others: those with audio, and each error.
    """
    numbers = range(start, start + count)
    context = multiprocessing.get_context("spawn")  # threads of the caller do not matter
    while numbers:
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_decode, args=(files, numbers[:PROCESS], sender))
        process.start()
        sender.close()
        begun = numbers[0]
        with receiver, contextlib.suppress(EOFError):
            while receiver.poll(_SILENT_SECONDS):
                begun = receiver.recv()
                if not receiver.poll(_SILENT_SECONDS):
                    break
                outcomes[receiver.recv()] += 1
            process.kill()  # it waits for something
        process.join()
        if process.exitcode:
            yield begun
        numbers = range(begun + 1, numbers.stop)


def _decode(files: Files, numbers: range, sender: Connection) -> None:
    faulthandler.disable()  # who reads it is told
    warnings.simplefilter("ignore")  # samples of damaged files that are no numbers
    logging.disable()
    if base := address_space():
        most = base + DecodingOptions().memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    for number in numbers:
        sender.send(number)
        signal.setitimer(signal.ITIMER_PROF, 2 * START_SECONDS)
        try:
            sender.send(_outcome(files(number)))
        except MemoryError:
            os._exit(1)


def _outcome(file: io.BytesIO) -> str:
    length = 0
    try:
        for block in decode_file(file, RATE):
            length += len(block)
            if length > MAX_SECONDS * RATE:
                return "much audio"
    except DecodeError as error:
        return error.reason
    return "audio" if length else "empty audio"

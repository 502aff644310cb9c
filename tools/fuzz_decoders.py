"""Decode damaged recordings, as strangers could send them, and check what comes of it.

    python tools/fuzz_decoders.py --count 1000 [--formats flac,mp3] [--start 0] [--jobs 2]
    python tools/fuzz_decoders.py --count 100000 --together

Each mutation (tests/support/mutations.py) is decoded as a server does it, every fourth as a stream,
which is received in pieces and has no positions. Checked are: the result
is audio or an error that says what is wrong; the process that forks decoders lives; no decoder has
more memory or time than it may. A mutation that ends its decoder is contained, and listed: it is a
fault of a library. Exits with 1 when a check fails.

With --together, many mutations are decoded in one process first (tools/decode_together.py), and
those that end it as a server does it: the others cannot harm a server, which never decodes outside
such a process.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import functools
import io
import logging
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from liusheng.audio.containers import DecodeError  # noqa: E402
from liusheng.runtime.decoding.blocking import BlockingForker  # noqa: E402
from tests.support.mutations import FORMATS, mutated  # noqa: E402
from tools import decode_together  # noqa: E402

MAX_SECONDS = 600.0
"""Of audio that are decoded of one mutation."""

MAX_GROWTH = 8 << 20
"""Bytes that the forker may grow by."""

CONTAINED = ("the decoder crashed", "the decoder failed", "did not progress", "takes longer")


@dataclass
class Findings:
    """The results of one format.

    outcomes: how often there was audio, and each error.
    contained: the mutations that ended their decoder, with the error.
    faults: what must not happen.
    """

    name: str
    outcomes: collections.Counter[str] = field(default_factory=collections.Counter)
    contained: list[tuple[int, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0
    slowest: tuple[float, int] = (0.0, 0)


class Stream(io.BytesIO):
    """A file that is received in pieces."""

    def seekable(self) -> bool:
        return False

    def read1(self, size: int | None = -1) -> bytes:
        return super().read(1_000 if size is None or size < 0 else min(size, 1_000))


def decode(forker: BlockingForker, file: io.BytesIO) -> str:
    """Return "audio", or the reason why there is none.

    Raises:
        ValueError: the audio is not what a decoder may send.
    """
    length = 0
    try:
        for block in forker.decode(file, 16_000):
            length += len(block)
            if len(block) > 16_000 or len(block) % 2:
                raise ValueError(f"a block of {len(block)} bytes")
            if length > MAX_SECONDS * 32_000:
                return "much audio"
    except DecodeError as error:
        return error.reason
    return "audio" if length else "empty audio"


def resident(pid: int) -> int:
    """Return the bytes of memory of a process."""
    return 4096 * int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])


def file_of(name: str, number: int) -> io.BytesIO:
    """Return a mutation, every fourth as a stream."""
    data = mutated(name, number)
    return Stream(data) if number % 4 == 3 else io.BytesIO(data)


def fuzz(name: str, start: int, count: int, *, together: bool = False) -> Findings:
    """Decode mutations of one format."""
    findings = Findings(name)
    numbers: Iterable[int] = range(start, start + count)
    if together:
        files = functools.partial(file_of, name)
        numbers = decode_together.ends(files, start, count, findings.outcomes)
    began = time.monotonic()
    with BlockingForker() as forker:
        decode(forker, file_of(name, start))
        before = resident(forker.pid)
        for number in numbers:
            one = time.monotonic()
            try:
                outcome = decode(forker, file_of(name, number))
            except (ValueError, OSError) as error:
                findings.faults.append(f"{name} {number}: {type(error).__name__}: {error}")
                continue
            findings.slowest = max(findings.slowest, (time.monotonic() - one, number))
            if outcome.startswith(CONTAINED):
                findings.contained.append((number, outcome))
            findings.outcomes[outcome] += 1
        if not forker.alive:
            findings.faults.append(f"{name}: the forker died")
        elif resident(forker.pid) - before > MAX_GROWTH:
            findings.faults.append(f"{name}: the forker grew to {resident(forker.pid):,} bytes")
    findings.seconds = time.monotonic() - began
    return findings


def report(findings: Findings) -> str:
    """Return the results of a format as lines."""
    total = sum(findings.outcomes.values())
    slowest, number = findings.slowest
    lines = [
        f"{findings.name}: {total:,} in {findings.seconds:.0f} s, audio of "
        f"{findings.outcomes['audio']:,}; slowest {slowest:.2f} s ({number})"
    ]
    lines += [f"  contained: {number}: {outcome}" for number, outcome in findings.contained]
    return "\n".join(lines + [f"  FAULT: {fault}" for fault in findings.faults])


def main() -> int:
    """Fuzz the decoders; return the exit status."""
    parser = argparse.ArgumentParser(description="Decode damaged recordings.")
    parser.add_argument("--count", type=int, default=1_000, help="mutations of each format")
    parser.add_argument("--start", type=int, default=0, help="number of the first mutation")
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument(
        "--together", action="store_true", help="many in one process, where they do not end it"
    )
    parser.add_argument("--jobs", type=int, default=1, help="formats at once")
    options = parser.parse_args()
    names = options.formats.split(",")
    if unknown := set(names) - set(FORMATS):
        parser.error(
            f"no such format: {', '.join(sorted(unknown))}; there are {', '.join(FORMATS)}"
        )
    logging.disable()  # warnings of damaged packets
    faults = 0
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as executor:
        running = [
            executor.submit(fuzz, name, options.start, options.count, together=options.together)
            for name in names
        ]
        for done in concurrent.futures.as_completed(running):
            findings = done.result()
            faults += len(findings.faults)
            print(report(findings), flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

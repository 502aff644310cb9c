"""The settings of the worker processes."""

from __future__ import annotations

from pydantic import Field

from liusheng.server.config.group import Group
from liusheng.server.cores import usable_cores


class WorkerSettings(Group):
    """The worker processes."""

    asr: int = Field(
        default_factory=usable_cores,
        ge=1,
        le=512,
        description="Processes for recognition; by default one for each core.",
    )
    tts: int = Field(
        default_factory=usable_cores,
        ge=1,
        le=512,
        description="Processes for synthesis; by default one for each core.",
    )
    decoding: int = Field(
        default=64,
        ge=1,
        le=4096,
        description="Most processes that decode files and containers, one for each that is being "
        "received; further ones wait.",
    )
    decoding_queue_seconds: float = Field(
        default=20,
        ge=0,
        le=600,
        description="Seconds for which a file waits for a process that decodes it, before it is "
        "refused; 0: it is refused at once.",
    )
    decoding_memory_bytes: int = Field(
        default=96 << 20,
        ge=16 << 20,
        description="Bytes that a process may allocate to decode one file.",
    )
    decoding_stall_seconds: float = Field(
        default=30,
        gt=0,
        description="Seconds after which a file is given up whose decoding does not progress.",
    )
    threads: int = Field(default=1, ge=1, le=256, description="Threads in each process.")
    batch: int = Field(default=8, ge=1, le=256, description="Most streams in one batch.")
    call_timeout: float = Field(
        default=60,
        gt=0,
        description="Seconds after which a worker whose batch does not end is restarted in any "
        "case; usually that happens after five times what the batch is expected to take.",
    )
    nice: int = Field(
        default=0,
        ge=0,
        le=19,
        description="Nice value of the workers: a higher one gives way to other programs.",
    )

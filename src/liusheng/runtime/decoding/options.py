"""How much decoding may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DecodingOptions:
    """Of the decoders of one server or command.

    processes: that decode at once; each decodes one file or one session's container.
    queue_seconds: that a file waits for one of these, where all are in use.
    memory_bytes: that a decoder may allocate.
    stall_seconds: in which a decoder must read or send something, while nobody makes it wait.
    nice: added to the decoders' niceness (0 to 19).
    """

    processes: int = 64
    queue_seconds: float = 0.0
    memory_bytes: int = 96 << 20
    stall_seconds: float = 30.0
    nice: int = 0

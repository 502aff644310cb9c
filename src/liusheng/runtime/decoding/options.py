"""How much decoding may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DecodingOptions:
    """Of the decoders of one server or command.

    processes: that decode at once; each decodes one file or one session's container.
    memory_bytes: that a decoder may allocate.
    stall_seconds: in which a decoder must read or send something, while nobody makes it wait.
    nice: added to the decoders' niceness (0 to 19).
    """

    processes: int = 64
    memory_bytes: int = 96 << 20
    stall_seconds: float = 30.0
    nice: int = 0

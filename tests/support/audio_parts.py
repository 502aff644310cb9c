"""The audio of each recognition of a session, from its commands."""

from __future__ import annotations

from collections.abc import Iterable

from liusheng.protocol.recognition_commands import (
    BeginRecognition,
    EndRecognition,
    FeedRecognition,
)


def audio_parts(commands: Iterable[object], max_bytes: int) -> list[bytes]:
    """Return the audio of each recognition, in order.

    Each begins with audio, and when the one before it has ended, whose audio is as long as it may
    be; none has more, or none at all.
    """
    parts: dict[int, bytes] = {}
    current: int | None = None
    for command in commands:
        if isinstance(command, BeginRecognition):
            assert current is None
            assert not parts or len(parts[command.number - 1]) == max_bytes
            current = command.number
            parts[current] = b""
        elif isinstance(command, FeedRecognition):
            assert command.number == current
            assert command.data
            parts[current] += command.data
        elif isinstance(command, EndRecognition):
            assert command.number == current
            current = None
    assert all(0 < len(part) <= max_bytes for part in parts.values())
    return list(parts.values())

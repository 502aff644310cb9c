"""The rule on audio formats: raw samples have a described rate, containers describe themselves."""

from __future__ import annotations

from collections.abc import Collection

from liusheng.protocol.asr import SAMPLE_BYTES
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.quoting import quoted

_OF_SAMPLES = ("sample_rate", "channels")


def check_audio_format(audio_format: str, given: Collection[str]) -> None:
    """Refuse a sample rate or channels beside a container, whose header has both.

    given: the fields or parameters that the client sent.

    Raises:
        ProtocolError: invalid_field.
    """
    if audio_format in SAMPLE_BYTES:
        return
    for field in _OF_SAMPLES:
        if field in given:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                f'The field "{field}" describes raw samples, but "format" is '
                f"{quoted(audio_format)}: a container, whose header has it. Leave it out, or set "
                f'"format" to the format of the samples: {", ".join(SAMPLE_BYTES)}.',
            )

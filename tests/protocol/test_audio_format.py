"""Sample rate and channels describe raw samples; a container describes itself."""

from __future__ import annotations

from typing import get_args

import pytest

from liusheng.protocol.asr import SAMPLE_BYTES, ContainerFormat, SamplesFormat
from liusheng.protocol.audio_format import check_audio_format
from liusheng.protocol.errors import ErrorCode, ProtocolError


def test_every_format_of_samples_has_a_size() -> None:
    assert set(SAMPLE_BYTES) == set(get_args(SamplesFormat))


@pytest.mark.parametrize("name", get_args(SamplesFormat))
def test_samples_are_described(name: str) -> None:
    check_audio_format(name, {"format", "sample_rate", "channels"})


@pytest.mark.parametrize("name", [*get_args(ContainerFormat), "auto"])
@pytest.mark.parametrize("field", ["sample_rate", "channels"])
def test_a_container_describes_itself(name: str, field: str) -> None:
    check_audio_format(name, {"format", "name"})
    with pytest.raises(ProtocolError) as caught:
        check_audio_format(name, {"format", field})
    assert caught.value.code is ErrorCode.INVALID_FIELD
    assert f'"{field}"' in caught.value.message
    assert f'"{name}"' in caught.value.message

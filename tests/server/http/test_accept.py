from __future__ import annotations

import pytest

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.http.accept import preferred

OFFERED = ("text/plain", "audio/wav", "audio/mpeg")


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "text/plain"),
        ("*/*", "text/plain"),
        ("audio/mpeg", "audio/mpeg"),
        ("Audio/MPEG", "audio/mpeg"),
        ("audio/*", "audio/wav"),
        ("audio/mpeg, audio/wav", "audio/wav"),
        ("audio/mpeg, audio/wav;q=0.9", "audio/mpeg"),
        ("audio/wav;q=0, audio/*", "audio/mpeg"),
        ("video/mp4, */*;q=0.1", "text/plain"),
        ("audio/mpeg;q=oops, audio/wav;q=0.1", "audio/wav"),
        ("audio/mpeg; rate=8000", "audio/mpeg"),
    ],
)
def test_the_best(accept: str, media: str) -> None:
    assert preferred(accept, OFFERED) == media


@pytest.mark.parametrize("accept", ["video/mp4", "audio/wav;q=0", "text/html"])
def test_none_of_them(accept: str) -> None:
    with pytest.raises(ProtocolError, match="text/plain, audio/wav, audio/mpeg") as caught:
        preferred(accept, OFFERED)
    assert caught.value.code is ErrorCode.NOT_ACCEPTABLE

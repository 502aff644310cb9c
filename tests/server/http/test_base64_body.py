"""Base64 in pieces: the same as in one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.server.http import base64_body
from liusheng.server.http.base64_body import decode_base64


@given(st.binary(max_size=200))
def test_what_was_encoded_is_decoded(data: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base64_body, "_PIECE", 16)
        assert decode_base64(base64.b64encode(data).decode()) == data


@given(st.text("ab+/=*\n ", max_size=60))
def test_what_is_no_base64_is_refused_alike(text: str) -> None:
    expected: bytes | None
    decoded: bytearray | None
    try:
        expected = base64.b64decode(text, validate=True)
    except ValueError:
        expected = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base64_body, "_PIECE", 16)
        try:
            decoded = decode_base64(text)
        except ValueError:
            decoded = None
    assert decoded == expected

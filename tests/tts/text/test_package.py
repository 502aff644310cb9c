"""The name that other programs import."""

from __future__ import annotations

import pytest

import liusheng.tts.text
from liusheng.tts.text.frontend import FrontEnd


def test_the_front_end_is_the_packages() -> None:
    assert liusheng.tts.text.FrontEnd is FrontEnd


def test_no_other_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = liusheng.tts.text.Nothing

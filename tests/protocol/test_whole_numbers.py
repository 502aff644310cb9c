"""Integers that clients write as floats."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol import asr, tts
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert, refuse_unsupported
from liusheng.protocol.whole_numbers import whole_number, with_whole_number


class Inner(Struct, frozen=True):
    count: int
    ratio: float = 0.0


class Message(Struct, frozen=True):
    text: str = ""
    flag: bool = False
    size: Annotated[int, Meta(ge=-(10**15), le=10**15)] = 0
    rate: Literal[8_000, 16_000] = 8_000
    width: int | UnsetType = UNSET
    many: tuple[int, ...] = ()
    inner: Inner = Inner(0)


integers = st.integers(-(10**15), 10**15)


@given(integers, st.sampled_from([8_000, 16_000]), st.lists(integers, max_size=3))
def test_a_whole_float_is_its_integer_wherever_it_stands(
    number: int, rate: int, many: list[int]
) -> None:
    def message(kind: type) -> dict[str, Any]:
        return {
            "text": "1.0",
            "size": kind(number),
            "rate": kind(rate),
            "width": kind(number),
            "many": [kind(each) for each in many],
            "inner": {"count": kind(number), "ratio": kind(number)},
        }

    sent = message(float)
    found = convert(sent, Message)
    assert found == convert(message(int), Message)
    assert type(found.size) is type(found.rate) is type(found.inner.count) is int
    assert found.text == "1.0"
    assert sent == message(float)  # not changed


@given(integers)
def test_as_text_in_a_query(number: int) -> None:
    query = {"size": f"{number}.0", "rate": "16000.0", "text": f"{number}.0"}
    found = convert(query, Message, strict=False)
    assert (found.size, found.rate, found.text) == (number, 16_000, f"{number}.0")


@given(st.floats())
def test_other_floats_are_refused(number: float) -> None:
    if whole_number(number) is not None:
        return
    with pytest.raises(ProtocolError) as caught:
        convert({"width": number}, Message)
    assert caught.value.code is ErrorCode.INVALID_FIELD
    assert "a whole number" in caught.value.message


@pytest.mark.parametrize("value", ["1.0", True, None, [1.0], "1.5", 2.0**60, float("inf")])
def test_what_is_no_whole_float(value: object) -> None:
    with pytest.raises(ProtocolError):
        convert({"size": value}, Message)


def test_a_whole_float_that_is_out_of_range_is_refused_for_its_value() -> None:
    with pytest.raises(ProtocolError, match=r"8000 or 16000, not the number 44100"):
        convert({"rate": 44_100.0}, Message)


def test_a_path_that_leads_nowhere() -> None:
    assert with_whole_number({"a": [1.0]}, "a[3]", texts=False) is None
    assert with_whole_number({"a": {"b": 1.0}}, "b.c", texts=False) is None
    assert with_whole_number({"a": [{"b": 1.0}]}, "a[0].b", texts=False) == {"a": [{"b": 1}]}


def test_what_a_provider_in_the_field_sends() -> None:
    text = {"text": "你好", "spk_id": 0.0, "speed": 1.0, "volume": 1.0, "sample_rate": 24_000.0}
    assert convert(text, tts.TextPart).sample_rate == 24_000
    start = {"name": "a", "signal": "start", "nbest": 1.0, "sample_rate": 16_000.0, "channels": 1.0}
    assert convert(start, asr.Start).rate == 16_000


def test_an_allowed_value_may_be_a_whole_float_too() -> None:
    refuse_unsupported({"rate": 24_000.0, "zero": 0.0}, {"rate": (24_000,), "zero": (0,)})
    refuse_unsupported({"ratio": 1}, {"ratio": (1.0,)})
    for value in (True, "1", 2.0, None):
        with pytest.raises(ProtocolError):
            refuse_unsupported({"rate": value}, {"rate": (1,)})

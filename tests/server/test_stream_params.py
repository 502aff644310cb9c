"""From the protocol's parameters to the recogniser's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from liusheng.asr.capabilities import Capabilities, Hotwords
from liusheng.asr.types import Script, StreamParams
from liusheng.protocol.asr import MAX_HOTWORDS, RecognitionConfig, hotwords_of
from liusheng.runtime.recognition.messages import RecognizerDescription
from liusheng.server.stream_params import stream_params, supported_hints


def test_unset_parameters_are_the_recognisers_defaults() -> None:
    params = stream_params(RecognitionConfig(), Script.SIMPLIFIED)
    assert params == StreamParams(script=Script.SIMPLIFIED)


@given(
    st.sampled_from(["auto", "zh", "en"]),
    st.sampled_from(Script),
    st.lists(st.text(min_size=1, max_size=5), max_size=3),
    st.integers(1, 100),
    st.just(UNSET) | st.integers(200, 5_000),
    st.just(UNSET) | st.booleans(),
    st.just(UNSET) | st.booleans(),
)
def test_every_parameter_is_passed_on(
    lang: str,
    script: Script,
    hotwords: list[str],
    nbest: int,
    endpoint_ms: object,
    punctuation: object,
    itn: object,
) -> None:
    config = RecognitionConfig(
        lang=lang,
        hotwords=tuple(hotwords),
        nbest=nbest,
        endpoint_ms=endpoint_ms,  # type: ignore[arg-type]
        punctuation=punctuation,  # type: ignore[arg-type]
        itn=itn,  # type: ignore[arg-type]
    )
    params = stream_params(config, script)
    assert (params.lang, params.script, params.hotwords, params.nbest) == (
        lang, script, tuple(hotwords), nbest,
    )  # fmt: skip
    assert params.punctuation == (None if punctuation is UNSET else punctuation)
    assert params.itn == (None if itn is UNSET else itn)
    if isinstance(endpoint_ms, int):
        assert params.endpoint == endpoint_ms / 1000
    else:
        assert params.endpoint is None


@pytest.mark.parametrize(
    ("lang", "languages", "opened"),
    [
        ("auto", (), "auto"),
        ("auto", ("zh", "en"), "auto"),
        ("auto", ("en",), "en"),  # which may have a model of its own
        ("zh", ("en",), "zh"),
    ],
)
def test_a_choice_of_one_language_is_that_language(
    lang: str, languages: tuple[str, ...], opened: str
) -> None:
    params = stream_params(RecognitionConfig(lang=lang, languages=languages), Script.SIMPLIFIED)
    assert (params.lang, params.languages) == (opened, languages)


@pytest.mark.parametrize(
    ("capabilities", "words", "endpoint"),
    [
        (Capabilities("m"), (), UNSET),
        (Capabilities("m", hotwords=Hotwords.HAN, endpoint=True), ("流声", "厨房灯"), 700),
        (Capabilities("m", hotwords=Hotwords.ANY), ("流声", "Ann", "厨房灯"), UNSET),
    ],
)
def test_hints_that_a_model_does_not_take_are_left_out(
    capabilities: Capabilities, words: tuple[str, ...], endpoint: object
) -> None:
    recognition: Any = SimpleNamespace(
        description=RecognizerDescription({"zh": capabilities}, sticky=False)
    )
    asked = RecognitionConfig(
        lang="zh", hotwords=("流声", "Ann", "厨房灯"), endpoint_ms=700, itn=True
    )
    given = supported_hints(recognition, asked)
    assert (given.hotwords, given.endpoint_ms, given.itn) == (words, endpoint, True)


def test_terms_that_can_be_hotwords() -> None:
    assert hotwords_of([" Ann", "Ann", "", "x" * 51]) == ("Ann",)
    assert len(hotwords_of(map(str, range(300)))) == MAX_HOTWORDS

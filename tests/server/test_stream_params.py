"""From the protocol's parameters to the recogniser's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from liusheng.asr.types import Script, StreamParams
from liusheng.protocol.asr import RecognitionConfig
from liusheng.server.stream_params import stream_params


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

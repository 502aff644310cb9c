"""Language codes of clients."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.languages import AUTO, check_choice, check_language, from_locale


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("zh", "zh"),
        ("zh_cn", "zh"),
        ("zh-TW", "zh"),
        (" en-US ", "en"),
        ("zh_en", AUTO),
        ("mix", AUTO),
        ("multi", AUTO),
        ("cmn", "zh"),
        ("cmn-Hans-CN", "zh"),
        ("ENG", "en"),
        ("", AUTO),
        ("auto", AUTO),
        ("Chinese", "zh"),
        ("ENGLISH", "en"),
        ("Haitian Creole", "ht"),
        ("粤语", "yue"),
        ("klingon", "klingon"),
    ],
)
def test_the_code_of_a_locale(locale: str, code: str) -> None:
    assert from_locale(locale) == code


@given(st.text(max_size=20))
def test_a_code_has_no_region(locale: str) -> None:
    code = from_locale(locale)
    assert "_" not in code
    assert "-" not in code
    assert from_locale(code) == code or not code.strip()


@given(st.text(max_size=20), st.sets(st.sampled_from(["zh", "en", "ja"])))
def test_a_language_is_known_or_refused(lang: str, known: set[str]) -> None:
    if from_locale(lang) == AUTO or from_locale(lang) in known:
        assert check_language(lang, known) in (AUTO, *known)
        return
    with pytest.raises(ProtocolError) as caught:
        check_language(lang, known, "language")
    assert caught.value.code is ErrorCode.NOT_SUPPORTED_BY_MODEL
    assert '"language"' in caught.value.message
    assert all(each in caught.value.message for each in known)


@given(st.sampled_from(["zh", "en"]), st.sampled_from("-_"), st.sampled_from(["CN", "us", "Hans"]))
def test_a_locale_is_its_language(code: str, separator: str, region: str) -> None:
    for spelt in (code, code.upper()):
        assert check_language(f"{spelt}{separator}{region}", ["zh", "en"]) == code


def test_a_code_of_a_model_is_taken_as_it_is() -> None:
    assert check_language("zh-yue", ["zh", "zh-yue"]) == "zh-yue"


def test_a_choice_of_languages() -> None:
    assert check_choice(["zh-CN", "cmn", "en"], ["zh", "en", "ja"]) == ("zh", "en")
    assert check_choice([], ["zh"]) == ()
    with pytest.raises(ProtocolError, match="languages"):
        check_choice(["zh", "auto"], ["zh"])

"""The analysis of a text as data."""

from __future__ import annotations

import json

import pytest

from liusheng.models.types import InstalledModel
from liusheng.tts.explain import open_explainer
from liusheng.tts.types import UnknownVoiceError


def test_without_voices_the_reading_is_shown() -> None:
    explainer = open_explainer([])
    assert explainer.find_voice(None) == ""
    explained = json.loads(json.dumps(explainer.explain("去银行。OK then"), ensure_ascii=False))
    mandarin, english = explained["clauses"]
    assert (mandarin["reading"], mandarin["voice"], mandarin["phones"]) == ("去银行", None, None)
    assert mandarin["syllables"][2] == {
        "text": "行",
        "pinyin": "hang2",
        "phones": None,
        "span": [2, 3],
        "word_start": False,
        "pause_after": False,
    }
    assert (english["lang"], english["span"]) == ("en", [4, 11])


def test_a_voice_is_chosen_by_name_or_number(vits_model: InstalledModel) -> None:
    explainer = open_explainer([vits_model])
    assert explainer.find_voice(None, 1) == explainer.find_voice("beeps-1") == "beeps-1"
    with pytest.raises(UnknownVoiceError, match="no voice anna; there are 0"):
        explainer.find_voice("anna")
    (clause,) = explainer.explain("你好", "beeps-1")["clauses"]
    assert (clause["voice"], clause["phones"]) == ("beeps-1", None)

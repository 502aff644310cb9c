"""Which terms of a request become hotwords, by what the model takes."""

from __future__ import annotations

import pytest

from liusheng.asr.capabilities import Capabilities, Hotwords
from liusheng.protocol.openai import TranscriptionForm
from liusheng.server.http.openai_uploads import hotwords

REQUEST = TranscriptionForm(model="whisper-1", prompt="流声, Ann Lee", keywords=("流声", "Bob"))


@pytest.mark.parametrize(
    ("taken", "words", "ignored"),
    [
        (Hotwords.ANY, ("流声", "Ann Lee", "Bob"), {}),
        (
            Hotwords.HAN,
            ("流声",),
            dict.fromkeys(("prompt", "keywords"), "1 of 2 terms: the model takes no such hotwords"),
        ),
        (
            Hotwords.NONE,
            (),
            dict.fromkeys(("prompt", "keywords"), "the model takes no hotwords"),
        ),
    ],
)
def test_by_the_model(taken: Hotwords, words: tuple[str, ...], ignored: dict[str, str]) -> None:
    assert hotwords(REQUEST, Capabilities("model", hotwords=taken)) == (words, ignored)

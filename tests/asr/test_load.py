from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from liusheng.asr.capabilities import Capabilities, NotSupportedError
from liusheng.asr.load import LanguageRouter, load
from liusheng.asr.recognizer import Outcome, Turn
from liusheng.asr.types import Partial, StreamParams
from liusheng.models.types import InstalledModel, Kind, Task
from tests.support.unprepared import PlainRecognizer


class Counter(PlainRecognizer):
    """A recogniser that counts its turns."""

    def __init__(self, name: str, *languages: str, sticky: bool = False) -> None:
        self.name = name
        self.languages = languages
        self.sticky = sticky
        self.batches: list[int] = []
        self.forgotten: list[Any] = []

    def capabilities(self, lang: str) -> Capabilities:
        return Capabilities(self.name)

    def open(self, params: StreamParams) -> int:
        return 0

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        self.batches.append(len(turns))
        return [Outcome(t.state + 1, (), Partial(0, f"{self.name} {t.state}")) for t in turns]

    def forget(self, states: Sequence[Any]) -> None:
        self.forgotten += states


class Preparer(Counter):
    def prepare(self, turn: Turn) -> Turn:
        return replace(turn, prepared="prepared")

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        return [
            Outcome(t.state + 1, (), Partial(0, f"{self.name} {t.prepared or t.state}"))
            for t in turns
        ]


SILENCE = bytes(320)


def test_a_stream_goes_to_the_model_listed_for_its_language() -> None:
    large = Counter("large", "zh", "en", "fr")
    small = Counter("small", "en")
    router = LanguageRouter([large, small], [("zh", "en"), ("en",)])
    assert router.languages == ("zh", "en", "fr")
    assert [router.capabilities(lang).model for lang in ("auto", "zh", "en", "fr")] == [
        "large",
        "large",
        "small",
        "large",
    ]
    states = [router.open(StreamParams(lang)) for lang in ("en", "auto", "fr", "en")]
    for turn in range(2):
        outcomes = router.advance([Turn(s, SILENCE) for s in states])
        states = [o.state for o in outcomes]
        names = ["small", "large", "large", "small"]
        assert [o.partial.text for o in outcomes] == [f"{n} {turn}" for n in names]
    assert large.batches == small.batches == [2, 2]
    router.forget(states)
    assert large.forgotten == small.forgotten == [2, 2]


def test_a_turn_is_prepared_by_the_model_that_takes_it() -> None:
    router = LanguageRouter([Preparer("a", "zh"), Preparer("b", "en")], [("zh",), ("en",)])
    turns = [Turn(router.open(StreamParams(lang)), SILENCE) for lang in ("zh", "en", "en")]
    turns[:2] = [router.prepare(turn) for turn in turns[:2]]
    outcomes = router.advance(turns)
    assert [o.partial.text for o in outcomes] == ["a prepared", "b prepared", "b 0"]


def test_a_language_that_no_model_has_is_refused() -> None:
    router = LanguageRouter([Counter("a", "zh"), Counter("b", "en")], [("zh",), ("en",)])
    with pytest.raises(NotSupportedError, match=r"'xx'; the languages are: zh, en"):
        router.open(StreamParams("xx"))


def test_one_sticky_model_makes_all_of_them_sticky() -> None:
    listed = [("zh",), ("en",)]
    assert not LanguageRouter([Counter("a", "zh"), Counter("b", "en")], listed).sticky
    assert LanguageRouter([Counter("a", "zh"), Counter("b", "en", sticky=True)], listed).sticky


def test_without_models_there_is_no_recogniser() -> None:
    with pytest.raises(ValueError, match="at least one model"):
        load([])


def test_a_voice_is_no_recogniser() -> None:
    voice = InstalledModel("voice", Task.TTS, Kind.HIBARI, Path(), {}, ("en",))
    with pytest.raises(ValueError, match=r"voice \(hibari\) is not a model for recognition"):
        load([voice])

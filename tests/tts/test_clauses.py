"""The clauses of a request: plain text and SSML."""

from __future__ import annotations

import pytest

from liusheng.tts.clauses import SpokenClause, spoken_clauses
from liusheng.tts.ssml import Break, SsmlError
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.types import SpeechRequest

from .test_router import Words


def test_plain_text_has_the_prosody_of_the_request() -> None:
    request = SpeechRequest("ni hao", speed=2.0, volume=0.5)
    parts = list(spoken_clauses(request, GrowingText("ni hao", last=True), Words()))
    assert [part.clause.reading for part in parts if isinstance(part, SpokenClause)] == [
        "ni",
        "hao",
    ]
    for part in parts:
        assert isinstance(part, SpokenClause)
        assert (part.speed, part.volume) == (2.0, 0.5)
        assert part.origin(part.clause.span) == part.clause.span


def test_a_growing_text_waits() -> None:
    text = GrowingText("ni ")
    parts = spoken_clauses(SpeechRequest(""), text, Words())
    first = next(parts)
    assert isinstance(first, SpokenClause)
    assert first.clause.reading == "ni"
    assert next(parts) is None
    text.extend("hao", last=True)
    second = next(parts)
    assert isinstance(second, SpokenClause)
    assert second.clause.reading == "hao"
    assert next(parts, "end") == "end"


def test_ssml_has_its_own_prosody_on_top_of_the_requests() -> None:
    document = '<speak>ni<break time="1s"/><prosody rate="150%" volume="50">hao</prosody></speak>'
    request = SpeechRequest(document, speed=2.0, volume=0.5, ssml=True)
    first, pause, second = spoken_clauses(request, GrowingText(document, last=True), Words())
    assert isinstance(first, SpokenClause)
    assert (first.clause.reading, first.speed, first.volume) == ("ni", 2.0, 0.5)
    assert pause == Break(1.0)
    assert isinstance(second, SpokenClause)
    assert (second.clause.reading, second.speed, second.volume) == ("hao", 3.0, 0.25)
    assert document[slice(*second.origin(second.clause.span))] == "hao"


def test_ssml_that_is_not_valid() -> None:
    parts = spoken_clauses(SpeechRequest("", ssml=True), GrowingText("<p>", last=True), Words())
    with pytest.raises(SsmlError, match="outside <speak>"):
        next(parts)

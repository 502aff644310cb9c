"""SSML: readings, prosody and breaks, and the errors of documents that are not valid."""

from __future__ import annotations

import contextlib
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.tts.clauses import SpokenClause, spoken_clauses
from liusheng.tts.ssml import Break, SsmlError, parse
from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.types import SpeechRequest


@pytest.fixture(scope="module")
def front_end() -> FrontEnd:
    return FrontEnd()


def speak(inside: str) -> str:
    return f'<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis">{inside}</speak>'


def parts(front_end: FrontEnd, document: str, speed: float = 1.0) -> list[SpokenClause | Break]:
    request = SpeechRequest(document, speed=speed, ssml=True)
    text = GrowingText(document, last=True)
    return [part for part in spoken_clauses(request, text, front_end) if part]


def clauses(front_end: FrontEnd, document: str, speed: float = 1.0) -> list[SpokenClause]:
    found = parts(front_end, document, speed)
    return [part for part in found if isinstance(part, SpokenClause)]


def pinyin(front_end: FrontEnd, inside: str) -> str:
    spoken = clauses(front_end, speak(inside))
    return " ".join(s.pinyin for part in spoken for s in part.clause.syllables)


@pytest.mark.parametrize(
    ("inside", "read"),
    [
        ('去<phoneme alphabet="pinyin" ph="yin2 hang4">银行</phoneme>', "qu4 yin2 hang4"),
        ('我<phoneme alphabet="pinyin" ph="lv4">X</phoneme>', "wo3 lv4"),
        ('<say-as interpret-as="cardinal">1203</say-as>', "yi4 qian1 er4 bai3 ling2 san1"),
        ('<say-as interpret-as="cardinal">-2</say-as>', "fu4 er4"),
        ('<say-as interpret-as="digits">2024</say-as>年', "er4 ling2 er4 si4 nian2"),
        ('<say-as interpret-as="characters">A1</say-as>', "ei1 yi1"),
        ('<say-as interpret-as="telephone">110</say-as>', "yao1 yao1 ling2"),
        ('<say-as interpret-as="date" format="md">5/1</say-as>', "wu3 yue4 yi1 ri4"),
        ('<say-as interpret-as="date" format="my">5.98</say-as>', "jiu3 ba1 nian2 wu3 yue4"),
        ('<say-as interpret-as="time">2:05</say-as>', "liang2 dian3 ling2 wu3 fen1"),
        ('<say-as interpret-as="time">3:00pm</say-as>', "xia4 wu3 san1 dian2 zheng3"),
        ("<p>你<s>好</s></p>\n", "ni3 hao3"),
    ],
)  # fmt: skip
def test_readings(front_end: FrontEnd, inside: str, read: str) -> None:
    assert pinyin(front_end, inside) == read


def test_say_as_beside_english(front_end: FrontEnd) -> None:
    inside = (
        'Call <say-as interpret-as="telephone">555-0199</say-as>, or say '
        '<say-as interpret-as="characters">yes</say-as>.'
    )
    spoken = clauses(front_end, speak(inside))
    assert {part.clause.lang for part in spoken} == {"en"}
    assert " ".join(part.clause.reading for part in spoken) == "Call 5 5 5, 0 1 9 9, or say y e s"


def test_prosody_multiplies_and_ends(front_end: FrontEnd) -> None:
    inside = (
        '一<prosody rate="200%">二<prosody rate="slow" volume="+6dB">三</prosody></prosody>'
        '<prosody rate="-20%" volume="50">四</prosody>五'
    )
    spoken = clauses(front_end, speak(inside), speed=0.5)
    assert [part.clause.reading for part in spoken] == list("一二三四五")
    assert [part.speed for part in spoken] == pytest.approx([0.5, 1.0, 0.75, 0.4, 0.5])
    assert [part.volume for part in spoken] == pytest.approx([1, 1, 1.995, 0.5, 1], abs=0.01)


def test_breaks_and_sentences(front_end: FrontEnd) -> None:
    inside = '一<break time="1.5s"/>二<break strength="weak"/><s>三</s>四<break/>'
    breaks = [
        (part.seconds, part.at_least)
        for part in parts(front_end, speak(inside))
        if isinstance(part, Break)
    ]
    assert breaks == [(1.5, False), (0.2, False), (0.42, True), (0.42, True), (0.4, False)]


def test_spans_are_those_of_the_document(front_end: FrontEnd) -> None:
    document = speak('你&amp;<say-as interpret-as="digits">12</say-as>再<break/>见')
    spans = [
        document[slice(*part.origin(syllable.span))]
        for part in clauses(front_end, document)
        for syllable in part.clause.syllables
    ]
    assert spans == ["你", "12", "12", "再", "见"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("你好", "line 1, column 1: this is not XML"),
        ("<speak>你好", "not XML"),
        ("<speak>\n<b>你好</b></speak>", "line 2, column 1: the element <b> is not supported"),
        ("<p>你好</p>", "outside <speak>"),
        ("<speak><speak/></speak>", "inside another element"),
        ('<speak><p class="x">你好</p></speak>', 'not support the attribute "class"'),
        (
            '<speak><prosody pitch="high">你好</prosody></speak>',
            'not support the attribute "pitch"',
        ),
        ('<speak><prosody rate="9">你好</prosody></speak>', 'rate="9"'),
        ('<speak><prosody volume="loudest">你好</prosody></speak>', 'volume="loudest"'),
        ('<speak><break time="1h"/></speak>', 'time="1h"'),
        ('<speak><break time="11s"/></speak>', "up to 10 s"),
        ('<speak><break strength="huge"/></speak>', 'strength="huge"'),
        ("<speak><break>你好</break></speak>", "<break> has text"),
        ('<speak><say-as interpret-as="money">3</say-as></speak>', 'interpret-as="money"'),
        ("<speak><say-as>3</say-as></speak>", 'interpret-as=""'),
        ('<speak><say-as interpret-as="cardinal">三x</say-as></speak>', "is not a number"),
        ('<speak><say-as interpret-as="date">2024-13-01</say-as></speak>', "there is no 13月"),
        ('<speak><say-as interpret-as="date" format="my">1</say-as></speak>', "not a date"),
        ('<speak><say-as interpret-as="time">25:00</say-as></speak>', "is not a time"),
        ('<speak><say-as interpret-as="digits"><break/></say-as></speak>', "takes only text"),
        ('<speak><phoneme alphabet="ipa" ph="a">啊</phoneme></speak>', 'alphabet="ipa"'),
        ('<speak><phoneme alphabet="pinyin" ph="a9">啊</phoneme></speak>', "'a9' is not a pinyin"),
        ('<speak><phoneme alphabet="pinyin" ph="a1 b">啊</phoneme></speak>', "2 syllables"),
        (
            '<!DOCTYPE speak [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><speak>&b;</speak>',
            "document type",
        ),
        ("<speak>&nbsp;</speak>", "not XML"),
    ],
)
def test_documents_that_are_not_valid(document: str, words: str) -> None:
    with pytest.raises(SsmlError, match=r"^line ") as caught:
        parse(document)
    assert words in str(caught.value)


@given(st.text())
def test_escaped_text_is_unchanged(text: str) -> None:
    if all(char.isprintable() for char in text):
        parts = parse(speak(escape(text)))
        assert "".join(part.text for part in parts if not isinstance(part, Break)) == text


@given(st.text(alphabet="<>/&;\"'= speakbrtim你x!-[]", max_size=40))
def test_any_document_is_parsed_or_refused(document: str) -> None:
    for each in (document, f"<speak>{document}</speak>"):
        with contextlib.suppress(SsmlError):
            parse(each)

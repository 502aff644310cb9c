"""The default voices, and baker-zh with heart, on texts that come in pieces, with marks, SSML
and other loudness."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from liusheng.models.store import Store
from liusheng.tts.load import load
from liusheng.tts.loudness import integrated_loudness
from liusheng.tts.router import VoiceRouter
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.types import Block, SpeechRequest

pytestmark = pytest.mark.slow

TEXT = (
    "2024年3月15日，北京气温23℃，花儿真好看。It works, doesn't it? 他说：“你好，世界！”然后走了。"
    "请打开Bluetooth设置，价格是3.14元"
)


@pytest.fixture(
    scope="module",
    params=[("liusheng-zh-en",), ("liusheng-zh-en-male",), ("baker-zh", "hibari-heart")],
    ids=["female", "male", "two-models"],
)
def synthesizer(request: pytest.FixtureRequest) -> VoiceRouter:
    store = Store()
    for name in request.param:
        store.pull(name)
    return load([store.open(name) for name in request.param])


def whole(synthesizer: VoiceRouter, text: str, **options: object) -> list[Block]:
    return list(synthesizer.speak(SpeechRequest(text, **options)))  # type: ignore[arg-type]


def joined(blocks: list[Block]) -> np.ndarray:
    return np.concatenate([block.samples for block in blocks])


@pytest.mark.parametrize("seed", range(4))
def test_a_text_in_pieces_sounds_as_the_whole(synthesizer: VoiceRouter, seed: int) -> None:
    """Within 16-bit rounding: whoever has waited gets smaller blocks, nothing else changes."""
    chance = random.Random(seed)
    text, rest = GrowingText(), TEXT
    blocks: list[Block] = []
    for block in synthesizer.follow(SpeechRequest(""), text):
        if block is not None:
            blocks.append(block)
        elif rest:
            size = chance.randint(1, 9)
            text.extend(rest[:size])
            rest = rest[size:]
        else:
            text.extend("", last=True)
    expected = whole(synthesizer, TEXT)
    assert np.abs(joined(blocks) - joined(expected)).max() < 0.5 / 32768
    assert [m for b in blocks for m in b.marks] == [m for b in expected for m in b.marks]


def test_marks_are_in_order_and_in_their_blocks(synthesizer: VoiceRouter) -> None:
    blocks = whole(synthesizer, TEXT)
    samples = 0
    for block in blocks:
        samples += len(block.samples)
        assert all(mark.start < samples / 24_000 for mark in block.marks)
    end = samples / 24_000
    marks = [mark for block in blocks for mark in block.marks]
    assert all(a.span[1] <= b.span[0] and a.end <= b.start + 1e-3 for a, b in pairwise(marks))
    assert all(mark.text == TEXT[slice(*mark.span)] for mark in marks)
    assert all(mark.start < mark.end <= end for mark in marks)
    marked = {i for mark in marks for i in range(*mark.span)}
    assert [char for i, char in enumerate(TEXT) if i not in marked and char.isalnum()] == []


def test_marks_are_where_the_sound_is(synthesizer: VoiceRouter) -> None:
    """What lies between the marks of two clauses is silence, once the voice has died away."""
    text = "八个大太阳，八个大太阳。"
    blocks = whole(synthesizer, text)
    audio = joined(blocks)
    marks = [mark for block in blocks for mark in block.marks]
    pause = audio[round(marks[4].end * 24_000) + 2_400 : round(marks[5].start * 24_000) - 500]
    speech = audio[round(marks[0].start * 24_000) : round(marks[4].end * 24_000)]
    assert len(pause) > 0.05 * 24_000
    assert np.sqrt(np.mean(pause**2)) < 0.05 * np.sqrt(np.mean(speech**2))


def test_languages_join_without_clicks(synthesizer: VoiceRouter) -> None:
    """At every join the samples go through silence; nowhere do they jump as a click would."""
    blocks = whole(synthesizer, "请打开Bluetooth设置，然后connect到iPhone。Thank you! 谢谢。")
    audio = joined(blocks)
    starts = np.cumsum([0, *(len(block.samples) for block in blocks)])
    joins = [at for at, block in zip(starts, blocks, strict=False) if block.begins][1:]
    assert len(joins) > 2
    for at in joins:
        assert np.abs(np.diff(audio[at - 120 : at + 120])).max() < 0.05
    assert np.abs(audio[[0, -1]]).max() < 1e-4


def test_volume_changes_loudness_and_never_clips(synthesizer: VoiceRouter) -> None:
    text = "今天下午我们在学校图书馆，讨论了人工智能。"
    usual = integrated_loudness(joined(whole(synthesizer, text)))
    softer = joined(whole(synthesizer, text, volume=0.5))
    assert integrated_loudness(softer) == pytest.approx(usual - 6.02, abs=0.2)
    louder = joined(whole(synthesizer, text, volume=3.0))
    assert usual + 5 < integrated_loudness(louder) <= usual + 9.6
    assert np.abs(louder).max() <= 1
    assert not joined(whole(synthesizer, text, volume=0.0)).any()


def test_ssml_changes_the_audio(synthesizer: VoiceRouter) -> None:
    plain = joined(whole(synthesizer, "你好。再见。"))
    document = '<speak>你好。<break time="2s"/>再见。</speak>'
    broken = joined(whole(synthesizer, document, ssml=True))
    assert len(broken) - len(plain) == pytest.approx((2 - 0.42) * 24_000, abs=100)
    slow = joined(
        whole(synthesizer, '<speak><prosody rate="50%">你好。再见。</prosody></speak>', ssml=True)
    )
    assert len(slow) > 1.6 * len(plain)


def test_a_question_raises_the_pitch(synthesizer: VoiceRouter) -> None:
    """The English voice raises its pitch: another sound than the statement's."""
    question = joined(whole(synthesizer, "You are ready?"))
    stated = joined(whole(synthesizer, "You are ready."))
    assert question.shape != stated.shape or not np.allclose(question, stated, atol=0.01)


@pytest.mark.parametrize(
    ("text", "ssml"),
    [
        (TEXT, False),
        (
            '<speak>你好。<break time="300ms"/><prosody rate="1.2">天气</prosody>很好。</speak>',
            True,
        ),
    ],
)
def test_a_speech_continues_at_any_clause_equal_to_the_bit(
    synthesizer: VoiceRouter, text: str, ssml: bool
) -> None:
    request = SpeechRequest(text, ssml=ssml)
    expected = whole(synthesizer, text, ssml=ssml)
    places = [number for number, block in enumerate(expected) if block.begins]
    assert len(places) > 2
    for place in places[1:]:
        again = GrowingText(text, last=True)
        rest = list(synthesizer.follow(request, again, expected[place].begins))
        assert [b.samples.tobytes() for b in rest if b] == [
            b.samples.tobytes() for b in expected[place:]
        ]
        assert [b.marks for b in rest if b] == [b.marks for b in expected[place:]]

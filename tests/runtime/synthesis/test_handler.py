"""The worker's handler in this process, with a synthesiser that counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from liusheng.models.types import InstalledModel
from liusheng.runtime.synthesis import handler as module
from liusheng.runtime.synthesis import self_test
from liusheng.runtime.synthesis.handler import SynthesisHandler
from liusheng.runtime.synthesis.messages import (
    SpeechChunk,
    SpeechStart,
    SpeechUpdate,
)
from liusheng.tts.text.types import Skipped
from liusheng.tts.types import SpeechRequest
from tests.support.fake_voice import Counter


@pytest.fixture
def handler() -> SynthesisHandler:
    return SynthesisHandler(Counter())


def run(handler: SynthesisHandler, start: SpeechStart) -> list[SpeechChunk]:
    chunks = [handler.start(0, start)]
    while not chunks[-1].over:
        chunks.append(handler.step(0, SpeechUpdate(last=True)))
    return chunks


def test_its_voices(handler: SynthesisHandler) -> None:
    assert [voice.name for voice in handler.describe()] == ["counter"]


def test_the_self_test_measures_the_voice_of_each_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "_TEXTS", {"zh": "30 large"})
    (test,) = SynthesisHandler(Counter()).self_test()
    assert (test.voice, test.seconds) == ("counter", pytest.approx(3.0))
    assert 0 <= test.busy <= test.passed
    monkeypatch.setattr(self_test, "_SECONDS", 0.0)
    (test,) = SynthesisHandler(Counter()).self_test()
    assert test.seconds == pytest.approx(0.1), "no more than there is time for"


def test_a_step_is_a_block(handler: SynthesisHandler) -> None:
    chunks = run(handler, SpeechStart(SpeechRequest("2")))
    assert [chunk.pcm for chunk in chunks] == [b"\1\0", b"\2\0", b""]
    assert [chunk.seconds for chunk in chunks] == [1 / 24_000, 2 / 24_000, 2 / 24_000]
    assert [len(chunk.marks) for chunk in chunks] == [1, 1, 0]


def test_a_speech_that_is_over_is_forgotten(handler: SynthesisHandler) -> None:
    run(handler, SpeechStart(SpeechRequest("1")))
    with pytest.raises(KeyError):
        handler.step(0, SpeechUpdate())


def test_a_speech_waits_for_text_and_is_flushed(handler: SynthesisHandler) -> None:
    start = SpeechStart(SpeechRequest("spell a"), last=False)
    assert handler.start(0, start).pcm == b"a\0"
    assert handler.step(0, SpeechUpdate()) == SpeechChunk(b"", 1 / 24_000, waiting=True)
    assert handler.step(0, SpeechUpdate(flushes=(7,))).pcm == b"\1\0"
    assert handler.step(0, SpeechUpdate("b", last=True)).pcm == b"b\0"
    assert handler.step(0, SpeechUpdate(last=True)).over


@pytest.mark.parametrize("delivered", [0, 1, 2])
def test_a_restart_continues_after_what_was_delivered(
    handler: SynthesisHandler, delivered: int
) -> None:
    request = SpeechRequest("3 large")
    whole = run(handler, SpeechStart(request))
    size = sum(len(chunk.pcm) // 2 for chunk in whole[:delivered])
    marks = sum(len(chunk.marks) for chunk in whole[:delivered])
    rest = run(handler, SpeechStart(request, samples_delivered=size, marks_delivered=marks))
    assert b"".join(c.pcm for c in rest) == b"".join(c.pcm for c in whole[delivered:])
    assert [m for c in rest for m in c.marks] == [m for c in whole[delivered:] for m in c.marks]


def test_a_speech_that_fails_is_forgotten(handler: SynthesisHandler) -> None:
    with pytest.raises(ValueError, match="cannot say 3"):
        run(handler, SpeechStart(SpeechRequest("6 raise")))
    with pytest.raises(KeyError):
        handler.step(0, SpeechUpdate())


def test_dropped_speeches_are_forgotten(handler: SynthesisHandler) -> None:
    for key in (1, 2):
        handler.start(key, SpeechStart(SpeechRequest("3")))
    handler.drop([1, 5])
    assert handler.step(2, SpeechUpdate(last=True)).pcm == b"\2\0"
    with pytest.raises(KeyError):
        handler.step(1, SpeechUpdate())


def test_a_worker_loads_the_voices(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[object] = []

    def load(models: Sequence[InstalledModel], *, lexicon: Path | None, device: str) -> Counter:
        loaded.extend([models, lexicon, device])
        return Counter()

    monkeypatch.setattr("liusheng.tts.load.load", load)
    lexicon = Path("words.txt")
    handler = module.load_synthesis_handler([], lexicon, "auto")
    assert handler.describe()[0].name == "counter"
    assert loaded == [[], lexicon, "auto"]


def test_the_last_chunk_lists_what_was_not_read(handler: SynthesisHandler) -> None:
    *others, last = run(handler, SpeechStart(SpeechRequest("2 😀")))
    assert last.skipped == (Skipped("😀", (2, 3), "emoji"),)
    assert not any(chunk.skipped for chunk in others)


def test_a_speech_is_continued_from_its_newest_clause(handler: SynthesisHandler) -> None:
    request = SpeechRequest("7 large")
    whole = run(handler, SpeechStart(request))
    for delivered in range(len(whole)):
        before, after = whole[:delivered], whole[delivered:]
        checkpoint = next((c.checkpoint for c in reversed(before) if c.checkpoint), None)
        size, marks = sum(len(c.pcm) // 2 for c in before), sum(len(c.marks) for c in before)
        rest = run(
            handler,
            SpeechStart(
                request,
                samples_delivered=size,
                marks_delivered=marks,
                checkpoint=checkpoint,
            ),
        )
        assert b"".join(c.pcm for c in rest) == b"".join(c.pcm for c in after)
        assert [m for c in rest for m in c.marks] == [m for c in after for m in c.marks]
        assert rest[-1].seconds == whole[-1].seconds
        made_again = len(rest) - len(after)
        assert made_again <= (2 if delivered > 2 else delivered), "no more than the newest clause"
        if checkpoint:
            assert checkpoint.position.samples <= 2_400 * delivered

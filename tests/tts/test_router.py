"""Which voice speaks what, and how the pieces follow each other."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liusheng.audio.pcm import Samples
from liusheng.tts.router import PAUSES, LoadedVoice, VoiceRouter
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.types import Clause, Language, Skipped
from liusheng.tts.trim import silence
from liusheng.tts.types import Block, SpeechPosition, SpeechRequest, UnknownVoiceError
from tests.support.examples import examples


class Beeper:
    """Speaks each character as a tenth of a second at its own level, a block a character."""

    gender = "unknown"

    def __init__(self, name: str, languages: tuple[str, ...], level: float) -> None:
        self.name = name
        self.languages = languages
        self.level = level
        self.spoken: list[tuple[str, bool]] = []

    def speak(self, clause: Clause, *, speed: float, urgent: bool) -> Iterator[Samples]:
        self.spoken.append((clause.reading, urgent))
        for _ in clause.reading:
            yield np.full(round(2400 / speed), self.level, np.float32)


class Mixer(Beeper):
    """Says two languages in one pass."""

    mixes = True


class Words:
    """A front end for tests: upper-case words are English, "," and "." end clauses, "-" is mute;
    for voices that mix languages, a text is one clause."""

    def clauses(
        self, text: str, language: Language = "zh", *, mixed: bool = False
    ) -> Iterator[Clause]:
        whole = GrowingText(text, last=True)
        return (clause for clause in self.follow(whole, mixed=mixed) if clause is not None)

    def follow(
        self, text: GrowingText, language: Language = "zh", *, mixed: bool = False
    ) -> Iterator[Clause | None]:
        done = ""
        while not (text.last and done == text.text):
            if mixed:
                span = (0, len(text.text))
                yield Clause("mixed", text.text, (), span, True, "sentence")
                return
            complete = text.text if text.last else text.text[: text.text.rfind(" ") + 1]
            yield from self._clauses(complete.removeprefix(done), len(done))
            done = complete
            if not text.last:
                yield None

    def _clauses(self, text: str, at: int) -> Iterator[Clause]:
        for found in re.finditer(r"\S+", text):
            word = found[0]
            pause = {",": "comma", ".": "sentence"}.get(word[-1], "none")
            reading = word.strip(",.-")
            language = "en" if reading.isupper() else "zh"
            span = (at + found.start(), at + found.end())
            yield Clause(language, reading, (), span, pause == "sentence", pause)  # type: ignore[arg-type]


def router(*voices: Beeper, gain: float = 1.0) -> VoiceRouter:
    return VoiceRouter([LoadedVoice(voice, "model", gain) for voice in voices], Words())


def synthesized(
    synthesizer: VoiceRouter, text: str, voice: str = "", speed: float = 1.0
) -> Samples:
    blocks = [b.samples for b in synthesizer.speak(SpeechRequest(text, voice, speed))]
    assert all(block.size and block.dtype == np.float32 for block in blocks)
    return np.concatenate([silence(0), *blocks])


def test_voices_are_numbered_and_the_first_is_the_default() -> None:
    zh, en = Beeper("a", ("zh",), 0.2), Beeper("b", ("en",), 0.2)
    voices = router(zh, en).voices
    assert [(v.id, v.name, v.languages) for v in voices] == [(0, "a", ("zh",)), (1, "b", ("en",))]


def test_each_language_goes_to_a_voice_that_has_it() -> None:
    zh, en = Beeper("a", ("zh",), 0.2), Beeper("b", ("en",), 0.2)
    synthesized(router(zh, en), "ni HELLO hao")
    assert [reading for reading, _ in zh.spoken] == ["ni", "hao"]
    assert [reading for reading, _ in en.spoken] == ["HELLO"]


def test_the_requested_voice_speaks_its_languages() -> None:
    zh, both, en = (
        Beeper("a", ("zh",), 0.2),
        Beeper("b", ("zh", "en"), 0.2),
        Beeper("c", ("en",), 0.2),
    )
    synthesizer = router(zh, both, en)
    synthesized(synthesizer, "ni HELLO", voice="b")
    assert [reading for reading, _ in both.spoken] == ["ni", "HELLO"]
    synthesized(synthesizer, "ni HELLO", voice="c")
    assert zh.spoken == [("ni", True)]
    assert en.spoken == [("HELLO", False)]


def test_two_languages_in_one_clause_are_for_voices_that_mix_them() -> None:
    zh, both = Beeper("zh", ("zh",), 0.2), Mixer("both", ("zh", "en"), 0.2)
    synthesizer = router(zh, both)
    synthesized(synthesizer, "ni HELLO hao", voice="both")
    assert both.spoken == [("ni HELLO hao", True)]
    synthesized(synthesizer, "ni HELLO hao")
    assert [reading for reading, _ in zh.spoken] == ["ni", "hao"]
    assert [reading for reading, _ in both.spoken[1:]] == ["HELLO"]
    assert (synthesizer.mixes_for("both"), synthesizer.mixes_for("")) == (True, False)


def test_a_language_goes_to_the_voice_that_speaks_it_best() -> None:
    both, en = Beeper("both", ("zh", "en"), 0.2), Beeper("c", ("en",), 0.2)
    zh = Beeper("zh", ("zh",), 0.2)
    synthesized(router(zh, both, en), "HELLO")
    assert en.spoken
    assert not both.spoken


def test_without_a_voice_for_a_language_the_rest_is_spoken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    zh = Beeper("a", ("zh",), 0.2)
    with caplog.at_level(logging.WARNING):
        audio = synthesized(router(zh), "HELLO, ni.")
    assert len(audio) == 2 * 2400
    assert "no voice has the language en" in caplog.text
    assert "HELLO" not in caplog.text


def test_what_no_voice_reads_is_listed() -> None:
    text = GrowingText("HELLO, ni.", last=True)
    list(router(Beeper("a", ("zh",), 0.2)).follow(SpeechRequest(""), text))
    assert text.skipped == [Skipped("HELLO,", (0, 6), "no_voice_for_script")]


def test_an_unknown_voice_is_an_error_at_once() -> None:
    with pytest.raises(UnknownVoiceError, match="no voice 'x'; there are a, b"):
        router(Beeper("a", ("zh",), 0.2), Beeper("b", ("en",), 0.2)).speak(SpeechRequest("ni", "x"))


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_an_impossible_speed_is_an_error_at_once(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be above 0"):
        router(Beeper("a", ("zh",), 0.2)).speak(SpeechRequest("ni", "", speed))


def test_two_voices_of_one_name_are_an_error() -> None:
    with pytest.raises(ValueError, match="same name: a, a"):
        router(Beeper("a", ("zh",), 0.2), Beeper("a", ("en",), 0.2))
    with pytest.raises(ValueError, match="no voice"):
        router()


@pytest.mark.parametrize(("mark", "pause"), [("", "none"), (",", "comma"), (".", "sentence")])
@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_pauses_are_between_clauses_only(mark: str, pause: str, speed: float) -> None:
    audio = synthesized(router(Beeper("a", ("zh",), 0.2)), f"ni{mark} hao.", speed=speed)
    spoken = 5 * round(2400 / speed)
    assert len(audio) == spoken + round(PAUSES[pause] / speed * 24_000)


def test_a_silent_clause_adds_no_pause() -> None:
    audio = synthesized(router(Beeper("a", ("zh",), 0.2)), "-. ni.")
    assert len(audio) == 2 * 2400


def test_joints_do_not_click() -> None:
    zh, en = Beeper("a", ("zh",), 0.5), Beeper("b", ("en",), 0.5)
    audio = synthesized(router(zh, en), "ni HELLO hao, ni.")
    assert np.abs(np.diff(np.concatenate([[0], audio, [0]]))).max() < 0.01


def test_only_the_first_clause_is_urgent() -> None:
    voice = Beeper("a", ("zh",), 0.2)
    synthesized(router(voice), "-, ni, hao, ma.")
    assert voice.spoken == [("", True), ("ni", True), ("hao", False), ("ma", False)]


def test_gain_is_applied_and_never_clips() -> None:
    audio = synthesized(router(Beeper("a", ("zh",), 0.9), gain=3.0), "nihao.")
    assert 0.9 < np.abs(audio).max() <= 1.0


@settings(deadline=None, max_examples=examples(30))
@given(
    st.lists(st.sampled_from(["ni, HELLO hao.", "A B C", "ni", "", "-."]), min_size=2, max_size=4),
    st.randoms(use_true_random=False),
)
def test_interleaved_requests_do_not_touch_each_other(texts: list[str], order: object) -> None:
    synthesizer = router(Beeper("a", ("zh",), 0.2), Beeper("b", ("en",), 0.3))
    alone = [synthesized(synthesizer, text) for text in texts]
    running = {i: synthesizer.speak(SpeechRequest(text)) for i, text in enumerate(texts)}
    got: list[list[Samples]] = [[] for _ in texts]
    while running:
        i = order.choice(sorted(running))  # type: ignore[attr-defined]
        block = next(running[i], None)
        if block is None:
            del running[i]
        else:
            got[i].append(block.samples)
    for blocks, whole in zip(got, alone, strict=True):
        assert np.array_equal(np.concatenate([silence(0), *blocks]), whole)


def test_a_synthesis_can_be_left_at_any_time() -> None:
    voice = Beeper("a", ("zh",), 0.2)
    for taken in range(8):
        speech = router(voice).speak(SpeechRequest("ni, hao, ma."))
        for _ in range(taken):
            next(speech, None)
        speech.close()  # type: ignore[attr-defined]
        assert next(speech, None) is None


@settings(deadline=None, max_examples=examples(60))
@given(
    st.lists(st.sampled_from(["ni", "hao.", "HELLO,", "-", "BYE."]), min_size=1, max_size=6),
    st.integers(0, 40),
)
def test_a_speech_continues_at_the_beginning_of_a_clause(words: list[str], at: int) -> None:
    """With the same samples, marks and parts that are not read."""
    request = SpeechRequest(" ".join(words))

    def made(position: SpeechPosition | None) -> tuple[list[Block], GrowingText]:
        synthesizer = router(Beeper("a", ("zh",), 0.2))  # no voice has English
        text = GrowingText(request.text, last=True)
        return [b for b in synthesizer.follow(request, text, position) if b], text

    whole, text = made(None)
    places = [number for number, block in enumerate(whole) if block.begins]
    if not places:
        return
    place = places[at % len(places)]
    rest, again = made(whole[place].begins)
    assert [b.samples.tobytes() for b in rest] == [b.samples.tobytes() for b in whole[place:]]
    assert [b.marks for b in rest] == [b.marks for b in whole[place:]]
    assert [b.begins for b in rest] == [b.begins for b in whole[place:]]
    assert again.skipped == text.skipped

"""The default voices, and baker-zh with heart, with their real models."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

import numpy as np
import pytest

from liusheng.audio.pcm import Samples
from liusheng.models.store import Store
from liusheng.models.types import InstalledModel
from liusheng.tts.fastspeech2.acoustic import FRAME_SAMPLES, AcousticModel
from liusheng.tts.fastspeech2.vocoder import MIN_FRAMES, Vocoder
from liusheng.tts.load import VoiceLoadError, load
from liusheng.tts.loudness import TARGET_LUFS, integrated_loudness
from liusheng.tts.router import VoiceRouter
from liusheng.tts.types import SpeechRequest

pytestmark = pytest.mark.slow

REFERENCE = Path(__file__).parents[1] / "data" / "fastspeech2_reference.npz"
MIXED = "请打开Bluetooth设置。The weather is fine today, isn't it? 然后重启手机，等待三分钟。"


@pytest.fixture(scope="module")
def mandarin() -> InstalledModel:
    store = Store()
    if not store.is_installed("baker-zh"):
        store.pull("baker-zh")
    return store.open("baker-zh")


@pytest.fixture(
    scope="module",
    params=[("liusheng-zh-en",), ("liusheng-zh-en-male",), ("baker-zh", "hibari-heart")],
    ids=["female", "male", "two-models"],
)
def synthesizer(request: pytest.FixtureRequest, mandarin: InstalledModel) -> VoiceRouter:
    del mandarin  # now it is installed
    return load([Store().open(name) for name in request.param])


@pytest.fixture(scope="module")
def vocoder(mandarin: InstalledModel) -> Vocoder:
    return Vocoder(mandarin.files["vocoder"])


@pytest.fixture(scope="module")
def acoustic(mandarin: InstalledModel) -> AcousticModel:
    files = mandarin.files
    return AcousticModel(files["encoder"], files["decoder"], files["postnet"])


def phone_ids(repeats: int) -> list[int]:
    """The reference's phones, synthesized again and again as one clause."""
    with np.load(REFERENCE) as reference:
        silence, *phones, last, end = reference["ids"].tolist()
    return [silence, *phones * repeats, last, end]


def synthesized(
    synthesizer: VoiceRouter, text: str, voice: str = "", speed: float = 1.0
) -> Samples:
    blocks = synthesizer.speak(SpeechRequest(text, voice, speed))
    return np.concatenate([np.zeros(0, np.float32), *(block.samples for block in blocks)])


def test_the_conversion_equals_the_original(acoustic: AcousticModel, vocoder: Vocoder) -> None:
    """The reference is LiteRT's: see tools/check_fastspeech2_conversion.py."""
    with np.load(REFERENCE) as reference:
        made = acoustic(reference["ids"].tolist())
        assert np.array_equal(made.durations, reference["durations"])
        np.testing.assert_allclose(made.window(0, len(made)), reference["mel"], atol=1e-3)
        np.testing.assert_allclose(vocoder.whole(reference["mel"]), reference["audio"], atol=1e-3)


def test_streamed_audio_is_whole_audio_within_16_bit_rounding(
    acoustic: AcousticModel, vocoder: Vocoder
) -> None:
    ids = phone_ids(3)
    spectrogram = acoustic(ids)
    whole = vocoder.whole(spectrogram.window(0, len(spectrogram)))
    for first in [*range(MIN_FRAMES, 30, 3), 36, 50, 80, 120, 200, 400]:
        for skip in (0, first % 25):
            streamed = np.concatenate(list(vocoder.stream(acoustic(ids), first, skip)))
            expected = whole[skip * FRAME_SAMPLES :]
            assert np.abs(streamed - expected).max() < 0.5 / 32768, (first, skip)


def test_windows_of_a_spectrogram_are_parts_of_the_whole(acoustic: AcousticModel) -> None:
    ids = phone_ids(2)
    whole = acoustic(ids)
    mel = whole.window(0, len(whole))
    for step in (1, 7, 30, 100):
        lazy = acoustic(ids)
        for end in range(step, len(lazy), step):
            start = max(0, end - 9)
            np.testing.assert_allclose(lazy.window(start, end), mel[start:end], atol=1e-4)


@pytest.mark.parametrize("frames", [1, 2, 9, 10, 11, 33])
def test_short_spectrograms_are_spoken_too(vocoder: Vocoder, frames: int) -> None:
    with np.load(REFERENCE) as reference:
        audio = vocoder.whole(reference["mel"][20 : 20 + frames])
    assert len(audio) == frames * FRAME_SAMPLES
    assert np.isfinite(audio).all()


def test_the_same_request_gives_the_same_samples(synthesizer: VoiceRouter) -> None:
    assert np.array_equal(synthesized(synthesizer, MIXED), synthesized(synthesizer, MIXED))


def test_interleaved_requests_do_not_touch_each_other(synthesizer: VoiceRouter) -> None:
    texts = [MIXED, "你好。", "Hello there.", "今天星期日，天气很好。"]
    running = [synthesizer.speak(SpeechRequest(text)) for text in texts]
    rounds = list(zip_longest(*running))
    for text, blocks in zip(texts, zip(*rounds, strict=True), strict=True):
        audio = np.concatenate([block.samples for block in blocks if block is not None])
        assert np.array_equal(audio, synthesized(synthesizer, text))


@pytest.mark.parametrize("text", ["", " \n", "。，！？…", "🙂🎉", "\u200b", "——", "()", "\x00\x07"])
def test_a_text_without_words_gives_no_audio(synthesizer: VoiceRouter, text: str) -> None:
    assert synthesized(synthesizer, text).size == 0


@pytest.mark.parametrize(
    "text", ["今天下午我们在图书馆。", "We met in the library today, and talked about it."]
)
def test_speed_divides_the_time(synthesizer: VoiceRouter, text: str) -> None:
    usual = len(synthesized(synthesizer, text))
    for speed in (0.5, 2.0):
        changed = len(synthesized(synthesizer, text, speed=speed))
        assert changed == pytest.approx(usual / speed, rel=0.3)


def test_very_slow_speech_does_not_run_out_of_positions(synthesizer: VoiceRouter) -> None:
    text = "语音合成技术可以把任意的文字转换成自然流畅的语音输出"
    slow = synthesized(synthesizer, text, speed=0.1)
    assert np.isfinite(slow).all()
    assert len(slow) > 3 * len(synthesized(synthesizer, text))


def test_voices_are_equally_loud(synthesizer: VoiceRouter) -> None:
    chinese = synthesized(synthesizer, "今天下午我们在学校图书馆，讨论了人工智能技术的最新发展。")
    english = synthesized(synthesizer, "This afternoon we met in the library and talked about it.")
    assert integrated_loudness(chinese) == pytest.approx(TARGET_LUFS, abs=1.5)
    assert integrated_loudness(english) == pytest.approx(TARGET_LUFS, abs=1.5)
    assert max(np.abs(chinese).max(), np.abs(english).max()) <= 1


def test_a_long_text_starts_as_a_short_one_does(synthesizer: VoiceRouter) -> None:
    """The first block costs the same pieces of work, whatever follows it."""
    short = next(synthesizer.speak(SpeechRequest("今天天气很好。")))
    long = next(synthesizer.speak(SpeechRequest("今天天气很好。" * 2000)))
    assert np.array_equal(short.samples, long.samples)


def test_a_damaged_model_is_a_clear_error(mandarin: InstalledModel, tmp_path: Path) -> None:
    broken = tmp_path / "encoder.onnx"
    broken.write_bytes(mandarin.files["encoder"].read_bytes()[:1000])
    files = {**mandarin.files, "encoder": broken}
    model = InstalledModel(
        mandarin.name, mandarin.task, mandarin.kind, tmp_path, files, mandarin.languages
    )
    with pytest.raises(VoiceLoadError, match=r"baker-zh cannot be opened: .*encoder\.onnx"):
        load([model])

"""SenseVoice and Paraformer, run for real by sherpa-onnx, with random weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from liusheng.asr.offline import sherpa as sherpa_offline
from liusheng.asr.offline.engine import Decoded, Effort, Window
from liusheng.asr.offline.sherpa import SherpaOffline
from liusheng.asr.options import SherpaOfflineOptions
from liusheng.audio.pcm import Samples
from liusheng.models.types import InstalledModel

pytestmark = pytest.mark.slow

KINDS = ("sense-voice", "offline-paraformer", "offline-paraformer-untimed")


@pytest.fixture(params=KINDS)
def engine(
    request: pytest.FixtureRequest, tiny_model: Callable[[str], InstalledModel]
) -> SherpaOffline:
    return sherpa_offline.load(tiny_model(request.param))


@pytest.fixture
def sense_voice(tiny_model: Callable[[str], InstalledModel]) -> SherpaOffline:
    return sherpa_offline.load(tiny_model("sense-voice"))


def decode(engine: SherpaOffline, *windows: Samples, lang: str = "auto") -> list[Decoded]:
    return engine.decode([Window(samples, lang) for samples in windows], Effort.FINAL)


def test_pieces_are_in_order_and_inside_the_window(engine: SherpaOffline, speech: Samples) -> None:
    [decoded] = decode(engine, speech[:48_000])
    assert len(decoded.pieces) > 5
    assert decoded.lang == "zh"
    times = [t for piece in decoded.pieces for t in (piece.start, piece.end)]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= 3.0


def test_timed_pieces_are_where_the_sound_is(sense_voice: SherpaOffline, speech: Samples) -> None:
    [decoded] = decode(sense_voice, np.concatenate([np.zeros(32_000, np.float32), speech[:64_000]]))
    assert decoded.pieces[0].start >= 2.0


def test_untimed_pieces_are_spread(
    tiny_model: Callable[[str], InstalledModel], speech: Samples
) -> None:
    [decoded] = decode(
        sherpa_offline.load(tiny_model("offline-paraformer-untimed")), speech[:48_000]
    )
    assert decoded.pieces[0].start == 0.0
    assert decoded.pieces[-1].end == pytest.approx(3.0)


def test_a_window_does_not_know_its_batch(engine: SherpaOffline, speech: Samples) -> None:
    windows = [speech[1000 * i : 1000 * i + n] for i, n in enumerate((48_000, 9_000, 80_000, 31))]
    alone = [decode(engine, window)[0] for window in windows]
    assert decode(engine, *windows) == alone


def test_small_batches_give_the_same(
    tiny_model: Callable[[str], InstalledModel], speech: Samples
) -> None:
    windows = [speech[: 16_000 * i] for i in (5, 1, 3, 2, 4)]
    results = []
    for batch in (2, 8):
        options = SherpaOfflineOptions(batch=batch)
        results.append(decode(sherpa_offline.load(tiny_model("sense-voice"), options), *windows))
    assert results[0] == results[1]


@pytest.mark.parametrize("samples", [0, 1, 500, 16_000])
def test_silence_gives_no_text(engine: SherpaOffline, samples: int) -> None:
    [decoded] = decode(engine, np.zeros(samples, np.float32))
    assert decoded.pieces == ()


def test_no_windows(engine: SherpaOffline) -> None:
    assert decode(engine) == []


@pytest.mark.parametrize(("told", "tag"), [("auto", "<|zh|>"), ("en", "<|en|>")])
def test_sense_voice_is_told_the_language_of_the_options(
    tiny_model: Callable[[str], InstalledModel],
    speech: Samples,
    monkeypatch: pytest.MonkeyPatch,
    told: str,
    tag: str,
) -> None:
    engine = sherpa_offline.load(tiny_model("sense-voice"), SherpaOfflineOptions(language=told))
    assert engine.languages == (("zh", "en") if told == "auto" else (told,))
    tags: list[str] = []
    language = engine._language

    def recorded(*given: Any) -> Any:
        tags.append(given[1])
        return language(*given)

    monkeypatch.setattr(engine, "_language", recorded)
    decode(engine, speech[:32_000], speech[:16_000])
    # The test's model says in its first tag which language it was told.
    assert tags == [tag, tag]


def test_the_language_is_the_requested_one_else_the_one_that_was_found(
    sense_voice: SherpaOffline, speech: Samples
) -> None:
    windows = [Window(speech[:32_000], lang) for lang in ("en", "auto", "zh", "en")]
    results = sense_voice.decode(windows, Effort.PARTIAL)
    assert [decoded.lang for decoded in results] == ["en", "zh", "zh", "en"]


def test_no_model_is_loaded_while_windows_are_decoded(
    sense_voice: SherpaOffline, speech: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**given: Any) -> Any:
        raise AssertionError(f"loads a model during a turn: {given}")

    monkeypatch.setattr("sherpa_onnx.OfflineRecognizer.from_sense_voice", refused)
    for lang in ("zh", "en", "auto", "yue", "ja", "ko"):
        [decoded] = decode(sense_voice, speech[:16_000], lang=lang)
        assert decoded.pieces


def test_a_language_that_the_model_does_not_have(
    tiny_model: Callable[[str], InstalledModel],
) -> None:
    with pytest.raises(ValueError, match="does not recognise 'fr'; it has: zh, en"):
        sherpa_offline.load(tiny_model("sense-voice"), SherpaOfflineOptions(language="fr"))


@pytest.mark.parametrize("itn", [True, False])
def test_itn_is_an_option(tiny_model: Callable[[str], InstalledModel], itn: bool) -> None:
    engine = sherpa_offline.load(tiny_model("sense-voice"), SherpaOfflineOptions(itn=itn))
    assert engine._recognizer.config.model_config.sense_voice.use_itn is itn

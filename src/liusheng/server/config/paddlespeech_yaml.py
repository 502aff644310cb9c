"""A PaddleSpeech server's YAML file as settings of this server.

Keys that have a counterpart are adopted; every other key is listed with the reason why not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from liusheng.server.config.sources import SettingsError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SETTINGS = {"asr": "asr.models", "tts": "tts.models"}

# The first one is the default, for clients that name no language or voice.
_MODELS = {
    ("asr", "en"): ["moonshine-tiny-en"],
    ("tts", "en"): ["hibari-heart", "liusheng-zh-en"],
}
_LANGUAGES = {"asr": ("zh", "en", "zh_en"), "tts": ("zh", "en", "mix")}

_OWN_DECODER = (
    "it is a parameter of PaddleSpeech's decoder; see [asr.live] in docs/configuration.md"
)
_OTHER_VOICE = (
    "the default voices are others, which may be used commercially; a voice from the same corpus "
    "is selected with --tts baker-zh"
)
_FILES = "PaddlePaddle models are not supported; select a model with --asr or --tts"
_BLOCKS = "the block size is fixed, so that streamed audio equals that of the whole sentence"
_WHY = {
    "protocol": "both protocols are served",
    "force_yes": "`liusheng serve --yes` downloads models without asking",
    "switch_ir_optim": "PaddlePaddle is not used",
    "glog_info": "PaddlePaddle is not used",
    "summary": "PaddlePaddle is not used",
    "use_trt": "TensorRT is not used",
    "cpu_threads": "each core has its own worker; see workers.threads",
    "am_block": _BLOCKS,
    "am_pad": _BLOCKS,
    "voc_block": _BLOCKS,
    "voc_pad": _BLOCKS,
    "voc": "each voice has its own vocoder; select a voice with --tts",
    "voc_upsample": _BLOCKS,
    "continuous_decoding": "recognition always continues after an endpoint",
    **dict.fromkeys(
        "graph_optimization_level intra_op_num_threads inter_op_num_threads".split(),
        "each core has its own worker, with optimised models; see workers.threads",
    ),
    **dict.fromkeys(
        "log_severity_level log_verbosity_level".split(),
        "log_level and log_format configure the log",
    ),
    **dict.fromkeys(
        "decode_method num_decoding_left_chunks window_n shift_n window_ms shift_ms "
        "frame_duration_ms sample_width aggressiveness vad_method vad_thresh".split(),
        _OWN_DECODER,
    ),
    **dict.fromkeys(
        "model model_type am am_model am_params am_config am_ckpt am_stat voc_model voc_params "
        "voc_config voc_ckpt voc_stat phones_dict tones_dict speaker_dict cfg_path ckpt_path "
        "vocab_file label_file".split(),
        _FILES,
    ),
}


@dataclass(frozen=True)
class Adopted:
    """The result.

    values: settings of this server, by path.
    unused: a sentence for each key that was not adopted.
    """

    values: dict[str, Any]
    unused: list[str]


def adopt(path: str | os.PathLike[str]) -> Adopted:
    """Read a file such as paddlespeech/server/conf/ws_conformer_application.yaml.

    Raises:
        SettingsError: it cannot be read, or is not such a file.
    """
    import yaml

    name = Path(path).name
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path} cannot be read as YAML: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("engine_list"), list):
        raise SettingsError(
            f'{name} is not a configuration of a PaddleSpeech server: it has no "engine_list". '
            "Use --config for a settings file of this server."
        )
    return _Adoption(name, content).result()


class _Adoption:
    def __init__(self, name: str, content: dict[str, Any]) -> None:
        self._name = name
        self._content = content
        self._values: dict[str, Any] = {}
        self._unused: list[str] = []

    def result(self) -> Adopted:
        engines = [str(engine) for engine in self._content["engine_list"]]
        for key, value in self._content.items():
            if key == "host":
                self._host(value)
            elif key == "port":
                self._values["ports"] = [value]
            elif key == "engine_list":
                self._engines(engines)
            elif isinstance(value, dict):
                self._section(str(key), value, engines)
            elif value is not None:
                self._skip(str(key), value, _WHY.get(str(key), "it has no counterpart here"))
        return Adopted(self._values, self._unused)

    def _host(self, value: Any) -> None:
        if value in _LOOPBACK:
            self._values["host"] = "127.0.0.1" if value == "localhost" else value
        else:
            self._skip(
                "host",
                value,
                "the server listens on 127.0.0.1, for this machine only; to accept connections "
                f"from other machines, add --host {value}, and make API keys (`liusheng keys add "
                "NAME`) or add --no-auth",
            )

    def _engines(self, engines: list[str]) -> None:
        tasks = {engine.partition("_")[0] for engine in engines}
        if tasks.isdisjoint(_SETTINGS):
            raise SettingsError(
                f"{self._name} configures a server for {', '.join(sorted(tasks)) or 'nothing'}, "
                "but this server has recognition and synthesis only: leave that server out. "
                "(The recognisers of this server write punctuation themselves.)"
            )
        for task, setting in _SETTINGS.items():
            if task not in tasks:
                self._values[setting] = []
        for task in sorted(tasks - _SETTINGS.keys()):
            why = (
                "recognisers write punctuation themselves; asr.punctuation sets a model for other "
                "texts"
                if task == "text"
                else "this server has recognition and synthesis only"
            )
            self._skip("engine_list", task, why)

    def _section(self, engine: str, section: dict[str, Any], engines: list[str]) -> None:
        task = engine.partition("_")[0]
        if engine not in engines:
            self._unused.append(
                f"{self._name}: {engine} is not used: engine_list does not name it."
            )
            return
        if task not in _SETTINGS:
            return  # reported for engine_list
        for key, value in _leaves(section):
            name = key.rpartition(".")[2]
            if name == "lang":
                self._lang(task, f"{engine}.{key}", value)
            elif not self._is_default(task, name, value):
                why = _WHY.get(name, "it has no counterpart here")
                if name == "am" and "csmsc" in str(value):
                    why = _OTHER_VOICE
                elif name == "device":
                    why = "models are computed on the CPU"
                elif name.endswith("sample_rate"):
                    why = "models use 16,000 Hz for recognition and 24,000 Hz for synthesis"
                elif name == "spk_id":
                    why = "voices have other numbers here (see /api/info), and clients select them"
                self._skip(f"{engine}.{key}", value, why)

    def _lang(self, task: str, key: str, value: Any) -> None:
        if value not in _LANGUAGES[task]:
            self._skip(
                key, value, "there is no default model for it; select one with --asr or --tts"
            )
        elif models := _MODELS.get((task, value)):
            self._values[_SETTINGS[task]] = models

    @staticmethod
    def _is_default(task: str, name: str, value: Any) -> bool:
        return (
            (name == "sample_rate" and value == 16_000 and task == "asr")
            or (name in ("am_sample_rate", "voc_sample_rate") and value == 24_000)
            or (name == "spk_id" and value == 0)
            or (name == "device" and value == "cpu")
            or (name == "continuous_decoding" and value is True)
        )

    def _skip(self, key: str, value: Any, why: str) -> None:
        self._unused.append(f"{self._name}: {key} = {value!r} is not used: {why}.")


def _leaves(section: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the keys that have a value, as dotted paths."""
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{key}.")
        elif value is not None:
            yield f"{above}{key}", value

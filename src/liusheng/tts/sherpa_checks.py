"""Checks the files of a synthesis model before sherpa-onnx loads them.

The library reads settings from metadata in the ONNX files, and ends the process where one is
missing. These are the requirements of its loaders (sherpa-onnx/csrc/offline-tts-*-model.cc,
vocoder.cc, lexicon.cc; version 2.0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx

from liusheng.models.types import InstalledModel, Kind

_FILES: Mapping[Kind, tuple[str, ...]] = {
    Kind.VITS: ("model", "tokens"),
    Kind.MATCHA: ("acoustic", "vocoder", "tokens"),
    Kind.KOKORO: ("model", "voices", "tokens", "espeak_data"),
}
_METADATA: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    Kind.VITS: {"model": ("sample_rate", "n_speakers", "language", "comment")},
    Kind.MATCHA: {
        "acoustic": ("sample_rate", "n_speakers", "use_eos_bos", "pad_id"),
        "vocoder": ("model_type",),
    },
    Kind.KOKORO: {"model": ("sample_rate", "n_speakers", "has_espeak", "style_dim")},
}
_VOCODERS = {"hifigan", "vocos", "matcha-tts vocos"}
_LEXICON_LANGUAGES = {"english", "german", "spanish", "french", "chinese"}
_MELO_VERSION = 2
_KOKORO_MULTILINGUAL = 2


def check_files(model: InstalledModel) -> dict[str, str]:
    """Check that sherpa-onnx can load a model, and return the metadata of its main file.

    Raises:
        ValueError: a file is missing, is not ONNX, or lacks metadata; the message names it.
    """
    for role in _FILES[model.kind]:
        if role not in model.files or not model.files[role].exists():
            raise ValueError(
                f"it has no {role} file; a {model.kind.value} model needs "
                + ", ".join(_FILES[model.kind])
            )
    facts = {role: _read(model, role, keys) for role, keys in _METADATA[model.kind].items()}
    if model.kind is Kind.VITS:
        _check_vits(model, facts["model"])
        return facts["model"]
    if model.kind is Kind.MATCHA:
        _check_matcha(model, facts["vocoder"])
        return facts["acoustic"]
    _check_kokoro(model, facts["model"])
    return facts["model"]


def _check_vits(model: InstalledModel, facts: Mapping[str, str]) -> None:
    melo = "melo" in facts["comment"]
    if melo and int(facts.get("version", "0")) < _MELO_VERSION:
        raise ValueError(
            f"{model.files['model']} is a MeloTTS export older than sherpa-onnx supports; "
            "download the current one"
        )
    phonemised = any(each in facts["comment"] for each in ("piper", "coqui", "icefall"))
    if facts.get("frontend") == "characters" or (phonemised and "espeak_data" in model.files):
        return
    if "lexicon" not in model.files or not model.files["lexicon"].is_file():
        needed = "espeak-ng-data, the folder of phoneme data" if phonemised else "lexicon.txt"
        raise ValueError(f"it has no {needed}, and its model does not take plain characters")
    if not melo and facts.get("jieba", "0") == "0":
        language = facts["language"].lower()
        if language not in _LEXICON_LANGUAGES:
            raise ValueError(
                f"{model.files['model']} says its language is {facts['language']!r}; with a "
                f"lexicon, sherpa-onnx supports {', '.join(sorted(_LEXICON_LANGUAGES))}"
            )


def _check_matcha(model: InstalledModel, vocoder: Mapping[str, str]) -> None:
    if vocoder["model_type"] not in _VOCODERS:
        raise ValueError(
            f"{model.files['vocoder']} is a vocoder of the type {vocoder['model_type']!r}; "
            f"sherpa-onnx supports {', '.join(sorted(_VOCODERS))}"
        )
    if not {"lexicon", "espeak_data"} & model.files.keys():
        raise ValueError(
            "it has neither lexicon.txt nor espeak-ng-data, one of which its model needs"
        )


def _check_kokoro(model: InstalledModel, facts: Mapping[str, str]) -> None:
    if int(facts.get("version", "1")) >= _KOKORO_MULTILINGUAL and "lexicon" not in model.files:
        raise ValueError("it has no lexicon (lexicon-zh.txt), which its model needs for Chinese")
    style = [int(size) for size in facts["style_dim"].split(",")]
    if len(style) != 3 or style[1] != 1:
        raise ValueError(
            f"{model.files['model']} has style_dim {facts['style_dim']}; it must be N,1,M"
        )
    expected = style[0] * style[2] * int(facts["n_speakers"]) * 4
    size = model.files["voices"].stat().st_size
    if size != expected:
        raise ValueError(
            f"{model.files['voices']} has {size} bytes, but the model's {facts['n_speakers']} "
            f"speakers need {expected}; it belongs to another model, or is damaged"
        )


def _read(model: InstalledModel, role: str, keys: Sequence[str]) -> dict[str, str]:
    path = model.files[role]
    try:
        proto = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf's DecodeError has no stable place to import it from
        raise ValueError(f"{path} cannot be read as an ONNX model: {error}") from error
    facts = {entry.key: entry.value for entry in proto.metadata_props}
    missing = [key for key in keys if key not in facts]
    if missing:
        raise ValueError(
            f"{path} lacks the metadata {', '.join(missing)}; take the model from sherpa-onnx's "
            "releases, or add them as its export scripts do"
        )
    return facts

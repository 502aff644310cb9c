"""Checks of a model's files before sherpa-onnx loads them.

sherpa-onnx configures itself from the key-value metadata inside the ONNX files. It exits the
process where a key is missing, and crashes without `model_type`: there is no exception that a
worker could report. Therefore files and metadata are checked first, for the keys that the library's
loaders read (sherpa-onnx/csrc/online-*-model.cc and offline-*-model.cc, version 2.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx

from liusheng.asr.sherpa.tokens import Vocabulary
from liusheng.models.types import InstalledModel, Kind


class ModelFormatError(ValueError):
    """The files of a model do not fit its kind; the message names the file and the fault."""


_FILES: Mapping[Kind, tuple[str, ...]] = {
    Kind.ONLINE_TRANSDUCER: ("encoder", "decoder", "joiner", "tokens"),
    Kind.ONLINE_PARAFORMER: ("encoder", "decoder", "tokens"),
    Kind.ONLINE_ZIPFORMER2_CTC: ("model", "tokens"),
    Kind.ONLINE_NEMO_CTC: ("model", "tokens"),
    Kind.SENSE_VOICE: ("model", "tokens"),
    Kind.OFFLINE_PARAFORMER: ("model", "tokens"),
}

_CHUNK = ("T", "decode_chunk_len")
_ZIPFORMER2 = (
    *_CHUNK,
    "encoder_dims",
    "query_head_dims",
    "value_head_dims",
    "num_heads",
    "num_encoder_layers",
    "cnn_module_kernels",
    "left_context_len",
)
_TRANSDUCER_ENCODERS: Mapping[str, tuple[str, ...]] = {
    "lstm": (*_CHUNK, "num_encoder_layers", "rnn_hidden_size", "d_model"),
    "conformer": (
        *_CHUNK,
        "num_encoder_layers",
        "left_context",
        "encoder_dim",
        "pad_length",
        "cnn_module_kernel",
    ),
    "zipformer": (
        *_CHUNK,
        "encoder_dims",
        "attention_dims",
        "num_encoder_layers",
        "cnn_module_kernels",
        "left_context_len",
    ),
    "zipformer2": _ZIPFORMER2,
}
_LFR = ("lfr_window_size", "lfr_window_shift", "neg_mean", "inv_stddev")
_KEYS: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {
    Kind.ONLINE_TRANSDUCER: {"decoder": ("vocab_size", "context_size")},
    Kind.ONLINE_PARAFORMER: {
        "encoder": (
            *_LFR,
            "vocab_size",
            "encoder_output_size",
            "decoder_num_blocks",
            "decoder_kernel_size",
        )
    },
    Kind.ONLINE_ZIPFORMER2_CTC: {"model": _ZIPFORMER2},
    Kind.ONLINE_NEMO_CTC: {
        "model": (
            "window_size",
            "chunk_shift",
            "subsampling_factor",
            "vocab_size",
            *(f"cache_last_{kind}_dim{i}" for kind in ("channel", "time") for i in (1, 2, 3)),
        )
    },
    Kind.SENSE_VOICE: {
        "model": (
            *_LFR,
            "vocab_size",
            "normalize_samples",
            "with_itn",
            "without_itn",
            *(f"lang_{code}" for code in ("auto", "zh", "en", "ja", "ko", "yue")),
        )
    },
    Kind.OFFLINE_PARAFORMER: {"model": (*_LFR, "vocab_size")},
}
_BLANKS = frozenset({"<blk>", "<eps>", "<blank>"})
_SYMBOLS: Mapping[Kind, tuple[frozenset[str], ...]] = {
    Kind.ONLINE_ZIPFORMER2_CTC: (_BLANKS,),
    Kind.ONLINE_NEMO_CTC: (_BLANKS,),
    Kind.OFFLINE_PARAFORMER: (frozenset({"</s>"}),),
}


def read_metadata(model: InstalledModel) -> dict[str, dict[str, str]]:
    """Check the files and metadata of a model; return the metadata, role to key to value.

    Raises:
        ModelFormatError: a file or a key is missing, or an ONNX file cannot be read.
    """
    for role in _FILES[model.kind]:
        path = model.files.get(role)
        if path is None or not path.is_file():
            required = ", ".join(_FILES[model.kind])
            where = model.path if path is None else path
            raise ModelFormatError(
                f"model {model.name!r}: no {role} file ({where}); "
                f"a model of kind {model.kind.value} has the files: {required}"
            )
    metadata = {role: _read(model, role) for role in _FILES[model.kind] if role != "tokens"}
    if model.kind is Kind.ONLINE_TRANSDUCER:
        _require(model, "encoder", metadata["encoder"], ("model_type",))
        family = metadata["encoder"]["model_type"]
        if family not in _TRANSDUCER_ENCODERS:
            known = ", ".join(_TRANSDUCER_ENCODERS)
            raise ModelFormatError(
                f"model {model.name!r}: {model.files['encoder']} has model_type {family!r}; "
                f"the online transducers that can be loaded are: {known}"
            )
        _require(model, "encoder", metadata["encoder"], _TRANSDUCER_ENCODERS[family])
    for role, keys in _KEYS[model.kind].items():
        _require(model, role, metadata[role], keys)
    return metadata


def read_vocabulary(model: InstalledModel, metadata: Mapping[str, Mapping[str, str]]) -> Vocabulary:
    """Read the tokens.txt of a model, and check it against the metadata.

    Raises:
        ModelFormatError: it cannot be read, lacks a symbol that the library needs, or has fewer
            tokens than the model's output.
    """
    path = model.files["tokens"]
    try:
        vocabulary = Vocabulary(path)
    except (OSError, ValueError) as error:
        raise ModelFormatError(f"model {model.name!r}: {error}") from error
    for alternatives in _SYMBOLS.get(model.kind, ()):
        if not alternatives.intersection(vocabulary.symbols):
            raise ModelFormatError(
                f"model {model.name!r}: {path} has no symbol {' or '.join(sorted(alternatives))}"
            )
    sizes = [facts["vocab_size"] for facts in metadata.values() if "vocab_size" in facts]
    for size in sizes:
        if size.isdigit() and len(vocabulary.symbols) < int(size):
            raise ModelFormatError(
                f"model {model.name!r}: {path} has {len(vocabulary.symbols)} tokens, but the "
                f"output of the model has {size}; use the tokens.txt of the model"
            )
    return vocabulary


def _read(model: InstalledModel, role: str) -> dict[str, str]:
    path: Path = model.files[role]
    try:
        proto = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf's DecodeError, which has no stable home; OSError
        raise ModelFormatError(
            f"model {model.name!r}: {path} cannot be read as an ONNX model: {error}"
        ) from error
    if not proto.graph.output:
        raise ModelFormatError(f"model {model.name!r}: {path} is not an ONNX model")
    return {entry.key: entry.value for entry in proto.metadata_props}


def _require(
    model: InstalledModel, role: str, metadata: Mapping[str, str], keys: tuple[str, ...]
) -> None:
    missing = [key for key in keys if not metadata.get(key)]
    if missing:
        raise ModelFormatError(
            f"model {model.name!r}: {model.files[role]} lacks the metadata "
            f"{', '.join(repr(key) for key in missing)}, which sherpa-onnx requires for kind "
            f"{model.kind.value}; export it again with sherpa-onnx's export script"
        )

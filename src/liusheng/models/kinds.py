"""The files of each kind of model: their roles, and the names that publishers give them.

The catalogue gives the role of each file of its own models. In a user's own folder, files are
matched with roles by these names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from liusheng.models.errors import IncompleteModelError
from liusheng.models.types import Kind, Task


@dataclass(frozen=True)
class FileRole:
    """A file (or folder) that a kind's engine opens.

    patterns: globs in order of preference; those that end in "/" match folders.
    required: the model cannot be loaded without it.
    """

    name: str
    patterns: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True)
class Layout:
    """The task and the files of a kind.

    distinctive: whether the kind can be detected by its files alone.
    """

    task: Task
    roles: tuple[FileRole, ...]
    distinctive: bool = True


def _onnx(stem: str) -> tuple[str, ...]:
    # Where there are both, the 8-bit form is the faster one on a CPU.
    return (f"{stem}*int8*.onnx", f"{stem}*.onnx")


_LFS_POINTER = b"version https://git-lfs"
_TOKENS = FileRole("tokens", ("tokens.txt", "*tokens*.txt"))
_BPE = FileRole("bpe_vocab", ("bpe.vocab",), required=False)
_ONE_MODEL = (FileRole("model", _onnx("model") + _onnx("")), _TOKENS)
_LEXICON = FileRole("lexicon", ("lexicon.txt", "lexicon-zh.txt"), required=False)
_LEXICON_EN = FileRole("lexicon_en", ("lexicon-us-en.txt", "lexicon-gb-en.txt"), required=False)
_RULES = tuple(
    FileRole(f"rule_fst_{what}", (f"{what}.fst", f"{what}-zh.fst"), required=False)
    for what in ("date", "number", "phone")
)
_ESPEAK = FileRole("espeak_data", ("espeak-ng-data/",), required=False)

LAYOUTS: Mapping[Kind, Layout] = {
    Kind.WHISPER: Layout(
        Task.ASR,
        (
            FileRole("model", ("model.bin",)),
            FileRole("config", ("config.json",)),
            FileRole("tokenizer", ("tokenizer.json",)),
            FileRole("vocabulary", ("vocabulary.json", "vocabulary.txt")),
            FileRole("preprocessor", ("preprocessor_config.json",), required=False),
        ),
    ),
    Kind.MOONSHINE: Layout(
        Task.ASR,
        (
            FileRole("encoder", ("encoder_model.ort", "encoder_model*.onnx")),
            FileRole("decoder", ("decoder_model_merged.ort", "decoder_model_merged*.onnx")),
            _TOKENS,
        ),
    ),
    Kind.SENSE_VOICE: Layout(Task.ASR, _ONE_MODEL, distinctive=False),
    Kind.OFFLINE_PARAFORMER: Layout(Task.ASR, _ONE_MODEL, distinctive=False),
    Kind.ONLINE_TRANSDUCER: Layout(
        Task.ASR,
        (
            FileRole("encoder", _onnx("encoder")),
            # The decoder of a transducer is small, and less accurate in 8 bits.
            FileRole("decoder", ("decoder*[!8].onnx", "decoder*.onnx")),
            FileRole("joiner", _onnx("joiner")),
            _TOKENS,
            _BPE,
        ),
    ),
    Kind.ONLINE_PARAFORMER: Layout(
        Task.ASR,
        (FileRole("encoder", _onnx("encoder")), FileRole("decoder", _onnx("decoder")), _TOKENS),
    ),
    Kind.ONLINE_ZIPFORMER2_CTC: Layout(
        Task.ASR,
        (FileRole("model", _onnx("ctc") + _onnx("model") + _onnx("")), _TOKENS, _BPE),
        distinctive=False,
    ),
    Kind.ONLINE_NEMO_CTC: Layout(Task.ASR, _ONE_MODEL, distinctive=False),
    Kind.FASTSPEECH2_MBMELGAN: Layout(
        Task.TTS,
        (
            FileRole("encoder", ("encoder.onnx",)),
            FileRole("decoder", ("decoder.onnx",)),
            FileRole("postnet", ("postnet.onnx",)),
            FileRole("vocoder", ("vocoder.onnx",)),
            FileRole("phones", ("phones.json",)),
        ),
    ),
    Kind.HIBARI: Layout(Task.TTS, (FileRole("model", ("hibari.onnx",)),)),
    Kind.HARMONIC_NOISE: Layout(
        Task.TTS,
        (
            FileRole("text", ("text.onnx",)),
            FileRole("curves", ("curves.onnx",)),
            FileRole("decoder", ("decoder.onnx",)),
            FileRole("tokens", ("vocab.json",)),
        ),
    ),
    Kind.MATCHA: Layout(
        Task.TTS,
        (
            FileRole("acoustic", ("model-steps-3.onnx", "model-steps-*.onnx")),
            FileRole("vocoder", ("vocos*.onnx", "hifigan*.onnx")),
            _TOKENS,
            _LEXICON,
            _ESPEAK,
            *_RULES,
        ),
    ),
    Kind.KOKORO: Layout(
        Task.TTS,
        (
            FileRole("model", _onnx("model") + _onnx("kokoro")),
            FileRole("voices", ("voices.bin",)),
            _TOKENS,
            # sherpa-onnx 2 reads words from lexicons alone, earlier ones from eSpeak's data too.
            FileRole("lexicon", ("lexicon-zh.txt", "lexicon.txt")),
            _LEXICON_EN,
            _ESPEAK,
            *_RULES,
        ),
    ),
    Kind.KOKORO_PHONEMES: Layout(
        Task.TTS,
        (
            FileRole("model", _onnx("kokoro") + _onnx("model")),
            FileRole("tokens", ("vocab.json", "config.json")),
            FileRole("voices", ("voices/",)),
        ),
    ),
    Kind.KENLM: Layout(Task.LM, (FileRole("model", ("*.lm", "*.klm", "*.kenlm")), _LEXICON)),
    Kind.CT_TRANSFORMER: Layout(
        Task.PUNCTUATION, (FileRole("model", _onnx("model") + _onnx("")),), distinctive=False
    ),
    Kind.VITS: Layout(
        Task.TTS,
        (FileRole("model", _onnx("model") + _onnx("")), _TOKENS, _LEXICON, _ESPEAK, *_RULES),
        distinctive=False,
    ),
}


def detect(folder: Path) -> Kind:
    """Return the kind of model in a folder, by the files that are there.

    Raises:
        IncompleteModelError: the files fit no kind, or several.
    """
    complete = [kind for kind in LAYOUTS if not missing(folder, kind)]
    distinctive = [kind for kind in complete if LAYOUTS[kind].distinctive]
    # A transducer's folder also has all files of a streaming Paraformer: the kind with more
    # required files is right. Ties are broken by the order above (Moonshine before Paraformer).
    distinctive.sort(key=lambda kind: -sum(role.required for role in LAYOUTS[kind].roles))
    if distinctive:
        return distinctive[0]
    if complete:
        fits = ", ".join(kind.value for kind in complete)
        raise IncompleteModelError(
            f"the files in {folder} fit several kinds of model: name one in a file model.toml "
            f'beside them (kind = "..."), one of {fits}'
        )
    nearest = min(LAYOUTS, key=lambda kind: len(missing(folder, kind)) / len(LAYOUTS[kind].roles))
    absent = "; ".join(missing(folder, nearest))
    raise IncompleteModelError(
        f"the files in {folder} are not a model of any known kind; for the nearest kind, "
        f"{nearest.value}, these are missing: {absent}"
    )


def find_files(folder: Path, kind: Kind) -> dict[str, Path]:
    """Return role to path for the files of a model of a known kind.

    Raises:
        IncompleteModelError: a required file is missing.
    """
    if absent := missing(folder, kind):
        raise IncompleteModelError(
            f"{folder} is not a complete model of kind {kind.value}: these are missing: "
            + "; ".join(absent)
        )
    found = {role.name: _find(folder, role) for role in LAYOUTS[kind].roles}
    return {name: path for name, path in found.items() if path is not None}


def missing(folder: Path, kind: Kind) -> list[str]:
    """Return the required roles without a file in the folder, with the accepted names."""
    return [
        f"{role.name} ({' or '.join(role.patterns)})"
        for role in LAYOUTS[kind].roles
        if role.required and _find(folder, role) is None
    ]


def _find(folder: Path, role: FileRole) -> Path | None:
    for pattern in role.patterns:
        is_folder = pattern.endswith("/")
        for path in sorted(folder.glob(pattern.rstrip("/"))):
            if path.is_dir() == is_folder and (is_folder or not _is_pointer(path)):
                return path
    return None


def _is_pointer(path: Path) -> bool:
    """Whether a file is a Git LFS pointer, without the content it points to.

    Some published archives contain one beside the real model.
    """
    with path.open("rb") as stream:
        return stream.read(len(_LFS_POINTER)) == _LFS_POINTER

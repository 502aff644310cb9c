"""What each kind of model consists of: the roles of its files, and the names they usually have.

The catalogue says for its own models which file has which role. For a user's own folder the roles
are found by the names that the publishers of such models use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from liusheng.models.errors import IncompleteModelError
from liusheng.models.types import Kind, Task


@dataclass(frozen=True)
class Role:
    """A file (or folder) that a kind's engine asks for.

    patterns: globs, the first that matches wins; ones that end in "/" are for folders.
    needed: without it the model cannot be loaded.
    """

    name: str
    patterns: tuple[str, ...]
    needed: bool = True


@dataclass(frozen=True)
class Anatomy:
    """A kind's task and roles.

    telling: whether the files alone tell the kind from others that look alike.
    """

    task: Task
    roles: tuple[Role, ...]
    telling: bool = True


def _onnx(stem: str) -> tuple[str, ...]:
    # The 8-bit form is what a CPU wants where both are there.
    return (f"{stem}*int8*.onnx", f"{stem}*.onnx")


_LFS_POINTER = b"version https://git-lfs"
_TOKENS = Role("tokens", ("tokens.txt", "*tokens*.txt"))
_BPE = Role("bpe_vocab", ("bpe.vocab",), needed=False)
_ONE_MODEL = (Role("model", _onnx("model") + _onnx("")), _TOKENS)
_LEXICON = Role("lexicon", ("lexicon.txt", "lexicon-zh.txt"), needed=False)
_LEXICON_EN = Role("lexicon_en", ("lexicon-us-en.txt", "lexicon-gb-en.txt"), needed=False)
_RULES = tuple(
    Role(f"rule_fst_{what}", (f"{what}.fst", f"{what}-zh.fst"), needed=False)
    for what in ("date", "number", "phone")
)
_ESPEAK = Role("espeak_data", ("espeak-ng-data/",), needed=False)

ANATOMY: Mapping[Kind, Anatomy] = {
    Kind.WHISPER: Anatomy(
        Task.ASR,
        (
            Role("model", ("model.bin",)),
            Role("config", ("config.json",)),
            Role("tokenizer", ("tokenizer.json",)),
            Role("vocabulary", ("vocabulary.json", "vocabulary.txt")),
            Role("preprocessor", ("preprocessor_config.json",), needed=False),
        ),
    ),
    Kind.MOONSHINE: Anatomy(
        Task.ASR,
        (
            Role("encoder", ("encoder_model.ort", "encoder_model*.onnx")),
            Role("decoder", ("decoder_model_merged.ort", "decoder_model_merged*.onnx")),
            _TOKENS,
        ),
    ),
    Kind.SENSE_VOICE: Anatomy(Task.ASR, _ONE_MODEL, telling=False),
    Kind.OFFLINE_PARAFORMER: Anatomy(Task.ASR, _ONE_MODEL, telling=False),
    Kind.ONLINE_TRANSDUCER: Anatomy(
        Task.ASR,
        (
            Role("encoder", _onnx("encoder")),
            # The decoder of a transducer is tiny, and less exact in 8 bits.
            Role("decoder", ("decoder*[!8].onnx", "decoder*.onnx")),
            Role("joiner", _onnx("joiner")),
            _TOKENS,
            _BPE,
        ),
    ),
    Kind.ONLINE_PARAFORMER: Anatomy(
        Task.ASR, (Role("encoder", _onnx("encoder")), Role("decoder", _onnx("decoder")), _TOKENS)
    ),
    Kind.ONLINE_ZIPFORMER2_CTC: Anatomy(
        Task.ASR,
        (Role("model", _onnx("ctc") + _onnx("model") + _onnx("")), _TOKENS, _BPE),
        telling=False,
    ),
    Kind.ONLINE_NEMO_CTC: Anatomy(Task.ASR, _ONE_MODEL, telling=False),
    Kind.FASTSPEECH2_MBMELGAN: Anatomy(
        Task.TTS,
        (
            Role("encoder", ("encoder.onnx",)),
            Role("decoder", ("decoder.onnx",)),
            Role("postnet", ("postnet.onnx",)),
            Role("vocoder", ("vocoder.onnx",)),
            Role("phones", ("phones.json",)),
        ),
    ),
    Kind.HIBARI: Anatomy(Task.TTS, (Role("model", ("hibari.onnx",)),)),
    Kind.MATCHA: Anatomy(
        Task.TTS,
        (
            Role("acoustic", ("model-steps-3.onnx", "model-steps-*.onnx")),
            Role("vocoder", ("vocos*.onnx", "hifigan*.onnx")),
            _TOKENS,
            _LEXICON,
            _ESPEAK,
            *_RULES,
        ),
    ),
    Kind.KOKORO: Anatomy(
        Task.TTS,
        (
            Role("model", _onnx("model") + _onnx("kokoro")),
            Role("voices", ("voices.bin",)),
            _TOKENS,
            # sherpa-onnx 2 reads words from lexicons alone, earlier ones from eSpeak's data too.
            Role("lexicon", ("lexicon-zh.txt", "lexicon.txt")),
            _LEXICON_EN,
            _ESPEAK,
            *_RULES,
        ),
    ),
    Kind.KOKORO_PHONEMES: Anatomy(
        Task.TTS,
        (
            Role("model", _onnx("kokoro") + _onnx("model")),
            Role("tokens", ("vocab.json", "config.json")),
            Role("voices", ("voices/",)),
        ),
    ),
    Kind.KENLM: Anatomy(Task.LM, (Role("model", ("*.lm", "*.klm", "*.kenlm")), _LEXICON)),
    Kind.CT_TRANSFORMER: Anatomy(
        Task.PUNCTUATION, (Role("model", _onnx("model") + _onnx("")),), telling=False
    ),
    Kind.VITS: Anatomy(
        Task.TTS,
        (Role("model", _onnx("model") + _onnx("")), _TOKENS, _LEXICON, _ESPEAK, *_RULES),
        telling=False,
    ),
}


def detect(folder: Path) -> Kind:
    """Return the kind of model in a folder, by the files that are there.

    Raises:
        IncompleteModelError: the files fit no kind, or more than one.
    """
    complete = [kind for kind in ANATOMY if not missing(folder, kind)]
    telling = [kind for kind in complete if ANATOMY[kind].telling]
    # A transducer's folder also has what a streaming Paraformer's has: more needed files explain
    # more. Among equals the order above decides (Moonshine's names are the narrower ones).
    telling.sort(key=lambda kind: -sum(role.needed for role in ANATOMY[kind].roles))
    if telling:
        return telling[0]
    if complete:
        fits = ", ".join(kind.value for kind in complete)
        raise IncompleteModelError(
            f"the files in {folder} fit several kinds of model: say which it is in a file "
            f'model.toml beside them (kind = "..."), one of {fits}'
        )
    nearest = min(ANATOMY, key=lambda kind: len(missing(folder, kind)) / len(ANATOMY[kind].roles))
    lacks = "; ".join(missing(folder, nearest))
    raise IncompleteModelError(
        f"the files in {folder} are not those of any known kind of model; for the nearest, "
        f"{nearest.value}, these are missing: {lacks}"
    )


def find_files(folder: Path, kind: Kind) -> dict[str, Path]:
    """Return role to path for the files of a model of a known kind.

    Raises:
        IncompleteModelError: a needed file is missing.
    """
    if lacks := missing(folder, kind):
        raise IncompleteModelError(
            f"{folder} is not a complete model of kind {kind.value}: these are missing: "
            + "; ".join(lacks)
        )
    found = {role.name: _find(folder, role) for role in ANATOMY[kind].roles}
    return {name: path for name, path in found.items() if path is not None}


def missing(folder: Path, kind: Kind) -> list[str]:
    """Return the needed roles that no file in the folder has, with the names that would do."""
    return [
        f"{role.name} ({' or '.join(role.patterns)})"
        for role in ANATOMY[kind].roles
        if role.needed and _find(folder, role) is None
    ]


def _find(folder: Path, role: Role) -> Path | None:
    for pattern in role.patterns:
        wants_folder = pattern.endswith("/")
        for path in sorted(folder.glob(pattern.rstrip("/"))):
            if path.is_dir() == wants_folder and (wants_folder or not _is_pointer(path)):
                return path
    return None


def _is_pointer(path: Path) -> bool:
    """Whether a file only stands for a large one that Git LFS has not fetched.

    Some published archives hold such a file beside the real model.
    """
    with path.open("rb") as stream:
        return stream.read(len(_LFS_POINTER)) == _LFS_POINTER

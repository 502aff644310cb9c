"""A user's own folder: which kind of model it is, and what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.models.errors import IncompleteModelError, UnknownModelError
from liusheng.models.store import Store
from liusheng.models.types import Kind, Task

FOLDERS = {
    Kind.WHISPER: "model.bin config.json tokenizer.json vocabulary.txt",
    Kind.MOONSHINE: "encoder_model.ort decoder_model_merged.ort tokens.txt",
    Kind.ONLINE_TRANSDUCER: "encoder-epoch-99.int8.onnx decoder-epoch-99.onnx "
    "joiner-epoch-99.int8.onnx tokens.txt bpe.vocab README.md",
    Kind.ONLINE_PARAFORMER: "encoder.int8.onnx decoder.int8.onnx tokens.txt",
    Kind.FASTSPEECH2_MBMELGAN: "encoder.onnx decoder.onnx postnet.onnx vocoder.onnx phones.json",
    Kind.MATCHA: "model-steps-3.onnx vocos-22khz-univ.onnx tokens.txt lexicon.txt date.fst",
    Kind.KOKORO: "model.onnx voices.bin tokens.txt espeak-ng-data/phontab lexicon-zh.txt",
    Kind.KOKORO_PHONEMES: "kokoro.onnx vocab.json voices/zf_xiaoxiao.bin",
    Kind.KENLM: "zh_CN.lm",
}
ONE_MODEL = "model.int8.onnx tokens.txt"


def make(folder: Path, names: str) -> Path:
    for name in names.split():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


@pytest.mark.parametrize("kind", FOLDERS)
def test_the_kind_is_told_by_the_files(kind: Kind, store: Store, tmp_path: Path) -> None:
    model = store.open_folder(make(tmp_path / "mine", FOLDERS[kind]))
    assert model.kind is kind
    assert model.path == tmp_path / "mine"
    assert all(path.exists() for path in model.files.values())


@pytest.mark.parametrize("kind", FOLDERS)
def test_what_is_missing_is_named(kind: Kind, store: Store, tmp_path: Path) -> None:
    first = FOLDERS[kind].split()[0]
    folder = make(tmp_path / "mine", FOLDERS[kind])
    (folder / first).unlink()
    with pytest.raises(IncompleteModelError, match="these are missing"):
        store.open_folder(folder, kind)


def test_files_that_fit_several_kinds_need_a_word(store: Store, tmp_path: Path) -> None:
    folder = make(tmp_path / "mine", ONE_MODEL)
    with pytest.raises(IncompleteModelError, match=r"several kinds.*sense-voice.*paraformer"):
        store.open_folder(folder)
    model = store.open_folder(folder, Kind.SENSE_VOICE, languages=("zh", "en"))
    assert model.task is Task.ASR
    assert model.languages == ("zh", "en")
    assert set(model.files) == {"model", "tokens"}


def test_the_owner_can_name_its_model(store: Store, tmp_path: Path) -> None:
    folder = make(tmp_path / "mine", ONE_MODEL)
    said = 'kind = "sense-voice"\nlanguages = ["yue", "zh"]\noptions = { gender = "male" }'
    (folder / "model.toml").write_text(said)
    model = store.open_folder(folder)
    assert model.kind is Kind.SENSE_VOICE
    assert model.languages == ("yue", "zh")
    assert model.options == {"gender": "male"}
    # What the caller says goes first.
    model = store.open_folder(folder, Kind.OFFLINE_PARAFORMER, languages=("zh",))
    assert model.kind is Kind.OFFLINE_PARAFORMER
    assert model.languages == ("zh",)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ('kind = "sensevoice"', "sensevoice.*one of whisper, .*sense-voice"),
        ('langs = ["zh"]', "unknown field `langs`"),
        ("kind =", "model.toml: Invalid"),
    ],
)
def test_what_the_owner_says_wrongly_is_told(
    said: str, problem: str, store: Store, tmp_path: Path
) -> None:
    folder = make(tmp_path / "mine", ONE_MODEL)
    (folder / "model.toml").write_text(said)
    with pytest.raises(IncompleteModelError, match=problem):
        store.open_folder(folder)


def test_files_of_no_kind(store: Store, tmp_path: Path) -> None:
    with pytest.raises(IncompleteModelError, match="not a model of any known kind"):
        store.open_folder(make(tmp_path / "mine", "readme.txt"))
    near = make(tmp_path / "near", "model.bin config.json tokenizer.json")
    with pytest.raises(IncompleteModelError, match=r"nearest kind, whisper.*vocabulary\.json"):
        store.open_folder(near)


def test_no_folder(store: Store, tmp_path: Path) -> None:
    with pytest.raises(IncompleteModelError, match="does not exist"):
        store.open_folder(tmp_path / "none")


def test_eight_bit_models_are_preferred_but_for_a_transducers_decoder(
    store: Store, tmp_path: Path
) -> None:
    names = [
        f"{part}-epoch-9{end}"
        for part in ("encoder", "decoder", "joiner")
        for end in (".onnx", ".int8.onnx")
    ]
    model = store.open_folder(make(tmp_path / "mine", " ".join([*names, "tokens.txt"])))
    assert {role: path.name for role, path in model.files.items()} == {
        "encoder": "encoder-epoch-9.int8.onnx",
        "decoder": "decoder-epoch-9.onnx",
        "joiner": "joiner-epoch-9.int8.onnx",
        "tokens": "tokens.txt",
    }


def test_a_pointer_of_git_lfs_is_no_model(store: Store, tmp_path: Path) -> None:
    folder = make(tmp_path / "mine", "model.onnx tokens.txt lexicon.txt")
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    (folder / "model.int8.onnx").write_bytes(pointer)
    assert store.open_folder(folder, Kind.VITS).files["model"].name == "model.onnx"
    (folder / "model.onnx").write_bytes(pointer)
    with pytest.raises(IncompleteModelError, match="model "):
        store.open_folder(folder, Kind.VITS)


def test_a_setting_names_a_folder_or_a_model_of_the_catalogue(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "mine", FOLDERS[Kind.WHISPER])
    (tmp_path / "whisper-base").mkdir()
    assert store.open_named("mine").kind is Kind.WHISPER
    assert store.open_named("./mine").kind is Kind.WHISPER
    assert not store.names_folder("whisper-base"), "the catalogue comes first"
    assert store.names_folder("./whisper-base")
    with pytest.raises(UnknownModelError, match="nothing-like-it"):
        store.open_named("nothing-like-it")

"""Whisper's decoder with a part of the vocabulary, on models with random weights."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import pytest

from liusheng.asr.offline.whisper_decoder import (
    CutDecoder,
    Generated,
    WhisperDecoder,
    load_mandarin_decoder,
)
from liusheng.asr.offline.whisper_encoder import Floats, WhisperEncoder
from liusheng.asr.offline.whisper_vocabulary import mandarin_tokens
from liusheng.asr.options import WhisperOptions
from liusheng.models.types import InstalledModel
from tests.support.random_models import whisper

pytestmark = pytest.mark.slow

PIECES = ("好", "的", "謝謝", " the", "です", " нет", "é")
TEXT_TOKENS = 256 + len(PIECES)
WRITES = {"han": ("好", "的"), "latin": (" the", "好"), "anything": ()}


class Loaded:
    """A model and its decoders."""

    def __init__(self, model: InstalledModel, compute_type: str) -> None:
        options = WhisperOptions(compute_type=compute_type)
        self.tokenizer = whisper.tokenizer(PIECES)
        self.whole = ctranslate2.models.Whisper(str(model.path), compute_type=compute_type)
        self.encoder = WhisperEncoder(self.whole)
        cut = load_mandarin_decoder(model, self.tokenizer, options)
        assert cut
        self.cut: CutDecoder = cut
        self.decoder = WhisperDecoder(self.whole, self.encoder, self.tokenizer, cut)
        start = ("<|startoftranscript|>", "<|zh|>", "<|transcribe|>")
        self.prompt = [self.token(each) for each in start]

    def token(self, text: str) -> int:
        token = self.tokenizer.token_to_id(text)
        assert token is not None
        return token

    def expected(self, encoded: Sequence[Floats], **options: Any) -> list[Generated]:
        """What CTranslate2 alone generates."""
        results = self.whole.generate(
            self.encoder.stacked(encoded),
            [self.prompt] * len(encoded),
            return_scores=True,
            return_no_speech_prob=True,
            **options,
        )
        return [
            Generated(tuple(r.sequences_ids), tuple(r.scores), r.no_speech_prob) for r in results
        ]


@pytest.fixture(scope="module", params=["float32", "int8"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = {}
    for name, favoured in WRITES.items():
        folder = tmp_path_factory.mktemp(name)
        made[name] = Loaded(whisper.make(folder, PIECES, favoured), request.param)
    return made


def _encoded(model: Loaded, count: int) -> list[Floats]:
    generator = np.random.default_rng(2)
    shapes = [(1, whisper.MELS, frames) for frames in (200, 240, 300)[:count]]
    features = [generator.normal(0, 1, shape).astype(np.float32) for shape in shapes]
    views = map(ctranslate2.StorageView.from_array, features)
    return [np.asarray(model.whole.encode(each, to_cpu=True)) for each in views]


@pytest.mark.parametrize("writes", WRITES)
@pytest.mark.parametrize("options", [{"beam_size": 1}, {"beam_size": 3, "num_hypotheses": 2}])
def test_fewer_tokens_are_all_tokens_without_the_others(
    loaded: dict[str, Loaded], writes: str, options: dict[str, Any]
) -> None:
    model = loaded[writes]
    kept = set(mandarin_tokens(model.tokenizer, TEXT_TOKENS).tolist())
    dropped = [token for token in range(TEXT_TOKENS) if token not in kept]
    assert len(dropped) == 3
    options = {**options, "max_length": 40}
    encoded = _encoded(model, 3)
    stacked = model.encoder.stacked(encoded)
    found = model.cut.generate(stacked, [model.prompt] * 3, options)
    expected = model.expected(encoded, suppress_tokens=[-1, *dropped], **options)
    for one, other in zip(found, expected, strict=True):
        assert one.tokens == other.tokens
        assert one.scores == pytest.approx(other.scores, abs=1e-4)


@pytest.mark.parametrize("cut", [True, False])
def test_texts_are_scored_as_they_are_decoded(loaded: dict[str, Loaded], cut: bool) -> None:
    model = loaded["han"]
    decoder = WhisperDecoder(
        model.whole, model.encoder, model.tokenizer, model.cut if cut else None
    )
    (encoded,) = _encoded(model, 1)
    texts = [model.tokenizer.encode(text).ids for text in ("好的", "的的的", "好")]
    together = decoder.score(encoded, model.prompt, texts, 200)
    alone = [decoder.score(encoded, model.prompt, [each], 200)[0] for each in texts]
    assert together == pytest.approx(alone, abs=1e-3)
    assert all(score < 0 for score in together)
    assert len(set(together)) == 3


def test_as_many_frames_as_mel_bands_are_not_taken_for_features(loaded: dict[str, Loaded]) -> None:
    model = loaded["han"]
    (encoded,) = _encoded(model, 1)
    tokens = model.tokenizer.encode("好的").ids
    for frames in (whisper.MELS - 1, whisper.MELS, whisper.MELS + 1):
        part = encoded[:, :frames]
        (generated,) = model.decoder.generate([part], [model.prompt], [True], max_length=30)
        assert generated.tokens[0]
        assert all(score < 0 for score in model.decoder.score(part, model.prompt, [tokens] * 2, 90))
        placed = model.decoder.align(part, model.prompt, tokens, 2 * frames)
        assert {token for token, _ in placed} >= {0, 1}
        assert all(0 <= frame < frames for _, frame in placed)


def test_mandarin_is_decoded_with_fewer_tokens(loaded: dict[str, Loaded]) -> None:
    model = loaded["han"]
    encoded = _encoded(model, 2)
    found = model.decoder.generate(encoded, [model.prompt] * 2, [True, False], max_length=30)
    whole = model.expected(encoded[1:], max_length=30)
    text = model.tokenizer.decode([t for t in found[0].tokens[0] if t < TEXT_TOKENS])
    assert set(text) == {"好", "的"}
    assert found[1:] == whole
    alone = model.decoder.generate(encoded[:1], [model.prompt], [False], max_length=30)
    assert found[0].scores != alone[0].scores  # of fewer tokens each is likelier


@pytest.mark.parametrize("writes", ["latin", "anything"])
def test_other_letters_are_written_with_all_tokens(loaded: dict[str, Loaded], writes: str) -> None:
    model = loaded[writes]
    encoded = _encoded(model, 3)
    found = model.decoder.generate(encoded, [model.prompt] * 3, [True] * 3, max_length=30)
    assert found == model.expected(encoded, max_length=30)


def test_a_prompt_with_other_tokens_is_decoded_with_all(loaded: dict[str, Loaded]) -> None:
    model = loaded["han"]
    encoded = _encoded(model, 1)
    before = [model.token("<|startofprev|>"), TEXT_TOKENS - 1]
    assert not model.cut.covers(before)
    prompt = [*before, *model.prompt]
    (found,) = model.decoder.generate(encoded, [prompt], [True], max_length=30)
    (other,) = model.decoder.generate(encoded, [prompt], [False], max_length=30)
    assert found == other


def test_texts_are_aligned_alike(loaded: dict[str, Loaded]) -> None:
    model = loaded["han"]
    (encoded,) = _encoded(model, 1)
    for tokens in ([256, 257, 256], [256, TEXT_TOKENS - 1]):
        (expected,) = model.whole.align(
            ctranslate2.StorageView.from_array(encoded), model.prompt, [tokens], 200
        )
        assert model.decoder.align(encoded, model.prompt, tokens, 200) == expected.alignments


def test_where_a_cut_gains_little_there_is_none(tmp_path: Path) -> None:
    model = whisper.make(tmp_path, PIECES, timestamps=5)
    assert load_mandarin_decoder(model, whisper.tokenizer(PIECES, 5), WhisperOptions()) is None


def test_a_file_in_an_unknown_format_is_not_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = whisper.make(tmp_path, PIECES)
    path = tmp_path / "model.bin"
    path.write_bytes(b"\7" + path.read_bytes()[1:])
    assert load_mandarin_decoder(model, whisper.tokenizer(PIECES), WhisperOptions()) is None
    assert "Mandarin is decoded with all tokens" in caplog.text
    assert "version 7" in caplog.text


def test_a_tokenizer_of_another_model_is_not_used(tmp_path: Path) -> None:
    model = whisper.make(tmp_path, PIECES)
    other = whisper.tokenizer((*PIECES, "多"))
    assert load_mandarin_decoder(model, other, WhisperOptions()) is None


def test_without_room_for_files_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model = whisper.make(tmp_path, PIECES)

    def full(**_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    assert load_mandarin_decoder(model, whisper.tokenizer(PIECES), WhisperOptions()) is None
    assert "No space left on device" in caplog.text


def test_nothing_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    model = whisper.make(tmp_path, PIECES)
    assert load_mandarin_decoder(model, whisper.tokenizer(PIECES), WhisperOptions())
    assert not list(temporary.iterdir())

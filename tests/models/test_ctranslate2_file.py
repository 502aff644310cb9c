"""CTranslate2's model.bin, read and written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from liusheng.models.ctranslate2_file import UnknownFormatError, parse, serialized
from tests.support.random_models import whisper


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whisper")
    whisper.make(folder, ("好",))
    return (folder / "model.bin").read_bytes()


def test_a_model_is_written_as_it_was_read(content: bytes) -> None:
    model = parse(memoryview(content))
    assert b"".join(serialized(model)) == content
    assert model.specification == "WhisperSpec"
    assert model.aliases == (("decoder/projection/weight", "decoder/embeddings/weight"),)


def test_rows_are_taken_in_the_order_asked_for(content: bytes) -> None:
    model = parse(memoryview(content))
    for variable in model.variables:
        if not variable.shape:
            continue
        rows = np.array([variable.shape[0] - 1, 0])
        type_ = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32}[variable.type_id]
        table = np.frombuffer(variable.values, type_).reshape(variable.shape)
        taken = variable.rows(rows)
        assert taken.shape == (2, *variable.shape[1:])
        assert np.array_equal(np.frombuffer(taken.values, type_), table[rows].reshape(-1))


def test_what_is_no_model_is_refused(content: bytes) -> None:
    older = b"\3" + content[1:]
    for wrong in (b"", b"\6\0\0", content[:-1], content[: len(content) // 2], content + b"\0"):
        with pytest.raises(UnknownFormatError):
            parse(memoryview(wrong))
    with pytest.raises(UnknownFormatError, match="version 3"):
        parse(memoryview(older))


def test_a_changed_model_can_be_read_again(content: bytes) -> None:
    model = parse(memoryview(content))
    fewer = replace(model, variables=model.variables[:3], aliases=())
    again = parse(memoryview(b"".join(serialized(fewer))))
    assert [each.name for each in again.variables] == [each.name for each in model.variables[:3]]

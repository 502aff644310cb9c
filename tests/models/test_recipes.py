"""Recipes: what makes final files from fetched ones."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.models.errors import RecipeError
from liusheng.models.recipes import RECIPES, join, moonshine_tokens, run


def test_join(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"p{number}").write_bytes(bytes([number]) * 10)
    target = tmp_path / "out"
    target.mkdir()
    join.convert(tmp_path, target, parts=["p0", "p2", "p1"], output="sub/whole")
    assert (target / "sub/whole").read_bytes() == bytes([0] * 10 + [2] * 10 + [1] * 10)
    assert not (tmp_path / "p0").exists()


def packed(token: bytes) -> bytes:
    size = len(token)
    head = bytes([size]) if size < 128 else bytes([128 + size % 128, size // 128])
    return head + token


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_moonshine_tokens(tmp_path_factory: pytest.TempPathFactory, tokens: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("moonshine")
    (folder / "tokenizer.bin").write_bytes(b"".join(map(packed, tokens)))
    moonshine_tokens.convert(folder, folder)
    lines = (folder / "tokens.txt").read_text().splitlines()
    assert lines == [f"{base64.b64encode(t).decode()} {i}" for i, t in enumerate(tokens)]


@pytest.mark.parametrize("data", [b"\x05ab", b"\x81", b"\x80\x01" + b"x" * 100])
def test_a_vocabulary_that_ends_inside_a_token(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.bin").write_bytes(data)
    with pytest.raises(RecipeError, match="ends inside a token"):
        run("moonshine-tokens", tmp_path, tmp_path, {})


def test_word_readings(tmp_path: Path) -> None:
    words = ["<unk>", "<s>", "银行", "行", "行走", "A", "，"]
    (tmp_path / "model.lm").write_bytes(b"a <unk>\0 trie " + "\0".join(words).encode() + b"\0")
    run("word-readings", tmp_path, tmp_path, {})
    lines = (tmp_path / "lexicon.txt").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["行 xing2", "行 hang2"]
    assert lines[-2:] == ["银行 yin2 hang2", "行走 xing2 zou3"]
    assert all(line.startswith("行 ") for line in lines[:-2])


def test_a_model_without_words(tmp_path: Path) -> None:
    (tmp_path / "model.lm").write_bytes(b"nothing")
    with pytest.raises(RecipeError, match="word list"):
        run("word-readings", tmp_path, tmp_path, {})


def test_an_unknown_recipe(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no recipe 'bake'; the recipes are .*join"):
        run("bake", tmp_path, tmp_path, {})


def test_options_that_a_recipe_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"join.*unexpected keyword"):
        run("join", tmp_path, tmp_path, {"parts": [], "output": "x", "colour": "red"})


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_files_that_a_recipe_was_not_written_for(name: str, tmp_path: Path) -> None:
    with pytest.raises((RecipeError, OSError)):
        run(name, tmp_path, tmp_path, {})

"""pypinyin's dictionaries, without the package: imported, it holds them in ten times the memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from liusheng.tts.text.packed import PackedStrings


@cache
def phrases() -> PackedStrings:
    """Phrases, and the syllables of each, separated by spaces: of several readings the first."""
    return PackedStrings(
        (phrase, " ".join(readings[0] for readings in syllables))
        for phrase, syllables in _entries("phrases_dict.json")
    )


@cache
def characters() -> PackedStrings:
    """Characters, and the syllables that each may be, the usual one first, separated by commas."""
    return PackedStrings(
        (chr(int(code)), syllables) for code, syllables in _entries("pinyin_dict.json")
    )


def _entries(name: str) -> Iterator[tuple[str, Any]]:
    spec = find_spec("pypinyin")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("pypinyin is not installed", name="pypinyin")
    yield from json.loads(Path(spec.origin).with_name(name).read_text("utf-8")).items()

"""Sentences from the project's own documents, which are written as people write."""

from __future__ import annotations

import re
from pathlib import Path

_MANDARIN = re.compile("[\u4e00-\u9fff][\u4e00-\u9fff0-9，、：]{6,60}[。？！]")
_ENGLISH = re.compile(r"(?<![\w`])[A-Z][a-z]+(?: [a-z']+,?){4,20}[.?]")


def sentences(root: Path) -> tuple[list[str], list[str]]:
    """Mandarin and English sentences of the Markdown files in `root` and its folder docs."""
    paths = sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])
    text = "\n".join(path.read_text("utf-8") for path in paths)
    return sorted(set(_MANDARIN.findall(text))), sorted(set(_ENGLISH.findall(text)))

"""Where voices lie in Liusheng's package, and what the catalogue says of their files."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import liusheng.models

NAMES = ("liusheng-zh-en", "liusheng-zh-en-male")
_MODELS = Path(liusheng.models.__file__).parent
_CATALOGUE = _MODELS / "catalogue.toml"


def place(name: str) -> Path:
    """The folder of a voice in the package."""
    return _MODELS / name


def register(folder: Path, name: str, catalogue: Path = _CATALOGUE) -> None:
    """Write the sizes and checksums of a voice's files into the catalogue.

    Raises:
        ValueError: the catalogue has no line for a file.
    """
    text = catalogue.read_text("utf-8")
    for path in sorted((*folder.glob("*.onnx"), folder / "vocab.json")):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        line = rf'(path = "{name}/{re.escape(path.name)}", size = )\d+(, sha256 = ")[0-9a-f]*"'
        text, found = re.subn(line, rf'\g<1>{len(content)}\g<2>{digest}"', text)
        if found != 1:
            raise ValueError(f"{catalogue} has no line for {name}/{path.name}")
    catalogue.write_text(text, "utf-8")

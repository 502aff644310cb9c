"""Where a voice lies in Liusheng's package, and what the catalogue says of its files."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import liusheng.models

NAME = "liusheng-zh-en"
_MODELS = Path(liusheng.models.__file__).parent
_CATALOGUE = _MODELS / "catalogue.toml"

FOLDER = _MODELS / NAME


def register(folder: Path, catalogue: Path = _CATALOGUE) -> None:
    """Write the sizes and checksums of a voice's files into the catalogue.

    Raises:
        ValueError: the catalogue has no line for a file.
    """
    text = catalogue.read_text("utf-8")
    for path in sorted((*folder.glob("*.onnx"), folder / "vocab.json")):
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        line = rf'(path = "{NAME}/{re.escape(path.name)}", size = )\d+(, sha256 = ")[0-9a-f]*"'
        text, found = re.subn(line, rf'\g<1>{len(content)}\g<2>{digest}"', text)
        if found != 1:
            raise ValueError(f"{catalogue} has no line for {NAME}/{path.name}")
    catalogue.write_text(text, "utf-8")

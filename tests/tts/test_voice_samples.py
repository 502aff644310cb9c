"""The page of listening samples."""

from __future__ import annotations

import re
import subprocess
import sys
import wave
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "voice_samples.py"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_command_makes_a_page_of_every_default_voice(tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    subprocess.run([sys.executable, str(TOOL), str(folder)], check=True, capture_output=True)
    page = (folder / "index.html").read_text("utf-8")
    sources = re.findall(r'src="([^"]+)"', page)
    assert {source.split("-greeting")[0] for source in sources if "greeting" in source} == {
        "liusheng-zh-en",
        "liusheng-zh-en-male",
    }
    assert sorted(sources) == sorted(path.name for path in folder.glob("*.wav"))
    for source in sources:
        with wave.open(str(folder / source)) as sample:
            assert sample.getframerate() == 24_000
            assert sample.getnframes() > 24_000

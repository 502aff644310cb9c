"""A server that begins with no download: the model in the package, over a real socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.client import sync
from liusheng.client.messages import Final
from tests.conftest import served

pytestmark = pytest.mark.slow

CLIPS = Path(__file__).parents[1] / "data" / "tiny"


def test_it_recognises_digits_without_any_download(tmp_path: Path) -> None:
    clips = sorted(clip for clip in CLIPS.glob("*.flac") if not clip.stem.startswith("other"))
    assert clips
    # No address that a package or a model might come from is of any use.
    nowhere = {"LIUSHENG_HOME": str(tmp_path), "https_proxy": "http://127.0.0.1:9"}
    with served("--asr", "tiny", **nowhere) as address, sync.connect(address) as client:
        for clip in clips:
            pcm = b"".join(map(samples_to_pcm, decode_file(clip, 16_000)))
            *_, final = client.recognize([pcm[at : at + 2_720] for at in range(0, len(pcm), 2_720)])
            assert isinstance(final, Final)
            said = clip.stem.split("-") if clip.stem.isascii() else list(clip.stem)
            assert [word.text.lower() for word in final.words] == said
        assert b"".join(client.synthesize("你好。")), "the default voices are in the package"
    assert [each.name for each in tmp_path.iterdir()] == ["self-tests.json"], "no model"

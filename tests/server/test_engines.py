"""From settings to engines that are not started yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from liusheng.models import devices
from liusheng.models.errors import ModelError
from liusheng.server.config.settings import Settings
from liusheng.server.engines import Engines, make_engines
from liusheng.tts.text.lexicon import LexiconError


def settings(tmp_path: Path, **changes: Any) -> Settings:
    """Settings for the model that comes with the package, in an empty store."""
    return Settings(**{
        "home": tmp_path, "asr": {"models": ["tiny"]}, "tts": {"models": []}, **changes
    })  # fmt: skip


def test_what_the_settings_do_not_name_is_not_made(tmp_path: Path) -> None:
    engines = make_engines(settings(tmp_path))
    assert engines.recognition is not None
    assert (engines.synthesis, engines.punctuation) == (None, None)
    assert list(engines) == [engines.recognition, engines.decoding]


def test_limits_are_passed_on(tmp_path: Path) -> None:
    limits = {"max_sessions": 7, "max_queued_seconds": 3}
    engines = make_engines(settings(tmp_path, limits=limits, workers={"batch": 5}))
    assert engines.recognition is not None
    options = engines.recognition.options
    assert (options.max_streams, options.max_queued, options.batch) == (7, 3, 5)


@pytest.mark.parametrize(
    "changes",
    [{"asr": {"models": ["whisper-base"]}}, {"tts": {"models": ["baker-zh"]}}],
    ids=["recognition", "synthesis"],
)
def test_a_model_that_is_not_installed(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        make_engines(settings(tmp_path, **changes))


def test_a_model_for_another_task(tmp_path: Path) -> None:
    asr = {"models": ["tiny"], "punctuation": "tiny"}
    with pytest.raises(ValueError, match="punctuation"):
        make_engines(settings(tmp_path, asr=asr))


def test_every_engine_with_the_users_lexicon(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    (marks / "model.onnx").write_bytes(b"x")
    (marks / "model.toml").write_text('kind = "ct-transformer"', encoding="utf-8")
    lexicon = tmp_path / "words.txt"
    lexicon.write_text("单于 chan2 yu2\n", encoding="utf-8")
    engines = make_engines(
        settings(
            tmp_path,
            asr={"models": ["tiny"], "punctuation": str(marks)},
            tts={"models": ["hibari-heart"], "lexicon": str(lexicon), "flush_seconds": 3},
        )
    )
    assert engines.synthesis is not None
    assert engines.synthesis.options.lexicon == lexicon
    assert engines.synthesis.options.flush_after == 3
    every = [engines.recognition, engines.synthesis, engines.punctuation, engines.decoding]
    assert list(engines) == every


def test_an_invalid_lexicon_stops_the_start(tmp_path: Path) -> None:
    lexicon = tmp_path / "words.txt"
    lexicon.write_text("单于 chan\n", encoding="utf-8")
    tts = {"models": ["hibari-heart"], "lexicon": str(lexicon)}
    with pytest.raises(LexiconError, match=r"words\.txt"):
        make_engines(settings(tmp_path, tts=tts))


@pytest.mark.parametrize(
    ("device", "driver", "shared"),
    [
        ("cpu", True, True),
        ("cuda", False, False),
        ("auto", True, False),
        ("auto", False, True),
    ],
)
def test_the_device_reaches_the_engines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: str, driver: bool, shared: bool
) -> None:
    monkeypatch.setattr(devices, "_DRIVERS", (tmp_path,) if driver else ())
    asr = {"models": ["tiny"], "device": device}
    tts = {"models": ["hibari-heart"], "device": device}
    given = settings(tmp_path, asr=asr, tts=tts)
    engines = make_engines(given)
    assert given.asr_options.device == device
    assert engines.synthesis is not None
    assert engines.synthesis.options.device == device
    assert engines.pools["recognition"].options.share is shared, "CUDA does not survive a fork"
    assert engines.pools["synthesis"].options.share is shared


def test_there_can_be_none() -> None:
    assert list(Engines()) == []


def test_without_recognition_no_files_are_decoded(tmp_path: Path) -> None:
    voice = {"models": ["hibari-heart"]}  # which is in its package
    engines = make_engines(settings(tmp_path, asr={"models": []}, tts=voice))
    assert list(engines) == [engines.synthesis]

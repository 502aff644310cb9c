from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.server.config.settings import LimitSettings
from liusheng.server.info import describe
from liusheng.tts.types import Voice


def synthesis(*models: str) -> SynthesisService:
    voices = [Voice(i, f"v{i}", ("zh",), "female", model) for i, model in enumerate(models)]
    return cast(SynthesisService, SimpleNamespace(voices=voices))


def voices(*models: str) -> Any:
    info = describe(None, synthesis(*models), LimitSettings())
    assert info.tts is not None
    return info.tts.voices


def test_a_voice_has_the_licence_of_its_model_and_what_users_must_know() -> None:
    free, restricted = voices("hibari-heart", "baker-zh")
    assert (free.licence, free.notice) == ("Apache-2.0", "")
    assert restricted.licence == "MIT (the package); the voice: see the notice"
    assert restricted.notice.startswith("The voice was trained on the Baker corpus")
    assert "\n" not in restricted.notice


def test_nothing_is_known_of_a_folder_of_the_operator() -> None:
    (own,) = voices("/models/mine")
    assert (own.model, own.licence, own.notice) == ("/models/mine", "", "")

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from starlette.testclient import TestClient

from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.server.app import Application
from liusheng.server.config.settings import Settings
from liusheng.tts.types import Voice


def voices(*models: str) -> Any:
    """The voices of a server with a voice of each model, as it describes them."""
    there = tuple(Voice(i, f"v{i}", ("zh",), "female", model) for i, model in enumerate(models))
    synthesis = cast(SynthesisService, SimpleNamespace(voices=there))
    server = TestClient(Application(Settings(), None, synthesis).asgi, "http://127.0.0.1")
    return server.get("/api/info").json()["tts"]["voices"]


def test_a_voice_has_the_licence_of_its_model_and_what_users_must_know() -> None:
    free, restricted = voices("hibari-heart", "baker-zh")
    assert (free["licence"], free["notice"]) == ("Apache-2.0", "")
    assert restricted["licence"] == "MIT (the package); the voice: see the notice"
    assert restricted["notice"].startswith("The voice was trained on the Baker corpus")
    assert "\n" not in restricted["notice"]


def test_nothing_is_known_of_a_folder_of_the_operator() -> None:
    (own,) = voices("/models/mine")
    assert (own["model"], own["licence"], own["notice"]) == ("/models/mine", "", "")

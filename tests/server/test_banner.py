"""What the server prints when it is ready."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from liusheng.server.banner import banner
from liusheng.server.config.access import TlsSettings
from liusheng.server.config.settings import Settings

RECOGNITION: Any = SimpleNamespace(
    description=SimpleNamespace(models={"auto": "whisper", "zh": "whisper", "en": "moonshine"})
)
SYNTHESIS: Any = SimpleNamespace(
    voices=[SimpleNamespace(id=number, name=f"v{number}") for number in range(6)]
)


def test_a_server_with_keys_and_tls() -> None:
    made = Settings(tls=TlsSettings(certificate="c.pem"))
    text = banner(made, [8090], RECOGNITION, SYNTHESIS, keys=True)
    assert "wss://127.0.0.1:8090/paddlespeech/asr/streaming" in text
    assert "https://127.0.0.1:8090/" in text
    assert "liusheng asr --server wss://127.0.0.1:8090 hello.wav" in text
    assert "$LIUSHENG_API_KEY" in text


def test_addresses_and_commands_of_both_tasks() -> None:
    text = banner(Settings(), [8090], RECOGNITION, SYNTHESIS)
    assert "ws://127.0.0.1:8090/paddlespeech/asr/streaming  (whisper, en: moonshine)" in text
    assert "ws://127.0.0.1:8090/paddlespeech/tts/streaming" in text
    assert "(voices: 0 v0, 1 v1, 2 v2, 3 v3)" in text, "the first few"
    assert "  liusheng asr hello.wav\n" in text, "the default address needs no --server"


def test_a_task_that_is_not_served_is_not_named() -> None:
    text = banner(Settings(), [8090], RECOGNITION, None)
    assert "synthesis" not in text
    assert "liusheng tts" not in text
    assert "  liusheng asr recording.wav\n" in text, "nothing writes hello.wav"
    text = banner(Settings(), [8090], None, SYNTHESIS)
    assert "recognition" not in text
    assert "liusheng asr" not in text


def test_commands_name_another_address() -> None:
    settings = Settings(host="::1", path_prefix="/speech")
    text = banner(settings, [9000, 9001], RECOGNITION, SYNTHESIS)
    assert "listening on [::1], port 9000, 9001." in text
    assert len(re.findall(r"--server ws://\[::1\]:9000/speech", text)) == 2


def test_commands_of_an_environment_that_is_not_active(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [".venv/bin/liusheng", "serve"])
    monkeypatch.setattr("shutil.which", lambda command: None)
    assert "  .venv/bin/liusheng asr hello.wav\n" in banner(
        Settings(), [8090], RECOGNITION, SYNTHESIS
    )
    monkeypatch.setattr("sys.argv", ["/somewhere/liusheng/cli/__main__.py", "serve"])
    assert "  liusheng asr hello.wav\n" in banner(Settings(), [8090], RECOGNITION, SYNTHESIS)


@pytest.mark.parametrize(
    ("settings", "server"),
    [
        ({"host": "0.0.0.0"}, "ws://127.0.0.1:9000"),
        ({"host": "::"}, "ws://[::1]:9000"),
        ({"host": "speech.local"}, "ws://speech.local:9000"),
        (
            {"host": "0.0.0.0", "access": {"hosts": ["*", "speech.example.org"]}},
            "wss://speech.example.org:9000",
        ),
        ({"host": "::", "access": {"hosts": ["*"]}}, "wss://this-machine:9000"),
    ],
)
def test_addresses_can_be_used(
    settings: dict[str, Any], server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "this-machine")
    tls = TlsSettings(certificate="c.pem" if server.startswith("wss") else "")
    text = banner(Settings(**settings, tls=tls), [9000], RECOGNITION, SYNTHESIS)
    assert text.count(f"--server {server}") == 2
    assert f" {server}/paddlespeech/asr/streaming" in text

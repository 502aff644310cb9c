from __future__ import annotations

import io
import sys
import urllib.error
from email.message import Message
from pathlib import Path

import pytest

from liusheng.cli import main

from ..client.conftest import FakeServer

Capture = pytest.CaptureFixture[str]

VOICES = [
    {"id": 0, "name": "baker", "languages": ["zh"], "gender": "female", "model": "baker-zh"},
    {"id": 7, "name": "heart [b]", "languages": ["en"], "gender": "female", "model": "hibari"},
]


@pytest.fixture
def voices(server: FakeServer) -> FakeServer:
    server.info = {"tts": {"voices": VOICES}}
    return server


def test_a_line_for_each(voices: FakeServer, capsys: Capture) -> None:
    assert main(["voices"]) == 0
    assert capsys.readouterr().out == (
        "0\tbaker\tzh\tfemale\tbaker-zh\n7\theart [b]\ten\tfemale\thibari\n"
    )


def test_a_table_on_a_terminal(
    voices: FakeServer, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    assert main(["voices"]) == 0
    assert "heart [b]" in shown.getvalue()
    assert "liusheng voices --play VOICE" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "begin"), [("baker", "你好"), ("7", "Hello")])
def test_a_sample(voices: FakeServer, tmp_path: Path, name: str, begin: str) -> None:
    assert main(["voices", "--sample", name, "-o", "sample.flac"]) == 0
    assert (tmp_path / "sample.flac").read_bytes().startswith(b"fLaC")
    (request,) = [each for each in voices.received if "text" in each]
    assert request["text"].startswith(begin)
    assert request["voice"] in ("baker", "heart [b]")


def test_a_sample_is_played(voices: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[bytes] = []

    class Speaker:
        def __init__(self, rate: int) -> None:
            self.write = played.append

        def close(self) -> None:
            played.append(b"end")

    monkeypatch.setattr("liusheng.cli.playback.Loudspeaker", Speaker)
    assert main(["voices", "--play", "baker"]) == 0
    assert len(played) == 4


def test_no_such_voice(voices: FakeServer, capsys: Capture) -> None:
    assert main(["voices", "--play", "nobody"]) == 2
    assert capsys.readouterr().err == (
        "error: there is no voice nobody; there are: baker, heart [b]\n"
    )


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ({"tts": None}, "the server has no voices"),
        ({"tts": {"voices": 5}}, "the server does not name its voices: Expected `array`"),
        (None, "the server does not name its voices: HTTP Error 404"),
    ],
)
def test_a_server_without_voices(
    server: FakeServer, capsys: Capture, info: object, message: str
) -> None:
    server.info = info
    assert main(["voices"]) == 1
    assert message in capsys.readouterr().err


def test_no_server(capsys: Capture, unused_tcp_port: int) -> None:
    assert main(["voices", "--server", f"127.0.0.1:{unused_tcp_port}"]) == 1
    err = capsys.readouterr().err
    assert f"There is no server at http://127.0.0.1:{unused_tcp_port}" in err
    assert "Start one with `liusheng serve`" in err


def test_a_key_is_needed(
    voices: FakeServer, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = urllib.error.HTTPError("http://x", 401, "Unauthorized", Message(), None)
    refused.close()  # as the client does

    async def refuse(self: object) -> None:
        raise refused

    monkeypatch.setattr("liusheng.client.Client.info", refuse)
    assert main(["voices"]) == 1
    assert "set it in $LIUSHENG_API_KEY" in capsys.readouterr().err

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from liusheng.client import Final, ServerError, sync

from .conftest import FakeServer, in_thread


@pytest.fixture
def running() -> Iterator[FakeServer]:
    """The fake server in a thread of its own, for clients that block."""
    with in_thread() as fake:
        yield fake


def test_recognize(running: FakeServer) -> None:
    with sync.connect(running.url) as client:
        recognition = client.recognize(b"\0\0" for _ in range(3))
        updates = list(recognition)
        assert [u.text for u in updates] == ["包0", "包1", "包2", "3包。"]
        assert isinstance(updates[-1], Final)
        assert recognition.ready is not None


def test_synthesize(running: FakeServer) -> None:
    with sync.connect(running.url) as client:
        synthesis = client.synthesize(text for text in ("a。", "b"))
        assert b"".join(synthesis) == b"a0a1a2b0b1b2"
        assert synthesis.first_packet_seconds is not None
        assert synthesis.ready is not None
        assert client.sample_rate() == 24_000


def test_giving_up(running: FakeServer) -> None:
    with sync.connect(running.url) as client:
        recognition = client.recognize(b"\0\0" for _ in range(1_000_000))
        assert next(recognition).text == "包0"
        recognition.close()
        assert list(recognition) == []
        next(client.recognize(b"\0\0" * 100_000))  # left open: the block closes it


def test_errors_come_through(running: FakeServer) -> None:
    running.answers[0] = '{"status": "error", "code": "server_busy", "message": "Full."}'
    with (
        sync.connect(running.url, retry_for=0.0) as client,
        pytest.raises(ServerError, match="Full"),
    ):
        list(client.recognize(b"\0\0"))


def test_outside_its_block_it_says_so(running: FakeServer) -> None:
    client = sync.connect(running.url)
    with pytest.raises(RuntimeError, match="inside its `with` block"):
        list(client.recognize(b"\0\0"))


def test_the_client_needs_nothing_of_the_server() -> None:
    """An installation without the extra `server` is a client."""
    code = (
        "import sys, liusheng.client.sync\n"
        "heavy = {'pydantic', 'pydantic_settings', 'uvicorn', 'starlette', 'numpy',\n"
        "         'onnxruntime', 'ctranslate2', 'sherpa_onnx', 'av', 'rich', 'cyclopts'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"

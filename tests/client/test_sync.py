from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from inspect import signature

import pytest

from liusheng.client import (
    Client,
    Final,
    Recognition,
    ServerError,
    Synthesis,
    connect,
    sync,
)

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


def test_the_names_are_those_of_the_client_with_async() -> None:
    for original, blocking in [
        (Client, sync.BlockingClient),
        (Recognition, sync.BlockingRecognition),
        (Synthesis, sync.BlockingSynthesis),
    ]:
        names = {name for name in dir(original) if not name.startswith("_")} - {"aclose"}
        assert names <= set(dir(blocking)), blocking
        assert issubclass(blocking, AbstractContextManager)
    assert {"ready", "marks", "skipped", "first_packet_seconds"} <= set(dir(sync.BlockingSynthesis))
    assert signature(sync.connect).parameters == signature(connect).parameters


def test_leaving_a_block_stops(running: FakeServer) -> None:
    with sync.connect(running.url) as client:
        with client.recognize(b"\0\0" for _ in range(1_000_000)) as recognition:
            assert next(recognition).text == "包0"
        assert list(recognition) == []
        with client.synthesize("a. " for _ in range(1_000_000)) as synthesis:
            assert next(synthesis) == b"a0"
        assert list(synthesis) == []


def test_cancel(running: FakeServer) -> None:
    """Between two packets, and while another thread waits for one."""
    running.modern = True
    with sync.connect(running.url) as client:
        synthesis = client.synthesize(["a. ", "b. "])
        assert next(synthesis) == b"a0"
        synthesis.cancel()
        synthesis.cancel()  # harmless
        assert list(synthesis) == []
        running.silent_from = 0
        synthesis = client.synthesize("a")
        started = threading.Event()

        def listen() -> list[bytes]:
            started.set()
            return list(synthesis)

        with ThreadPoolExecutor() as threads:
            listening = threads.submit(listen)
            started.wait(20)
            while not any("text" in m and m["text"] == "a" for m in running.received):
                time.sleep(0.01)
            synthesis.cancel()
            assert listening.result(20) == []
    signals = [m["signal"] for m in running.received if "signal" in m]
    assert signals == ["start", "cancel", "end"] * 2


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

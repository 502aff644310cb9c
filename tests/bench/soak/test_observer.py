from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from liusheng.bench.soak import observer as module
from liusheng.bench.soak.observer import SoakObserver
from liusheng.bench.target import stop_server


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = 200 if self.path == "/good" else 500
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(module, "_SAMPLE_SECONDS", 0.01)
    monkeypatch.setattr(module, "_PROBE_SECONDS", 0.01)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,)).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_server_is_sampled_and_probed(url: str) -> None:
    observer = SoakObserver(os.getpid(), f"{url}/good", {}, time.monotonic())
    observer.start()
    while len(observer.samples) < 3 or len(observer.delays) < 3:
        time.sleep(0.01)
    with socket.socket():
        more = observer.look()
    observer.stop()
    assert more is not None
    assert more.memory > 10 << 20
    assert more.descriptors > 3
    times = [sample.at for sample in observer.samples]
    assert times[0] >= 0
    assert observer.unanswered == 0
    assert all(at >= 0 and delay > 0 for at, delay in observer.delays)


def test_errors_and_silence_are_counted(url: str) -> None:
    for address in (f"{url}/bad", "http://127.0.0.1:9/"):
        observer = SoakObserver(None, address, {}, 0.0)
        observer.start()
        while observer.unanswered < 2:
            time.sleep(0.01)
        observer.stop()
        assert not observer.delays
        assert observer.look() is None
        assert not observer.samples


def test_a_process_that_is_gone_has_no_sample() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert SoakObserver(gone.pid, "", {}, 0.0).look() is None


def test_what_a_server_leaves_behind_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liusheng.bench.target._LEFT_TIMEOUT", 0.05)
    script = "trap 'exit 3' TERM; sleep 60 & echo $!; while :; do sleep 0.02; done"
    server = subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    left = int(server.stdout.readline())
    ending = stop_server(server)
    os.kill(left, 9)
    server.stdout.close()
    assert ending.status == 3
    assert [each for each in ending.left if each.startswith(f"{left} sleep")]
    assert not ending.clean

from __future__ import annotations

import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from liusheng.bench.target import ServerStartError, find_server, start_server


def test_a_server_on_another_machine_has_no_process() -> None:
    target = find_server("ws://example.invalid:8090")
    assert (target.url, target.pid) == ("ws://example.invalid:8090", None)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell only root")
def test_a_server_on_this_machine_has_its_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert find_server(f"127.0.0.1:{port}").pid == os.getpid()


def test_an_address_that_is_not_valid() -> None:
    with pytest.raises(ValueError, match="address"):
        find_server("ftp://127.0.0.1")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shell script that runs instead of `liusheng serve`."""
    path = tmp_path / "python"
    path.touch()
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(path))
    return path


def test_a_server_is_started_and_stopped(program: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    program.write_text(
        f"#!/bin/sh\necho \"$@\" > {log}\ntrap 'echo stopped >> {log}; exit 0' TERM\n"
        "echo starting\necho 'ws://127.0.0.1:4321/x/paddlespeech/asr/streaming'\n"
        "while :; do sleep 0.05; done\n"
    )
    with start_server(["--no-tts"]) as target:
        assert target.url == "ws://127.0.0.1:4321/x"
        assert target.pid is not None
        os.kill(target.pid, 0)
    arguments, stopped = log.read_text().splitlines()
    assert arguments == "-m liusheng.cli serve --port 0 --yes --no-auth --no-tts"
    assert stopped == "stopped"


def test_a_server_that_does_not_start(program: Path) -> None:
    program.write_text("#!/bin/sh\necho oops\nexit 3\n")
    with pytest.raises(ServerStartError, match=r"status 3 before it was ready; .*\n  .*--no-asr"):
        start_server(["--no-asr"]).__enter__()


def test_a_server_that_does_not_stop_is_killed(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liusheng.bench.target._STOP_TIMEOUT", 0.2)
    program.write_text(
        "#!/bin/sh\ntrap '' TERM\necho ws://127.0.0.1:1/paddlespeech/tts/streaming\n"
        "while :; do sleep 0.05; done\n"
    )
    with start_server([]) as target:
        pid = target.pid
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)

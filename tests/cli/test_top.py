"""`liusheng top`, with servers that answer what a server did."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from liusheng.cli import main
from liusheng.cli.top_figures import Scrape, TopFigures

METRICS = """\
liusheng_build_info{python="3.11.7",version="0.1.0"} 1.0
liusheng_sessions{protocol="websocket",task="asr"} 3.0
liusheng_sessions{protocol="http",task="asr"} 1.0
liusheng_sessions{protocol="websocket",task="tts"} 0.0
# TYPE liusheng_errors_total counter
liusheng_errors_total{code="server_busy",task="asr"} 7.0
liusheng_errors_total{code="invalid_json",task="none"} 0.0
liusheng_recognition_queue_depth 2.0
liusheng_recognition_load 0.5
# TYPE liusheng_recognition_partial_lag_seconds histogram
liusheng_recognition_partial_lag_seconds_bucket{le="1.0"} 50.0
liusheng_recognition_partial_lag_seconds_bucket{le="2.0"} 100.0
liusheng_recognition_partial_lag_seconds_bucket{le="+Inf"} 100.0
liusheng_recognition_partial_lag_seconds_count 100.0
liusheng_recognition_partial_lag_seconds_sum 100.0
# TYPE liusheng_recognition_busy_seconds_total counter
liusheng_recognition_busy_seconds_total 25.0
# TYPE liusheng_received_audio_seconds_total counter
liusheng_received_audio_seconds_total{protocol="websocket"} 100.0
liusheng_workers{pool="recognition"} 1.0
liusheng_workers_wanted{pool="recognition"} 2.0
# TYPE liusheng_worker_restarts_total counter
liusheng_worker_restarts_total{pool="recognition"} 4.0
liusheng_memory_bytes{process="server"} 1.5e+09
liusheng_connections 5.0
liusheng_buffered_bytes 2e+06
"""

READY, DRAINING = b'{"reasons": []}', b'{"reasons": ["draining: the server is shutting down"]}'

Answers = dict[str, tuple[int, bytes]]


@pytest.fixture
def server() -> Iterator[Callable[[Answers], str]]:
    """Start servers with these answers; return their addresses."""
    started: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(answers: Answers) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = answers.get(self.path, (404, b"{}"))
                if self.headers.get("Authorization") not in (None, "Bearer " + "k" * 40):
                    status = 401
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        started.append((made, thread))
        return f"ws://127.0.0.1:{made.server_port}"

    yield start
    for made, thread in started:
        made.shutdown()
        thread.join()
        made.server_close()


def working(ready: tuple[int, bytes] = (200, READY)) -> Answers:
    return {"/metrics": (200, METRICS.encode()), "/readyz": ready}


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def test_one_frame(server: Callable[[Answers], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", server(working()), "--once"]) == 0
    shown = {line[:18].strip(): line[18:].strip() for line in capsys.readouterr().out.splitlines()}
    assert shown["state"] == "ready"
    assert shown["sessions"] == "4 asr"
    assert shown["errors"] == "7 server_busy"
    assert shown["recognition"] == "load 50%, 2 streams due"
    assert shown["text behind"] == "1.0 s (p50), 1.9 s (p95)"
    assert shown["final text"] == "-"
    assert shown["recognition RTF"] == "0.25"
    assert shown["workers"] == "1 of 2 recognition; 4 restarts"
    assert shown["memory"] == "1.5 GB server"
    assert shown["connections"] == "5, 2 MB held for them"
    assert "synthesis" not in shown, "this server does not synthesise"


def test_several_servers_have_a_column_each(
    server: Callable[[Answers], str], capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = server(working()), server(working((503, DRAINING)))
    assert main(["top", one, two, "--once"]) == 0
    header, state, *_ = capsys.readouterr().out.splitlines()
    assert one in header
    assert two in header
    assert "ready" in state
    assert "draining: the server is shutting down" in state


def test_a_server_that_cannot_be_read_does_not_hide_the_others(
    server: Callable[[Answers], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["top", server(working()), "ws://127.0.0.1:1", "--once"]) == 1
    output = capsys.readouterr()
    assert "4 asr" in output.out
    assert "error: ws://127.0.0.1:1: its metrics cannot be read: " in output.err


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"/metrics": (401, b"{}")}, "its metrics need an API key; set it in $LIUSHENG_API_KEY"),
        ({}, "it has no metrics"),
        ({"/metrics": (200, b"go_info 1\n")}, "it has no metrics of Liusheng"),
        ({"/metrics": (200, b"<html>")}, "its metrics cannot be read"),
        ({"/metrics": (500, b"")}, "it answers with status 500"),
        (working((503, b"[]")), "its metrics cannot be read"),
    ],
)
def test_errors_say_what_to_do(
    server: Callable[[Answers], str],
    capsys: pytest.CaptureFixture[str],
    answers: Answers,
    message: str,
) -> None:
    assert main(["top", server(answers)]) == 1
    output = capsys.readouterr()
    assert message in output.err
    assert not output.out


def test_a_key_is_sent(
    server: Callable[[Answers], str], capsys: pytest.CaptureFixture[str]
) -> None:
    url = server(working())
    assert main(["top", url, "--once", "--api-key", "k" * 40]) == 0
    assert main(["top", url, "--once", "--api-key", "x" * 40]) == 1
    assert "need an API key" in capsys.readouterr().err


def test_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--interval", "0.01"]) == 2
    assert main(["top", "ftp://x"]) == 2
    assert "it is at least 0.2 seconds" in capsys.readouterr().err


def test_it_goes_on_until_it_is_interrupted(
    server: Callable[[Answers], str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = working()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        answers["/metrics"] = (500, b"")
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("liusheng.cli.top.time.sleep", sleep)
    assert main(["top", server(answers), "--interval", "0.5"]) == 0
    assert slept == [0.5, 0.5, 0.5]
    assert "it answers with status 500" in capsys.readouterr().out


def test_figures_are_of_the_time_between_two_scrapes() -> None:
    def scrape(ones: int, twos: int) -> Scrape:
        return Scrape.parse(
            "liusheng_build_info 1\n"
            f'liusheng_x_bucket{{le="1.0"}} {ones}\n'
            f'liusheng_x_bucket{{le="2.0"}} {ones + twos}\n'
            f'liusheng_x_bucket{{le="+Inf"}} {ones + twos}\n'
            f"liusheng_c {ones}\n",
        )

    first, second = scrape(100, 0), scrape(100, 4)
    assert TopFigures(first).quantile("x", 0.5) == pytest.approx(0.5)
    assert TopFigures(second, first).quantile("x", 0.5) == pytest.approx(1.5)
    assert TopFigures(second, second).quantile("x", 0.5) is None
    assert TopFigures(scrape(110, 0), first).growth("c") == 10
    assert TopFigures(scrape(3, 0), first).growth("c") == 3, "it was restarted"


def test_a_value_above_all_bounds_counts_as_the_last_bound() -> None:
    text = 'liusheng_build_info 1\nliusheng_x_bucket{le="1.0"} 0\nliusheng_x_bucket{le="+Inf"} 4\n'
    assert TopFigures(Scrape.parse(text)).quantile("x", 0.9) == 1.0

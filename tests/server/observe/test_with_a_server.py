"""Health, metrics and the access log, as operators of a server meet them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
import websockets
from prometheus_client.parser import text_string_to_metric_families

from liusheng.cli.top_figures import Scrape, TopFigures
from liusheng.protocol import paths
from liusheng.server.access.key_file import change_keys
from liusheng.server.access.keys import ApiKey, digest, new_secret
from tests.server.access.test_keys import NOW
from tests.server.conftest import Serve, Server

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Samples:
    """The samples of a scrape."""

    def __init__(self, text: str) -> None:
        self._values = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        return self._values[f"liusheng_{name}", frozenset(labels.items())]


class AccessLog(logging.Handler):
    """The lines of the access log, with their fields."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), dict(structlog.contextvars.get_contextvars())))

    async def of(self, request_id: str) -> tuple[str, dict[str, Any]]:
        """Return the line of a request, which is written when its client may have gone already."""
        for _ in range(1000):
            for line, fields in self.lines:
                if fields["request"] == request_id:
                    return line, fields
            await asyncio.sleep(0.005)
        raise AssertionError(f"no line of {request_id} in {self.lines}")


@pytest.fixture
def access_log() -> Iterator[AccessLog]:
    log, handler = logging.getLogger("liusheng.access"), AccessLog()
    level = log.level
    log.setLevel(logging.DEBUG)
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)
    log.setLevel(level)


async def get(server: Server, path: str, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient() as client:
        answer: httpx2.Response = await client.get(
            f"http://{server.address}{path}", headers=headers
        )
        return answer


async def metrics(server: Server) -> Samples:
    response = await get(server, paths.METRICS)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return Samples(response.text)


async def test_health_and_readiness_of_a_server_that_works(server: Server) -> None:
    assert (await get(server, paths.HEALTHZ)).json() == {"status": "ok"}
    ready = await get(server, paths.READYZ)
    assert ready.status_code == 200
    assert ready.json()["ready"] is True
    assert ready.json()["reasons"] == []
    workers = ready.json()["workers"]
    assert {"recognition", "synthesis"} <= set(workers)
    assert workers["recognition"]["alive"] == workers["recognition"]["wanted"] > 0


async def test_a_server_without_workers_is_not_ready(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liusheng.runtime.workers.pool.Pool.alive", 0)
    ready = await get(server, paths.READYZ)
    assert ready.status_code == 503
    assert any("recognition" in reason for reason in ready.json()["reasons"])
    assert (await get(server, paths.HEALTHZ)).status_code == 200


async def test_a_server_without_decoders_is_not_ready(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("liusheng.runtime.decoding.service.DecodingService.stranded", True)
    ready = await get(server, paths.READYZ)
    assert ready.status_code == 503
    assert ready.json()["ready"] is False
    assert [reason.partition(":")[0] for reason in ready.json()["reasons"]] == ["no decoder"]
    assert (await metrics(server))("ready") == 0


async def test_a_draining_server_says_so_and_still_has_metrics(serve: Serve) -> None:
    server = await serve(drain={"seconds": 30, "final_seconds": 5})
    async with server.asr() as dialogue:
        server.stop.set()
        await asyncio.sleep(0.05)
        ready = await get(server, paths.READYZ)
        assert ready.status_code == 503
        assert ready.json()["reasons"] == ["draining: the server is shutting down"]
        assert (await get(server, paths.HEALTHZ)).status_code == 200
        found = await metrics(server)
        assert found("draining") == 1
        assert found("ready") == 0
        assert (await get(server, paths.INFO)).status_code == 503
        await dialogue.ask({"name": "a", "signal": "end"})


async def test_metrics_tell_what_sessions_do(serve: Serve) -> None:
    server = await serve()
    async with server.asr() as asr, server.tts() as tts:
        during = await metrics(server)
        assert during("sessions", task="asr", protocol="websocket") == 1
        assert during("sessions", task="tts", protocol="websocket") == 1
        seconds = 1.0
        reply = await asr.ask(b"one ".ljust(32_000))
        while not reply["result"]:
            seconds += 0.1
            reply = await asr.ask(b"".ljust(3_200))
        await asr.send({"name": "a", "signal": "end"})
        while "signal" not in (message := await asr.receive()):
            pass
        assert message["signal"] == "finished"
        await tts.send({"text": "3"})
        while (await tts.receive())["status"] != 2:
            pass
    async with server.connect(paths.ASR_STREAMING) as socket:
        await socket.send("{}")
        await socket.recv()
    found = await metrics(server)
    assert found("sessions_started_total", task="asr", protocol="websocket") == 2
    assert found("received_audio_seconds_total", protocol="websocket") == pytest.approx(seconds)
    assert found("synthesized_audio_seconds_total", protocol="websocket") > 0
    assert found("recognition_final_latency_seconds_count", kind="live") >= 1
    assert found("recognition_decode_seconds_count") >= 1
    assert found("recognition_queue_wait_seconds_count") >= 1
    assert found("synthesis_first_packet_seconds_count") >= 1
    assert found("synthesis_audio_seconds_total") > 0
    assert found("errors_total", task="asr", code="unknown_signal") == 1
    assert found("workers", pool="recognition") > 0
    assert found("memory_bytes", process="server") > 1 << 20
    assert found("memory_bytes", process="recognition") > 1 << 20

    shown = dict(TopFigures(Scrape.parse((await get(server, paths.METRICS)).text)).rows())
    assert not [name for name, value in shown.items() if value == "-"], shown
    assert "1 unknown_signal" in shown["errors"]
    assert "synthesis RTF" in "".join(shown)


async def test_the_metrics_need_a_key_and_name_it_but_health_needs_none(
    serve: Serve, tmp_path: Path
) -> None:
    secret, file = new_secret(), tmp_path / "keys.json"
    change_keys(file, lambda _: [ApiKey(name="alice", sha256=digest(secret), created=NOW)])
    server = await serve(access={"keys_file": file})
    assert (await get(server, paths.HEALTHZ)).status_code == 200
    assert (await get(server, paths.READYZ)).status_code == 200
    assert (await get(server, paths.METRICS)).status_code == 401
    bearer = {"Authorization": f"Bearer {secret}"}
    async with server.connect(paths.ASR_STREAMING, additional_headers=bearer):
        text = (await get(server, paths.METRICS, **bearer)).text
    assert Samples(text)("key_sessions", key="alice") == 1
    assert secret not in text
    assert digest(secret) not in text
    opened = await serve(access={"keys_file": file, "open_paths": [paths.METRICS]})
    assert (await get(opened, paths.METRICS)).status_code == 200


async def test_each_request_is_logged_with_the_id_that_its_client_has(
    server: Server, access_log: AccessLog
) -> None:
    response = await get(server, f"{paths.INFO}?api_key=hidden", **{"X-Request-Id": "mine"})
    request_id = response.headers["X-Request-Id"]
    assert request_id != "mine"
    line, fields = await access_log.of(request_id)
    assert line.startswith(f"GET {paths.INFO}: 200 after ")
    assert fields["status"] == 200
    assert fields["bytes_out"] == len(response.content)
    assert fields["peer"].startswith("127.0.0.1:")
    assert "hidden" not in str((line, fields))


async def test_refusals_are_logged_with_their_codes(server: Server, access_log: AccessLog) -> None:
    for path, status, code in (
        ("/nothing%0A2026%20forged", 404, "unknown_path"),
        (paths.TTS, 405, "wrong_method"),
    ):
        response = await get(server, path)
        assert response.status_code == status
        line, fields = await access_log.of(response.headers["X-Request-Id"])
        assert (fields["status"], fields["error"]) == (status, code)
        assert code in line
    async with httpx2.AsyncClient() as client:
        response = await client.post(f"http://{server.address}{paths.TTS}", content=b"{")
    assert response.status_code == 400
    _, fields = await access_log.of(response.headers["X-Request-Id"])
    assert fields["error"] == "invalid_json"


async def test_a_websocket_is_logged_with_its_session(
    server: Server, access_log: AccessLog
) -> None:
    async with server.tts() as dialogue:
        request_id = dialogue.socket.response.headers["X-Request-Id"]
        await dialogue.send({"text": ""})
        await dialogue.send({"task": "tts", "signal": "end", "session": dialogue.session})
        assert await dialogue.close_code() == 1000
    line, fields = await access_log.of(request_id)
    assert line.startswith(f"WEBSOCKET {paths.TTS_STREAMING}: 1000 ")
    assert fields["session"] == dialogue.session
    assert str(fields["close"]) == "1000"
    assert (await metrics(server))("websocket_closes_total", code="1000") >= 1
    assert fields["error"] == "empty_text"
    assert "status" not in fields
    assert fields["bytes_in"] > 0


async def test_a_websocket_that_breaks_is_logged(server: Server, access_log: AccessLog) -> None:
    async with server.asr() as dialogue:
        request_id = dialogue.socket.response.headers["X-Request-Id"]
        dialogue.socket.transport.abort()
    _, fields = await access_log.of(request_id)
    assert fields["close"] in (1005, 1006)


async def test_a_refused_handshake_is_logged(server: Server, access_log: AccessLog) -> None:
    with pytest.raises(websockets.InvalidStatus) as caught:
        await server.connect(paths.ASR_STREAMING, origin="https://evil.example")
    assert caught.value.response.status_code == 403
    request_id = caught.value.response.headers["X-Request-Id"]
    assert json.loads(caught.value.response.body or b"")["error"] == "origin_not_allowed"
    line, fields = await access_log.of(request_id)
    assert line.startswith(f"WEBSOCKET {paths.ASR_STREAMING}: 403 origin_not_allowed ")
    assert fields["status"] == 403


async def test_questions_for_the_state_are_no_news(server: Server, access_log: AccessLog) -> None:
    response = await get(server, paths.HEALTHZ)
    await access_log.of(response.headers["X-Request-Id"])
    assert access_log.lines

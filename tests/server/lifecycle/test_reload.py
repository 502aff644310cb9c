"""Reloads of a whole server with the model in the package."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path

import psutil
import pytest
import websockets

from liusheng.server.access.key_file import change_keys
from liusheng.server.access.keys import ApiKey, digest, new_secret
from tests.server.lifecycle.test_process import audio, undisturbed
from tests.support.command_process import wait_until
from tests.support.raw_session import raw_session
from tests.support.server_process import gone, server_process

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


def engine(number: int) -> str:
    """Settings that need other engines for each number."""
    return f"[asr.live]\nhold = {4 + number}\n"


async def test_sessions_across_a_reload_end_as_if_undisturbed(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        expected = await undisturbed(server)
        old = server.workers()
        packets = audio()
        async with raw_session(server.address) as before:
            for packet in packets[:5]:
                await before.ask(packet)
            server.configure(engine(1))
            await asyncio.to_thread(server.reload)
            assert await undisturbed(server) == expected
            assert not any(gone([pid]) for pid in old), "a session needs them"
            for packet in packets[5:]:
                await before.ask(packet)
            assert await before.final() == expected
        wait_until(lambda: gone(old), "the end of the old workers")
        assert await undisturbed(server) == expected
        server.send(signal.SIGTERM)
        assert server.ended() == 0
    assert "changed: asr.live.hold; engines exchanged: 1" in server.log()


async def test_limits_change_without_new_workers(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        workers = server.workers()
        server.configure("[limits]\nmax_sessions = 1\nidle_seconds = 77\n")
        await asyncio.to_thread(server.reload)
        assert server.workers() == workers
        url = f"ws://{server.address}/paddlespeech/asr/streaming"
        async with raw_session(server.address), websockets.connect(url) as second:
            await second.send('{"name": "a", "signal": "start", "nbest": 1}')
            assert json.loads(await second.recv())["code"] == "server_busy"
    assert "changed: limits.max_sessions, limits.idle_seconds" in server.log()


async def test_a_client_that_keeps_its_connection_does_not_keep_old_workers(
    tmp_path: Path,
) -> None:
    with server_process(tmp_path) as server:
        old = server.workers()
        url = f"ws://{server.address}/paddlespeech/asr/streaming"
        async with websockets.connect(url) as idle:
            server.configure(engine(1))
            await asyncio.to_thread(server.reload)
            await asyncio.wait_for(idle.wait_closed(), 120)
            assert idle.close_code == 1012
        wait_until(lambda: gone(old), "the end of the old workers")


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ("[limits]\nmax_sessions = 0\n", "limits.max_sessions = 0"),
        ("[limts]\n", "limts"),
        ("[asr.correction]\nmodel = 'none-such'\n\n[tts", "is not TOML"),
        ("[workers2]\nasr = 1\n", "there is no setting workers2.asr"),
    ],
)
async def test_invalid_settings_leave_everything_as_it_was(
    tmp_path: Path, settings: str, fault: str
) -> None:
    with server_process(tmp_path) as server:
        workers = server.workers()
        server.configure(settings)
        await asyncio.to_thread(server.reload)
        assert "The settings were not reloaded, and the old ones stay" in server.log()
        assert fault in server.log()
        assert server.workers() == workers
        assert await undisturbed(server)


async def test_a_model_that_is_not_installed_leaves_everything_as_it_was(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        workers = server.workers()
        text = server.config.read_text()
        server.config.write_text(text.replace('["tiny"]', '["whisper-base"]'))
        await asyncio.to_thread(server.reload)
        assert "liusheng models pull whisper-base" in server.log()
        assert server.workers() == workers
        assert await undisturbed(server)


async def test_a_key_that_is_revoked_ends_a_session_from_before_a_reload(tmp_path: Path) -> None:
    secret = new_secret()
    key = ApiKey(name="one", sha256=digest(secret), created=datetime.now(timezone.utc))
    change_keys(tmp_path / "keys.json", lambda _: [key])
    headers = {"Authorization": f"Bearer {secret}"}
    with server_process(tmp_path) as server:
        async with raw_session(server.address, additional_headers=headers) as before:
            server.configure("[limits]\nmax_sessions = 7\n")
            await asyncio.to_thread(server.reload)
            async with raw_session(server.address, additional_headers=headers) as after:
                change_keys(tmp_path / "keys.json", lambda _: [])
                for each in (before, after):
                    assert (await each.reply())["code"] == "invalid_api_key"
                    await asyncio.wait_for(each.socket.wait_closed(), 120)
                    assert each.socket.close_code == 1008


async def test_ports_need_a_restart_and_a_warning_says_so(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        text = server.config.read_text()
        server.config.write_text(text.replace("ports = [0]", "ports = [1]"))
        await asyncio.to_thread(server.reload)
        assert "ports = [1] is used after a restart only" in server.log()
        assert await undisturbed(server)


async def test_twenty_reloads_leak_nothing(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        process = psutil.Process(server.process.pid)
        expected = await undisturbed(server)

        async def reload(number: int) -> None:
            server.configure(engine(number))
            async with raw_session(server.address) as across:
                packets = audio()
                for packet in packets[:5]:
                    await across.ask(packet)
                old = server.workers()
                await asyncio.to_thread(server.reload)
                for packet in packets[5:]:
                    await across.ask(packet)
                assert await across.final() == expected
            await asyncio.to_thread(wait_until, lambda: gone(old), "the end of the old workers")

        # The first ones import modules and fill caches.
        for number in range(1, 5):
            await reload(number)
        children, files, memory = (
            len(server.children()),
            process.num_fds(),
            process.memory_info().rss,
        )
        for number in range(5, 21):
            await reload(number)
        # One that has just ended may still be listed.
        await asyncio.to_thread(
            wait_until, lambda: len(server.children()) <= children, "the end of old processes"
        )
        assert process.num_fds() <= files
        assert process.memory_info().rss <= memory + (8 << 20)

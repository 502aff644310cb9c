"""Whole servers with the model in the package: what signals do to them and to their sessions."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.client import connect
from tests.support.command_process import wait_until
from tests.support.raw_session import raw_session
from tests.support.server_process import ServerProcess, gone, server_process

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

CLIP = Path(__file__).parents[2] / "data" / "tiny"
PACKET = 2_720


def audio() -> list[bytes]:
    clip = next(clip for clip in sorted(CLIP.glob("*-*.flac")) if clip.stem.isascii())
    pcm = b"".join(map(samples_to_pcm, decode_file(clip, 16_000))) + bytes(32_000)
    return [pcm[at : at + PACKET] for at in range(0, len(pcm), PACKET)]


async def undisturbed(server: ServerProcess) -> str:
    async with raw_session(server.address) as speaker:
        await speaker.send(audio())
        text = await speaker.final()
    assert text
    return text


async def test_sigterm_to_the_whole_group_costs_no_session(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        expected = await undisturbed(server)
        async with raw_session(server.address) as speaker:
            packets = audio()
            for packet in packets[:5]:
                await speaker.ask(packet)
            os.killpg(server.process.pid, signal.SIGTERM)
            for packet in packets[5:]:
                await speaker.ask(packet)
            assert await speaker.final() == expected
        assert server.ended() == 0
    assert "died" not in server.log()


async def test_sessions_that_do_not_end_get_their_text(tmp_path: Path) -> None:
    with server_process(tmp_path, "[drain]\nseconds = 0.5\n") as server:
        expected = await undisturbed(server)
        async with raw_session(server.address) as speaker:
            for packet in audio():
                await speaker.ask(packet)
            server.send(signal.SIGTERM)
            assert (await speaker.reply())["result"] == expected
            assert (await speaker.reply())["code"] == "server_stopping"
            await asyncio.wait_for(speaker.socket.wait_closed(), 120)
            assert speaker.socket.close_code == 1012
        assert server.ended() == 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_and_its_workers_at_once(
    tmp_path: Path, second: signal.Signals
) -> None:
    with server_process(tmp_path) as server:
        workers = server.children()
        assert workers
        async with raw_session(server.address):
            server.send(signal.SIGTERM)
            wait_until(lambda: "a second signal ends them" in server.log(), "the first signal")
            server.send(second)
            assert server.ended() == -second
            wait_until(lambda: gone(workers), "the end of the workers")


async def test_ctrl_c_says_what_a_second_one_does(tmp_path: Path) -> None:
    with server_process(tmp_path, "[drain]\ninterrupt_seconds = 0.2\n") as server:
        async with raw_session(server.address):
            os.killpg(server.process.pid, signal.SIGINT)
            assert server.ended() == 0
    assert "Press Ctrl-C again to stop at once" in server.log()


async def test_a_killed_server_leaves_no_worker_that_computes(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        workers = server.children()
        async with raw_session(server.address) as speaker:
            for packet in audio() * 20:
                await speaker.socket.send(packet)
            server.send(signal.SIGKILL)
            server.ended()
            wait_until(lambda: gone(workers), "the end of the workers")


async def test_a_frozen_server_goes_on_with_its_sessions(tmp_path: Path) -> None:
    limits = "[limits]\nidle_seconds = 2\nping_interval = 0.5\nping_timeout = 1\n"
    with server_process(tmp_path, limits) as server:
        expected = await undisturbed(server)
        # The server's pings are what is tested; the client must not judge by its own.
        async with raw_session(server.address, ping_interval=None) as speaker:
            packets = audio()
            for packet in packets[:5]:
                await speaker.ask(packet)
            server.send(signal.SIGSTOP)
            await asyncio.sleep(5)
            server.send(signal.SIGCONT)
            await asyncio.sleep(1)  # half of what an idle client has
            for packet in packets[5:]:
                await speaker.ask(packet)
            assert await speaker.final() == expected
    assert "idle" not in server.log()


async def spoken(server: ServerProcess) -> bytes:
    async with connect(f"ws://{server.address}") as client:
        return b"".join([pcm async for pcm in client.synthesize("这里有很多人。" * 20)])


async def test_a_freeze_of_all_processes_changes_no_session(tmp_path: Path) -> None:
    """As that of a virtual machine or a container: workers have calls under way."""
    both = {"LIUSHENG_TTS__MODELS": '["liusheng-zh-en"]', "LIUSHENG_WORKERS__ASR": "2"}
    limits = "[limits]\nidle_seconds = 2\nping_interval = 0.5\nping_timeout = 1\n"
    with server_process(tmp_path, limits, **both) as server:
        expected, audible = await undisturbed(server), await spoken(server)
        processes = server.children()
        async with raw_session(server.address, ping_interval=None) as speaker:
            packets = audio()
            for packet in packets[:5]:
                await speaker.ask(packet)
            speaking = asyncio.create_task(spoken(server))
            # What it computes for now is under way, but not at its end.
            await asyncio.sleep(0.3)
            await speaker.socket.send(packets[5])
            os.killpg(server.process.pid, signal.SIGSTOP)
            await asyncio.sleep(5)
            os.killpg(server.process.pid, signal.SIGCONT)
            await speaker.reply()
            for packet in packets[6:]:
                await speaker.ask(packet)
            assert await speaker.final() == expected
        assert await speaking == audible
        assert set(server.children()) == set(processes), "no worker was taken for one that hangs"
    assert "idle" not in server.log()


async def test_systemd_is_told(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        systemd.settimeout(120)
        # The interval is a third of this, which the test waits for.
        environment = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1500000"}
        with server_process(tmp_path, **environment) as server:

            def states(until: str) -> list[str]:
                seen: list[str] = []
                while not seen or seen[-1] != until:
                    seen.append(systemd.recv(4096).decode().split("\n")[0])
                return seen

            assert states("READY=1")
            assert states("WATCHDOG=1")
            server.reload()
            assert states("RELOADING=1")
            assert "READY=1" in states("READY=1")
            server.send(signal.SIGTERM)
            assert states("STOPPING=1")
            assert server.ended() == 0

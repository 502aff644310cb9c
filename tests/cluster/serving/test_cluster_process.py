"""A whole cluster with the model in the package: its clients do not see that it is one.

`LIUSHENG_KILLS=50` is the long form.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import httpx2
import openai
import psutil
import pytest
import websockets

import liusheng
from liusheng.audio.decode import decode_file
from liusheng.audio.pcm import samples_to_pcm
from liusheng.cli import main
from liusheng.client.messages import Final
from tests.cluster.serving.cluster_process import ClusterProcess, cluster_process
from tests.cluster.serving.resuming import PACKET, Speaker, all_spoken, speech, unbroken
from tests.support.command_process import wait_until
from tests.support.raw_session import RawSession, raw_session
from tests.support.short_folder import short_folder

pytest.importorskip("ray", reason="Ray has no wheel for this platform, or is not installed")
Spoken: TypeAlias = list[tuple[list[bytes], Final]]
KILLS = int(os.environ.get("LIUSHENG_KILLS", "1"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600 + 60 * KILLS)]

CLIP = next((Path(__file__).parents[2] / "data" / "tiny").glob("go-*.flac"))
SAID = "go close cancel left yes"
SPEAKERS = 12
"""Four for each replica. A request of an earlier test may still be under way when the first ones
come; later ones make up for it."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterProcess]:
    more = "min_replicas = 3\nmax_replicas = 3\nshare_models = true\n"
    with short_folder() as folder, cluster_process(folder, more) as running:
        yield running


@pytest.fixture(scope="module")
def whole(cluster: ClusterProcess) -> Spoken:
    """Return three speeches, each with its result where nothing breaks."""

    async def results() -> list[Final]:
        return await asyncio.gather(*(unbroken(cluster.address, each) for each in spoken))

    spoken = [speech(first) for first in range(3)]
    return list(zip(spoken, asyncio.run(results()), strict=True))


def audio() -> list[bytes]:
    pcm = b"".join(map(samples_to_pcm, decode_file(CLIP, 16_000)))
    return [pcm[at : at + PACKET] for at in range(0, len(pcm), PACKET)]


@contextlib.asynccontextmanager
async def session(cluster: ClusterProcess) -> AsyncIterator[RawSession]:
    async with raw_session(cluster.address, compression="deflate", open_timeout=120) as opened:
        cluster.opened += 1
        yield opened


async def speak(cluster: ClusterProcess) -> str:
    async with session(cluster) as opened:
        await opened.send(audio())
        return (await opened.final()).lower()


async def test_every_client_works_unchanged(cluster: ClusterProcess) -> None:
    assert await speak(cluster) == SAID

    cluster.opened += 1
    async with liusheng.connect(f"ws://{cluster.address}") as client:
        messages = [message async for message in client.recognize(iter(audio()))]
    assert isinstance(messages[-1], Final)
    assert messages[-1].text.lower() == SAID

    async with openai.AsyncOpenAI(base_url=f"http://{cluster.address}/v1", api_key="any") as sdk:
        answer = await sdk.audio.transcriptions.create(model="tiny", file=CLIP)
    assert answer.text.lower() == SAID

    async with httpx2.AsyncClient(base_url=f"http://{cluster.address}") as browser:
        page = await browser.get("/")
        assert page.status_code == 200
        assert "text/html" in page.headers["content-type"]
        assert (await browser.get("/readyz")).json()["ready"] is True
        assert (await browser.get("/nothing")).status_code == 404


def test_one_address_has_the_metrics_of_all_replicas(
    cluster: ClusterProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = cluster.ready()
    assert len(ready) == 3
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["top", f"ws://{cluster.address}", "--once"]) == 0
    shown = capsys.readouterr().out
    assert "3 of 3 ready" in shown
    for replica in ready:
        assert replica in shown


def test_replicas_give_way_to_no_other_program(cluster: ClusterProcess) -> None:
    assert {each.nice() for each in cluster.replicas()} == {psutil.Process().nice()}


async def test_replicas_share_the_speakers_evenly(cluster: ClusterProcess) -> None:
    wait_until(lambda: cluster.sessions().total() == cluster.opened, "their lines in the log")
    before = cluster.sessions()
    async with contextlib.AsyncExitStack() as sessions:
        for _ in range(SPEAKERS):
            each = await sessions.enter_async_context(session(cluster))
            await each.send(audio()[:3])
    wait_until(lambda: cluster.sessions().total() == cluster.opened, "their lines in the log")
    assert sorted((cluster.sessions() - before).values()) == [4, 4, 4]


async def test_a_killed_replica_costs_its_original_clients_alone(
    cluster: ClusterProcess, whole: Spoken
) -> None:
    results = [result for _, result in whole]
    for kill in range(KILLS):
        wait_until(lambda: len(cluster.ready()) == 3, "three replicas")
        victim = cluster.replicas()[0]
        workers = victim.children(recursive=True)
        assert workers
        carried = cluster.carried()
        speakers = [Speaker(packets) for packets, _ in whole]
        async with contextlib.AsyncExitStack() as sessions:
            packets = audio()
            original = [await sessions.enter_async_context(session(cluster)) for _ in range(6)]
            ours = [asyncio.create_task(each.recognized(cluster.address)) for each in speakers]
            await asyncio.gather(*(each.send(packets[:5]) for each in original))
            await all_spoken(speakers)
            victim.kill()
            for each in speakers:
                each.go.set()
            ended = await asyncio.gather(*(_finished(each, packets[5:]) for each in original))
        assert await asyncio.gather(*ours) == results, f"kill {kill}"
        events = [event for each in speakers for event in each.events]
        assert events.count("resumed") >= 1
        await _carried_on(cluster, carried)
        assert set(ended) == {SAID, 1012}, "told to connect again"
        # New sessions work at once, although the next replica is not there yet.
        assert await speak(cluster) == SAID
        _, alive = psutil.wait_procs(workers, timeout=60)
        assert not alive, "workers end with their replica"


async def _carried_on(cluster: ClusterProcess, before: int) -> None:
    """Wait until a recognition more than before has gone on on another replica."""
    await asyncio.to_thread(wait_until, lambda: cluster.carried() > before, "it goes on elsewhere")


async def _finished(opened: RawSession, packets: list[bytes]) -> str | int:
    """Return the text of a session; the code of its close, if it ended before."""
    try:
        await opened.send(packets)
        return (await opened.final()).lower()
    except websockets.ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else 1006


async def test_a_rolling_update_under_load_loses_nothing(
    cluster: ClusterProcess, whole: Spoken
) -> None:
    wait_until(lambda: len(cluster.replicas()) == 3, "three replicas")
    old = {each.pid for each in cluster.replicas()}
    packets, result = whole[0]
    # What the following tests need.
    cluster.configure("min_replicas = 1\nmax_replicas = 3\ndownscale_seconds = 3\n", drain=10)
    speaker = Speaker(packets)
    ours = asyncio.create_task(speaker.recognized(cluster.address))
    await speaker.spoken.wait()
    updating = asyncio.create_task(asyncio.to_thread(cluster.reload))
    spoken = 0
    async with session(cluster) as long:
        while old & {each.pid for each in cluster.replicas()} - cluster.draining():
            assert await asyncio.gather(speak(cluster), speak(cluster)) == [SAID, SAID]
            spoken += 2
            await long.send([bytes(PACKET)])
        await long.send(audio())
        assert (await long.final()).lower() == SAID, "on its old replica, which drains"
    assert spoken
    # The old and the new ones share a secret.
    carried = cluster.carried()
    for each in cluster.replicas():
        if each.pid in old:
            each.kill()
    speaker.go.set()
    assert await ours == result
    assert "resumed" in speaker.events
    await _carried_on(cluster, carried)
    await updating
    await _become(cluster, lambda found: not old & found, "the old ones end")


async def test_the_number_of_replicas_follows_the_load(
    cluster: ClusterProcess, whole: Spoken
) -> None:
    await _become(cluster, lambda found: len(found) == 1, "one replica")
    results = [result for _, result in whole]
    speakers = [Speaker(packets) for packets, _ in whole]
    before = cluster.sessions()
    async with contextlib.AsyncExitStack() as sessions:
        for _ in range(5):
            await sessions.enter_async_context(session(cluster))
        while len(cluster.sessions() - before) < 2:  # a second one serves, too
            assert await speak(cluster) == SAID
        two = set(cluster.sessions() - before)
        for _ in range(4):
            await sessions.enter_async_context(session(cluster))
        await _become(cluster, lambda found: len(found) == 3, "a third one")
        while not set(cluster.sessions() - before) - two:  # it serves, too
            assert await speak(cluster) == SAID
        # They go to the third one, which has the fewest sessions; Ray ends the newest ones first.
        ours = [asyncio.create_task(each.recognized(cluster.address)) for each in speakers]
        await all_spoken(speakers)
    carried = cluster.carried()
    # Those of the replicas that end are told to connect again, after drain.seconds.
    await _become(cluster, lambda found: len(found) == 1, "one replica again")
    for each in speakers:
        each.go.set()
    assert await asyncio.gather(*ours) == results
    await _carried_on(cluster, carried)
    assert await speak(cluster) == SAID


async def _become(
    cluster: ClusterProcess, condition: Callable[[set[int]], bool], what: str
) -> None:
    """Wait until the replicas, by their process ids, are so. Sockets are read meanwhile."""
    await asyncio.to_thread(
        wait_until, lambda: condition({each.pid for each in cluster.replicas()}), what
    )


async def _until_closed(opened: RawSession) -> int:
    try:
        while True:
            await opened.send([bytes(PACKET)])
            await asyncio.sleep(0.2)
    except websockets.ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else 1006


async def test_its_end_lets_sessions_finish(cluster: ClusterProcess) -> None:
    async with session(cluster) as finishing, session(cluster) as staying:
        await finishing.send(audio()[:5])
        cluster.process.send_signal(signal.SIGTERM)
        await finishing.send(audio()[5:])
        assert (await finishing.final()).lower() == SAID
        assert await _until_closed(staying) == 1012
    assert await asyncio.to_thread(cluster.process.wait, 120) == 0

"""Recognition and synthesis with replicas of their own, behind one address."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import openai
import pytest
import pytest_asyncio
import websockets

from liusheng.protocol import paths
from tests.cluster.serving.cluster_process import ClusterProcess, cluster_process
from tests.cluster.serving.test_cluster_process import CLIP, SAID, session, speak
from tests.support.chat_server import ChatServer, chat_server
from tests.support.command_process import wait_until
from tests.support.short_folder import short_folder

pytest.importorskip("ray", reason="Ray has no wheel for this platform, or is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
]

VOICE = "liusheng-zh-en"
TEXT = "今天天气很好，我们一起去公园散步吧。"
MORE = """
tasks = "apart"
max_replicas = 2
downscale_seconds = 3

[cluster.synthesis]
cores = 0.1
max_replicas = 2

[llm]
address = "{address}"
model = "any"

[twilio]
enabled = true
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chat() -> AsyncIterator[ChatServer]:
    async with chat_server(parts=["你好，", "很高兴", "认识你。"]) as server:
        yield server


@pytest.fixture(scope="module")
def cluster(chat: ChatServer) -> Iterator[ClusterProcess]:
    more = MORE.format(address=chat.address)
    with short_folder() as folder, cluster_process(folder, more, VOICE) as running:
        yield running


def counted(cluster: ClusterProcess, name: str) -> dict[tuple[str, str], float]:
    """Return a counter of all replicas, by deployment and task."""
    found: dict[tuple[str, str], float] = {}
    for sample in cluster.samples():
        if sample.name == f"liusheng_{name}":
            key = sample.labels["deployment"], sample.labels.get("task", "")
            found[key] = found.get(key, 0.0) + sample.value
    return {key: value for key, value in found.items() if value}


def replicas(cluster: ClusterProcess, deployment: str) -> int:
    ready = [s for s in cluster.samples() if s.name == "liusheng_ready" and s.value]
    return sum(s.labels["deployment"] == deployment for s in ready)


@contextlib.asynccontextmanager
async def asked(cluster: ClusterProcess, said: str, **fields: Any) -> AsyncIterator[Any]:
    """A text that was sent over a WebSocket."""
    url = f"ws://{cluster.address}{paths.TTS_STREAMING}"
    async with websockets.connect(url, proxy=None, open_timeout=120) as socket:
        await socket.send(json.dumps({"task": "tts", "signal": "start"}))
        started = json.loads(await socket.recv())
        assert started["session"]
        await socket.send(json.dumps({"text": said, "spk_id": 0, **fields}))
        yield socket


async def test_each_request_goes_to_the_replicas_of_its_task(cluster: ClusterProcess) -> None:
    assert await speak(cluster) == SAID
    async with asked(cluster, TEXT) as socket:
        while (packet := json.loads(await socket.recv()))["status"] == 1:
            assert packet["audio"]
        assert packet["status"] == 2
    async with openai.AsyncOpenAI(base_url=f"http://{cluster.address}/v1", api_key="any") as sdk:
        answer = await sdk.audio.transcriptions.create(model="tiny", file=CLIP)
        spoken = await sdk.audio.speech.create(model=VOICE, voice="alloy", input=TEXT)
    assert answer.text.lower() == SAID
    assert len(spoken.content) > 10_000
    assert counted(cluster, "sessions_started_total") == {
        ("speech", "asr"): 2,
        ("synthesis", "tts"): 2,
    }
    pools = {
        (s.labels["deployment"], s.labels["pool"])
        for s in cluster.samples()
        if s.name == "liusheng_workers" and s.value
    }
    assert ("speech", "synthesis") not in pools
    assert ("synthesis", "synthesis") in pools
    assert {pool for deployment, pool in pools if deployment == "synthesis"} == {"synthesis"}


async def test_lists_have_both_tasks(cluster: ClusterProcess) -> None:
    async with httpx2.AsyncClient(base_url=f"http://{cluster.address}") as client:
        info = (await client.get(paths.INFO)).json()
        assert info["asr"]["models"]["auto"] == "tiny"
        assert {each["model"] for each in info["tts"]["voices"]} == {VOICE}
        assert info["conversation"] == {"model": "any"}
        models = (await client.get(paths.MODELS)).json()["data"]
        assert {"tiny", VOICE} <= {each["id"] for each in models}
        assert (await client.get(paths.VOICES)).json()["voices"]
        assert paths.SPEECH in (await client.get(paths.OPENAPI)).json()["paths"]
        ready = (await client.get(paths.READYZ)).json()
        assert ready["ready"]
        assert ready["workers"]["synthesis"] == {"alive": 1, "wanted": 1}
        assert (await client.get("/")).status_code == 200


async def test_a_conversation_has_both_tasks(cluster: ClusterProcess) -> None:
    before = counted(cluster, "synthesis_audio_seconds_total")[("synthesis", "")]
    async with (
        openai.AsyncOpenAI(base_url=f"http://{cluster.address}/v1", api_key="any") as sdk,
        sdk.realtime.connect(model="gpt-realtime") as connection,
    ):
        content: Any = [{"type": "input_text", "text": "你好"}]
        item: Any = {"type": "message", "role": "user", "content": content}
        await connection.conversation.item.create(item=item)
        await connection.response.create()
        audio = 0
        while True:
            event = await asyncio.wait_for(connection.recv(), 120)
            if event.type == "response.output_audio.delta":
                audio += len(base64.b64decode(event.delta))
            if event.type == "response.done":
                break
    assert event.response.status == "completed", event
    seconds = audio / 2 / 24_000
    assert seconds > 1
    made = counted(cluster, "synthesis_audio_seconds_total")[("synthesis", "")] - before
    assert made == pytest.approx(seconds, abs=0.1)


async def test_they_scale_apart(cluster: ClusterProcess) -> None:
    await _become(cluster, speech=1, synthesis=1)
    async with contextlib.AsyncExitStack() as texts:
        for _ in range(5):
            # It waits for the rest of its text, and costs nothing but its place.
            await texts.enter_async_context(asked(cluster, "今天", more=True))
        await _become(cluster, speech=1, synthesis=2)
    await _become(cluster, speech=1, synthesis=1)
    async with contextlib.AsyncExitStack() as sessions:
        for _ in range(5):
            await sessions.enter_async_context(session(cluster))
        await _become(cluster, speech=2, synthesis=1)
    await _become(cluster, speech=1, synthesis=1)


async def _become(cluster: ClusterProcess, **wanted: int) -> None:
    """Wait until each deployment has so many replicas. Sockets are read meanwhile."""

    def same() -> bool:
        return {name: replicas(cluster, name) for name in wanted} == wanted

    await asyncio.to_thread(wait_until, same, f"{wanted}")

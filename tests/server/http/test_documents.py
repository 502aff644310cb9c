"""What the documents say is held against what really passes."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import httpx2
import jsonschema
import pytest
import pytest_asyncio

from liusheng.audio.encode import open_encoder
from liusheng.server.http import asyncapi
from tests.server.conftest import Serve, Server
from tests.support.chat_server import chat_server

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def get(server: Server, path: str) -> httpx2.Response:
    async with httpx2.AsyncClient() as client:
        answer: httpx2.Response = await client.get(f"http://{server.address}{path}")
    assert answer.status_code == 200
    return answer


@pytest_asyncio.fixture(loop_scope="session")
async def http(server: Server) -> dict[str, Any]:
    document: dict[str, Any] = (await get(server, "/openapi.json")).json()
    return document


@pytest_asyncio.fixture(loop_scope="session")
async def sockets(server: Server) -> dict[str, Any]:
    document: dict[str, Any] = (await get(server, "/asyncapi")).json()
    return document


def fits(document: dict[str, Any], schema: dict[str, Any], message: Any) -> bool:
    """Whether a message is what a schema says, and has nothing that it does not tell of."""
    whole = {**schema, "components": document["components"]}
    if not jsonschema.Draft202012Validator(whole).is_valid(message):
        return False
    return set(message) <= properties(document, schema)


def properties(document: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return properties(document, document["components"]["schemas"][name])
    parts = schema.get("anyOf", []) + schema.get("allOf", [])
    return set(schema.get("properties", {})).union(*(properties(document, p) for p in parts))


def references(value: Any) -> set[str]:
    return set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(value)))


async def test_every_reference_leads_somewhere(
    http: dict[str, Any], sockets: dict[str, Any]
) -> None:
    for document in (http, sockets):
        for reference in references(document):
            place = document
            for step in reference.removeprefix("#/").split("/"):
                place = place[step]


async def test_every_path_is_described(http: dict[str, Any]) -> None:
    assert set(http["paths"]) == {
        "/api/info",
        "/healthz",
        "/metrics",
        "/paddlespeech/asr",
        "/paddlespeech/asr/help",
        "/paddlespeech/asr/streaming",
        "/paddlespeech/text",
        "/paddlespeech/text/help",
        "/paddlespeech/tts",
        "/paddlespeech/tts/help",
        "/paddlespeech/tts/streaming",
        "/paddlespeech/tts/streaming/samplerate",
        "/readyz",
        "/v1/audio/models",
        "/v1/audio/speech",
        "/v1/audio/transcriptions",
        "/v1/audio/translations",
        "/v1/audio/voices",
        "/v1/listen",
        "/v1/models",
        "/v1/models/{model}",
    }


AUDIO = base64.b64encode(open_encoder("wav", 16_000).feed(b"hello ".ljust(6_400))).decode()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("get", "/api/info", None, 200),
        ("get", "/paddlespeech/asr/help", None, 200),
        ("get", "/paddlespeech/tts/streaming/samplerate", None, 200),
        ("post", "/paddlespeech/asr", {"audio": AUDIO}, 200),
        ("post", "/paddlespeech/asr", {}, 400),
        ("post", "/paddlespeech/tts", {"text": "3"}, 200),
        ("post", "/paddlespeech/tts", {"text": ""}, 400),
        ("post", "/paddlespeech/tts/streaming", {"text": ""}, 400),
        ("post", "/paddlespeech/text", {"text": "好。"}, 200),
        ("post", "/paddlespeech/text", {"text": "好"}, 501),
        ("get", "/v1/models", None, 200),
        ("post", "/v1/audio/speech", {"model": "x", "voice": "alloy", "input": "1"}, 404),
    ],
)
async def test_http_messages(
    server: Server, http: dict[str, Any], method: str, path: str, body: Any, status: int
) -> None:
    operation = http["paths"][path][method]
    async with httpx2.AsyncClient(timeout=120) as client:
        answer = await client.request(method, f"http://{server.address}{path}", json=body)
    assert answer.status_code == status, answer.text
    told = operation["responses"]["200" if status == 200 else "default"]
    assert fits(http, told["content"]["application/json"]["schema"], answer.json())
    if body and status == 200:
        sent = operation["requestBody"]["content"]["application/json"]["schema"]
        assert fits(http, sent, body)


async def test_lines_of_recognition(server: Server, http: dict[str, Any]) -> None:
    path = "/paddlespeech/asr/streaming"
    told = http["paths"][path]["post"]["responses"]["200"]["content"]["application/x-ndjson"]
    async with httpx2.AsyncClient(timeout=120) as client:
        url = f"http://{server.address}{path}?format=pcm_s16le"
        answer = await client.post(url, content=b"hello ".ljust(6_400))
    for line in answer.text.splitlines():
        assert fits(http, told["schema"], json.loads(line))


ASR = [
    {"signal": "start", "resume": "unknown", "from_utterance": 0},
    {"name": "a", "signal": "start", "nbest": 1},
    b"hello ".ljust(3_200),
    {"signal": "what"},
    {"name": "a", "signal": "start", "nbest": 0},
    {"name": "a", "signal": "end", "nbest": 1},
]
TTS = [
    {"task": "tts", "signal": "start"},
    {"text": "2", "spk_id": 0},
    {"signal": "what"},
    {"signal": "cancel"},
    {"task": "tts", "signal": "end", "session": "SESSION"},
]
REALTIME = [
    {"type": "session.update", "session": {"audio": {"input": {"turn_detection": None}}}},
    {"type": "input_audio_buffer.append", "audio": "AAAA" * 800},
    {"type": "input_audio_buffer.commit"},
    {"type": "input_audio_buffer.clear"},
    {"type": "input_audio_buffer.commit"},
]
CONVERSATION = [
    {
        "type": "conversation.item.create",
        "item": {
            "type": "message",
            "role": "assistant",
            "id": "a",
            "content": [{"type": "output_text", "text": "x"}],
        },
    },
    {"type": "conversation.item.retrieve", "item_id": "a"},
    {"type": "conversation.item.truncate", "item_id": "a", "audio_end_ms": 0},
    {"type": "conversation.item.delete", "item_id": "a"},
    {"type": "response.cancel"},
    {"type": "response.create"},
]
WRONG = [{"name": "a", "signal": "start", "nbest": 0}, {"signal": "what"}]
LAST = ["finished", "connection will be closed", "input_audio_buffer_commit_empty"]


@pytest.mark.parametrize(("name", "script"), [("asr", ASR), ("tts", TTS), ("realtime", REALTIME)])
async def test_socket_messages(
    server: Server, sockets: dict[str, Any], name: str, script: list[Any]
) -> None:
    channel = sockets["channels"][name]
    payloads = {key: message["payload"] for key, message in channel["messages"].items()}
    theirs = {key: of for key, of in payloads.items() if key.startswith("client.")}
    ours = {key: of for key, of in payloads.items() if key not in theirs}
    seen: set[str] = set()
    session = ""
    async with server.connect(channel["address"] + "?intent=transcription") as socket:
        for each in script:
            if isinstance(each, bytes):
                await socket.send(each)
                continue
            message = {key: session if v == "SESSION" else v for key, v in each.items()}
            if message not in WRONG:
                matching = {k for k, of in theirs.items() if fits_client(sockets, of, message)}
                assert len(matching) == 1, (message, matching)
                seen |= matching
            await socket.send(json.dumps(message))
            if message.get("signal") == "start" and message not in WRONG:
                answer = json.loads(await socket.recv())
                session = answer.get("session", "")
                expected = "error" if "resume" in message else "serverReady"
                assert fits(sockets, ours[expected], answer)
        text = ""
        while not any(last in text for last in LAST):
            text = str(await socket.recv())
            answer = json.loads(text)
            matching = {key for key, of in ours.items() if fits(sockets, of, answer)}
            assert len(matching) == 1, (answer, matching)
            seen |= matching
    of_conversations = {"client.cancelResponse", "client.createResponse"} | {
        f"client.{verb}Item" for verb in ("create", "retrieve", "delete", "truncate")
    }
    expected_of_client = set(theirs) - {"client.audio"} - of_conversations
    assert seen >= {"error"} | expected_of_client, "the script is too short"


async def test_messages_of_a_conversation(serve: Serve, sockets: dict[str, Any]) -> None:
    channel = sockets["channels"]["realtime"]
    payloads = {key: message["payload"] for key, message in channel["messages"].items()}
    seen: set[str] = set()
    async with chat_server(parts=["1"]) as chat:
        server = await serve(llm={"address": chat.address, "model": "m"})
        async with server.connect(channel["address"]) as socket:
            for message in CONVERSATION:
                theirs = {key: of for key, of in payloads.items() if key.startswith("client.")}
                matching = {key for key, of in theirs.items() if fits_client(sockets, of, message)}
                assert len(matching) == 1, (message, matching)
                await socket.send(json.dumps(message))
            text = ""
            while "response.done" not in text:
                text = str(await socket.recv())
                answer = json.loads(text)
                ours = {key: of for key, of in payloads.items() if not key.startswith("client.")}
                matching = {key for key, of in ours.items() if fits(sockets, of, answer)}
                assert len(matching) == 1, (answer, matching)
                seen |= matching
    assert seen >= {"itemAdded", "itemRetrieved", "itemDeleted", "audioDelta", "responseDone"}


SILENCE = b"\xff" * 8_000
DEEPGRAM: list[Any] = [
    b"hello ".ljust(3_200),
    *({"type": kind} for kind in ("KeepAlive", "Configure", "what", "Finalize", "CloseStream")),
]
TWILIO: list[Any] = [
    {"event": "connected", "protocol": "Call", "version": "1.0.0"},
    {"event": "start", "streamSid": "MZ0", "start": {"customParameters": {"lang": "zh"}}},
    {
        "event": "media",
        "media": {"track": "inbound", "payload": base64.b64encode(SILENCE).decode()},
    },
    {"event": "speak", "text": "1"},
    {"event": "what"},
    {"event": "mark", "mark": {"name": "text-1"}},
    {"event": "dtmf", "dtmf": {"digit": "1"}},
    {"event": "clear"},
    {"event": "stop"},
]


@pytest.mark.parametrize(
    ("name", "script", "expected"),
    [
        ("deepgram", DEEPGRAM, {"results", "configureFailure", "error", "metadata"}),
        ("twilio", TWILIO, {"transcript", "error", "clear"}),
    ],
)
async def test_messages_of_other_products(
    serve: Serve, name: str, script: list[Any], expected: set[str]
) -> None:
    server = await serve(twilio={"enabled": True})
    document = (await get(server, "/asyncapi")).json()
    channel = document["channels"][name]
    payloads = {key: message["payload"] for key, message in channel["messages"].items()}
    theirs = {key: of for key, of in payloads.items() if key.startswith("client.")}
    ours = {key: of for key, of in payloads.items() if key not in theirs}
    seen: set[str] = set()
    query = "?encoding=linear16&sample_rate=16000&language=zh"
    async with server.connect(channel["address"] + query) as socket:
        for message in script:
            if isinstance(message, bytes):
                await socket.send(message)
                continue
            if "what" not in message.values():
                matching = {k for k, of in theirs.items() if fits_client(document, of, message)}
                assert len(matching) == 1, (message, matching)
                seen |= matching
            await socket.send(json.dumps(message))
        async for text in socket:
            answer = json.loads(text)
            matching = {key for key, of in ours.items() if fits(document, of, answer)}
            assert len(matching) == 1, (answer, matching)
            seen |= matching
    assert seen >= expected | (set(theirs) - {"client.audio"}), "the script is too short"


def fits_client(document: dict[str, Any], schema: dict[str, Any], message: Any) -> bool:
    """As `fits`, but clients send fields that the server leaves alone."""
    whole = {**schema, "components": document["components"]}
    return jsonschema.Draft202012Validator(whole).is_valid(message)


async def test_the_page(server: Server) -> None:
    answer = await get(server, "/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert not re.search(r"(src|href)=.?(https?:)?//", answer.text), "nothing from elsewhere"
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'" in policy
    for path in re.findall(r'(?:src|href)="([^"#]+)"', answer.text):
        assert (await get(server, f"/{path.removeprefix('./')}")).content, path
    assert "data:" not in (await get(server, "/")).headers["content-security-policy"]


async def test_every_title_has_a_translation(
    http: dict[str, Any], sockets: dict[str, Any], server: Server
) -> None:
    texts = (await get(server, "/page/reference/translations.js")).text
    titles = {
        title
        for operations in http["paths"].values()
        for each in operations.values()
        for title in (each["summary"], *(of["description"] for of in each["responses"].values()))
    } | {channel["title"] for channel in sockets["channels"].values()}
    titles.add(asyncapi.TWILIO.title)  # which this server has not
    ours = {title for title in titles if not re.fullmatch(r"Describe /\S+\.", title)}
    missing = [title for title in ours if f'"{title}":' not in texts]
    assert missing == [], "add them to TITLES in web/page/reference/translations.js"
    known = re.findall(r'^  "(.+)":', texts.split("TITLES = {")[1].split("\n};")[0], re.MULTILINE)
    assert set(known) <= titles, "titles that nothing has"


async def test_a_prefix_is_described(serve: Serve) -> None:
    server = await serve(path_prefix="/speech")
    assert (await get(server, "/speech/openapi.json")).json()["servers"] == [{"url": "/speech"}]
    channels = (await get(server, "/speech/asyncapi")).json()["channels"]
    assert channels["asr"]["address"] == "/speech/paddlespeech/asr/streaming"

"""Calls over Twilio's Media Streams, with the messages of its documentation."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from liusheng.audio.g711 import expand
from liusheng.runtime.decoding.service import DecodingService
from liusheng.server.config.settings import Settings
from tests.server.conftest import Dialogue, Fakes, Serve, Server, limit, starting

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/twilio/media-streams"
SID = "MZ18ad3ab5a668481ce02b83e7395059f0"
SILENCE = base64.b64encode(b"\xff" * 1_600).decode()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shared(engines: Fakes, decoding: DecodingService) -> AsyncIterator[Server]:
    async with starting(engines, decoding) as serve:
        yield await serve(twilio={"enabled": True})


@pytest.fixture
def server(shared: Server, engines: Fakes) -> Server:
    limit(engines, Settings().limits)
    return shared


def media(payload: str = SILENCE, track: str = "inbound") -> dict[str, Any]:
    details = {"track": track, "chunk": "1", "timestamp": "5", "payload": payload}
    return {"event": "media", "sequenceNumber": "3", "media": details, "streamSid": SID}


@asynccontextmanager
async def call(server: Server, **parameters: str) -> AsyncIterator[Dialogue]:
    async with server.connect(PATH) as socket:
        dialogue = Dialogue(socket)
        await dialogue.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        details = {
            "accountSid": "AC0",
            "streamSid": SID,
            "callSid": "CA0",
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        }
        start = {"event": "start", "sequenceNumber": "1", "start": details, "streamSid": SID}
        await dialogue.send(start)
        yield dialogue


async def until(dialogue: Dialogue, event: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or found[-1]["event"] != event:
        found.append(await dialogue.receive())
    return found


async def test_a_caller_is_heard(server: Server) -> None:
    async with call(server, lang="zh-CN", hotwords="流声, x", endpointMs="500") as dialogue:
        await dialogue.send(media(track="outbound"))
        await dialogue.send(media())
        heard = await dialogue.receive()
        assert (heard["event"], heard["streamSid"]) == ("transcript", SID)
        assert (heard["isFinal"], heard["utterance"]) == (False, 0)
        await dialogue.send({"event": "dtmf", "streamSid": SID, "dtmf": {"digit": "1"}})
        await dialogue.send({"event": "stop", "streamSid": SID, "stop": {"callSid": "CA0"}})
        final = await dialogue.receive()
        assert (final["event"], final["isFinal"]) == ("transcript", True)
        assert (final["start"], final["end"]) == (0.0, 1.0)
        assert await dialogue.close_code() == 1000


async def test_only_final_texts(server: Server) -> None:
    async with call(server, interim="false") as dialogue:
        await dialogue.send(media())
        await asyncio.sleep(0.1)
        await dialogue.send({"event": "stop", "streamSid": SID, "stop": {}})
        assert (await dialogue.receive())["isFinal"]


async def test_a_text_is_spoken_in_mu_law(server: Server) -> None:
    async with call(server) as dialogue:
        await dialogue.send({"event": "speak", "text": "4000 large", "name": "hello"})
        # The fake voice says numbers of 0.1 s each; here only the first are of interest.
        first = await dialogue.receive()
        assert (first["event"], first["streamSid"]) == ("media", SID)
        samples = expand(base64.b64decode(first["media"]["payload"]), "mulaw")
        assert len(samples) > 0
        assert float(np.abs(samples).max()) < 0.01
        await dialogue.send({"event": "clear"})
        *_, cleared = await until(dialogue, "clear")
        assert cleared == {"event": "clear", "streamSid": SID}
        await dialogue.send({"event": "speak", "text": "20", "name": "bye"})
        *audio, mark = await until(dialogue, "mark")
        assert mark == {"event": "mark", "streamSid": SID, "mark": {"name": "bye"}}
        assert {each["event"] for each in audio} <= {"media"}


async def test_a_text_in_pieces(server: Server) -> None:
    async with call(server) as dialogue:
        for text, more in (("spell", True), (" a", True), ("b", False)):
            await dialogue.send({"event": "speak", "text": text, "more": more})
        *audio, mark = await until(dialogue, "mark")
        assert audio
        assert mark["mark"]["name"] == "text-1"


async def test_speech_of_the_caller_ends_what_is_spoken(server: Server) -> None:
    async with call(server) as dialogue:
        await dialogue.send({"event": "speak", "text": "4000 large"})
        assert (await dialogue.receive())["event"] == "media"
        await dialogue.send(media())
        *_, cleared = await until(dialogue, "clear")
        assert cleared["event"] == "clear"
        assert (await until(dialogue, "transcript"))[-1]["text"]


async def test_speech_interrupts_what_was_sent_and_not_played(server: Server) -> None:
    async with call(server) as dialogue:
        await dialogue.send({"event": "speak", "text": "20", "name": "a"})
        await until(dialogue, "mark")
        await dialogue.send(media())
        assert [each["event"] for each in await until(dialogue, "transcript")] == [
            "clear",
            "transcript",
        ]
    async with call(server) as dialogue:
        await dialogue.send({"event": "speak", "text": "20", "name": "a"})
        await until(dialogue, "mark")
        await dialogue.send({"event": "mark", "streamSid": SID, "mark": {"name": "a"}})
        await dialogue.send(media())
        assert (await dialogue.receive())["event"] == "transcript"


async def test_without_barge_in(server: Server) -> None:
    async with call(server, bargeIn="false") as dialogue:
        await dialogue.send({"event": "speak", "text": "20"})
        await until(dialogue, "mark")
        await dialogue.send(media())
        assert (await dialogue.receive())["event"] == "transcript"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "invalid_json"),
        ({"event": "sing"}, "unknown_signal"),
        ({"event": "media", "media": {}}, "missing_field"),
        (media("?"), "invalid_field"),
        ({"event": "speak", "text": "1" * 10_001}, "text_too_long"),
        ({"event": "speak", "text": "1", "voice": "nobody"}, "unknown_voice"),
        ({"event": "speak", "text": "1", "speed": 9}, "invalid_field"),
        (b"audio", "unexpected_binary"),
    ],
)
async def test_errors_and_the_call_goes_on(server: Server, message: Any, code: str) -> None:
    async with call(server) as dialogue:
        error = await dialogue.ask(message)
        assert (error["event"], error["code"]) == ("error", code)
        await dialogue.send({"event": "speak", "text": "20"})
        assert (await until(dialogue, "mark"))[-1]


async def test_a_text_that_fails_has_its_mark(server: Server) -> None:
    async with call(server) as dialogue:
        await dialogue.send({"event": "speak", "text": "5 raise", "name": "a"})
        *_, error, mark = await until(dialogue, "mark")
        assert (error["code"], mark["mark"]["name"]) == ("synthesis_failed", "a")
        await dialogue.send({"event": "speak", "text": "0", "name": "b"})
        error, mark = await until(dialogue, "mark")
        assert (error["code"], mark["mark"]["name"]) == ("nothing_to_say", "b")


async def test_a_message_before_the_start(server: Server) -> None:
    async with server.connect(PATH) as socket:
        for message in (media(), {"event": "speak", "text": "1"}, {"event": "clear"}):
            error = await Dialogue(socket).ask(message)
            assert error["code"] == "not_started"


async def test_an_unknown_language_ends_the_call(server: Server) -> None:
    async with call(server, lang="tlh") as dialogue:
        assert (await dialogue.receive())["code"] == "not_supported_by_model"
        assert await dialogue.close_code() == 1008


async def test_a_full_server(serve: Serve) -> None:
    server = await serve(limits={"max_sessions": 1}, twilio={"enabled": True})
    async with call(server) as first, call(server) as second:
        await first.send(media())
        await first.receive()
        await second.send(media())
        assert (await second.receive())["code"] == "server_busy"
        assert await second.close_code() == 1013


async def test_a_server_that_stops_sends_what_was_heard(serve: Serve) -> None:
    server = await serve(twilio={"enabled": True})
    async with call(server) as dialogue:
        await dialogue.send(media())
        await dialogue.receive()
        server.stop.set()
        found = await until(dialogue, "error")
        assert found[-1]["code"] == "server_stopping"
        assert json.dumps(found).count('"isFinal": true') == 1

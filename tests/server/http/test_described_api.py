"""Requests made from the description of the API, valid and invalid ones, against the server.

`LIUSHENG_API_EXAMPLES=1000` is the long form.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
from pathlib import Path

import httpx2
import pytest

from tests.server.conftest import Serve, Server

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXAMPLES = int(os.environ.get("LIUSHENG_API_EXAMPLES", "25"))  # of each operation


async def test_an_empty_text_is_not_valid(server: Server) -> None:
    async with httpx2.AsyncClient(base_url=f"http://{server.address}", timeout=60) as client:
        schemas = (await client.get("/openapi.json")).json()["components"]["schemas"]
        for name, field in (("http.SpeechBody", "text"), ("RecognitionBody", "audio")):
            (schema,) = (of for each, of in schemas.items() if each.endswith(name))
            assert schema["properties"][field]["minLength"] == 1
        answer = await client.post("/paddlespeech/tts", json={"text": ""})
        assert (answer.status_code, answer.json()["error"]) == (400, "empty_text")


async def test_events_have_their_messages_as_data_and_may_be_errors(server: Server) -> None:
    async with httpx2.AsyncClient(base_url=f"http://{server.address}", timeout=60) as client:
        described = (await client.get("/openapi.json")).json()["paths"]["/v1/audio/transcriptions"]
        events = described["post"]["responses"]["200"]["content"]["text/event-stream"]["schema"]
        messages = [each["$ref"] for each in events["properties"]["data"]["contentSchema"]["anyOf"]]
        assert any(name.endswith("TextDone") for name in messages)
        assert any(name.endswith("Failure") for name in messages)
        answer = await client.post(
            "/v1/audio/transcriptions",
            data={"model": "whisper-1", "stream": "true"},
            files={"file": b"no audio"},
        )
        assert answer.text.startswith('data: {"error":{')


@pytest.mark.slow
async def test_answers_are_those_described(
    serve: Serve, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """No request is a fault of the server; statuses, types and bodies are those described."""
    server = await serve(limits={"idle_seconds": 5})
    address = f"http://{server.address}"
    caplog.set_level(logging.ERROR)
    here = Path(__file__)
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        f"--config-file={here.with_name('schemathesis.toml')}",
        "run",
        f"{address}/openapi.json",
        f"--url={address}",
        f"--max-examples={EXAMPLES}",
        "--phases=coverage,fuzzing",
        "--generation-deterministic",
        "--request-timeout=60",
        "--no-color",
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(here.with_name("schemathesis_hooks.py"))},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    report = (await running.communicate())[0].decode()
    assert running.returncode == 0, report
    assert re.search(r"Tested: (\d\d)/\1\b|Selected: (\d\d)/\2\b", report), report
    assert "a request failed" not in caplog.text

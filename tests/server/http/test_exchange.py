"""What HTTP clients see at the edges."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.server.conftest import Server
from tests.support.programs import needs_curl

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASR = "/paddlespeech/asr/streaming"


async def curl(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "-m", "60", *arguments, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


@needs_curl
@pytest.mark.parametrize("query", ["", "?lang=tlh"])
async def test_a_client_that_still_sends_gets_the_error(
    server: Server, tmp_path: Path, query: str
) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"no sound" * 4_000_000)
    for _ in range(5):
        status, out = await curl(
            "-X", "POST", "-T", str(file), f"http://{server.address}{ASR}{query}"
        )
        assert status == 0
        assert json.loads(out)["code"] == 400


async def test_a_connection_is_used_again(server: Server) -> None:
    """A refused request does not leave its body in the next one's way."""
    async with httpx2.AsyncClient(timeout=120) as client:
        for _ in range(3):
            url = f"http://{server.address}"
            bad = await client.post(f"{url}{ASR}?nbest=x", content=b"x" * 100_000)
            assert bad.status_code == 400
            good = await client.get(f"{url}/paddlespeech/asr/help")
            assert good.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", ASR, 405, "wrong_method"),
        ("PUT", "/paddlespeech/tts", 405, "wrong_method"),
        ("POST", "/paddlespeech/vector", 404, "unknown_path"),
        ("GET", "/nowhere", 404, "unknown_path"),
    ],
)
async def test_other_methods_and_paths(
    server: Server, method: str, path: str, status: int, code: Any
) -> None:
    async with httpx2.AsyncClient() as client:
        answer = await client.request(method, f"http://{server.address}{path}")
    body = answer.json()
    assert (answer.status_code, body["code"], body["error"]) == (status, status, code)
    assert path in body["message"]["description"]
    assert answer.headers.get("allow") == ("POST" if status == 405 else None)


async def test_other_paths_of_openai(server: Server) -> None:
    async with openai.AsyncOpenAI(
        base_url=f"http://{server.address}/v1", api_key="any", max_retries=0
    ) as client:
        with pytest.raises(openai.NotFoundError, match="nothing at") as caught:
            await client.embeddings.create(model="x", input="y")
    assert caught.value.code == "unknown_path"

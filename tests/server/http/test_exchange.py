"""What HTTP clients see at the edges."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASR = "/paddlespeech/asr/streaming"


async def curl(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "-m", "60", *arguments, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


@pytest.mark.parametrize("query", ["", "?lang=tlh"])
async def test_an_error_is_heard_by_who_still_sends(server, tmp_path: Path, query: str) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"no sound" * 4_000_000)
    for _ in range(5):
        status, out = await curl(
            "-X", "POST", "-T", str(file), f"http://{server.address}{ASR}{query}"
        )
        assert status == 0
        assert json.loads(out)["code"] == 400


async def test_a_connection_is_used_again(server) -> None:
    """A refused request does not leave its body in the next one's way."""
    async with httpx.AsyncClient(timeout=120) as client:
        for _ in range(3):
            url = f"http://{server.address}"
            bad = await client.post(f"{url}{ASR}?nbest=x", content=b"x" * 100_000)
            assert bad.status_code == 400
            good = await client.get(f"{url}/paddlespeech/asr/help")
            assert good.status_code == 200


async def test_other_methods_and_paths(server) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"http://{server.address}{ASR}")).status_code == 405
        assert (await client.get(f"http://{server.address}/paddlespeech/vector")).status_code == 404

"""The agent's turns, with a server whose every reply the test chooses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

import liusheng

from ..client.conftest import FakeServer


class Output:
    """A loudspeaker that is still playing when the caller goes on."""

    def __init__(self) -> None:
        self.playing = asyncio.Event()
        self.free = asyncio.Event()
        self.stopped = 0

    async def play(self, pcm: bytes) -> None:
        self.playing.set()
        await self.free.wait()

    def stop(self) -> None:
        self.stopped += 1
        self.free.set()  # what comes after is played at once


def partial(text: str, *, closed: bool) -> str:
    return json.dumps({"result": text, "stable": text, "is_final": closed})


async def echo(heard: str) -> AsyncIterator[str]:
    yield f"{heard}! "


async def test_an_interruption(server: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
    from voice_agent import Agent

    replies = [("", False), ("one", False), ("one", True), ("one two", False), ("one two", True)]
    server.partials = {n: partial(text, closed=closed) for n, (text, closed) in enumerate(replies)}
    output = Output()

    async def caller() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"\0\0"
        await output.playing.wait()  # speaks again while the agent does
        yield b"\0\0"
        yield b"\0\0"

    server.final = "one two"
    async with liusheng.connect(server.url) as client:
        await Agent(client, output, echo).converse(caller())
    assert output.stopped == 1
    printed = capsys.readouterr().out
    assert printed.split("you: ") == [
        "",
        "one\nagent: one! \n (interrupted)\n",
        "two\nagent: two! \n(answered)\n",
    ]


async def test_an_answer_that_fails_is_not_kept_secret(server: FakeServer) -> None:
    from voice_agent import Agent

    async def broken(heard: str) -> AsyncIterator[str]:
        raise LookupError("the model is gone")
        yield heard

    server.partials = {0: partial("one", closed=True)}
    server.final = "one"
    async with liusheng.connect(server.url) as client:
        with pytest.raises(LookupError, match="the model is gone"):
            await Agent(client, Output(), broken).converse(packets())


async def packets() -> AsyncIterator[bytes]:
    yield b"\0\0"

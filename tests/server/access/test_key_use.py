"""What a key has used is counted across a reload, which makes a new application."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.types import Message, Receive, Scope, Send

from liusheng.protocol import paths
from liusheng.server.access.key_check import KeyCheck
from liusheng.server.access.key_use import KeyUse
from liusheng.server.access.keyring import Keyring
from liusheng.server.access.keys import ApiKey, digest, new_secret
from liusheng.server.access.routes import Routes
from liusheng.server.app import Application
from liusheng.server.config.settings import Settings


def test_the_application_of_a_reload_takes_over_what_outlives_settings() -> None:
    first = Application(Settings(), None, None)
    second = Application(Settings(), None, None, before=first)
    assert second.key_use is first.key_use
    assert second.resumable is first.resumable
    assert Application(Settings(), None, None).key_use is not first.key_use


def test_an_application_that_never_takes_over_changes_nothing_of_what_runs(tmp_path: Path) -> None:
    first = Application(Settings(), None, None)
    before = first.resumable.settings
    resume = before.model_copy(update={"seconds": 0.0, "secret_file": str(tmp_path / "gone")})
    with pytest.raises(ValueError, match="gone cannot be read"):
        Application(Settings(resume=resume), None, None, before=first)
    second = Application(
        Settings(resume=before.model_copy(update={"seconds": 1.0})), None, None, before=first
    )
    assert first.resumable.settings is before
    second.take_over()
    assert first.resumable.settings.seconds == 1.0


async def test_a_reload_gives_a_key_no_second_session(tmp_path: Path) -> None:
    secret = new_secret()
    now = datetime.now(timezone.utc)
    key = ApiKey(name="one", sha256=digest(secret), created=now, max_sessions=1)
    keyring, use, end = Keyring(tmp_path / "keys.json", (key,)), KeyUse(), asyncio.Event()
    sent: list[dict[str, Any]] = []

    async def session(scope: Scope, receive: Receive, send: Send) -> None:
        await end.wait()

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    async def ask() -> None:
        check = KeyCheck(
            session, keyring, Routes("", ()), use, allow_query_key=False, path_prefix=""
        )
        headers = [(b"authorization", f"Bearer {secret}".encode())]
        scope = {"type": "http", "method": "POST", "path": paths.ASR, "headers": headers}
        await check(scope, receive, send)

    before = asyncio.create_task(ask())
    await asyncio.sleep(0)
    await ask()
    assert sent[0]["status"] == 429
    assert msgspec.json.decode(sent[1]["body"])["error"] == "rate_limit_exceeded"
    end.set()
    await before
    await ask()
    assert len(sent) == 2

"""The HTTP client of conversations."""

from __future__ import annotations

import threading
from typing import Any

import httpx2
import pytest

from liusheng.server.conversation.http_client import HttpClient
from tests.support.chat_server import chat_server


async def test_the_client_is_made_once_and_away_from_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It reads certificates, and imports modules."""
    made: list[threading.Thread] = []

    class Client(httpx2.AsyncClient):
        def __init__(self, **options: Any) -> None:
            made.append(threading.current_thread())
            super().__init__(**options)

    monkeypatch.setattr(httpx2, "AsyncClient", Client)
    async with chat_server() as chat:
        http = HttpClient(chat.address, 60.0)
        await http.close()
        for _ in range(2):
            assert [line async for line in http.lines(f"{chat.address}/chat", {}, {})]
        await http.close()
    assert len(made) == 1
    assert made[0] is not threading.main_thread()

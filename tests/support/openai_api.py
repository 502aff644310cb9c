"""The official client of OpenAI's API, and files in which the fake recogniser hears words."""

from __future__ import annotations

import io
import wave

import openai

from tests.server.conftest import Server


def client_of(server: Server) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=f"http://{server.address}/v1", api_key="any", max_retries=0, timeout=120
    )


def wav(*words: str) -> tuple[str, bytes]:
    """A file in which the fake recogniser hears these words."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"".join(word.encode().ljust(6_400) for word in words))
    return "speech.wav", buffer.getvalue()

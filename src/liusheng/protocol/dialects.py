"""Two dialects of the protocol: the same sessions with other messages.

A dialect translates between a client and a session, in both directions, one message at a time.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

Message = dict[str, Any]


class Dialect(Protocol):
    """The translation for one connection."""

    def to_session(self, frame: str) -> list[str]:
        """Return the session's text frames for a text frame of the client."""

    def to_client(self, message: Message) -> list[Message]:
        """Return the client's messages for a message of the session."""


class CppRuntime:
    """Recognition with the replies of PaddleSpeech's C++ runtime, which have a `type`."""

    def to_session(self, frame: str) -> list[str]:
        """Return the frame unchanged: the clients of both servers send the same."""
        return [frame]

    def to_client(self, message: Message) -> list[Message]:
        """Return the replies of the runtime."""
        if "code" in message:
            return [{"status": "failed", "message": message["message"]}]
        text = message.get("result", "")
        if message.get("signal") == "server_ready":
            return [{"status": "ok", "type": "server_ready"}]
        if message.get("signal") == "finished":
            return [
                {"status": "ok", "type": "final_result", "result": text},
                {"status": "ok", "type": "speech_end"},
            ]
        return [{"status": "ok", "type": "partial_result", "result": text}]


class SpeechWebTts:
    """Synthesis for PaddleSpeech's speech_web demo: a frame is a text, without a `start`."""

    def __init__(self) -> None:
        self._started = False

    def to_session(self, frame: str) -> list[str]:
        """Return the text as a message; the first one is preceded by a `start`."""
        start = [] if self._started else [json.dumps({"task": "tts", "signal": "start"})]
        self._started = True
        return [*start, json.dumps({"text": frame})]

    def to_client(self, message: Message) -> list[Message]:
        """Return audio as `wav`; the demo has no other messages."""
        if message["status"] == 1:
            return [{"wav": message["audio"], "done": False}]
        if message["status"] == 2:
            return [{"wav": "", "done": True}]
        return []

"""How two relatives of the original speak: the same sessions in other words.

A dialect is what lies between a client and a session: `sent` turns a client's text frame into those
that the session takes, `answered` a message of the session into those that the client reads.
"""

from __future__ import annotations

import json
from typing import Any, Protocol

Message = dict[str, Any]


class Dialect(Protocol):
    """Of one connection."""

    def sent(self, frame: str) -> list[str]: ...
    def answered(self, message: Message) -> list[Message]: ...


class CppRuntime:
    """Recognition as the C++ runtime answers it: `type` says what a message is."""

    def sent(self, frame: str) -> list[str]:
        """Return the frame as it is: clients send what the original's do."""
        return [frame]

    def answered(self, message: Message) -> list[Message]:
        """Return what the runtime would say."""
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
    """Synthesis as the speech_web demo has it: a frame is a text, and no session is started."""

    def __init__(self) -> None:
        self._started = False

    def sent(self, frame: str) -> list[str]:
        """Return the text as a message, after a start where there was none."""
        start = [] if self._started else [json.dumps({"task": "tts", "signal": "start"})]
        self._started = True
        return [*start, json.dumps({"text": frame})]

    def answered(self, message: Message) -> list[Message]:
        """Return audio as `wav`; whatever else is told goes without saying here."""
        if message["status"] == 1:
            return [{"wav": message["audio"], "done": False}]
        if message["status"] == 2:
            return [{"wav": "", "done": True}]
        return []

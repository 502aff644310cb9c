"""What a server can do, for the state machines of OpenAI's Realtime API."""

from __future__ import annotations

from collections.abc import Sequence

from liusheng.protocol.errors import ErrorCode, ProtocolError


class Able:
    """A server that can do everything, but for one model and one voice."""

    def __init__(self, *, endpoints: bool = True) -> None:
        self.endpoints = endpoints

    def language(self, model: str, language: str) -> str:
        if model == "none":
            raise ProtocolError(ErrorCode.UNKNOWN_MODEL, "no such model")
        return language or "auto"

    def own_endpoint(self, lang: str) -> bool:
        return self.endpoints

    def hotwords(self, lang: str, words: Sequence[str]) -> tuple[str, ...]:
        return tuple(word for word in words if word != "none")

    def voice(self, name: str) -> str:
        if name == "none":
            raise ProtocolError(ErrorCode.UNKNOWN_VOICE, "no such voice")
        return name

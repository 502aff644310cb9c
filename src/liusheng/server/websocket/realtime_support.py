"""What the server behind a realtime session can do."""

from __future__ import annotations

from collections.abc import Sequence

from liusheng.asr.capabilities import Capabilities
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.server.openai_names import OpenAINames


class Support:
    """See `liusheng.protocol.realtime_settings.RealtimeSupport`."""

    def __init__(self, recognition: RecognitionService, names: OpenAINames) -> None:
        self._recognition = recognition
        self._names = names

    def language(self, model: str, language: str) -> str:
        """Return the language to recognise."""
        return self._names.language(model, language)

    def own_endpoint(self, lang: str) -> bool:
        """Return whether the model for a language has an endpoint for each stream."""
        return self._capabilities(lang).endpoint

    def hotwords(self, lang: str, words: Sequence[str]) -> tuple[str, ...]:
        """Return those that the model for a language takes."""
        return tuple(word for word in words if self._capabilities(lang).takes_hotword(word))

    def voice(self, name: str) -> str:
        """Return the voice for a client's name of one."""
        return self._names.voice("", name)

    def _capabilities(self, lang: str) -> Capabilities:
        found: Capabilities = self._recognition.description.capabilities[lang]
        return found

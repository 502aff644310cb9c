"""A language model behind an OpenAI-compatible chat API, whose text is streamed."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.realtime_history import ChatMessage
from liusheng.runtime.environment import LLM_KEY_VARIABLE
from liusheng.server.config.llm import LlmSettings
from liusheng.server.conversation.http_client import HttpClient, StatusError, UnreachableError

_log = logging.getLogger(__name__)

_DATA = "data:"
_END = "[DONE]"

_QUOTED = 12
"""Characters of the beginning of a message, by which it is found in an error that repeats it."""


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    """A server-sent event of the API; of its fields, those that are used here."""

    choices: list[_Choice] = msgspec.field(default_factory=list)
    error: Any = None


class LanguageModel:
    """The model, for one conversation. max_chars: of an answer, after which it is cut."""

    def __init__(self, settings: LlmSettings, max_chars: int) -> None:
        self._settings = settings
        self._max_chars = max_chars
        self._http = HttpClient(settings.address, settings.timeout_seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def answer(
        self, messages: Sequence[ChatMessage], max_tokens: int | None, temperature: float | None
    ) -> AsyncGenerator[tuple[str, str | None], None]:
        """Yield the parts of the model's answer, each with the reason of its end, or None.

        Raises:
            ProtocolError: language_model_failed. Details are in the log.
        """
        body: dict[str, Any] = {
            "model": self._settings.model,
            "messages": [{"role": each.role, "content": each.content} for each in messages],
            "stream": True,
        }
        if max_tokens is not None:
            body["max_tokens"] = max_tokens
        if temperature is not None:
            body["temperature"] = temperature
        key = self._key()
        try:
            async with aclosing(self._parts(body, key)) as parts:
                async for part in parts:
                    yield part
        except StatusError as error:
            said = "(not shown: it repeats the conversation)"
            if not _quotes(error.body, messages):
                said = error.body.replace(key, "[key]") if key else error.body
            _log.error("the language model answered %d: %s", error.status, said)
            raise _failed(f"answered with status {error.status}") from None
        except UnreachableError as error:
            _log.error("the language model cannot be had: %s", error)
            raise _failed("cannot be reached, or does not answer in time") from None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            _log.error("the language model sent what is no chat completion: %s", error)
            raise _failed("sent what is no chat completion") from None

    async def _parts(
        self, body: dict[str, Any], key: str
    ) -> AsyncGenerator[tuple[str, str | None], None]:
        address = f"{self._settings.address}/chat/completions"
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        left = self._max_chars
        async with aclosing(self._http.lines(address, body, headers)) as lines:
            async for line in lines:
                data = line.removeprefix(_DATA).strip()
                if not line.startswith(_DATA):
                    continue
                if data == _END:
                    return
                chunk = msgspec.json.decode(data, type=_Chunk)
                if chunk.error is not None:
                    raise StatusError(200, str(chunk.error)[:2_000])
                for choice in chunk.choices[:1]:
                    text = (choice.delta.content or "")[:left]
                    left -= len(text)
                    reason = "length" if left <= 0 else choice.finish_reason
                    yield text, reason
                    if reason:
                        return

    def _key(self) -> str:
        """Return the key; "": there is none. It appears in no log."""
        key = os.environ.get(LLM_KEY_VARIABLE, "")
        if self._settings.key_file:
            try:
                key = Path(self._settings.key_file).expanduser().read_text(encoding="utf-8")
            except OSError as error:
                _log.error("llm.key_file cannot be read: %s", error.strerror)
                raise _failed("has a key that cannot be read") from None
            except UnicodeDecodeError:
                key = "\0"
        key = key.strip()
        if not (key.isascii() and key.isprintable()):
            _log.error("the key of the language model has characters that no header can have")
            raise _failed("has a key that cannot be sent")
        return key


def _quotes(body: str, messages: Sequence[ChatMessage]) -> bool:
    """Return whether an error repeats what it answers, as servers do that validate requests. Logs
    have no text of users."""
    for message in messages:
        begin = message.content[:_QUOTED]
        forms = (begin, *(json.dumps(begin, ensure_ascii=each)[1:-1] for each in (True, False)))
        if any(form in body for form in forms):
            return True
    return False


def _failed(what: str) -> ProtocolError:
    return ProtocolError(
        ErrorCode.MODEL_FAILED,
        f"The language model of this server {what}. Try again; if the error persists, report it to "
        "the operator of the server, whose log has the details.",
    )

"""What OpenAI's transcription and translation have in common: a form with a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, BinaryIO

from liusheng.asr.capabilities import Capabilities, Hotwords
from liusheng.protocol import openai
from liusheng.protocol.asr import MAX_HOTWORDS
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.limits import message_too_large
from liusheng.protocol.prompt_terms import terms
from liusheng.protocol.quoting import quoted
from liusheng.server.config.limits import LimitSettings
from liusheng.server.http.exchange import HttpExchange
from liusheng.server.http.forms import MAX_FIELD_BYTES, Form

_ONE_SPEAKER = "this server does not tell speakers apart"
_SPEAKERS = ("known_speaker_names", "known_speaker_references")
_HINTS: dict[str, tuple[str, ...]] = {
    "temperature": ("0", "0.0"),
    "include": (),
    "chunking_strategy": ("auto",),
}
"""Fields without effect, with the values that ask for nothing else."""


@asynccontextmanager
async def received_form(
    exchange: HttpExchange, limits: LimitSettings
) -> AsyncIterator[tuple[dict[str, Any], BinaryIO]]:
    """Receive a form, as a context: its fields, and its file.

    Raises:
        ProtocolError: see `HttpExchange.chunks` and `Form`.
    """
    with Form(exchange.request.headers.get("content-type", ""), exchange.in_turn) as form:
        max_bytes = limits.max_upload_bytes + MAX_FIELD_BYTES
        too_large = message_too_large("The file", limits.max_upload_bytes, "bytes")
        async for chunk in exchange.chunks(limits.idle_seconds, max_bytes, too_large):
            await form.feed(chunk)
            exchange.holds(form.in_memory)
        file = await form.finish()
        exchange.holds(form.in_memory)
        yield _fields(form.fields), file


def _fields(values: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return the fields besides the file; those that are empty are as good as absent.

    `name[]` is a list, as are `openai.LISTS`; of several values of another field the last one
    counts. Members of objects (`name[type]`), which only fields without effect here have, become
    the value of the field.
    """
    fields: dict[str, Any] = {}
    for name, found in values.items():
        plain = name.partition("[")[0]
        is_list = name.endswith("[]") or plain in openai.LISTS
        if found[-1] or plain == "model":  # an empty one is the default model
            fields[plain] = found if is_list else found[-1]
    return fields


def refuse_speakers(fields: Mapping[str, Any]) -> None:
    """Refuse what asks for who spoke.

    Raises:
        ProtocolError: unsupported_field.
    """
    if fields.get("response_format") == "diarized_json":
        raise ProtocolError(
            ErrorCode.UNSUPPORTED_FIELD,
            f'"response_format": "diarized_json" cannot be served: {_ONE_SPEAKER}; use "json", or '
            '"verbose_json", which has the times of utterances.',
        )
    for field in _SPEAKERS:
        if field in fields:
            raise ProtocolError(
                ErrorCode.UNSUPPORTED_FIELD,
                f'"{field}": {quoted(fields[field])} cannot be served: {_ONE_SPEAKER}; leave it '
                "out.",
            )


def ignored_fields(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return the hints among these fields that have no effect here, see `ignored_header`."""
    return {
        field: ""
        for field, defaults in _HINTS.items()
        if field in fields and fields[field] not in defaults
    }


def hotwords(
    request: openai.TranscriptionForm, capabilities: Capabilities
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the hotwords in a request that a model takes, and why others are ignored."""
    prompted = terms(request.prompt)
    taken = {
        "prompt": [each for each in prompted if capabilities.takes_hotword(each)],
        "keywords": [each for each in request.keywords if capabilities.takes_hotword(each)],
    }
    ignored = {}
    if request.prompt.strip() and not prompted:
        ignored["prompt"] = "no list of terms"
    for field, asked in (("prompt", prompted), ("keywords", request.keywords)):
        left_out = len(asked) - len(taken[field])
        if left_out and capabilities.hotwords is Hotwords.NONE:
            ignored[field] = "the model takes no hotwords"
        elif left_out:
            ignored[field] = f"{left_out} of {len(asked)} terms: the model takes no such hotwords"
    words = list(dict.fromkeys([*taken["prompt"], *taken["keywords"]]))
    if len(words) > MAX_HOTWORDS:
        ignored["prompt"] = f"terms after the first {MAX_HOTWORDS}"
    return tuple(words[:MAX_HOTWORDS]), ignored

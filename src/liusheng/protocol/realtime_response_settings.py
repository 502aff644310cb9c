"""The effect of `response.create`, and the text of items that clients add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from liusheng.protocol import realtime
from liusheng.protocol import realtime_responses as events
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert
from liusheng.protocol.quoting import quoted
from liusheng.protocol.realtime_beta import beta_names, is_flat, nested
from liusheng.protocol.realtime_history import (
    ITEM_CHARS,
    ChatMessage,
    ConversationHistory,
    ConversationItem,
    chat_messages,
)
from liusheng.protocol.realtime_response import ResponseSettings
from liusheng.protocol.realtime_settings import RealtimeSupport, session_update

_OF_SESSION = (
    "output_modalities", "max_output_tokens", "temperature", "tools", "tool_choice",
    "parallel_tool_calls", "prompt", "reasoning",
)  # fmt: skip

_ITEM_FIELDS = frozenset(events.NewItem.__struct_fields__)
_PART_FIELDS = frozenset(events.TextContent.__struct_fields__)
_UNKNOWN = "an item has no such field here"
_MOST_NOTES = 50
_PARAM_CHARS = 200


def response_settings(
    session: realtime.Conversation,
    update: Any,
    support: RealtimeSupport,
    history: ConversationHistory,
) -> tuple[ResponseSettings, tuple[realtime.NotApplied, ...]]:
    """Return how a response is made, and what of the client's wishes has no effect.

    Raises:
        ProtocolError: as `session_update`; invalid_field also for items that cannot be used.
    """
    if update is None:
        return ResponseSettings(session, session.instructions), ()
    if not isinstance(update, dict):
        raise ProtocolError(
            ErrorCode.INVALID_FIELD,
            f'The field "response" must be an object, not {quoted(update)}.',
        )
    flat = is_flat(update)
    fields = nested(update) if flat else update
    new = convert(fields, events.ResponseUpdate)
    changes: dict[str, Any] = {
        name: fields[name] for name in _OF_SESSION if fields.get(name) is not None
    }
    if new.audio and new.audio.output:
        changes["audio"] = {"output": fields["audio"]["output"]}
    changed = session_update(session, {"session": changes}, support)
    assert isinstance(changed.session, realtime.Conversation)
    messages = None
    item_notes: list[realtime.NotApplied] = []
    if isinstance(new.input, tuple):
        messages = _messages(new.input, history)
        for number, each in enumerate(new.input):
            item_notes += ignored_in_item(each, f"response.input[{number}]")
    settings = ResponseSettings(
        changed.session,
        session.instructions if new.instructions in (UNSET, None) else str(new.instructions),
        messages,
        in_conversation=new.conversation != "none",
        metadata=new.metadata if isinstance(new.metadata, dict) else None,
    )
    params = [beta_names(each.param) if flat else each.param for each in changed.not_applied]
    notes = [
        replace(each, param=param.replace("session.", "response.", 1))
        for each, param in zip(changed.not_applied, params, strict=True)
    ]
    return settings, (*notes, *item_notes)[:_MOST_NOTES]


def item_text(item: events.NewItem) -> str:
    """Return the text of a message that a client adds.

    Raises:
        ProtocolError: unsupported_field: it is audio without a transcript.
    """
    texts = []
    for content in item.content:
        text = content.text if content.text is not None else content.transcript
        if text is None:
            raise ProtocolError(
                ErrorCode.UNSUPPORTED_FIELD,
                f"An item of type {quoted(content.type)} needs its text or transcript here; audio "
                "goes into input_audio_buffer.append.",
            )
        texts.append(text)
    return "\n".join(texts)


def ignored_in_item(item: Mapping[str, Any], at: str) -> tuple[realtime.NotApplied, ...]:
    """Return what has no effect of a message that a client adds, which is valid. at: its place.

    Unlike those of sessions, unknown fields are no errors: clients send back items of theirs.
    """
    if item.get("type") == "item_reference":
        return ()
    found = [(f"{at}.{name}", _UNKNOWN) for name in item if name not in _ITEM_FIELDS]
    if item.get("status") not in (None, "completed"):
        found.append((f"{at}.status", "an item that a client adds is complete"))
    for number, part in enumerate(item["content"]):
        inside = f"{at}.content[{number}]"
        found += [(f"{inside}.{name}", _UNKNOWN) for name in part if name not in _PART_FIELDS]
        if part.get("audio") is not None:
            found.append((f"{inside}.audio", "of an item the text counts"))
    return tuple(
        realtime.NotApplied(param=param[:_PARAM_CHARS], reason=reason)
        for param, reason in found[:_MOST_NOTES]
    )


def _messages(
    items: tuple[dict[str, Any], ...], history: ConversationHistory
) -> tuple[ChatMessage, ...]:
    """Return what the model gets of the items of an `input`, which may refer to those of the
    conversation, and may be as long as that.

    Raises:
        ProtocolError: invalid_field, unsupported_field, item_retrieve_invalid_item_id or
            text_too_long.
    """
    found: list[ConversationItem] = []
    chars = 0
    for each in items:
        if each.get("type") == "item_reference":
            name = convert({"item_id": each.get("id")}, events.NamedItem).item_id
            found.append(history.get(name, ErrorCode.UNKNOWN_ITEM))
        else:
            new = convert(each, events.NewItem)
            found.append(ConversationItem(new.id or "", new.role, item_text(new)))
        chars += len(found[-1].text) + (ITEM_CHARS if len(found) > 1 else 0)
        if chars > history.max_chars:
            raise ProtocolError(
                ErrorCode.TEXT_TOO_LONG,
                f'Up to item {len(found):,}, "input" has {chars:,} characters, with the texts that '
                f"it refers to and {ITEM_CHARS} for each further item; a conversation may have "
                f"{history.max_chars:,}. Send fewer or shorter items.",
            )
    return chat_messages(found)

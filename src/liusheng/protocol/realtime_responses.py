"""The events of a conversation over OpenAI's Realtime API: its items, and the responses."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from liusheng.protocol.realtime import Format, NotApplied
from liusheng.protocol.realtime_updates import (
    MaxTokens,
    Modalities,
    OutputUpdate,
    Temperature,
    Text,
)

Id = Annotated[str, Meta(min_length=1, max_length=100)]
Metadata = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]],
    Meta(max_length=16),
]

# Events from clients


class ResponseAudioUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The audio of one response."""

    output: OutputUpdate | UnsetType | None = UNSET


class ResponseUpdate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one response differs from the session; null is the session's value.

    conversation: "none": the answer does not become part of the conversation.
    input: items instead of those of the conversation.
    """

    output_modalities: Modalities | UnsetType | None = UNSET
    instructions: Text | UnsetType | None = UNSET
    audio: ResponseAudioUpdate | UnsetType | None = UNSET
    max_output_tokens: MaxTokens | UnsetType | None = UNSET
    temperature: Temperature | UnsetType | None = UNSET
    conversation: Literal["auto", "none"] | UnsetType | None = UNSET
    input: Annotated[tuple[dict[str, Any], ...], Meta(max_length=1_000)] | UnsetType | None = UNSET
    metadata: Metadata | UnsetType | None = UNSET
    tools: tuple[dict[str, Any], ...] | UnsetType | None = UNSET
    tool_choice: str | dict[str, Any] | UnsetType | None = UNSET
    parallel_tool_calls: bool | UnsetType | None = UNSET
    prompt: dict[str, Any] | UnsetType | None = UNSET
    reasoning: dict[str, Any] | UnsetType | None = UNSET


class Cancel(Struct, frozen=True, kw_only=True):
    """Cancels a response. response_id: None: the one in progress."""

    response_id: Id | None = None


class TextContent(Struct, frozen=True, kw_only=True):
    """A part of a message that a client adds. text, transcript: what it says."""

    type: Literal["input_text", "output_text", "text", "input_audio", "output_audio", "audio"]
    text: Text | None = None
    transcript: Text | None = None
    audio: str | None = None


class NewItem(Struct, frozen=True, kw_only=True):
    """A message that a client adds."""

    type: Literal["message"] = "message"
    role: Literal["system", "user", "assistant"]
    content: Annotated[tuple[TextContent, ...], Meta(max_length=100)]
    id: Id | None = None
    object: Literal["realtime.item"] | None = None
    status: str | None = None


class CreateItem(Struct, frozen=True, kw_only=True):
    """previous_item_id: where; None: at the end; "root": at the beginning."""

    item: NewItem
    previous_item_id: Id | None = None


class NamedItem(Struct, frozen=True, kw_only=True):
    """Names an item: to retrieve or delete it."""

    item_id: Id


class TruncateItem(NamedItem, frozen=True, kw_only=True):
    """Cuts an answer to what was heard of it. audio_end_ms: of its audio."""

    content_index: Literal[0] = 0
    audio_end_ms: Annotated[int, Meta(ge=0)]


# Events to clients


class Content(Struct, frozen=True, kw_only=True):
    """A part of a message. transcript: of audio, which itself is not repeated."""

    type: Literal["input_text", "input_audio", "output_text", "output_audio"]
    text: str | UnsetType = UNSET
    transcript: str | UnsetType | None = UNSET


class Item(Struct, frozen=True, kw_only=True):
    """A message of the conversation."""

    id: str
    object: Literal["realtime.item"] = "realtime.item"
    type: Literal["message"] = "message"
    status: Literal["in_progress", "completed", "incomplete"]
    role: Literal["system", "user", "assistant"]
    content: tuple[Content, ...]


class ItemAdded(Struct, frozen=True, kw_only=True):
    """An item is part of the conversation. not_applied: as of `SessionState`."""

    type: Literal["conversation.item.added"] = "conversation.item.added"
    event_id: str
    previous_item_id: str | None
    item: Item
    not_applied: tuple[NotApplied, ...] | UnsetType = UNSET


class ItemDone(Struct, frozen=True, kw_only=True):
    """An item is complete."""

    type: Literal["conversation.item.done"] = "conversation.item.done"
    event_id: str
    previous_item_id: str | None
    item: Item


class ItemRetrieved(Struct, frozen=True, kw_only=True):
    """Answers `conversation.item.retrieve`."""

    type: Literal["conversation.item.retrieved"] = "conversation.item.retrieved"
    event_id: str
    item: Item


class ItemDeleted(Struct, frozen=True, kw_only=True):
    """Answers `conversation.item.delete`."""

    type: Literal["conversation.item.deleted"] = "conversation.item.deleted"
    event_id: str
    item_id: str


class ItemTruncated(Struct, frozen=True, kw_only=True):
    """Answers `conversation.item.truncate`."""

    type: Literal["conversation.item.truncated"] = "conversation.item.truncated"
    event_id: str
    item_id: str
    content_index: Literal[0] = 0
    audio_end_ms: int


class ResponseError(Struct, frozen=True, kw_only=True):
    """See `liusheng.protocol.realtime.Error`."""

    type: Literal["server_error"] = "server_error"
    code: str
    message: str


class StatusDetails(Struct, frozen=True, kw_only=True):
    """Why a response is not complete."""

    type: Literal["cancelled", "incomplete", "failed"]
    reason: (
        Literal["turn_detected", "client_cancelled", "max_output_tokens", "content_filter"]
        | UnsetType
    ) = UNSET
    error: ResponseError | UnsetType = UNSET


class ResponseOutput(Struct, frozen=True, kw_only=True):
    """The audio of a response."""

    format: Format
    voice: str


class ResponseAudio(Struct, frozen=True, kw_only=True):
    """The audio of a response."""

    output: ResponseOutput


class Response(Struct, frozen=True, kw_only=True):
    """A response. usage: always null: this server counts no tokens."""

    id: str
    object: Literal["realtime.response"] = "realtime.response"
    status: Literal["in_progress", "completed", "cancelled", "incomplete", "failed"]
    status_details: StatusDetails | None = None
    output: tuple[Item, ...] = ()
    conversation_id: str | None
    output_modalities: tuple[str, ...]
    max_output_tokens: int | Literal["inf"]
    audio: ResponseAudio
    usage: None = None
    metadata: dict[str, str] | None = None


class ResponseCreated(Struct, frozen=True, kw_only=True):
    """A response begins. not_applied: as of `SessionState`."""

    type: Literal["response.created"] = "response.created"
    event_id: str
    response: Response
    not_applied: tuple[NotApplied, ...] | UnsetType = UNSET


class ResponseDone(Struct, frozen=True, kw_only=True):
    """A response is over."""

    type: Literal["response.done"] = "response.done"
    event_id: str
    response: Response


class _OfResponse(Struct, frozen=True, kw_only=True):
    event_id: str
    response_id: str
    output_index: Literal[0] = 0


class OutputItemAdded(_OfResponse, frozen=True, kw_only=True):
    """A response has an item."""

    type: Literal["response.output_item.added"] = "response.output_item.added"
    item: Item


class OutputItemDone(_OfResponse, frozen=True, kw_only=True):
    """It is complete."""

    type: Literal["response.output_item.done"] = "response.output_item.done"
    item: Item


class _OfItem(_OfResponse, frozen=True, kw_only=True):
    item_id: str
    content_index: Literal[0] = 0


class Part(Struct, frozen=True, kw_only=True):
    """A part of an answer."""

    type: Literal["text", "audio"]
    text: str | UnsetType = UNSET
    transcript: str | UnsetType = UNSET


class ContentPartAdded(_OfItem, frozen=True, kw_only=True):
    """An item has a part."""

    type: Literal["response.content_part.added"] = "response.content_part.added"
    part: Part


class ContentPartDone(_OfItem, frozen=True, kw_only=True):
    """It is complete."""

    type: Literal["response.content_part.done"] = "response.content_part.done"
    part: Part


class TextDelta(_OfItem, frozen=True, kw_only=True):
    """The next part of the text."""

    type: Literal["response.output_text.delta"] = "response.output_text.delta"
    delta: str


class TextDone(_OfItem, frozen=True, kw_only=True):
    """The whole text."""

    type: Literal["response.output_text.done"] = "response.output_text.done"
    text: str


class TranscriptDelta(_OfItem, frozen=True, kw_only=True):
    """The next part of the text that is spoken."""

    type: Literal["response.output_audio_transcript.delta"] = (
        "response.output_audio_transcript.delta"
    )
    delta: str


class TranscriptDone(_OfItem, frozen=True, kw_only=True):
    """The whole text that is spoken."""

    type: Literal["response.output_audio_transcript.done"] = "response.output_audio_transcript.done"
    transcript: str


class AudioDelta(_OfItem, frozen=True, kw_only=True):
    """The next audio. delta: base64."""

    type: Literal["response.output_audio.delta"] = "response.output_audio.delta"
    delta: str


class AudioDone(_OfItem, frozen=True, kw_only=True):
    """No more audio of the item comes."""

    type: Literal["response.output_audio.done"] = "response.output_audio.done"

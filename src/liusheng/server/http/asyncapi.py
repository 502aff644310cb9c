"""The AsyncAPI 3 description of the WebSockets, made from the types of their messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from liusheng._version import __version__
from liusheng.protocol import asr, deepgram, paths, realtime, tts, twilio
from liusheng.protocol import realtime_responses as conversation

_REFERENCE = "#/components/schemas/{name}"


@dataclass(frozen=True)
class ChannelDescription:
    """A WebSocket path and its messages.

    sent, answered: messages by name, from clients and to clients. A message is a type, or a type
        (or None) and the fields that identify it; None alone is a binary message.
    """

    path: str
    title: str
    sent: Mapping[str, Any]
    answered: Mapping[str, Any]


ASR = ChannelDescription(
    paths.ASR_STREAMING,
    "Streaming recognition",
    {
        "start": (asr.Start, {"signal": "start"}),
        "resume": (asr.Resume, {"signal": "start"}),
        "audio": None,
        "end": (None, {"signal": "end"}),
    },
    {
        "serverReady": asr.ServerReady,
        "result": asr.Result,
        "final": asr.Final,
        "unknownSignal": asr.UnknownSignal,
        "error": asr.Error,
    },
)
TTS = ChannelDescription(
    paths.TTS_STREAMING,
    "Streaming synthesis",
    {
        "start": (tts.Start, {"signal": "start"}),
        "text": tts.TextPart,
        "cancel": (None, {"signal": "cancel"}),
        "end": (tts.End, {"signal": "end"}),
    },
    {
        "serverReady": tts.ServerReady,
        "audio": tts.Audio,
        "closing": tts.Closing,
        "error": tts.Error,
    },
)
REALTIME = ChannelDescription(
    paths.REALTIME,
    "OpenAI's Realtime API: transcription with ?intent=transcription, else a conversation",
    {
        "sessionUpdate": (None, {"type": "session.update"}),
        "append": (realtime.Append, {"type": "input_audio_buffer.append"}),
        "commit": (None, {"type": "input_audio_buffer.commit"}),
        "clear": (None, {"type": "input_audio_buffer.clear"}),
        "createItem": (conversation.CreateItem, {"type": "conversation.item.create"}),
        "retrieveItem": (conversation.NamedItem, {"type": "conversation.item.retrieve"}),
        "deleteItem": (conversation.NamedItem, {"type": "conversation.item.delete"}),
        "truncateItem": (conversation.TruncateItem, {"type": "conversation.item.truncate"}),
        "createResponse": (None, {"type": "response.create"}),
        "cancelResponse": (conversation.Cancel, {"type": "response.cancel"}),
    },
    {
        "session": realtime.SessionState,
        "error": realtime.ErrorEvent,
        "cleared": realtime.Cleared,
        "speechStarted": realtime.SpeechStarted,
        "speechStopped": realtime.SpeechStopped,
        "committed": realtime.Committed,
        "delta": realtime.Delta,
        "completed": realtime.Completed,
        "failed": realtime.Failed,
        "itemAdded": conversation.ItemAdded,
        "itemDone": conversation.ItemDone,
        "itemRetrieved": conversation.ItemRetrieved,
        "itemDeleted": conversation.ItemDeleted,
        "itemTruncated": conversation.ItemTruncated,
        "responseCreated": conversation.ResponseCreated,
        "outputItemAdded": conversation.OutputItemAdded,
        "contentPartAdded": conversation.ContentPartAdded,
        "textDelta": conversation.TextDelta,
        "textDone": conversation.TextDone,
        "transcriptDelta": conversation.TranscriptDelta,
        "transcriptDone": conversation.TranscriptDone,
        "audioDelta": conversation.AudioDelta,
        "audioDone": conversation.AudioDone,
        "contentPartDone": conversation.ContentPartDone,
        "outputItemDone": conversation.OutputItemDone,
        "responseDone": conversation.ResponseDone,
    },
)

DEEPGRAM = ChannelDescription(
    paths.LISTEN,
    "Deepgram's live recognition",
    {
        "audio": None,
        "keepAlive": (None, {"type": "KeepAlive"}),
        "finalize": (None, {"type": "Finalize"}),
        "closeStream": (None, {"type": "CloseStream"}),
        "configure": (None, {"type": "Configure"}),
    },
    {
        "results": deepgram.Results,
        "speechStarted": deepgram.SpeechStarted,
        "utteranceEnd": deepgram.UtteranceEnd,
        "metadata": deepgram.Metadata,
        "configureFailure": deepgram.ConfigureFailure,
        "error": deepgram.Error,
    },
)
TWILIO = ChannelDescription(
    paths.MEDIA_STREAMS,
    "Calls over Twilio's Media Streams",
    {
        "connected": (None, {"event": "connected"}),
        "start": (twilio.Start, {"event": "start"}),
        "media": (twilio.Media, {"event": "media"}),
        "mark": (twilio.Mark, {"event": "mark"}),
        "dtmf": (None, {"event": "dtmf"}),
        "stop": (None, {"event": "stop"}),
        "speak": (twilio.Speak, {"event": "speak"}),
        "clear": (None, {"event": "clear"}),
    },
    {
        "media": twilio.Audio,
        "mark": twilio.SendMark,
        "clear": twilio.Clear,
        "transcript": twilio.Transcript,
        "error": twilio.Error,
    },
)


def asyncapi(channels: Mapping[str, ChannelDescription], path_prefix: str) -> dict[str, Any]:
    """Return the description of these channels, by name, below `path_prefix`."""
    types = [
        kind
        for channel in channels.values()
        for message in (*channel.sent.values(), *channel.answered.values())
        if (kind := _split(message)[0]) is not None
    ]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    known = dict(zip(types, schemas, strict=True))
    found: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for name, channel in channels.items():
        messages = {
            **{f"{each}": _message(each, of, known) for each, of in channel.answered.items()},
            **{f"client.{each}": _message(each, of, known) for each, of in channel.sent.items()},
        }
        found[name] = {
            "address": path_prefix + channel.path,
            "title": channel.title,
            "messages": messages,
        }
        here = {"$ref": f"#/channels/{name}"}
        for action, names in (
            ("receive", [f"client.{each}" for each in channel.sent]),
            ("send", list(channel.answered)),
        ):
            operations[f"{name}.{action}"] = {
                "action": action,
                "channel": here,
                "messages": [{"$ref": f"#/channels/{name}/messages/{each}"} for each in names],
            }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Liusheng", "version": __version__},
        "defaultContentType": "application/json",
        "channels": found,
        "operations": operations,
        "components": {"schemas": components},
    }


def _split(message: Any) -> tuple[Any, dict[str, str]]:
    return message if isinstance(message, tuple) else (message, {})


def _message(name: str, message: Any, known: Mapping[Any, Any]) -> dict[str, Any]:
    kind, identity = _split(message)
    if kind is None and not identity:
        return {
            "name": name,
            "contentType": "application/octet-stream",
            "payload": {"type": "string", "format": "binary"},
        }
    identified = {
        "type": "object",
        "properties": {field: {"const": value} for field, value in identity.items()},
        "required": sorted(identity),
    }
    parts = ([known[kind]] if kind is not None else []) + ([identified] if identity else [])
    return {"name": name, "payload": parts[0] if len(parts) == 1 else {"allOf": parts}}

"""A response of a conversation, and the events that tell it in their order."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec import Struct

from liusheng.protocol import realtime
from liusheng.protocol import realtime_responses as events
from liusheng.protocol.realtime_history import ChatMessage, ConversationItem, SpokenSpan

ResponseStatus = Literal["completed", "cancelled", "incomplete", "failed"]
ResponseEvent = tuple[type[Struct], dict[str, Any]]
"""A type of event, and its fields but for the event's identifier."""


@dataclass(frozen=True)
class ResponseSettings:
    """How a response is made: the session's settings, with those of `response.create`.

    instructions: replace the session's, if the client sends any.
    messages: in place of the conversation's; None: the conversation's.
    in_conversation: whether the answer becomes a part of it.
    """

    session: realtime.Conversation
    instructions: str
    messages: tuple[ChatMessage, ...] | None = None
    in_conversation: bool = True
    metadata: dict[str, str] | None = None

    @property
    def speaks(self) -> bool:
        """Whether the answer is spoken."""
        return self.session.output_modalities == ("audio",)


@dataclass
class RunningResponse:
    """A response in progress.

    number: of its commands.
    item: its answer.
    asked: the model was asked.
    answers: the identifier of the item that was the newest then.
    begun: the client knows of the item.
    seconds: of audio that was sent.
    """

    number: int
    id: str
    settings: ResponseSettings
    item: ConversationItem
    conversation_id: str
    asked: bool = False
    answers: str | None = None
    begun: bool = False
    seconds: float = 0.0
    length: Literal["max_output_tokens", "content_filter"] | None = field(default=None)

    @property
    def _of_response(self) -> dict[str, Any]:
        return {"response_id": self.id}

    @property
    def _of_item(self) -> dict[str, Any]:
        return {"response_id": self.id, "item_id": self.item.id}

    def created(self) -> ResponseEvent:
        """Return the first event."""
        return events.ResponseCreated, {"response": self._response("in_progress", None)}

    def item_added(self, before: str | None) -> Iterator[ResponseEvent]:
        """Yield the events of the new item. before: the identifier of the item before it."""
        self.begun = True
        yield events.OutputItemAdded, {**self._of_response, "item": self.item.message()}
        if self.settings.in_conversation:
            added = {"previous_item_id": before, "item": self.item.message()}
            yield events.ItemAdded, added
        yield events.ContentPartAdded, {**self._of_item, "part": self._part("")}

    def text(self, delta: str) -> ResponseEvent:
        """Return the event of more text."""
        self.item.text += delta
        kind = events.TranscriptDelta if self.settings.speaks else events.TextDelta
        return kind, {**self._of_item, "delta": delta}

    def audio(self, data: bytes, seconds: float, spans: tuple[SpokenSpan, ...]) -> ResponseEvent:
        """Return the event of more audio."""
        self.seconds += seconds
        self.item.spoken.extend(spans)
        delta = base64.b64encode(data).decode()
        return events.AudioDelta, {**self._of_item, "delta": delta}

    def ended(
        self, status: ResponseStatus, details: events.StatusDetails | None, before: str | None
    ) -> Iterator[ResponseEvent]:
        """Yield the events of the end."""
        self.item.status = "completed" if status == "completed" else "incomplete"
        text = self.item.text
        if self.begun:
            if self.settings.speaks:
                yield events.AudioDone, self._of_item
                yield events.TranscriptDone, {**self._of_item, "transcript": text}
            else:
                yield events.TextDone, {**self._of_item, "text": text}
            yield events.ContentPartDone, {**self._of_item, "part": self._part(text)}
            yield events.OutputItemDone, {**self._of_response, "item": self.item.message()}
            if self.settings.in_conversation:
                yield events.ItemDone, {"previous_item_id": before, "item": self.item.message()}
        yield events.ResponseDone, {"response": self._response(status, details)}

    def _part(self, text: str) -> events.Part:
        if self.settings.speaks:
            return events.Part(type="audio", transcript=text)
        return events.Part(type="text", text=text)

    def _response(
        self, status: Literal["in_progress"] | ResponseStatus, details: events.StatusDetails | None
    ) -> events.Response:
        session = self.settings.session
        output = session.audio.output
        return events.Response(
            id=self.id,
            status=status,
            status_details=details,
            output=(self.item.message(),) if self.begun and status != "in_progress" else (),
            conversation_id=self.conversation_id if self.settings.in_conversation else None,
            output_modalities=session.output_modalities,
            max_output_tokens=session.max_output_tokens,
            audio=events.ResponseAudio(
                output=events.ResponseOutput(format=output.format, voice=output.voice)
            ),
            metadata=self.settings.metadata,
        )

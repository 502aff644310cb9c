"""The state machine of a conversation over OpenAI's Realtime API: what the user says is recognised
as in a transcription session, a language model answers, and the answer is spoken.

There is one response at a time. Speech of the user stops it at once: the model, the speech, and the
audio that is not sent yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from liusheng.protocol import realtime
from liusheng.protocol import realtime_responses as events
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert
from liusheng.protocol.quoting import quoted
from liusheng.protocol.realtime_commands import AskModel, BeginSpeech, Say, StopResponse
from liusheng.protocol.realtime_history import (
    ChatMessage,
    ConversationHistory,
    ConversationItem,
    SpokenSpan,
)
from liusheng.protocol.realtime_items import RealtimeItem
from liusheng.protocol.realtime_response import (
    ResponseEvent,
    ResponseSettings,
    ResponseStatus,
    RunningResponse,
)
from liusheng.protocol.realtime_response_settings import (
    ignored_in_item,
    item_text,
    response_settings,
)
from liusheng.protocol.realtime_session import RealtimeSession

_EVENTS = (
    "session.update, input_audio_buffer.append, .commit and .clear, conversation.item.create, "
    ".retrieve, .truncate and .delete, response.create and response.cancel"
)


class ConversationSession(RealtimeSession):
    """The session of one connection.

    system_prompt: before the client's instructions.
    max_history_chars: of the conversation; its oldest items are dropped.
    """

    def __init__(
        self, *, system_prompt: str, max_history_chars: int, model: str, **options: Any
    ) -> None:
        super().__init__(session=realtime.Conversation(model=model), **options)
        self._system_prompt = system_prompt
        self._history = ConversationHistory(max_history_chars)
        self._conversation_id = f"conv_{self._new_id()}"
        self._response: RunningResponse | None = None
        self._responses = 0
        self._owed = False  # a response, when the one in progress is over
        self._unresolved: set[str] = set()  # committed items whose text is not complete

    @property
    def _conversation(self) -> realtime.Conversation:
        assert isinstance(self._session, realtime.Conversation)
        return self._session

    # What the driver reads

    @property
    def awaits_client(self) -> bool:
        """Whether the client has to send next."""
        return super().awaits_client and self._response is None

    @property
    def under_way(self) -> bool:
        """Whether audio is being recognised, or answered."""
        return super().under_way or self._response is not None

    # What the client does

    def _handle(self, kind: object, message: dict[str, Any]) -> None:
        if kind == "response.create":
            self._create(message)
        elif kind == "response.cancel":
            self._cancel(convert(message, events.Cancel).response_id)
        elif kind == "conversation.item.create":
            self._create_item(message)
        elif kind == "conversation.item.retrieve":
            name = convert(message, events.NamedItem).item_id
            item = self._history.get(name, ErrorCode.UNKNOWN_ITEM)
            self.send_event(events.ItemRetrieved, item=item.message())
        elif kind == "conversation.item.delete":
            name = convert(message, events.NamedItem).item_id
            self._history.remove(name)
            self.send_event(events.ItemDeleted, item_id=name)
        elif kind == "conversation.item.truncate":
            self._truncate(convert(message, events.TruncateItem))
        elif isinstance(kind, str) and kind.startswith(("session.", "input_audio_buffer.")):
            super()._handle(kind, message)
        else:
            raise ProtocolError(
                ErrorCode.UNKNOWN_SIGNAL,
                f"Unknown event {quoted(kind)}; a conversation accepts {_EVENTS}.",
            )

    def _create(self, message: dict[str, Any]) -> None:
        if self._response:
            raise ProtocolError(
                ErrorCode.RESPONSE_ACTIVE,
                f"The conversation has an active response already, {self._response.id}; wait for "
                "its end, or cancel it.",
            )
        settings, not_applied = response_settings(
            self._conversation, message.get("response"), self._support, self._history
        )
        self._begin(settings, not_applied)

    def _cancel(self, response_id: str | None) -> None:
        active = self._response
        if active is None or response_id not in (None, active.id):
            raise ProtocolError(
                ErrorCode.RESPONSE_NOT_ACTIVE, "Cancellation failed: no active response found."
            )
        self._stop(events.StatusDetails(type="cancelled", reason="client_cancelled"))

    def _create_item(self, message: dict[str, Any]) -> None:
        created = convert(message, events.CreateItem)
        new = created.item
        item = ConversationItem(new.id or f"item_{self._new_id()}", new.role, item_text(new))
        before = self._history.add(item, created.previous_item_id)
        self._send_item(item, before, ignored_in_item(message["item"], "item"))

    def _truncate(self, cut: events.TruncateItem) -> None:
        item = self._history.get(cut.item_id, ErrorCode.UNKNOWN_ITEM_TO_TRUNCATE)
        if item.role != "assistant" or not item.audio:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                f"The item {quoted(cut.item_id)} is no spoken answer; only those are truncated.",
            )
        active = self._response
        if active is None or active.item is not item:
            item.text = item.heard(cut.audio_end_ms / 1000)
        self.send_event(events.ItemTruncated, item_id=item.id, audio_end_ms=cut.audio_end_ms)

    # What the language model and the voice do

    def model_text(self, number: int, delta: str) -> None:
        """The model has written more."""
        response = self._active(number)
        if response is None or not delta:
            return
        if not response.begun:
            self._begin_item(response)
        self._emit(response.text(delta))
        if response.settings.speaks:
            self._commands.append(Say(number, delta, last=False))

    def model_done(self, number: int, finish_reason: str = "stop") -> None:
        """The model's answer is complete. finish_reason: as chat APIs have it."""
        response = self._active(number)
        if response is None:
            return
        if finish_reason == "length":
            response.length = "max_output_tokens"
        elif finish_reason == "content_filter":
            response.length = "content_filter"
        if response.begun and response.settings.speaks:
            self._commands.append(Say(number, "", last=True))
        else:
            self._complete(response)

    def audio(
        self, number: int, data: bytes, seconds: float, spans: tuple[SpokenSpan, ...] = ()
    ) -> None:
        """More of the answer is spoken. spans: where what of the text is in its audio."""
        response = self._active(number)
        if response:
            self._emit(response.audio(data, seconds, spans))

    def speech_done(self, number: int) -> None:
        """The answer is spoken to its end."""
        response = self._active(number)
        if response:
            self._complete(response)

    def response_failed(self, number: int, error: ProtocolError) -> None:
        """The model or the voice failed."""
        if self._active(number):
            self._errors.append(error.code.value)
            fault = events.ResponseError(code=error.code.value, message=error.message)
            self._stop(events.StatusDetails(type="failed", error=fault))

    # What the recogniser does

    def place_item(self, item: RealtimeItem) -> str | None:
        self._unresolved.add(item.id)
        return self._history.add(ConversationItem(item.id, "user", audio=True))

    def item_committed(self, item: RealtimeItem) -> None:
        kept = self._history.find(item.id)
        assert kept is not None  # it is the newest one
        self._send_item(kept, self._history.before(item.id))

    def item_completed(self, item: RealtimeItem, *, by_turn: bool) -> None:
        self._unresolved.discard(item.id)
        text = item.transcript.view.result
        kept = self._history.find(item.id)
        if kept:
            kept.text = text
            self._history.shorten()
        detection = self._conversation.audio.input.turn_detection
        if by_turn and text.strip() and detection and detection.create_response:
            if self._response:
                self._owed = True
            elif not self._end_reason:
                self._begin(ResponseSettings(self._conversation, self._conversation.instructions))
        self._ask()

    def speech_began(self) -> None:
        detection = self._conversation.audio.input.turn_detection
        if self._response and detection and detection.interrupt_response:
            self._stop(events.StatusDetails(type="cancelled", reason="turn_detected"))

    # Internals

    def _active(self, number: int) -> RunningResponse | None:
        response = self._response
        return response if response and response.number == number else None

    def _emit(self, event: ResponseEvent) -> None:
        kind, fields = event
        self.send_event(kind, **fields)

    def _send_item(
        self,
        item: ConversationItem,
        before: str | None,
        not_applied: tuple[realtime.NotApplied, ...] = (),
    ) -> None:
        sent = {"previous_item_id": before, "item": item.message()}
        self.send_event(events.ItemAdded, **sent, not_applied=not_applied or msgspec.UNSET)
        self.send_event(events.ItemDone, **sent)

    def _begin(
        self, settings: ResponseSettings, not_applied: tuple[realtime.NotApplied, ...] = ()
    ) -> None:
        self._responses += 1
        item = ConversationItem(
            f"item_{self._new_id()}", "assistant", audio=settings.speaks, status="in_progress"
        )
        self._response = RunningResponse(
            self._responses, f"resp_{self._new_id()}", settings, item, self._conversation_id
        )
        kind, fields = self._response.created()
        self.send_event(kind, **fields, not_applied=not_applied or msgspec.UNSET)
        self._ask()

    def _ask(self) -> None:
        """Ask the model, once the text of all that was said is known."""
        response = self._response
        if response is None or response.asked or self._unresolved:
            return
        response.asked, response.answers = True, self._history.last
        settings = response.settings
        prompts = (self._system_prompt, settings.instructions)
        system = "\n\n".join(text for text in prompts if text.strip())
        said = self._history.messages() if settings.messages is None else settings.messages
        limit = settings.session.max_output_tokens
        self._commands.append(
            AskModel(
                response.number,
                (*((ChatMessage("system", system),) if system else ()), *said),
                None if limit == "inf" else limit,
                settings.session.temperature,
            )
        )

    def _begin_item(self, response: RunningResponse) -> None:
        before = None
        if response.settings.in_conversation:
            # After what it answers, though more may have been said since.
            answers = response.answers
            known = answers is not None and self._history.find(answers) is not None
            before = self._history.add(response.item, answers if known else None)
        for event in response.item_added(before):
            self._emit(event)
        if response.settings.speaks:
            output = response.settings.session.audio.output
            self._commands.append(
                BeginSpeech(response.number, output.voice, output.speed, output.format)
            )

    def _complete(self, response: RunningResponse) -> None:
        if response.length:
            details = events.StatusDetails(type="incomplete", reason=response.length)
            self._end(response, "incomplete", details)
        else:
            self._end(response, "completed", None)

    def _stop(self, details: events.StatusDetails) -> None:
        """End the response before its end."""
        response = self._response
        assert response is not None
        self._commands.append(StopResponse(response.number))
        self._outbox.drop_audio()
        self._owed = False
        self._end(response, details.type, details)

    def _end(
        self,
        response: RunningResponse,
        status: ResponseStatus,
        details: events.StatusDetails | None,
    ) -> None:
        self._response = None
        item = response.item
        for event in response.ended(status, details, self._history.before(item.id)):
            self._emit(event)
        if status != "completed" and item.audio:
            # The model is to know what the user has heard; the client can say so more exactly.
            item.text = item.heard(response.seconds)
        self._history.shorten()
        if self._owed and not self._end_reason:
            self._owed = False
            self._begin(ResponseSettings(self._conversation, self._conversation.instructions))
        self._end_if_wound_down()

    def _abandon_all(self) -> Iterable[msgspec.Struct]:
        if self._response:
            self._commands.append(StopResponse(self._response.number))
            self._response = None
        self._unresolved.clear()
        return super()._abandon_all()

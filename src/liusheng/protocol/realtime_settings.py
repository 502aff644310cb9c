"""The effect of `session.update` on the configuration of a realtime session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from msgspec import UNSET, UnsetType, to_builtins
from msgspec.structs import replace

from liusheng.protocol import realtime
from liusheng.protocol import realtime_updates as updates
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert
from liusheng.protocol.realtime_applying import Notes, pick
from liusheng.protocol.realtime_beta import beta_names, is_flat, nested
from liusheng.protocol.realtime_turn_detection import turn_detection
from liusheng.protocol.tts import MAX_SPEED, MIN_SPEED


class RealtimeSupport(Protocol):
    """What the server behind a session can do."""

    def language(self, model: str, language: str) -> str:
        """Return the language to recognise for a client's `model` and `language`.

        Raises:
            ProtocolError: unknown_model, or not_supported_by_model.
        """

    def own_endpoint(self, lang: str) -> bool:
        """Return whether a recognition of this language can have an endpoint of its own."""

    def hotwords(self, lang: str, words: Sequence[str]) -> tuple[str, ...]:
        """Return those of the words that a recognition of this language takes."""

    def voice(self, name: str) -> str:
        """Return the voice for a client's name of one. Raises ProtocolError: unknown_voice."""


@dataclass(frozen=True)
class Update:
    """What `session.update` leads to. flat: it has the shape of the beta."""

    session: realtime.AnySession
    not_applied: tuple[realtime.NotApplied, ...]
    flat: bool


def session_update(
    session: realtime.AnySession, message: Mapping[str, Any], support: RealtimeSupport
) -> Update:
    """Return the configuration with the values of a `session.update` in place of its own.

    Raises:
        ProtocolError: missing_field, invalid_field or unsupported_field; also as `support`.
    """
    update = message.get("session")
    if not isinstance(update, dict):
        raise ProtocolError(ErrorCode.MISSING_FIELD, 'The field "session" is missing.')
    flat = is_flat(update) or message.get("type") == "transcription_session.update"
    try:
        applying = _Applying(support)
        shaped = nested(update) if is_flat(update) else update
        changed = applying.session(session, _typed(session.audio.input, shaped))
    except ProtocolError as error:
        if flat:
            error = ProtocolError(error.code, beta_names(error.message))
        raise error from None
    not_applied = tuple(
        replace(each, param=beta_names(each.param)) if flat else each
        for each in applying.notes.not_applied
    )
    return Update(changed, not_applied, flat)


def _typed(old: realtime.Input, update: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an update whose turn detection and format have a type: where the client names none,
    that of the session."""
    audio = update.get("audio")
    given = audio.get("input") if isinstance(audio, dict) else None
    if not isinstance(audio, dict) or not isinstance(given, dict):
        return update
    typed = dict(given)
    in_use = {"turn_detection": old.turn_detection or realtime.ServerVad(), "format": old.format}
    for name, current in in_use.items():
        value = given.get(name)
        if isinstance(value, dict) and "type" not in value:
            typed[name] = {**value, "type": to_builtins(current)["type"]}
    return {**update, "audio": {**audio, "input": typed}}


@dataclass
class _Applying:
    support: RealtimeSupport
    notes: Notes = field(default_factory=Notes)

    def session(self, old: realtime.AnySession, update: Mapping[str, Any]) -> realtime.AnySession:
        if isinstance(old, realtime.Session):
            new: updates.SessionUpdate = convert(update, updates.SessionUpdate)
            self._check_type(new, "transcription")
            audio = self._audio(new)
            self.notes.ignore(
                audio, "session.audio", "output", "a transcription session only listens"
            )
            return realtime.Session(audio=realtime.Audio(input=self._input(old, audio.input)))
        conversation = convert(update, updates.ConversationUpdate)
        self._check_type(conversation, "realtime")
        audio = self._audio(conversation)
        return self.conversation(old, conversation, audio)

    def conversation(
        self,
        old: realtime.Conversation,
        new: updates.ConversationUpdate,
        audio: updates.AudioUpdate,
    ) -> realtime.Conversation:
        default = realtime.Conversation()
        if isinstance(new.model, str) and new.model != old.model:
            self.notes.add("session.model", f"the operator of this server has chosen {old.model}")
        if new.tools:
            self.notes.add("session.tools", "this server offers its language model no tools")
        if new.tool_choice not in (UNSET, None, "auto", "none"):
            self.notes.add("session.tool_choice", "this server offers its language model no tools")
        for name in ("parallel_tool_calls", "prompt", "reasoning", "tracing"):
            self.notes.ignore(new, "session", name, "this server has nothing of the kind")
        if new.truncation != "auto":
            self.notes.ignore(
                new, "session", "truncation", "the oldest items are dropped when there are too many"
            )
        modalities = pick(new.output_modalities, old.output_modalities, default.output_modalities)
        if len(modalities) > 1:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                'The field "output_modalities" must be ["audio"], whose answers have a transcript, '
                'or ["text"].',
            )
        return realtime.Conversation(
            model=old.model,
            output_modalities=modalities,
            instructions=pick(new.instructions, old.instructions, ""),
            audio=realtime.BothAudio(
                input=self._input(old, audio.input), output=self._output(old, audio.output)
            ),
            max_output_tokens=pick(new.max_output_tokens, old.max_output_tokens, "inf"),
            temperature=old.temperature if new.temperature is UNSET else new.temperature,
        )

    # Parts

    def _check_type(self, new: updates.SessionUpdate, kind: str) -> None:
        if new.type not in (UNSET, kind):
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                f'The field "type" must be "{kind}": the type of a session cannot change. Connect '
                "with intent=transcription for transcription, and without it for a conversation.",
            )
        for name in ("id", "object", "expires_at", "client_secret"):
            self.notes.ignore(new, "session", name, "the server sets it")
        if new.include:
            self.notes.add("session.include", "this server has no log probabilities")

    @staticmethod
    def _audio(new: updates.SessionUpdate) -> updates.AudioUpdate:
        return new.audio or updates.AudioUpdate()

    def _input(
        self, session: realtime.AnySession, update: updates.InputUpdate | UnsetType | None
    ) -> realtime.Input:
        old, new = session.audio.input, update or updates.InputUpdate()
        converses = isinstance(session, realtime.Conversation)
        if new.noise_reduction:
            self.notes.add(
                "session.audio.input.noise_reduction",
                "audio is recognised as it is sent, unfiltered",
            )
        transcription = self._transcription(old.transcription, new.transcription)
        if transcription is None and not converses:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                'The field "audio.input.transcription" must be an object, not null: a '
                "transcription session transcribes.",
            )

        def own_endpoint() -> bool:
            in_use = transcription or realtime.Transcription()
            lang = self.support.language(in_use.model, in_use.language or "")
            return self.support.own_endpoint(lang)

        detection = turn_detection(
            old.turn_detection,
            new.turn_detection,
            converses=converses,
            own_endpoint=own_endpoint,
            notes=self.notes,
        )
        return realtime.Input(
            format=pick(new.format, old.format, realtime.Pcm()),
            transcription=transcription,
            turn_detection=detection,
        )

    def _transcription(
        self,
        old: realtime.Transcription | None,
        new: updates.TranscriptionUpdate | UnsetType | None,
    ) -> realtime.Transcription | None:
        if new is UNSET:
            return old
        if new is None:
            return None
        old, default = old or realtime.Transcription(), realtime.Transcription()
        at = "session.audio.input.transcription"
        language = pick(new.language, old.language, None)
        if new.languages and language is None:
            language = new.languages[0] if len(new.languages) == 1 else None
        if new.languages and (new.language or len(new.languages) > 1):
            self.notes.add(f"{at}.languages", "one language is recognised, or any")
        if new.prompt:
            self.notes.add(f"{at}.prompt", "expected words go into keywords")
        if new.delay:
            self.notes.add(f"{at}.delay", "text is sent as soon as it is stable")
        model = pick(new.model, old.model, default.model)
        lang = self.support.language(model, language or "")
        wanted = pick(new.keywords, old.keywords or (), ())
        keywords = self.support.hotwords(lang, wanted)
        if len(keywords) < len(wanted):
            self.notes.add(
                f"{at}.keywords",
                f"the model takes {len(keywords)} of the {len(wanted)} words "
                "(Chinese words of 2 to 12 characters, where it takes any)",
            )
        return realtime.Transcription(model=model, language=language, keywords=keywords or UNSET)

    def _output(
        self, session: realtime.Conversation, update: updates.OutputUpdate | UnsetType | None
    ) -> realtime.Output:
        old, new = session.audio.output, update or updates.OutputUpdate()
        voice = new.voice.id if isinstance(new.voice, updates.VoiceIdUpdate) else new.voice
        speed = pick(new.speed, old.speed, 1.0)
        nearest = min(max(speed, MIN_SPEED), MAX_SPEED)
        if nearest != speed:
            self.notes.add("session.audio.output.speed", f"the nearest that there is: {nearest:g}")
        return realtime.Output(
            format=pick(new.format, old.format, realtime.Pcm()),
            voice=self.support.voice(voice) if isinstance(voice, str) else old.voice,
            speed=nearest,
        )

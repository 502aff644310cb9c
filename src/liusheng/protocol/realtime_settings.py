"""The effect of `session.update` on the configuration of a realtime session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from msgspec import UNSET, Struct, UnsetType, to_builtins
from msgspec.structs import replace

from liusheng.protocol import realtime
from liusheng.protocol import realtime_updates as updates
from liusheng.protocol.asr import MAX_ENDPOINT_MS, MIN_ENDPOINT_MS
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.frames import convert
from liusheng.protocol.realtime_beta import beta_names, is_flat, nested
from liusheng.protocol.tts import MAX_SPEED, MIN_SPEED

SILENCE_OF = {"high": 300, "medium": 500, "auto": 500, "low": 1_000}
"""Milliseconds of silence that end a turn, by the eagerness of `semantic_vad`."""

_T = TypeVar("_T")
_S = TypeVar("_S", bound=Struct)


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


def endpoint_ms(detection: realtime.TurnDetection | None) -> int | None:
    """Return the milliseconds of silence that end an utterance; None: the model's own."""
    if isinstance(detection, realtime.SemanticVad):
        return SILENCE_OF[detection.eagerness]
    return detection.silence_duration_ms if detection else None


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
        for each in applying.not_applied
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


def _pick(new: _T | UnsetType | None, old: _T, default: _T) -> _T:
    """Return the value of a field: what is unset stays, null is the default."""
    if new is UNSET:
        return old
    return default if new is None else new


@dataclass
class _Applying:
    support: RealtimeSupport
    not_applied: list[realtime.NotApplied] = field(default_factory=list)

    def session(self, old: realtime.AnySession, update: Mapping[str, Any]) -> realtime.AnySession:
        if isinstance(old, realtime.Session):
            new: updates.SessionUpdate = convert(update, updates.SessionUpdate)
            self._check_type(new, "transcription")
            audio = self._audio(new)
            self._ignore(audio, "session.audio", "output", "a transcription session only listens")
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
            self._note("session.model", f"the operator of this server has chosen {old.model}")
        if new.tools:
            self._note("session.tools", "this server offers its language model no tools")
        if new.tool_choice not in (UNSET, None, "auto", "none"):
            self._note("session.tool_choice", "this server offers its language model no tools")
        for name in ("parallel_tool_calls", "prompt", "reasoning", "tracing"):
            self._ignore(new, "session", name, "this server has nothing of the kind")
        if new.truncation != "auto":
            self._ignore(
                new, "session", "truncation", "the oldest items are dropped when there are too many"
            )
        modalities = _pick(new.output_modalities, old.output_modalities, default.output_modalities)
        if len(modalities) > 1:
            raise ProtocolError(
                ErrorCode.INVALID_FIELD,
                'The field "output_modalities" must be ["audio"], whose answers have a transcript, '
                'or ["text"].',
            )
        return realtime.Conversation(
            model=old.model,
            output_modalities=modalities,
            instructions=_pick(new.instructions, old.instructions, ""),
            audio=realtime.BothAudio(
                input=self._input(old, audio.input), output=self._output(old, audio.output)
            ),
            max_output_tokens=_pick(new.max_output_tokens, old.max_output_tokens, "inf"),
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
            self._ignore(new, "session", name, "the server sets it")
        if new.include:
            self._note("session.include", "this server has no log probabilities")

    @staticmethod
    def _audio(new: updates.SessionUpdate) -> updates.AudioUpdate:
        return new.audio or updates.AudioUpdate()

    def _input(
        self, session: realtime.AnySession, update: updates.InputUpdate | UnsetType | None
    ) -> realtime.Input:
        old, new = session.audio.input, update or updates.InputUpdate()
        converses = isinstance(session, realtime.Conversation)
        if new.noise_reduction:
            self._note(
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
        wanted = getattr(new.turn_detection, "silence_duration_ms", UNSET)
        detection = self._with_silence(
            self._detection(session, new.turn_detection), transcription, wanted
        )
        return realtime.Input(
            format=_pick(new.format, old.format, realtime.Pcm()),
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
        language = _pick(new.language, old.language, None)
        if new.languages and language is None:
            language = new.languages[0] if len(new.languages) == 1 else None
        if new.languages and (new.language or len(new.languages) > 1):
            self._note(f"{at}.languages", "one language is recognised, or any")
        if new.prompt:
            self._note(f"{at}.prompt", "expected words go into keywords")
        if new.delay:
            self._note(f"{at}.delay", "text is sent as soon as it is stable")
        model = _pick(new.model, old.model, default.model)
        lang = self.support.language(model, language or "")
        wanted = _pick(new.keywords, old.keywords or (), ())
        keywords = self.support.hotwords(lang, wanted)
        if len(keywords) < len(wanted):
            self._note(
                f"{at}.keywords",
                f"the model takes {len(keywords)} of the {len(wanted)} words "
                "(Chinese words of 2 to 12 characters, where it takes any)",
            )
        return realtime.Transcription(model=model, language=language, keywords=keywords or UNSET)

    def _detection(
        self,
        session: realtime.AnySession,
        new: updates.ServerVadUpdate | updates.SemanticVadUpdate | UnsetType | None,
    ) -> realtime.TurnDetection | None:
        old = session.audio.input.turn_detection
        if new is UNSET:
            return old
        if new is None:
            return None
        converses = isinstance(session, realtime.Conversation)
        at = "session.audio.input.turn_detection"
        answers = {}
        for name in ("create_response", "interrupt_response"):
            wanted = _pick(getattr(new, name), getattr(old, name, converses), converses)
            if wanted and not converses:
                self._note(f"{at}.{name}", "a transcription session has no responses")
            answers[name] = wanted and converses
        if isinstance(new, updates.SemanticVadUpdate):
            before = old if isinstance(old, realtime.SemanticVad) else realtime.SemanticVad()
            eagerness = _pick(new.eagerness, before.eagerness, "auto")
            self._note(f"{at}.type", "turns end after a silence, which eagerness sets")
            return realtime.SemanticVad(eagerness=eagerness, **answers)
        return self._server_vad(old, new, answers)

    def _server_vad(
        self,
        old: realtime.TurnDetection | None,
        new: updates.ServerVadUpdate,
        answers: Mapping[str, bool],
    ) -> realtime.ServerVad:
        at = "session.audio.input.turn_detection"
        default = realtime.ServerVad()
        for name, what in (
            ("threshold", "the threshold"),
            ("prefix_padding_ms", "the audio before speech"),
        ):
            fixed, wanted = getattr(default, name), getattr(new, name)
            if wanted not in (UNSET, None, fixed):
                self._note(f"{at}.{name}", f"{what} is {fixed:g} for all sessions")
        if new.idle_timeout_ms:
            self._note(f"{at}.idle_timeout_ms", "silence of the user triggers nothing")
        before = old.silence_duration_ms if isinstance(old, realtime.ServerVad) else None
        usual = default.silence_duration_ms or 0
        silence = _pick(new.silence_duration_ms, before, usual)
        silence = usual if silence is None else silence
        nearest = min(max(silence, MIN_ENDPOINT_MS), MAX_ENDPOINT_MS)
        if nearest != silence:
            self._note(f"{at}.silence_duration_ms", f"the nearest that there is: {nearest}")
        return realtime.ServerVad(silence_duration_ms=nearest, **answers)

    def _with_silence(
        self,
        detection: realtime.TurnDetection | None,
        transcription: realtime.Transcription | None,
        wanted: int | UnsetType | None,
    ) -> realtime.TurnDetection | None:
        """Return the detection with the silence that the model in use can have."""
        if detection is None:
            return None
        settled = transcription or realtime.Transcription()
        lang = self.support.language(settled.model, settled.language or "")
        own = self.support.own_endpoint(lang)
        at = "session.audio.input.turn_detection"
        why = "the model has one endpoint for all sessions"
        if isinstance(detection, realtime.SemanticVad):
            if not own:
                self._note(f"{at}.eagerness", why)
            return detection
        if not own and isinstance(wanted, int):
            self._note(f"{at}.silence_duration_ms", why)
        usual = realtime.ServerVad().silence_duration_ms
        silence = (detection.silence_duration_ms or usual) if own else None
        return replace(detection, silence_duration_ms=silence)

    def _output(
        self, session: realtime.Conversation, update: updates.OutputUpdate | UnsetType | None
    ) -> realtime.Output:
        old, new = session.audio.output, update or updates.OutputUpdate()
        voice = new.voice.id if isinstance(new.voice, updates.VoiceIdUpdate) else new.voice
        speed = _pick(new.speed, old.speed, 1.0)
        nearest = min(max(speed, MIN_SPEED), MAX_SPEED)
        if nearest != speed:
            self._note("session.audio.output.speed", f"the nearest that there is: {nearest:g}")
        return realtime.Output(
            format=_pick(new.format, old.format, realtime.Pcm()),
            voice=self.support.voice(voice) if isinstance(voice, str) else old.voice,
            speed=nearest,
        )

    # Notes

    def _ignore(self, update: Struct, at: str, name: str, reason: str) -> None:
        """Note that a field has no effect, if it has a value."""
        if getattr(update, name) not in (UNSET, None):
            self._note(f"{at}.{name}", reason)

    def _note(self, param: str, reason: str) -> None:
        self.not_applied.append(realtime.NotApplied(param=param, reason=reason))

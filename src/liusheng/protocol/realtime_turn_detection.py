"""The turn detection of a realtime session, and the effect of `session.update` on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from liusheng.protocol import realtime
from liusheng.protocol import realtime_updates as updates
from liusheng.protocol.asr import MAX_ENDPOINT_MS, MIN_ENDPOINT_MS
from liusheng.protocol.realtime_applying import Notes, pick

SILENCE_OF = {"high": 300, "medium": 500, "auto": 500, "low": 1_000}
"""Milliseconds of silence that end a turn, by the eagerness of `semantic_vad`."""

_AT = "session.audio.input.turn_detection"

DetectionUpdate = updates.ServerVadUpdate | updates.SemanticVadUpdate | UnsetType | None


def endpoint_ms(detection: realtime.TurnDetection | None) -> int | None:
    """Return the milliseconds of silence that end an utterance; None: the model's own."""
    if isinstance(detection, realtime.SemanticVad):
        return SILENCE_OF[detection.eagerness]
    return detection.silence_duration_ms if detection else None


def turn_detection(
    old: realtime.TurnDetection | None,
    new: DetectionUpdate,
    *,
    converses: bool,
    own_endpoint: Callable[[], bool],
    notes: Notes,
) -> realtime.TurnDetection | None:
    """Return the detection after an update.

    converses: the session is a conversation, which has responses.
    own_endpoint: returns whether a recognition of the model in use can have an endpoint of its own;
        not called where there is no detection.
    notes: gets what has no effect.
    """
    wanted = getattr(new, "silence_duration_ms", UNSET)
    detection = _updated(old, new, converses, notes)
    if detection is None:
        return None
    own = own_endpoint()
    why = "the model has one endpoint for all sessions"
    if isinstance(detection, realtime.SemanticVad):
        if not own:
            notes.add(f"{_AT}.eagerness", why)
        return detection
    if not own and isinstance(wanted, int):
        notes.add(f"{_AT}.silence_duration_ms", why)
    usual = realtime.ServerVad().silence_duration_ms
    silence = (detection.silence_duration_ms or usual) if own else None
    return replace(detection, silence_duration_ms=silence)


def _updated(
    old: realtime.TurnDetection | None, new: DetectionUpdate, converses: bool, notes: Notes
) -> realtime.TurnDetection | None:
    """Return the detection that the client asks for."""
    if new is UNSET:
        return old
    if new is None:
        return None
    answers = {}
    for name in ("create_response", "interrupt_response"):
        wanted = pick(getattr(new, name), getattr(old, name, converses), converses)
        if wanted and not converses:
            notes.add(f"{_AT}.{name}", "a transcription session has no responses")
        answers[name] = wanted and converses
    if isinstance(new, updates.SemanticVadUpdate):
        before = old if isinstance(old, realtime.SemanticVad) else realtime.SemanticVad()
        eagerness = pick(new.eagerness, before.eagerness, "auto")
        notes.add(f"{_AT}.type", "turns end after a silence, which eagerness sets")
        return realtime.SemanticVad(eagerness=eagerness, **answers)
    return _server_vad(old, new, answers, notes)


def _server_vad(
    old: realtime.TurnDetection | None,
    new: updates.ServerVadUpdate,
    answers: Mapping[str, bool],
    notes: Notes,
) -> realtime.ServerVad:
    default = realtime.ServerVad()
    for name, what in (
        ("threshold", "the threshold"),
        ("prefix_padding_ms", "the audio before speech"),
    ):
        fixed, wanted = getattr(default, name), getattr(new, name)
        if wanted not in (UNSET, None, fixed):
            notes.add(f"{_AT}.{name}", f"{what} is {fixed:g} for all sessions")
    if new.idle_timeout_ms:
        notes.add(f"{_AT}.idle_timeout_ms", "silence of the user triggers nothing")
    before = old.silence_duration_ms if isinstance(old, realtime.ServerVad) else None
    usual = default.silence_duration_ms or 0
    silence = pick(new.silence_duration_ms, before, usual)
    silence = usual if silence is None else silence
    nearest = min(max(silence, MIN_ENDPOINT_MS), MAX_ENDPOINT_MS)
    if nearest != silence:
        notes.add(f"{_AT}.silence_duration_ms", f"the nearest that there is: {nearest}")
    return realtime.ServerVad(silence_duration_ms=nearest, **answers)

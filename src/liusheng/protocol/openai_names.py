"""The names that clients of OpenAI's API know: OpenAI's models and voices, and Kokoro's.

A server has none of these models; it uses one of its own in place of each.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_MORE = r"(-[a-z0-9.]+)*"
"""Of a version or a date: `-2025-12-15`, `-1106`, `-hd`, `-diarize`, `-latest`."""

_MODEL = re.compile(
    rf"whisper-\d{_MORE}"
    rf"|gpt(-[a-z0-9.]+)*?-(transcribe|whisper|tts){_MORE}"
    rf"|tts-\d{_MORE}"
    r"|kokoro"
)

_MAX_CHARS = 100
"""Of a name: matching takes time that grows with its square."""

VOICES = frozenset(
    "alloy ash ballad coral echo sage shimmer verse marin cedar fable onyx nova".split()
)
"""OpenAI's voices."""

_KOKORO_VOICE = re.compile(r"([abefhijpz])([fm])_\w+")
_KOKORO_LANGUAGES = {
    "a": "en", "b": "en", "e": "es", "f": "fr", "h": "hi", "i": "it", "j": "ja", "p": "pt",
    "z": "zh",
}  # fmt: skip
_WEIGHT = re.compile(r"\([\d.]*\)")


def is_model(name: str) -> bool:
    """Return whether `name` is that of one of OpenAI's models for speech, dated or not, or Kokoro.

    Later versions of the same families are, too: "gpt-5-transcribe".
    """
    return len(name) <= _MAX_CHARS and _MODEL.fullmatch(name) is not None


class VoiceTraits(NamedTuple):
    """What the name of a voice says of it. language: a code; gender: "female" or "male"."""

    language: str
    gender: str


def kokoro_voice(name: str) -> VoiceTraits | None:
    """Return what a name of Kokoro's voices says ("zf_xiaobei"); None if it is not one."""
    found = _KOKORO_VOICE.fullmatch(name)
    if found is None:
        return None
    return VoiceTraits(_KOKORO_LANGUAGES[found[1]], "female" if found[2] == "f" else "male")


def blended(name: str) -> list[str]:
    """Return the names of the voices that a name blends, as Kokoro's servers take them:
    "af_bella(2)+af_sky(1)". Of another name: that name alone."""
    return [_WEIGHT.sub("", part).strip() for part in name.split("+")]

"""Pinyin to phonemes: IPA with affricates in one letter and an arrow for each tone.

As misaki writes the Mandarin of Kokoro's version 1.0: the tone follows the vowel, words are
separated by spaces, the neutral tone has no mark.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from liusheng.tts.text.types import Span, Syllable

TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}

_INITIALS = {
    "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k",
    "k": "kʰ", "h": "x", "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "r": "ɻ",
    "z": "ʦ", "c": "ʦʰ", "s": "s",
}  # fmt: skip

# The tone mark replaces "0".
_FINALS = {
    "a": "a0", "ai": "ai0", "an": "a0n", "ang": "a0ŋ", "ao": "au0", "e": "ɤ0", "ei": "ei0",
    "en": "ə0n", "eng": "ə0ŋ", "i": "i0", "ia": "ja0", "ian": "jɛ0n", "iang": "ja0ŋ",
    "iao": "jau0", "ie": "je0", "in": "i0n", "iou": "jou0", "ing": "i0ŋ", "iong": "jʊ0ŋ",
    "ong": "ʊ0ŋ", "ou": "ou0", "u": "u0", "uei": "wei0", "ua": "wa0", "uai": "wai0", "uan": "wa0n",
    "uen": "wə0n", "uang": "wa0ŋ", "ueng": "wə0ŋ", "uo": "wo0", "v": "y0", "ve": "ɥe0",
    "van": "ɥɛ0n", "vn": "y0n", "-i": "ɨ0", "er": "ɚ0", "o": "ɔ0", "io": "jɔ0", "ê": "ɛ0",
}  # fmt: skip

# Finals whose spelling after an initial differs from their name.
_SHORT = {"iu": "iou", "ui": "uei", "un": "uen", "ue": "ve", "o": "uo"}
_RHOTIC = "ɚ"

_PINYIN = re.compile(r"([a-zê]+)([1-5])")
_INITIAL = re.compile("zh|ch|sh|[bpmfdtnlgkhjqxrzcs](?=.)")


def phonemes(syllables: Sequence[Syllable]) -> list[str]:
    """The phonemes of each syllable; "" of one that Mandarin does not have."""
    return [_syllable(syllable.pinyin) for syllable in syllables]


def sentence(syllables: Sequence[Syllable]) -> tuple[str, tuple[Span, ...]]:
    """The phonemes of a clause, with spaces between words and commas at pauses, and where those of
    each syllable stand in them."""
    text = ""
    spans: list[Span] = []
    for syllable, sounds in zip(syllables, phonemes(syllables), strict=True):
        if sounds and syllable.word_start and text:
            text += " "
        spans.append((len(text), len(text) + len(sounds)))
        text += sounds
        if syllable.pause_after:
            text += ","
    return text, tuple(spans)


def _syllable(pinyin: str) -> str:
    match = _PINYIN.fullmatch(pinyin)
    if match is None:
        return ""
    base, tone = match.groups()
    rhotic = base.endswith("r") and base != "er"
    initial, final = _parts(base[:-1] if rhotic else base)
    if final not in _FINALS:
        return ""
    sounds = _INITIALS.get(initial, "") + _FINALS[final].replace("0", TONES[tone])
    return sounds + _RHOTIC if rhotic else sounds


def _parts(base: str) -> tuple[str, str]:
    """Initial and final; the final in its full form where there is no initial (yan is ian)."""
    match = _INITIAL.match(base)
    if match is not None:
        initial, final = match[0], base[match.end() :]
        if initial in ("zh", "ch", "sh", "r", "z", "c", "s") and final == "i":
            return initial, "-i"
        if initial in "jqx" and final.startswith("u"):
            return initial, "v" + final[1:]
        return initial, _SHORT.get(final, final)
    if base.startswith("yu"):
        return "", "v" + base[2:]
    if base[0] == "y":
        rest = base[1:]
        return "", {"ou": "iou"}.get(rest, rest if rest.startswith("i") else "i" + rest)
    if base[0] == "w":
        rest = base[1:]
        return "", {"ei": "uei", "en": "uen"}.get(rest, rest if rest == "u" else "u" + rest)
    return "", base

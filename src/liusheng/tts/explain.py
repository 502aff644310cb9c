"""The text analysis of a synthesis as data, to find out why a text sounds as it does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from liusheng.models.types import InstalledModel
from liusheng.tts.load import open_router
from liusheng.tts.router import VoiceRouter
from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.text.growing import GrowingText
from liusheng.tts.text.lexicon import UserLexicon
from liusheng.tts.text.types import Clause, Skipped
from liusheng.tts.types import UnknownVoiceError
from liusheng.tts.voice import PhoneticVoice


class Explainer:
    """Analyses texts as a synthesiser does, and returns every step as data.

    Args:
        voices: the voices whose phones are shown; None where there are none.
    """

    def __init__(self, front_end: FrontEnd, voices: VoiceRouter | None = None) -> None:
        self._front_end = front_end
        self._router = voices

    def find_voice(self, name: str | None, number: int = 0) -> str:
        """The name of the voice that a request with this name or number selects; "" for the default
        voice where there are no voices.

        Raises:
            UnknownVoiceError: there is no such voice.
        """
        voices = self._router.voices if self._router else ()
        for voice in voices:
            if voice.name == name or (name is None and voice.id == number):
                return voice.name
        if not name and not number:
            return ""
        known = ", ".join(f"{voice.id} ({voice.name})" for voice in voices) or "none"
        raise UnknownVoiceError(f"there is no voice {name or number}; there are {known}")

    def explain(self, text: str, voice: str = "") -> dict[str, Any]:
        """The analysis of a text, as plain data for JSON.

        `clauses` has for each clause its language, its reading, the span of the text that it
        covers, the pause after it, the `voice` that speaks it and its `phones`; for Mandarin also
        each syllable with its characters, its pinyin after tone sandhi and its phones. `voice` and
        `phones` are null where there is no voice, or the voice does not show its phones. A clause
        in two languages ("mixed") has `parts`, each as a clause.

        `skipped` has what is not read: its text, its span and the reason (see `Skipped`).

        voice: a voice's name; "" for the default voice.
        """
        whole = GrowingText(text, last=True)
        language = self._router.language_for(voice) if self._router else "zh"
        mixed = self._router is not None and self._router.mixes_for(voice)
        following = self._front_end.follow(whole, language, mixed=mixed)
        clauses = [clause for clause in following if clause is not None]
        skipped = list(whole.skipped)
        if self._router is not None:
            skipped += [
                Skipped(text[slice(*clause.span)], clause.span, "no_voice_for_script")
                for clause in clauses
                if self._router.voice_for(clause, voice) is None
            ]
        return {
            "text": text,
            "clauses": [self._clause(clause, voice) for clause in clauses],
            "skipped": [
                {"text": each.text, "span": list(each.span), "reason": each.reason}
                for each in sorted(skipped, key=lambda each: each.span)
            ],
        }

    def _clause(self, clause: Clause, requested: str) -> dict[str, Any]:
        voice = self._router.voice_for(clause, requested) if self._router else None
        phones = voice.phones(clause) if isinstance(voice, PhoneticVoice) else None
        explained: dict[str, Any] = {
            "lang": clause.lang,
            "reading": clause.reading,
            "span": list(clause.span),
            "pause": clause.pause,
            "ends_sentence": clause.ends_sentence,
            "voice": voice.name if voice else None,
            "phones": None if phones is None else " ".join(part for part in phones if part),
        }
        if clause.parts:
            explained["parts"] = [self._clause(part, requested) for part in clause.parts]
        if clause.lang == "zh":
            by_syllable = phones if phones is not None else [None] * len(clause.syllables)
            explained["syllables"] = [
                {
                    "text": syllable.text,
                    "pinyin": syllable.pinyin,
                    "phones": syllable_phones,
                    "span": list(syllable.span),
                    "word_start": syllable.word_start,
                    "pause_after": syllable.pause_after,
                }
                for syllable, syllable_phones in zip(clause.syllables, by_syllable, strict=True)
            ]
        return explained


def open_explainer(models: Sequence[InstalledModel], lexicon: str = "") -> Explainer:
    """Open the voices of `models`, if any, and a front end with the user's `lexicon`.

    lexicon: path of the file; "" for none.

    Raises:
        VoiceLoadError: a model cannot be opened.
        LexiconError: the lexicon cannot be read, or a line of it is wrong.
    """
    front_end = FrontEnd(UserLexicon(Path(lexicon).expanduser()) if lexicon else None)
    if not models:
        return Explainer(front_end)
    return Explainer(front_end, open_router(models, front_end, warm_up=False))

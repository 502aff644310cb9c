"""What is made of a text, for those who want to know why it sounds as it does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from liusheng.models.types import InstalledModel
from liusheng.tts.load import open_router
from liusheng.tts.router import VoiceRouter
from liusheng.tts.text import Clause, FrontEnd, UserLexicon
from liusheng.tts.types import UnknownVoiceError
from liusheng.tts.voice import PhoneticVoice


class Explainer:
    """Reads texts as a synthesizer does, and says what came out.

    Args:
        voices: whose phones are told; None where there are none.
    """

    def __init__(self, front_end: FrontEnd, voices: VoiceRouter | None = None) -> None:
        self._front_end = front_end
        self._router = voices

    def voice_named(self, name: str | None, number: int = 0) -> str:
        """The name of the voice that a request with this name or number asks for.

        Raises:
            UnknownVoiceError: there is none.
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
        """Plain data for JSON.

        clauses: of each the language, the reading, the span of the text that it covers, the pause
            after it, the `voice` that says it and its `phones`; of Mandarin also each syllable,
            with the characters it reads, its pinyin as it is said and its phones. Voice and phones
            are null where no voice is there, or it does not tell.
        """
        clauses = list(self._front_end.clauses(text))
        return {"text": text, "clauses": [self._clause(clause, voice) for clause in clauses]}

    def _clause(self, clause: Clause, asked: str) -> dict[str, Any]:
        voice = self._router.voice_for(clause, asked) if self._router else None
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
        if clause.lang == "zh":
            each = phones if phones is not None else [None] * len(clause.syllables)
            explained["syllables"] = [
                {
                    "text": syllable.text,
                    "pinyin": syllable.pinyin,
                    "phones": spoken,
                    "span": list(syllable.span),
                    "word_start": syllable.word_start,
                    "pause_after": syllable.pause_after,
                }
                for syllable, spoken in zip(clause.syllables, each, strict=True)
            ]
        return explained


def open_explainer(models: Sequence[InstalledModel], lexicon: str = "") -> Explainer:
    """Open the voices of `models`, if any, with a front end that knows the user's `lexicon`.

    Raises:
        VoiceLoadError: a model cannot be opened.
        LexiconError: the lexicon is wrong.
    """
    front_end = FrontEnd(UserLexicon(Path(lexicon).expanduser()) if lexicon else None)
    if not models:
        return Explainer(front_end)
    return Explainer(front_end, open_router(models, front_end, warm_up=False))

"""What a client of OpenAI's API names: models, voices and languages, of ours or of OpenAI."""

from __future__ import annotations

from collections.abc import Iterable

from liusheng.protocol import openai_names
from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.protocol.languages import AUTO, check_language, from_locale
from liusheng.protocol.quoting import quoted
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.tts.types import Voice

_ANY = "openai.any_name"


class OpenAINames:
    """The names of a server's models and voices, and those that stand for them.

    recognition, synthesis: started; None: the server has none.
    any_name: an unknown name of a model or voice stands for the default one, too.
    """

    def __init__(
        self,
        recognition: RecognitionService | None,
        synthesis: SpeechMaker | None,
        *,
        any_name: bool = False,
    ) -> None:
        self._recognition = recognition
        self._synthesis = synthesis
        self._any_name = any_name

    @property
    def models(self) -> list[str]:
        """The names of the models in use, each once."""
        return list(dict.fromkeys([*self._recognition_models.values(), *self._voice_models]))

    def check_model(self, model: str) -> None:
        """Check that a name is that of a model in use, or stands for one.

        Raises:
            ProtocolError: unknown_model.
        """
        self._is_ours(model, self.models)

    def language(self, model: str, language: str) -> str:
        """Return the language to recognise: "auto", or a code that a model supports.

        model: ours or OpenAI's; "": the default.
        language: a code, a locale or a name ("zh", "en-US", "Chinese"); "": not set.

        Raises:
            ProtocolError: unknown_model, or not_supported_by_model.
        """
        models = self._recognition_models
        ours = self._is_ours(model, models.values())
        if language:
            assert self._recognition is not None
            return check_language(from_locale(language), self._recognition.languages, "language")
        if not ours or model == models[AUTO]:
            return AUTO
        return next(lang for lang, name in models.items() if name == model)

    def voice(self, model: str, voice: str) -> str:
        """Return the name of the voice to use.

        model: ours, OpenAI's or Kokoro's; "": the default.
        voice: ours; OpenAI's, for the first voice of the model; Kokoro's, for ours of that name, or
            else of its language and gender. Of Kokoro's blends the first voice that is here.

        Raises:
            ProtocolError: unknown_model, or unknown_voice.
        """
        assert self._synthesis is not None
        voices = self._synthesis.voices
        ours = self._is_ours(model, self._voice_models)
        names = {each.name for each in voices}
        asked = openai_names.blended(voice)
        for name in (voice, *asked):
            if name in names:
                return name
        of_model = [each for each in voices if not ours or each.model == model]
        traits = openai_names.kokoro_voice(asked[0])
        if traits:
            return max(of_model, key=lambda each: _likeness(each, traits)).name  # first of equals
        if voice in openai_names.VOICES or self._any_name:
            return of_model[0].name
        raise ProtocolError(
            ErrorCode.UNKNOWN_VOICE,
            f"There is no voice {quoted(voice)}; the voices are {', '.join(sorted(names))}. "
            "The names of OpenAI's voices select the default voice; so do all others if the "
            f"server's operator sets {_ANY}.",
        )

    @property
    def _recognition_models(self) -> dict[str, str]:
        return self._recognition.description.models if self._recognition else {}

    @property
    def _voice_models(self) -> list[str]:
        return [each.model for each in self._synthesis.voices] if self._synthesis else []

    def _is_ours(self, model: str, models: Iterable[str]) -> bool:
        """Return whether a model is one of these; False: the name stands for the default one."""
        known = sorted(set(models))
        if model in known:
            return True
        if not model or self._any_name or openai_names.is_model(model):
            return False
        raise ProtocolError(
            ErrorCode.UNKNOWN_MODEL,
            f"There is no model {quoted(model)}; use {' or '.join(known)}, or the name of one of "
            "OpenAI's models, which selects the default model. Any other name does so, too, if "
            f"the server's operator sets {_ANY}.",
        )


def _likeness(voice: Voice, traits: openai_names.VoiceTraits) -> tuple[bool, bool, bool]:
    return (
        traits.language == voice.languages[0],
        traits.language in voice.languages,
        traits.gender == voice.gender,
    )

"""Opens the voices of installed models and combines them into one synthesiser."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from liusheng.models.devices import Device, DeviceError, refuse_cuda
from liusheng.models.types import InstalledModel, Kind
from liusheng.tts.loudness import integrated_loudness, normalising_gain
from liusheng.tts.router import LoadedVoice, VoiceRouter
from liusheng.tts.voice import ClauseVoice, TextFrontEnd, default_voice_name

log = logging.getLogger(__name__)

_WARM_UP = {"zh": "今天天气很好。", "en": "The weather is fine today."}


class VoiceLoadError(RuntimeError):
    """The voices of a model cannot be opened; the message says what to do."""


def load(
    models: Sequence[InstalledModel],
    front_end: TextFrontEnd | None = None,
    *,
    lexicon: Path | None = None,
    device: Device = "cpu",
) -> VoiceRouter:
    """Open the voices of `models`, the default voice's model first, and warm them up.

    front_end: by default `liusheng.tts.text.FrontEnd`, with the user's `lexicon`.
    device: that the models compute on.

    Raises:
        VoiceLoadError: a model is not for synthesis, or cannot be opened, on this device; or there
            is none.
    """
    if front_end is None:
        from liusheng.tts.text.frontend import FrontEnd
        from liusheng.tts.text.lexicon import UserLexicon

        front_end = FrontEnd(UserLexicon.watching(lexicon))
    return open_router(models, front_end, warm_up=True, device=device)


def open_router(
    models: Sequence[InstalledModel],
    front_end: TextFrontEnd,
    *,
    warm_up: bool,
    device: Device = "cpu",
) -> VoiceRouter:
    """Open the voices of `models`; without `warm_up` also without levelling their loudness.

    Raises:
        VoiceLoadError: see `load`.
    """
    loaded: list[LoadedVoice] = []
    for model in models:
        try:
            voices = list(_open(model, device))
            level = _warm_up(voices[0], front_end) if warm_up else None
        except KeyError as error:
            raise VoiceLoadError(
                f"the model {model.name} has no file for {error}: remove it and pull it again"
            ) from error
        except DeviceError as error:
            raise VoiceLoadError(f"tts.device: {model.name}: {error}") from error
        except (OSError, ValueError) as error:
            raise VoiceLoadError(f"the model {model.name} cannot be opened: {error}") from error
        # A model may have dozens of speakers, too many to measure all of them now: those that
        # nobody has measured have the gain of the first.
        loaded += [
            LoadedVoice(
                voice, model.name, 1.0 if level is None else normalising_gain(voice.name, level)
            )
            for voice in voices
        ]
    try:
        return VoiceRouter(loaded, front_end)
    except ValueError as error:
        raise VoiceLoadError(str(error)) from error


def _open(model: InstalledModel, device: Device) -> Iterator[ClauseVoice]:
    if model.kind is Kind.FASTSPEECH2_MBMELGAN:
        from liusheng.tts.fastspeech2.voice import FastSpeech2Voice

        yield FastSpeech2Voice(model.files, default_voice_name(model), device)
    elif model.kind is Kind.HIBARI:
        refuse_cuda(device, "hibari-tts")
        from liusheng.tts.hibari_voice import HibariVoice

        yield HibariVoice(model.options.get("voice", "heart"), model.files["model"])
    elif model.kind is Kind.HARMONIC_NOISE:
        from liusheng.tts.harmonic_noise.voice import HarmonicNoiseVoice

        gender = model.options.get("gender", "unknown")
        yield HarmonicNoiseVoice(model.files, default_voice_name(model), gender, device)
    elif model.kind is Kind.KOKORO_PHONEMES:
        from liusheng.tts.kokoro.voice import open_kokoro_voices

        yield from open_kokoro_voices(model, device)
    elif model.kind in {Kind.MATCHA, Kind.VITS, Kind.KOKORO}:
        refuse_cuda(device, "sherpa-onnx")
        from liusheng.tts.sherpa_voice import open_sherpa_voices

        yield from open_sherpa_voices(model)
    else:
        raise ValueError(f"models of the kind {model.kind.value} are not for synthesis")


def _warm_up(voice: ClauseVoice, front_end: TextFrontEnd) -> float:
    """Synthesise a sentence, so that the first request does not wait for lazy initialisation;
    return how loud it is, in LUFS."""
    language = next((each for each in voice.languages if each in _WARM_UP), None)
    if language is None:
        log.info("%s has neither Chinese nor English: not warmed up", voice.name)
        return -math.inf
    blocks = [
        samples
        for clause in front_end.clauses(_WARM_UP[language])
        for samples in voice.speak(clause, speed=1.0, urgent=True)
    ]
    if not blocks:
        raise ValueError(f"the voice {voice.name} gave no audio for {_WARM_UP[language]!r}")
    return integrated_loudness(np.concatenate(blocks))

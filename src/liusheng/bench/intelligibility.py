"""The intelligibility of a voice: its speech is recognised by the same server, and scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from liusheng.asr.types import SAMPLE_RATE
from liusheng.audio.pcm import pcm_to_samples, samples_to_pcm
from liusheng.audio.resample import Resampler
from liusheng.bench.scoring import Errors, errors
from liusheng.bench.tts_client import synthesize_text
from liusheng.client import Client, ClientError, Final


@dataclass(frozen=True)
class ServerVoice:
    """A voice that a server lists."""

    name: str
    languages: tuple[str, ...]


@dataclass(frozen=True)
class IntelligibilityResult:
    """A sentence, synthesised and recognised.

    transcript: what the recogniser returned for the voice's audio.
    failure: code of the error that ended it; "" without one.
    """

    voice: str
    lang: str
    text: str
    transcript: str = ""
    failure: str = ""

    @property
    def errors(self) -> Errors:
        """Of the synthesiser and the recogniser together."""
        return errors(self.text, self.transcript, self.lang)


async def list_voices(client: Client) -> list[ServerVoice]:
    """A server's voices; none where it does not list them (the original server does not)."""
    try:
        voices = (await client.info())["tts"]["voices"]
        return [ServerVoice(each["name"], tuple(each["languages"])) for each in voices]
    except (OSError, ValueError, KeyError, TypeError):
        return []


async def measure_intelligibility(
    client: Client, sentences: Sequence[str], rate: int, voice: str, lang: str
) -> list[IntelligibilityResult]:
    """Synthesise sentences with a voice and recognise the audio of each.

    rate: the sample rate of the server's audio, in hertz.
    voice: a name; "": the server's default voice.
    """
    results = []
    for text in sentences:
        speech = await synthesize_text(client, text, rate, voice=voice or None, keep=True)
        if speech.failure:
            results.append(IntelligibilityResult(voice, lang, text, failure=speech.failure))
            continue
        try:
            transcript = await _recognize(client, speech.pcm, rate, lang)
        except ClientError as error:
            results.append(IntelligibilityResult(voice, lang, text, failure=error.code))
        else:
            results.append(IntelligibilityResult(voice, lang, text, transcript))
    return results


async def _recognize(client: Client, pcm: bytes, rate: int, lang: str) -> str:
    # With a little silence at the end, as recordings have.
    samples = np.concatenate([pcm_to_samples(pcm), np.zeros(rate // 4, np.float32)])
    audio = samples_to_pcm(Resampler(rate, SAMPLE_RATE).feed(samples, last=True))
    async for update in client.recognize(audio, lang=lang):
        if isinstance(update, Final):
            return update.text
    return ""

"""Whether what a voice says can be understood: it is recognised again by the same server."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from liusheng.audio.pcm import pcm_to_samples, samples_to_pcm
from liusheng.audio.resample import Resampler
from liusheng.bench.listener import listen
from liusheng.bench.scoring import Errors, errors
from liusheng.client import Client, ClientError, Final
from liusheng.protocol import paths

_ASR_RATE = 16_000


@dataclass(frozen=True)
class Voice:
    """A voice of a server."""

    name: str
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Echo:
    """A sentence as it came back.

    heard: what recognition made of what the voice made of it.
    failure: code of the error that ended it; "" when it went well.
    """

    voice: str
    lang: str
    text: str
    heard: str = ""
    failure: str = ""

    @property
    def errors(self) -> Errors:
        """Of both together."""
        return errors(self.text, self.heard, self.lang)


async def voices(client: Client) -> list[Voice]:
    """Return a server's voices; none where it does not tell (the original does not)."""
    url = client.address.http(paths.INFO)

    def ask() -> list[Voice]:
        try:
            with urllib.request.urlopen(url, timeout=client.timeouts.open_timeout) as answer:
                known = json.load(answer)["tts"]["voices"]
            return [Voice(each["name"], tuple(each["languages"])) for each in known]
        except (OSError, ValueError, KeyError, TypeError):
            return []

    return await asyncio.to_thread(ask)


async def echo(
    client: Client, sentences: Sequence[str], rate: int, voice: str, lang: str
) -> list[Echo]:
    """Have sentences said by a voice ("": the server's default) and recognise each.

    rate: of the server's audio, in hertz.
    """
    found = []
    for text in sentences:
        said = await listen(client, text, rate, voice=voice or None, keep=True)
        if said.failure:
            found.append(Echo(voice, lang, text, failure=said.failure))
            continue
        try:
            heard = await _recognised(client, said.pcm, rate, lang)
        except ClientError as error:
            found.append(Echo(voice, lang, text, failure=error.code))
        else:
            found.append(Echo(voice, lang, text, heard))
    return found


async def _recognised(client: Client, pcm: bytes, rate: int, lang: str) -> str:
    # A little silence at the end, as any recording has.
    samples = np.concatenate([pcm_to_samples(pcm), np.zeros(rate // 4, np.float32)])
    audio = samples_to_pcm(Resampler(rate, _ASR_RATE).feed(samples, last=True))
    async for update in client.recognize(audio, lang=lang):
        if isinstance(update, Final):
            return update.text
    return ""

"""A voice agent: synthesises its answer while that is generated, and can be interrupted (barge-in).

    python examples/voice_agent.py                   # with headphones; pip install 'liusheng[mic]'
    python examples/voice_agent.py --file caller.wav --output agent.wav

It contains no language model: `think` is a stand-in that repeats the user's words, token by token.
Replace it with your own; its docstring shows how.

Wear headphones: otherwise the agent transcribes its own voice and interrupts itself (a browser has
echo cancellation for this).
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import AsyncIterable, AsyncIterator, Callable
from pathlib import Path

import liusheng
from liusheng.client import DEFAULT_URL, Client, ClientError, Final, Synthesis
from liusheng.client.devices import NoDeviceError, microphone
from sound import Loudspeaker, Output, from_file, wav_file

Think = Callable[[str], AsyncIterator[str]]


async def think(text: str) -> AsyncIterator[str]:
    """STAND-IN for a language model: yields an answer in tokens, at the pace of a model.

    With a real model, for instance through the `openai` package:

        answer = await llm.chat.completions.create(
            model="...", messages=[{"role": "user", "content": text}], stream=True
        )
        async for chunk in answer:
            yield chunk.choices[0].delta.content or ""
    """
    if re.search(r"[\u4e00-\u9fff]", text):
        answer = f"您刚才说的是：{text} 我是一个没有大模型的示例，只会重复您的话。请继续说。"
        tokens = re.findall(r".{1,2}", answer)
    else:
        answer = f"You said: {text} I am an example without a model, so I only repeat. Go on."
        tokens = re.findall(r"\S+\s*", answer)
    for token in tokens:
        await asyncio.sleep(0.05)
        yield token


class Agent:
    """Answers each utterance; a new utterance interrupts the current answer."""

    def __init__(self, client: Client, output: Output, think: Think = think) -> None:
        self._client = client
        self._output = output
        self._think = think
        self._speech: Synthesis | None = None
        self._answering: asyncio.Task[None] | None = None

    async def converse(self, audio: AsyncIterable[bytes], lang: str = "auto") -> None:
        """Transcribe `audio` to its end, and answer each utterance."""
        answered = 0  # characters of the text that have been answered
        async for update in self._client.recognize(audio, lang=lang):
            text = update.text[answered:].strip()
            if not any(character.isalnum() for character in text):
                continue
            await self.interrupt()
            if (
                isinstance(update, Final) or update.is_final
            ):  # the end of an utterance or of the audio
                answered = len(update.text)
                print(f"you: {text}", flush=True)
                self._answering = asyncio.create_task(self._answer(text))
        if self._answering:
            await self._answering

    async def _answer(self, text: str) -> None:
        self._speech = self._client.synthesize(self._printed(self._think(text)))
        async for pcm in self._speech:
            await self._output.play(pcm)
        print("(answered)", flush=True)

    async def _printed(self, tokens: AsyncIterator[str]) -> AsyncIterator[str]:
        print("agent: ", end="")
        async for token in tokens:
            print(token, end="", flush=True)
            yield token
        print()

    async def interrupt(self) -> None:
        """Stop generation, synthesis and playback of the current answer, if there is one."""
        answering, self._answering = self._answering, None
        if answering is None:
            return
        if answering.done():
            answering.result()  # raises its exception
            return
        answering.cancel()
        self._output.stop()
        await asyncio.wait([answering])
        if self._speech:
            await self._speech.cancel()
        print(" (interrupted)", flush=True)


async def main() -> None:
    options = argparse.ArgumentParser(description="A voice agent that can be interrupted.")
    options.add_argument("--server", default=DEFAULT_URL)
    options.add_argument("--lang", default="auto", help="auto, zh, en, ...")
    options.add_argument("--file", help="audio of the user, instead of the microphone")
    options.add_argument("--output", type=Path, help="a WAV file, instead of the loudspeaker")
    chosen = options.parse_args()

    audio = from_file(chosen.file) if chosen.file else microphone()
    async with liusheng.connect(chosen.server) as client:
        rate = await client.sample_rate()
        if chosen.output:
            with wav_file(chosen.output, rate) as file:
                await Agent(client, file).converse(audio, chosen.lang)
        else:
            await Agent(client, Loudspeaker(rate)).converse(audio, chosen.lang)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        print()
    except ClientError as problem:
        sys.exit(problem.message)
    except NoDeviceError as problem:
        sys.exit(
            f"{problem}\nOr use files: python examples/voice_agent.py --file caller.wav "
            "--output agent.wav"
        )

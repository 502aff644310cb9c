"""The sessions of a soak: each kind of recognition and synthesis, over real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum

import httpx2

from liusheng.bench.asr_client import recognize_clip
from liusheng.bench.soak.material import Material
from liusheng.client import Client, ClientError, ServerError
from liusheng.client.backoff import Backoff
from liusheng.protocol import paths, tts
from liusheng.timeouts import timeout

RETRY_SECONDS = 30.0
"""In which a refused session is tried again: being full for a moment is no loss."""
_TIMEOUT = 120.0
"""Seconds over the duration of its audio after which a session counts as lost."""


class Work(Enum):
    """A kind of session; the values name it in reports."""

    LIVE = "short recordings, live"
    RESUMED = "short recordings, resumed"
    LONG = "long speech, live"
    UPLOAD = "uploaded files"
    HTTP = "texts over HTTP"
    STREAMED = "texts over WebSocket"
    PARTS = "texts in parts"


RECOGNITION = (Work.LIVE, Work.RESUMED, Work.LONG, Work.UPLOAD)
SYNTHESIS = (Work.HTTP, Work.STREAMED, Work.PARTS)


@dataclass(frozen=True)
class SoakTask:
    """A session to hold. item: name of a recording or a text."""

    work: Work
    item: str

    @property
    def reference(self) -> SoakTask:
        """The task whose result without faults this one must have."""
        return SoakTask(Work.LIVE, self.item) if self.work is Work.RESUMED else self


@dataclass(frozen=True)
class SessionOutcome:
    """How a session ended.

    began: seconds from the start of the measurement.
    took: seconds.
    value: the text, or for audio its SHA-256.
    seconds: of audio.
    failure: code of the error that ended it; "" without one.
    """

    task: SoakTask
    began: float
    took: float
    value: str = ""
    seconds: float = 0.0
    failure: str = ""


class SessionError(Exception):
    """A session over HTTP failed. The message is its code."""


class Sessions:
    """Holds sessions.

    direct: a client that resumes nothing.
    resuming: one whose connections are cut; None: recognitions are not cut.
    http: for files and texts.
    epoch: the start of the measurement, on the clock `time.monotonic`.
    """

    def __init__(
        self,
        material: Material,
        direct: Client,
        resuming: Client | None,
        http: httpx2.AsyncClient,
        epoch: float,
    ) -> None:
        self._material = material
        self._clips = material.clips
        self._direct = direct
        self._resuming = resuming
        self._http = http
        self._epoch = epoch

    async def hold(self, task: SoakTask) -> SessionOutcome:
        """Hold a session to its end; errors are part of the outcome."""
        began = time.monotonic()
        clip = self._clips.get(task.item)
        value, seconds, failure = "", 0.0, ""
        try:
            async with timeout(_TIMEOUT + (clip.seconds if clip else 0.0)):
                value, seconds = await self._hold(task)
        except asyncio.TimeoutError:
            failure = "timeout"
        except ClientError as error:
            failure = error.code
        except SessionError as error:
            failure = str(error)
        except httpx2.HTTPError as error:
            failure = type(error).__name__
        took = time.monotonic() - began
        return SessionOutcome(task, began - self._epoch, took, value, seconds, failure)

    async def _hold(self, task: SoakTask) -> tuple[str, float]:
        if task.work is Work.UPLOAD:
            return await self._upload(task.item)
        if task.work in RECOGNITION:
            return await self._recognize(task)
        text = self._material.texts[task.item]
        if task.work is Work.HTTP:
            body = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "pcm"}
            response = await self._post(paths.SPEECH, json=body)
            return _digest(response.content)
        if task.work is Work.PARTS:
            return await self._synthesize_parts(text)
        return _digest(b"".join([pcm async for pcm in self._direct.synthesize(text)]))

    async def _synthesize_parts(self, text: str) -> tuple[str, float]:
        """Have a text synthesised in parts; again, if the server is full: the client does not do
        that by itself, because it cannot send an iterator's items twice."""
        backoff = Backoff(RETRY_SECONDS)
        while True:
            try:
                packets = [pcm async for pcm in self._direct.synthesize(_parts(text))]
            except ServerError as error:
                pause = backoff.pause() if error.transient else None
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return _digest(b"".join(packets))

    async def _recognize(self, task: SoakTask) -> tuple[str, float]:
        clip = self._clips[task.item]
        client = self._resuming if task.work is Work.RESUMED else None
        result = await recognize_clip(client or self._direct, clip, clip.recording.lang)
        if result.failure:
            raise SessionError(result.failure)
        return result.text, result.seconds

    async def _upload(self, item: str) -> tuple[str, float]:
        clip = self._clips[item]
        name = f"audio{clip.recording.path.suffix}"
        data = await asyncio.to_thread(clip.recording.path.read_bytes)
        lang = {} if clip.recording.lang == "auto" else {"language": clip.recording.lang}
        response = await self._post(
            paths.TRANSCRIPTIONS, files={"file": (name, data)}, data={"model": "whisper-1", **lang}
        )
        return str(response.json()["text"]), clip.seconds

    async def _post(self, path: str, **request: object) -> httpx2.Response:
        """Send a request; again, if the server is full. Raises SessionError for a refusal."""
        backoff = Backoff(RETRY_SECONDS)
        url = self._direct.address.http(path)
        while True:
            response = await self._http.post(url, **request)  # type: ignore[arg-type]
            if response.is_success:
                return response
            pause = backoff.pause() if response.status_code in (429, 503) else None
            if pause is None:
                raise SessionError(_code(response))
            await asyncio.sleep(pause)


def _digest(pcm: bytes) -> tuple[str, float]:
    return hashlib.sha256(pcm).hexdigest(), len(pcm) / (2 * tts.SAMPLE_RATE)


def _code(response: httpx2.Response) -> str:
    """Return the code of an error response."""
    try:
        body = response.json()
        return str(body.get("code") or body["error"]["code"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"http_{response.status_code}"


async def _parts(text: str) -> AsyncIterator[str]:
    """Yield a text as a language model does: a few characters at a time."""
    for at in range(0, len(text), 3):
        yield text[at : at + 3]
        await asyncio.sleep(0.02)

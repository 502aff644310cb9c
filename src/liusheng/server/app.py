"""The ASGI application: the routes of the HTTP API, of the WebSockets and of the web page."""

from __future__ import annotations

import asyncio

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route, WebSocketRoute

from liusheng.protocol import paths
from liusheng.protocol.tts import SampleRate
from liusheng.runtime.decoding.service import DecodingService
from liusheng.runtime.punctuation.service import PunctuationService
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.interface import SpeechMaker
from liusheng.server.access.gate import Gate
from liusheng.server.access.key_use import KeyUse
from liusheng.server.access.keyring import Keyring
from liusheng.server.config.settings import Settings
from liusheng.server.drain_refusal import DrainRefusal
from liusheng.server.http.asyncapi import (
    ASR,
    DEEPGRAM,
    REALTIME,
    TTS,
    TWILIO,
    ChannelDescription,
)
from liusheng.server.http.deepgram_listen import deepgram_listen_endpoint
from liusheng.server.http.documents import document_endpoints
from liusheng.server.http.endpoint import Endpoint, fixed_endpoint
from liusheng.server.http.error_format import PADDLESPEECH_ERRORS
from liusheng.server.http.not_found import NoRoute, not_found
from liusheng.server.http.openai_models import model_endpoints
from liusheng.server.http.openai_speech import openai_speech_endpoint
from liusheng.server.http.openai_transcriptions import openai_transcription_endpoint
from liusheng.server.http.openai_translations import openai_translation_endpoint
from liusheng.server.http.openai_voices import voice_endpoints
from liusheng.server.http.paddlespeech_asr import paddlespeech_asr_endpoint
from liusheng.server.http.paddlespeech_asr_stream import asr_stream_endpoint
from liusheng.server.http.paddlespeech_help import help_endpoint
from liusheng.server.http.paddlespeech_text import paddlespeech_text_endpoint
from liusheng.server.http.paddlespeech_tts import paddlespeech_tts_endpoint
from liusheng.server.http.paddlespeech_tts_stream import tts_stream_endpoint
from liusheng.server.info import describe
from liusheng.server.kept_places import give_up_kept
from liusheng.server.observe.endpoints import observation_endpoints
from liusheng.server.observe.observer import Observer
from liusheng.server.openai_names import OpenAINames
from liusheng.server.request_limits import RequestLimits
from liusheng.server.resume_secrets import resume_secrets
from liusheng.server.web_page import page_routes
from liusheng.server.websocket.resumption import ResumableRecognitions
from liusheng.server.websocket_endpoints import STOP_TIMEOUT, WebSockets


class Application:
    """The application, and the sessions and requests that it is serving.

    recognition, synthesis, punctuation: started; None: the server has none.
    decoding: of files; recognition needs it.
    keyring: the keys that clients need; None: they need none.
    before: the application that this one replaces at a reload; None: it is the first one.
    observer: of the process, which answers how it is.
    routes, page: all routes, and those of the web page.
    asgi, wyoming: serve HTTP and WebSockets, and the connections of the Wyoming protocol.
    resumable: the recognitions whose clients may resume them; those of `before` are among them.
    key_use: what clients have used of their keys, on `before` too.
    """

    def __init__(
        self,
        settings: Settings,
        recognition: RecognitionService | None,
        synthesis: SpeechMaker | None,
        punctuation: PunctuationService | None = None,
        decoding: DecodingService | None = None,
        keyring: Keyring | None = None,
        before: Application | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._settings = settings
        self._observer = observer or Observer()
        self._recognition = recognition
        self._synthesis = synthesis
        self._punctuation = punctuation
        self._decoding = decoding
        self._names = OpenAINames(recognition, synthesis, any_name=settings.openai.any_name)
        self._resume_secrets = resume_secrets(settings.resume)
        self.resumable: ResumableRecognitions = (
            before.resumable
            if before
            else ResumableRecognitions(settings.resume, self._resume_secrets)
        )
        self.key_use: KeyUse = before.key_use if before else KeyUse()
        give_up = give_up_kept(self.resumable, self.key_use.limits)
        self._websockets = WebSockets(
            settings, recognition, decoding, synthesis, self._names, self.resumable, give_up
        )
        self._endpoints = self._http()
        self.page = page_routes(settings.path_prefix)
        self.routes = self._routes()
        router = Starlette(
            routes=self.routes,
            exception_handlers={HTTPException: not_found(settings.path_prefix)},
        )
        router.router.default = NoRoute(
            router.router.default,
            [each.path for each in self.routes if isinstance(each, WebSocketRoute)],
            settings.path_prefix,
        )
        limited = RequestLimits(router, give_up, settings.path_prefix)
        self._drain = DrainRefusal(limited, settings.path_prefix)
        self.asgi = Gate(self._drain, settings, keyring, self.key_use)
        self.wyoming = DrainRefusal(RequestLimits(self._websockets.serve_wyoming, give_up))

    def take_over(self) -> None:
        """Apply these settings to what is shared with the applications before: new connections come
        here from now on."""
        self.resumable.apply(self._settings.resume, self._resume_secrets)

    def drain(self) -> None:
        """Refuse new requests and WebSockets from now on."""
        self._drain.draining = self.wyoming.draining = True

    async def watch(self) -> None:
        """Notice, until this is cancelled, that keys were revoked, and end their sessions."""
        await self.asgi.keys.watch()

    def release_idle(self) -> None:
        """Tell the clients with nothing under way on their WebSocket to reconnect, and close it."""
        self._websockets.release_idle()

    def wind_down(self) -> None:
        """Close every WebSocket after the results of what was received, and cut off requests over
        HTTP, whose clients send them again whole; does not wait."""
        self.resumable.close()
        self._websockets.wind_down()
        for endpoint in self._endpoints:
            endpoint.cut_off()

    async def stop_sessions(self) -> None:
        """Send every client the error server_stopping, and close its connection."""
        self.resumable.close()
        await asyncio.gather(
            self._websockets.stop(),
            *(endpoint.stop(STOP_TIMEOUT) for endpoint in self._endpoints),
        )

    # Routes

    def _routes(self) -> list[BaseRoute]:
        prefix, sockets = self._settings.path_prefix, self._websockets.endpoints()
        return [
            *(Route(prefix + each.path, each, methods=[each.method]) for each in self._endpoints),
            *(WebSocketRoute(prefix + path, serve) for path, serve in sockets.items()),
            *self.page,
        ]

    def _http(self) -> list[Endpoint]:
        settings, recognition, synthesis = self._settings, self._recognition, self._synthesis
        limits, script = settings.limits, settings.asr.script
        info = describe(recognition, synthesis, limits, settings.llm)
        found = [
            fixed_endpoint(
                paths.INFO,
                info,
                PADDLESPEECH_ERRORS,
                summary="Describe this server: models, voices, limits.",
            )
        ]
        channels: dict[str, ChannelDescription] = {}
        if recognition:
            assert self._decoding is not None
            found += [
                asr_stream_endpoint(recognition, self._decoding, script, limits),
                paddlespeech_asr_endpoint(recognition, self._decoding, script, limits),
                help_endpoint(paths.ASR),
                paddlespeech_text_endpoint(self._punctuation, limits),
                help_endpoint(paths.TEXT),
                openai_transcription_endpoint(
                    recognition, self._decoding, self._names, script, limits
                ),
                openai_translation_endpoint(recognition, self._decoding, self._names, limits),
            ]
            channels |= {"asr": ASR, "realtime": REALTIME}
            if settings.deepgram.enabled:
                found.append(deepgram_listen_endpoint(recognition, self._decoding, script, limits))
                channels["deepgram"] = DEEPGRAM
            if settings.twilio.enabled:
                channels["twilio"] = TWILIO
        if synthesis:
            found += [
                tts_stream_endpoint(synthesis, limits),
                fixed_endpoint(
                    paths.TTS_SAMPLE_RATE,
                    SampleRate(),
                    PADDLESPEECH_ERRORS,
                    summary="Return the default sample rate of the audio, in hertz.",
                ),
                paddlespeech_tts_endpoint(synthesis, limits),
                help_endpoint(paths.TTS),
                openai_speech_endpoint(synthesis, self._names, limits),
                *voice_endpoints(synthesis),
            ]
            channels["tts"] = TTS
        found += model_endpoints(self._names)
        found += observation_endpoints(self._observer)
        return found + document_endpoints(tuple(found), channels, settings.path_prefix)

"""From the protocol's parameters of a recognition to the recogniser's."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import UNSET

from liusheng.asr.types import Script, StreamParams
from liusheng.protocol.asr import RecognitionConfig
from liusheng.protocol.languages import AUTO
from liusheng.runtime.recognition.service import RecognitionService

_C = TypeVar("_C", bound=RecognitionConfig)


def stream_params(config: RecognitionConfig, script: Script) -> StreamParams:
    """Return the parameters of a stream.

    script: of Chinese text; a setting of the server.
    """
    # A choice of one is that language, which may have a model of its own.
    one = config.languages[0] if len(config.languages) == 1 else ""
    return StreamParams(
        lang=one if one and config.lang == AUTO else config.lang,
        languages=config.languages,
        script=script,
        hotwords=config.hotwords,
        nbest=config.nbest,
        endpoint=None if config.endpoint_ms is UNSET else config.endpoint_ms / 1000,
        punctuation=None if config.punctuation is UNSET else config.punctuation,
        itn=None if config.itn is UNSET else config.itn,
    )


def supported_hints(recognition: RecognitionService, start: _C) -> _C:
    """Return the parameters without what the model of the language does not take of those that
    other APIs treat as hints: hotwords, one by one, and the endpoint."""
    capabilities = recognition.description.capabilities[start.lang]
    return msgspec.structs.replace(
        start,
        hotwords=tuple(word for word in start.hotwords if capabilities.takes_hotword(word)),
        endpoint_ms=start.endpoint_ms if capabilities.endpoint else UNSET,
    )

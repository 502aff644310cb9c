"""From the protocol's parameters of a recognition to the recogniser's."""

from __future__ import annotations

from msgspec import UNSET

from liusheng.asr.types import Script, StreamParams
from liusheng.protocol.asr import RecognitionConfig


def stream_params(config: RecognitionConfig, script: Script) -> StreamParams:
    """Return the parameters of a stream.

    script: of Chinese text; a setting of the server.
    """
    return StreamParams(
        lang=config.lang,
        script=script,
        hotwords=config.hotwords,
        nbest=config.nbest,
        endpoint=None if config.endpoint_ms is UNSET else config.endpoint_ms / 1000,
        punctuation=None if config.punctuation is UNSET else config.punctuation,
        itn=None if config.itn is UNSET else config.itn,
    )

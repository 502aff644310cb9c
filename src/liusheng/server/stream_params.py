"""From what a client asks for on the wire to what a recogniser is told."""

from __future__ import annotations

from msgspec import UNSET

from liusheng.asr.types import Script, StreamParams
from liusheng.protocol.asr import RecognitionConfig


def stream_params(wishes: RecognitionConfig, script: Script) -> StreamParams:
    """Return how a stream is to be recognised.

    script: of Chinese text; the server's setting.
    """
    return StreamParams(
        lang=wishes.lang,
        script=script,
        hotwords=wishes.hotwords,
        nbest=wishes.nbest,
        endpoint=None if wishes.endpoint_ms is UNSET else wishes.endpoint_ms / 1000,
        punctuation=None if wishes.punctuation is UNSET else wishes.punctuation,
        itn=None if wishes.itn is UNSET else wishes.itn,
    )

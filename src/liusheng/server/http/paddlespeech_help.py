"""`GET /paddlespeech/TASK/help`: descriptions of the original server's paths."""

from __future__ import annotations

from liusheng.protocol import paths
from liusheng.protocol.http import Help
from liusheng.server.http.endpoint import Endpoint, fixed_endpoint
from liusheng.server.http.error_format import PADDLESPEECH_ERRORS

_HELP = {
    paths.ASR: {
        "description": "speech recognition",
        "input": "base64 of an audio file",
        "output": "transcription",
    },
    paths.TTS: {
        "description": "speech synthesis",
        "text": "text to synthesise",
        "audio": "base64 of a WAV file",
    },
    paths.TEXT: {"punc_text": "text with punctuation"},
}


def help_endpoint(path: str) -> Endpoint:
    """Return the endpoint that describes `path`, one of `paths.ASR`, `TTS` and `TEXT`."""
    return fixed_endpoint(
        paths.help_path(path),
        Help(result=_HELP[path]),
        PADDLESPEECH_ERRORS,
        summary=f"Describe {path}.",
    )

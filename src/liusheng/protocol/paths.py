"""The paths of the API, below the server's path prefix: one place for server, client and bench."""

from __future__ import annotations

# PaddleSpeech Streaming Server: WebSocket and POST
ASR_STREAMING = "/paddlespeech/asr/streaming"
TTS_STREAMING = "/paddlespeech/tts/streaming"
TTS_SAMPLE_RATE = f"{TTS_STREAMING}/samplerate"

# PaddleSpeech Server: POST
ASR = "/paddlespeech/asr"
TTS = "/paddlespeech/tts"
TEXT = "/paddlespeech/text"

# PaddleSpeech C++ runtime, and the speech_web demo: WebSocket
CPP_RUNTIME = "/"
SPEECH_WEB_ASR = "/ws/asr/onlineStream"
SPEECH_WEB_TTS = "/ws/tts/online"

# OpenAI: WebSocket, POST, POST, POST, GET
REALTIME = "/v1/realtime"
TRANSCRIPTIONS = "/v1/audio/transcriptions"
TRANSLATIONS = "/v1/audio/translations"
SPEECH = "/v1/audio/speech"
MODELS = "/v1/models"

# Open WebUI's additions to OpenAI's API: GET
VOICES = "/v1/audio/voices"
VOICE_MODELS = "/v1/audio/models"

# Deepgram, and Twilio's Media Streams: WebSocket
LISTEN = "/v1/listen"
MEDIA_STREAMS = "/twilio/media-streams"

WYOMING = "wyoming:"
"""The connections of the Wyoming protocol, in logs and metrics: they have no path, and no request
over HTTP reaches them."""

# Liusheng: GET
INFO = "/api/info"
OPENAPI = "/openapi.json"
ASYNCAPI = "/asyncapi"
DOCS = "/docs"

# Liusheng, for operators: GET
HEALTHZ = "/healthz"
READYZ = "/readyz"
METRICS = "/metrics"
OBSERVATION = frozenset({HEALTHZ, READYZ, METRICS})


def help_path(path: str) -> str:
    """Return the path that describes `path`, one of `ASR`, `TTS` and `TEXT`."""
    return f"{path}/help"

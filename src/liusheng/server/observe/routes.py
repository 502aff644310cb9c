"""What a request is for, in the few words that metrics may have as labels: nothing that a client
sends becomes one."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from liusheng.protocol import paths
from liusheng.server.web_page import page_paths

OTHER = "other"
PAGE = "page"

_SESSIONS = {
    ("websocket", paths.ASR_STREAMING): ("asr", "websocket"),
    ("websocket", paths.REALTIME): ("asr", "realtime"),
    ("websocket", paths.LISTEN): ("asr", "deepgram"),
    ("websocket", paths.MEDIA_STREAMS): ("asr", "twilio"),
    ("websocket", paths.WYOMING): ("asr", "wyoming"),
    ("websocket", paths.CPP_RUNTIME): ("asr", "cpp_runtime"),
    ("websocket", paths.SPEECH_WEB_ASR): ("asr", "speech_web"),
    ("websocket", paths.TTS_STREAMING): ("tts", "websocket"),
    ("websocket", paths.SPEECH_WEB_TTS): ("tts", "speech_web"),
    ("http", paths.ASR_STREAMING): ("asr", "http_stream"),
    ("http", paths.ASR): ("asr", "http"),
    ("http", paths.LISTEN): ("asr", "deepgram"),
    ("http", paths.TRANSCRIPTIONS): ("asr", "openai"),
    ("http", paths.TRANSLATIONS): ("asr", "openai"),
    ("http", paths.TTS_STREAMING): ("tts", "http_stream"),
    ("http", paths.TTS): ("tts", "http"),
    ("http", paths.SPEECH): ("tts", "openai"),
    ("http", paths.TEXT): ("text", "http"),
}

TASKS_AND_PROTOCOLS = tuple(dict.fromkeys(_SESSIONS.values()))
"""Every kind of sessions."""

_HELP = frozenset(paths.help_path(path) for path in (paths.ASR, paths.TTS, paths.TEXT))

_PLAIN = frozenset(
    {
        *(path for _, path in _SESSIONS if path != paths.CPP_RUNTIME),
        *_HELP,
        paths.TTS_SAMPLE_RATE,
        paths.MODELS,
        paths.VOICES,
        paths.VOICE_MODELS,
        paths.INFO,
        paths.OPENAPI,
        paths.ASYNCAPI,
        paths.DOCS,
        *paths.OBSERVATION,
    }
)

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "WEBSOCKET", "TCP"})

_PAGE_FILES, _PAGE_FOLDERS = page_paths()


@dataclass(frozen=True)
class RequestKind:
    """A kind of requests.

    method: one of `METHODS`, or "other".
    route: a path of the API, "page" or "other".
    task, protocol: of the session that it opens; "" if it opens none.
    """

    method: str
    route: str
    task: str = ""
    protocol: str = ""


def request_kind(scope: Scope, path_prefix: str) -> RequestKind:
    """Return the kind of a request or WebSocket."""
    websocket = scope["type"] == "websocket"
    method = request_method(scope)
    method = method if method in METHODS else OTHER
    path = api_path(scope["path"], path_prefix)
    task, protocol = "", ""
    if websocket or method == "POST":
        task, protocol = _SESSIONS.get((scope["type"], path), ("", ""))
    return RequestKind(method, _route(path, websocket), task, protocol)


def request_method(scope: Scope) -> str:
    """Return the method of a request; "WEBSOCKET", or "TCP" for a connection of the Wyoming
    protocol."""
    if scope["type"] != "websocket":
        return str(scope["method"])
    return "TCP" if scope["path"] == paths.WYOMING else "WEBSOCKET"


def is_observation(scope: Scope, path_prefix: str) -> bool:
    """Whether a request asks how the server is, and is answered whatever its state."""
    return (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and api_path(scope["path"], path_prefix) in paths.OBSERVATION
    )


def api_path(path: str, path_prefix: str) -> str:
    """Return a path below the prefix; "" for one that is elsewhere."""
    if not path_prefix or path == paths.WYOMING:
        return path
    return path.removeprefix(path_prefix) if path.startswith(f"{path_prefix}/") else ""


def _route(path: str, websocket: bool) -> str:
    if path in _PLAIN or (websocket and path == paths.CPP_RUNTIME):
        return path
    if path.startswith(f"{paths.MODELS}/"):
        return paths.MODELS
    if path in _PAGE_FILES or path.startswith(_PAGE_FOLDERS):
        return PAGE
    return OTHER

"""Which paths need no key, and which task the others belong to."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import Scope

from liusheng.protocol import paths
from liusheng.server.access.keys import KeyTask
from liusheng.server.web_page import page_paths

_TASKS: dict[str, KeyTask] = {
    paths.ASR_STREAMING: "asr",
    paths.ASR: "asr",
    paths.TEXT: "asr",
    paths.CPP_RUNTIME: "asr",
    paths.SPEECH_WEB_ASR: "asr",
    paths.REALTIME: "asr",
    paths.LISTEN: "asr",
    paths.MEDIA_STREAMS: "asr",
    paths.TRANSCRIPTIONS: "asr",
    paths.TRANSLATIONS: "asr",
    paths.TTS_STREAMING: "tts",
    paths.TTS: "tts",
    paths.SPEECH_WEB_TTS: "tts",
    paths.SPEECH: "tts",
}


def task_paths(task: KeyTask) -> list[str]:
    """Return the paths of a task, below the server's path prefix."""
    return [path for path, found in _TASKS.items() if found == task]


_DESCRIPTIONS = (paths.OPENAPI, paths.ASYNCAPI)

_HEALTH = (paths.HEALTHZ, paths.READYZ)

_READING = ("GET", "HEAD")


class Routes:
    """Classifies requests by the path that the router will see, which is percent-decoded once.

    A path that is not known to be open needs a key.

    path_prefix: of all paths.
    open_paths: that can be read without a key, besides the page, the description of the API and
        the health of the server.
    """

    def __init__(self, path_prefix: str, open_paths: Sequence[str]) -> None:
        self._prefix = path_prefix
        files, self._folders = page_paths()
        self._open = frozenset((*files, *_DESCRIPTIONS, *_HEALTH, *open_paths))

    def is_open(self, scope: Scope) -> bool:
        """Return whether a request needs no key. A WebSocket always needs one."""
        if scope["type"] != "http" or scope["method"] not in _READING:
            return False
        path = self._path(scope)
        return path in self._open or path.startswith(self._folders)

    def task(self, scope: Scope) -> KeyTask | None:
        """Return the task that a request or WebSocket uses; None if it uses none."""
        path = self._path(scope)
        if scope["type"] == "http" and (scope["method"] in _READING or path == paths.CPP_RUNTIME):
            return None
        return _TASKS.get(path)

    def second_task(self, scope: Scope) -> KeyTask | None:
        """Return the task that a WebSocket uses besides `task`."""
        return "tts" if self._path(scope) == paths.MEDIA_STREAMS else None

    def _path(self, scope: Scope) -> str:
        path: str = scope["path"]
        if self._prefix and path == self._prefix:
            return "/"  # redirected there
        return path.removeprefix(self._prefix) if path.startswith(f"{self._prefix}/") else ""

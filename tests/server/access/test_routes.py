from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Route, WebSocketRoute

from liusheng.protocol import paths
from liusheng.runtime.decoding.service import DecodingService
from liusheng.server.access.routes import Routes
from liusheng.server.app import Application
from liusheng.server.config.compat import CompatSettings
from liusheng.server.config.integrations import TwilioSettings
from liusheng.server.config.settings import Settings
from tests.server.conftest import Fakes

OPEN = {paths.DOCS, paths.OPENAPI, paths.ASYNCAPI, paths.HEALTHZ, paths.READYZ}
NO_TASK = {paths.INFO, paths.MODELS, paths.TTS_SAMPLE_RATE, paths.METRICS}


def request(path: str, method: str = "GET") -> dict[str, Any]:
    return {"type": "http", "path": path, "method": method}


@pytest.mark.parametrize("prefix", ["", "/speech"])
@pytest.mark.asyncio(loop_scope="session")
async def test_every_path_needs_a_key_or_is_meant_to_be_open(
    prefix: str, engines: Fakes, decoding: DecodingService
) -> None:
    made = Settings(
        path_prefix=prefix,
        compat=CompatSettings(cpp_runtime=True, speech_web=True),
        twilio=TwilioSettings(enabled=True),
    )
    application = Application(made, *engines, decoding=decoding)
    routes = Routes(prefix, [])
    page = {each.path for each in application.page}
    for route in application.routes:
        assert isinstance(route, Route | WebSocketRoute)
        path = route.path.removeprefix(prefix)
        if isinstance(route, WebSocketRoute):
            scope = {"type": "websocket", "path": route.path}
            assert not routes.is_open(scope)
            assert routes.task(scope) == ("tts" if "/tts/" in path else "asr")
            both = path == paths.MEDIA_STREAMS
            assert routes.second_task(scope) == ("tts" if both else None)
            continue
        (method,) = (route.methods or set()) - {"HEAD"}
        is_open = routes.is_open(request(route.path.replace("{path:path}", "x"), method))
        assert is_open == (path in OPEN or route.path in page), path
        task = routes.task(request(route.path, method))
        expected = (
            None
            if method == "GET"
            else "tts"
            if path in (paths.SPEECH, paths.TTS, paths.TTS_STREAMING)
            else "asr"
        )
        assert task == expected, path


@given(st.text(alphabet="/.%25eEadocsp\\ ", max_size=12), st.sampled_from(["GET", "HEAD", "POST"]))
def test_what_is_open_is_below_a_folder_of_the_page_or_named(path: str, method: str) -> None:
    routes = Routes("", ["/metrics"])
    if routes.is_open(request(path, method)):
        assert path in {"/", "/docs", "/metrics"} or path.startswith(("/page/", "/liusheng/"))
        assert method != "POST"


def test_the_prefix_is_part_of_a_path() -> None:
    routes = Routes("/speech", ["/metrics"])
    for path in ("/speech", "/speech/", "/speech/docs", "/speech/metrics"):
        assert routes.is_open(request(path)), path
    for path in ("/", "/docs", "/metrics", "/speechdocs", "//speech/docs", "/SPEECH/docs", ""):
        assert not routes.is_open(request(path)), path
    assert routes.task({"type": "websocket", "path": "/speech" + paths.ASR_STREAMING}) == "asr"
    assert routes.task({"type": "websocket", "path": paths.ASR_STREAMING}) is None

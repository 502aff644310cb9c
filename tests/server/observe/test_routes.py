"""Nothing that a client sends becomes a label of a metric."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from liusheng.protocol import paths
from liusheng.server.observe import routes
from liusheng.server.observe.routes import OTHER, PAGE, is_observation, request_kind
from liusheng.server.observe.traffic import Traffic

ROUTES = {
    *(value for name, value in vars(paths).items() if name.isupper() and isinstance(value, str)),
    *(paths.help_path(path) for path in (paths.ASR, paths.TTS, paths.TEXT)),
    PAGE,
    OTHER,
}

PATHS = st.one_of(
    st.text(max_size=30).map(lambda text: "/" + text),
    st.sampled_from(sorted(ROUTES)).map(lambda path: path if path[0] == "/" else f"/{path}"),
    st.text(max_size=10).map(lambda name: f"{paths.MODELS}/{name}"),
)


@given(
    st.sampled_from(["http", "websocket"]),
    st.one_of(st.sampled_from(sorted(routes.METHODS)), st.text(max_size=8)),
    PATHS,
    st.sampled_from(["", "/speech"]),
    st.booleans(),
    st.integers(),
    st.integers(-5, 5000),
)
def test_labels_are_of_a_closed_list(
    kind: str, method: str, path: str, prefix: str, below: bool, status: int, close: int
) -> None:
    scope = {"type": kind, "method": method, "path": prefix + path if below else path}
    found = request_kind(scope, prefix)
    assert found.route in ROUTES
    assert found.method in routes.METHODS | {OTHER}
    assert (found.task, found.protocol) in {("", ""), *routes.TASKS_AND_PROTOCOLS}
    traffic = Traffic()
    traffic.answered(found, status, 0.1)
    traffic.closed(close)
    ((_, counted),) = traffic.requests
    assert counted == 0 or 100 <= counted < 600
    (code,) = traffic.closes
    assert code == OTHER or 1000 <= int(code) < 1016


def test_kinds() -> None:
    def kind(type_: str, method: str, path: str, prefix: str = "") -> tuple[str, str, str, str]:
        found = request_kind({"type": type_, "method": method, "path": path}, prefix)
        return found.method, found.route, found.task, found.protocol

    assert kind("websocket", "", "/") == ("WEBSOCKET", "/", "asr", "cpp_runtime")
    assert kind("http", "GET", "/") == ("GET", PAGE, "", "")
    assert kind("http", "POST", paths.SPEECH) == ("POST", paths.SPEECH, "tts", "openai")
    assert kind("http", "GET", paths.SPEECH) == ("GET", paths.SPEECH, "", "")
    assert kind("http", "GET", "/v1/models/tiny") == ("GET", paths.MODELS, "", "")
    assert kind("http", "GET", "/s/api/info", "/s")[1] == paths.INFO
    assert kind("http", "GET", "/api/info", "/s")[1] == OTHER


def test_only_reading_is_observation() -> None:
    for method, path, prefix, expected in (
        ("GET", "/metrics", "", True),
        ("HEAD", "/s/healthz", "/s", True),
        ("POST", "/metrics", "", False),
        ("GET", "/metrics", "/s", False),
        ("GET", "/api/info", "", False),
    ):
        scope = {"type": "http", "method": method, "path": path}
        assert is_observation(scope, prefix) is expected
    assert not is_observation({"type": "websocket", "path": "/metrics"}, "")

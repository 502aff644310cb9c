from __future__ import annotations

from typing import Any

import pytest

from liusheng.cluster.serving.replica import replica_settings
from liusheng.cluster.serving.servable import check_servable, serve_config, set_values
from liusheng.server.config.settings import Settings


def test_what_was_set_is_sent_and_nothing_else() -> None:
    values: dict[str, Any] = {
        "asr": {"models": ["tiny"]},
        "limits": {"max_sessions": 8},
        "cluster": {"cores": 2},
    }
    settings = Settings(**values)
    assert set_values(settings) == {**values, "cluster": {"cores": 2.0}}
    assert Settings(**set_values(settings)) == settings


def test_workers_are_for_the_cores_of_a_replica() -> None:
    settings = replica_settings({"cluster": {"cores": 1.5}})
    assert (settings.workers.asr, settings.workers.tts) == (2, 2)
    settings = replica_settings({"cluster": {"cores": 1.5}, "workers": {"asr": 1}})
    assert (settings.workers.asr, settings.workers.tts) == (1, 2)


@pytest.mark.parametrize(
    ("values", "named"),
    [({"wyoming": {"port": 10_300}}, "wyoming.port"), ({"ports": [1, 2]}, "ports")],
)
def test_what_a_cluster_cannot_serve_is_refused(values: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        check_servable(Settings(**values))


def test_the_file_of_ray_serve_names_a_port() -> None:
    with pytest.raises(ValueError, match="name one"):
        serve_config(Settings(ports=[0]))


def test_the_file_of_ray_serve() -> None:
    settings = Settings(
        host="0.0.0.0",
        ports=[9000],
        path_prefix="/speech",
        tls={"certificate": "/etc/both.pem"},  # type: ignore[arg-type]
    )
    config = serve_config(settings)
    assert config["http_options"] == {
        "host": "0.0.0.0",
        "port": 9000,
        "ssl_certfile": "/etc/both.pem",
        "ssl_keyfile": "/etc/both.pem",
    }
    (application,) = config["applications"]
    assert application["route_prefix"] == "/speech"
    assert Settings(**application["args"]["settings"]) == settings

from __future__ import annotations

from typing import Any

import pytest

from liusheng.cluster.serving.banner import banner
from liusheng.cluster.serving.parts import RECOGNITION, SYNTHESIS, WHOLE, part_named, parts
from liusheng.cluster.serving.replica import replica_cores, replica_settings
from liusheng.cluster.serving.servable import check_servable, serve_config
from liusheng.server.config.settings import Settings

APART: dict[str, Any] = {
    "asr": {"models": ["tiny"]},
    "tts": {"models": ["liusheng-zh-en"]},
    "path_prefix": "/speech",
    "cluster": {"tasks": "apart", "cores": 3, "synthesis": {"cores": 1.5, "max_replicas": 4}},
}


def test_both_tasks_are_in_one_deployment_unless_they_are_apart() -> None:
    assert parts(Settings()) == (WHOLE,)
    assert WHOLE.settings(Settings()) == Settings()
    assert WHOLE.route_prefix(Settings()) == "/"
    assert parts(Settings(**APART)) == (SYNTHESIS, RECOGNITION), "it is asked by recognition"


def test_a_replica_loads_the_models_of_its_own_task_alone() -> None:
    recognition = replica_settings(APART, RECOGNITION)
    synthesis = replica_settings(APART, SYNTHESIS)
    assert (recognition.asr.models, recognition.tts.models) == (["tiny"], [])
    assert (synthesis.asr.models, synthesis.tts.models) == ([], ["liusheng-zh-en"])


def test_each_deployment_has_replicas_of_its_own_size() -> None:
    settings = Settings(**APART)
    assert SYNTHESIS.size(settings).max_replicas == 4
    assert RECOGNITION.size(settings).max_replicas == 1
    assert replica_cores(settings, SYNTHESIS) == 2
    assert replica_settings(APART, SYNTHESIS).workers.tts == 2
    assert replica_settings(APART, RECOGNITION).workers.asr == 3
    assert (
        "by 1 to 1 replicas of 3 cores for recognition and 1 to 4 replicas of 1.5 cores for "
        "synthesis." in banner(settings, 8000)
    )


def test_an_application_is_found_by_its_name() -> None:
    apart = Settings(**APART)
    assert part_named("liusheng", apart) == RECOGNITION
    assert part_named("liusheng-synthesis", apart) == SYNTHESIS
    assert part_named("liusheng", Settings()) == WHOLE
    with pytest.raises(ValueError, match=r"cluster\.tasks"):
        part_named("liusheng-synthesis", Settings())


def test_one_task_cannot_be_apart() -> None:
    check_servable(Settings(**APART))
    for group in ("asr", "tts"):
        with pytest.raises(ValueError, match=f"{group}.models is empty"):
            check_servable(Settings(**{**APART, group: {"models": []}}))


def with_gpus(recognition: float, synthesis: float, device: str) -> dict[str, Any]:
    cluster = {"tasks": "apart", "gpus": recognition, "synthesis": {"gpus": synthesis}}
    return {
        "asr": {"models": ["tiny"], "device": device},
        "tts": {"models": ["liusheng-zh-en"], "device": device},
        "cluster": cluster,
    }


def test_a_replica_uses_a_gpu_only_if_one_is_reserved() -> None:
    values = with_gpus(1, 0, "auto")
    assert replica_settings(values, RECOGNITION).asr.device == "auto"
    assert replica_settings(values, SYNTHESIS).tts.device == "cpu"
    assert replica_settings({"asr": {"device": "auto"}}).asr.device == "cpu"
    check_servable(Settings(**values))
    check_servable(Settings(**with_gpus(2, 0.5, "cuda")))
    with pytest.raises(ValueError, match=r'tts.device = "cuda", but cluster.synthesis.gpus = 0'):
        check_servable(Settings(**with_gpus(1, 0, "cuda")))
    with pytest.raises(ValueError, match=r'asr.device = "cuda", but cluster.gpus = 0'):
        check_servable(Settings(**with_gpus(0, 1, "cuda")))
    with pytest.raises(ValueError, match=r"cluster.gpus = 0.5 .* set asr.device to"):
        check_servable(Settings(**with_gpus(0.5, 0, "cpu")))
    with pytest.raises(ValueError, match=r"set asr.device or tts.device to"):
        check_servable(Settings(cluster={"gpus": 1}))  # type: ignore[arg-type]


def test_several_gpus_are_not_divided() -> None:
    with pytest.raises(ValueError, match=r"gpus = 1\.5"):
        Settings(cluster={"gpus": 1.5})  # type: ignore[arg-type]


def test_replicas_of_synthesis_need_that_it_is_apart() -> None:
    with pytest.raises(ValueError, match='tasks = "apart"'):
        Settings(cluster={"synthesis": {"cores": 2}})  # type: ignore[arg-type]


def test_the_file_of_ray_serve_has_an_application_for_each() -> None:
    config = serve_config(Settings(**APART))
    synthesis, recognition = config["applications"]
    assert (synthesis["name"], synthesis["route_prefix"]) == (
        "liusheng-synthesis",
        "/speech/.synthesis",
    )
    assert (recognition["name"], recognition["route_prefix"]) == ("liusheng", "/speech")
    for each in (synthesis, recognition):
        settings = Settings(**each["args"]["settings"])
        assert settings == Settings(**APART)
        assert part_named(each["args"]["application"], settings).application == each["name"]

"""The manifests for Kubernetes: of KubeRay's and Kubernetes' schemas, and consistent with the
program. Fields that the schemas do not know are errors."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from liusheng.models.shared import SHARED_VARIABLE
from liusheng.server.config.lifecycle import DrainSettings
from liusheng.server.config.sources import load

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
SCHEMA = ROOT / "tests" / "data" / "kuberay" / "ray.io_rayservices.trimmed.yaml"

KUBERNETES = "1.34"

Json = dict[str, Any]


def documents() -> list[Json]:
    files = sorted(FOLDER.glob("*.yaml"))
    return [each for file in files for each in yaml.safe_load_all(file.read_text("utf-8"))]


def ray_service() -> Json:
    return next(each for each in documents() if each["kind"] == "RayService")


def strict(schema: Any) -> Any:
    """A structural schema of Kubernetes as JSON Schema that knows no other fields."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    if "properties" in schema and "type" in schema:
        made["additionalProperties"] = False
    return made


def of_kubernetes(schema: Json, value: Any) -> Iterator[tuple[str, Json]]:
    """The parts of a value whose schema is one of Kubernetes' own types, with its name."""
    if kind := schema.get("x-kubernetes-type"):
        yield kind, value
    for name, each in schema.get("properties", {}).items():
        if name in value:
            yield from of_kubernetes(each, value[name])
    for each in value if "items" in schema else ():
        yield from of_kubernetes(schema["items"], each)


def check(service: Json) -> None:
    """Raise ValidationError if KubeRay or Kubernetes would refuse it, or drop a field."""
    schema = yaml.safe_load(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator(strict(schema)).validate(service)
    for kind, value in of_kubernetes(schema, service):
        whole = {
            "PodTemplateSpec": {"apiVersion": "v1", "kind": "PodTemplate", "template": value},
            "Service": {"apiVersion": "v1", "kind": "Service", **value},
        }[kind]
        kubernetes_validate.validate(whole, KUBERNETES, strict=True)


def test_the_ray_service_is_of_kuberays_schema() -> None:
    service = ray_service()
    assert service["apiVersion"] == "ray.io/v1"
    check(service)
    schema = yaml.safe_load(SCHEMA.read_text("utf-8"))
    kinds = [kind for kind, _ in of_kubernetes(schema, service)]
    assert kinds == ["PodTemplateSpec"] * 2, "head and workers are checked as Kubernetes does"


def _misspelt(service: Json) -> None:
    service["spec"]["serveConfig"] = service["spec"].pop("serveConfigV2")


def _unnamed_group(service: Json) -> None:
    del service["spec"]["rayClusterConfig"]["workerGroupSpecs"][0]["groupName"]


def _number_as_text(service: Json) -> None:
    service["spec"]["rayClusterConfig"]["workerGroupSpecs"][0]["maxReplicas"] = "10"


def _number_of_ray(service: Json) -> None:
    service["spec"]["rayClusterConfig"]["headGroupSpec"]["rayStartParams"]["num-cpus"] = 0


def _unknown_mode(service: Json) -> None:
    service["spec"]["rayClusterConfig"]["autoscalerOptions"]["upscalingMode"] = "Fast"


def _container(service: Json) -> Json:
    spec = service["spec"]["rayClusterConfig"]["headGroupSpec"]["template"]["spec"]
    return dict(spec)["containers"][0]  # type: ignore[no-any-return]


def _misspelt_probe(service: Json) -> None:
    _container(service)["readyProbe"] = _container(service).pop("readinessProbe")


def _unnamed_container(service: Json) -> None:
    del _container(service)["name"]


@pytest.mark.parametrize(
    "damage",
    [
        _misspelt,
        _unnamed_group,
        _number_as_text,
        _number_of_ray,
        _unknown_mode,
        _misspelt_probe,
        _unnamed_container,
    ],
    ids=lambda damage: damage.__name__.strip("_"),
)
def test_a_fault_is_found(damage: Callable[[Json], None]) -> None:
    service = copy.deepcopy(ray_service())
    damage(service)
    with pytest.raises(jsonschema.ValidationError):
        check(service)


@pytest.mark.parametrize(
    "document",
    [each for each in documents() if each["kind"] != "RayService"],
    ids=lambda document: str(document["kind"]),
)
def test_the_other_objects_are_of_kubernetes_schemas(document: Json) -> None:
    kubernetes_validate.validate(document, KUBERNETES, strict=True)
    with pytest.raises(jsonschema.ValidationError):
        kubernetes_validate.validate({**document, "data_": {}}, KUBERNETES, strict=True)


def environment() -> Json:
    (found,) = (each["data"] for each in documents() if each["kind"] == "ConfigMap")
    return dict(found)


def settings() -> Json:
    return tomllib.loads((FOLDER / "liusheng.toml").read_text("utf-8"))


def served() -> Json:
    config = yaml.safe_load(ray_service()["spec"]["serveConfigV2"])
    return dict(config)


def test_the_configuration_of_serve_is_what_the_command_prints() -> None:
    servable = pytest.importorskip("liusheng.cluster.serving.servable")
    made = servable.serve_config(load(config=FOLDER / "liusheng.toml").settings)
    assert served() == made


def test_the_proxies_have_what_the_command_gives_them() -> None:
    proxy = pytest.importorskip("liusheng.cluster.serving.proxy")
    assert environment()[proxy.PROXY_VARIABLE] == proxy.PROXY_VALUE


def test_the_configuration_of_serve_has_the_settings() -> None:
    assert served()["applications"][0]["args"]["settings"] == settings()
    assert served()["http_options"]["port"] == settings()["ports"][0]


def pods() -> list[Json]:
    cluster = ray_service()["spec"]["rayClusterConfig"]
    specs = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [each["template"]["spec"] for each in specs]


def test_the_old_cluster_lives_longer_than_its_sessions_may() -> None:
    delay = ray_service()["spec"]["rayClusterDeletionDelaySeconds"]
    assert delay > settings()["drain"]["seconds"] + DrainSettings().final_seconds


def test_the_pods_have_what_the_settings_need() -> None:
    _, worker = pods()
    (container,) = worker["containers"]
    cluster = settings()["cluster"]
    fitting = int(container["resources"]["limits"]["cpu"]) // cluster["cores"]
    assert fitting >= 1
    assert fitting * cluster["memory_bytes"] < 8 << 30
    group = ray_service()["spec"]["rayClusterConfig"]["workerGroupSpecs"][0]
    assert group["maxReplicas"] * fitting >= cluster["max_replicas"]
    (port,) = settings()["ports"]
    assert {"containerPort": port, "name": "serve"} in container["ports"]
    assert container["readinessProbe"]["httpGet"]["port"] == port


def test_what_the_environment_names_is_mounted() -> None:
    data = environment()
    _, worker = pods()
    mounts = {each["mountPath"]: each for each in worker["containers"][0]["volumeMounts"]}
    assert data["LIUSHENG_HOME"] in mounts
    assert mounts[data[SHARED_VARIABLE]]["readOnly"]
    job = next(each for each in documents() if each["kind"] == "Job")["spec"]["template"]["spec"]
    assert job["containers"][0]["command"][:3] == ["liusheng", "models", "pull"]
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for pod in (worker, job)
        for volume in pod["volumes"]
        if "persistentVolumeClaim" in volume
    }
    claim = next(each for each in documents() if each["kind"] == "PersistentVolumeClaim")
    assert claims == {claim["metadata"]["name"]}


def test_nothing_runs_as_root() -> None:
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"]
        for container in pod["containers"]:
            assert not container["securityContext"]["allowPrivilegeEscalation"]

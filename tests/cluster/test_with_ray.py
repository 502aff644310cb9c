"""What stands on Ray, with a local Ray: its object store, and replicas of Ray Serve."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
import urllib.request
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Receive, Scope, Send

from liusheng.cluster.models.installing import install
from liusheng.cluster.models.objects import ClusterModels
from liusheng.cluster.models.ray_objects import RayObjects
from liusheng.cluster.observe.gathering import GatheredMetrics
from liusheng.cluster.observe.merging import ReplicaMetrics
from liusheng.cluster.observe.serve_replicas import ServeReplicas
from liusheng.cluster.observe.traces import EXPORTER
from liusheng.models.catalogue import Catalogue
from liusheng.models.store import Store
from liusheng.server.config.observe import ObserveSettings
from liusheng.server.observe.open_tracing import open_tracing
from liusheng.server.observe.routes import RequestKind
from liusheng.server.request_record import RequestRecord
from tests.models.conftest import CONTENT, Site, entry, https_part, site

__all__ = ["site"]

WHY = "the extra cluster is not installed: Ray has no wheel for this platform"
ray: Any = pytest.importorskip("ray", reason=WHY)
serve: Any = pytest.importorskip("ray.serve", reason=WHY)
pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

METRICS, TRACES, DEPLOYMENT = "metrics", "traces", "speech"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
RECEIVER = "TEST_RECEIVER"


class Receiver(ThreadingHTTPServer):
    """Takes spans. parents: name, and parent's id, of each span of a trace, by its id."""

    def __init__(self) -> None:
        self.parents: dict[str, tuple[str, str]] = {}
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )

        body = self.rfile.read(int(self.headers["Content-Length"]))
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    if span.trace_id.hex() == TRACE:
                        parent = (span.name, span.parent_span_id.hex())
                        self.server.parents[span.span_id.hex()] = parent
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def cluster(receiver: Receiver) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:  # Ray's processes have this environment
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        patch.setenv("RAY_SERVE_TRACING_EXPORTER_IMPORT_PATH", EXPORTER)
        patch.setenv("RAY_SERVE_TRACING_SAMPLING_RATIO", "0")
        patch.setenv(RECEIVER, receiver.url)
        ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, configure_logging=False)
        yield
        ray.shutdown()
        with warnings.catch_warnings():
            # Ray ends its processes, and does not wait for them.
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture(scope="module")
def address(cluster: None) -> Iterator[str]:
    """Of the proxy of a running Ray Serve."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    yield f"http://127.0.0.1:{port}"
    serve.shutdown()


def copy(home: str, catalogue: str) -> bytes:
    """Run by another process: install the model, and return it."""
    store = Store(home, Catalogue.load(Path(catalogue)), shared=())
    install(store, ["tiny"], ClusterModels(RayObjects()))
    store.verify("tiny")
    return store.open("tiny").files["model"].read_bytes()


@pytest.mark.usefixtures("cluster")
def test_another_process_copies_the_models_that_this_one_has(site: Site, tmp_path: Path) -> None:
    site.pages["/model.lm"] = CONTENT
    catalogue = tmp_path / "catalogue.toml"
    catalogue.write_text(entry(https_part(f"{site.url}/{{member}}")))
    here = Store(tmp_path / "one", Catalogue.load(catalogue), shared=())
    install(here, ["tiny"], ClusterModels(RayObjects()))
    site.pages.clear()
    there = ray.remote(copy).remote(str(tmp_path / "two"), str(catalogue))
    assert ray.get(there) == CONTENT
    assert len(site.requests) == 1


class Counting:
    """A replica that counts requests and answers with the metrics of all."""

    def __init__(self) -> None:
        context = serve.get_replica_context()
        self._served = 0
        self._metrics = GatheredMetrics(
            context.replica_id.unique_id,
            context.deployment,
            ServeReplicas([(context.app_name, context.deployment)]),
        )

    def _own(self) -> str:
        return f"# HELP x_total X.\n# TYPE x_total counter\nx_total {self._served}\n"

    async def replica_metrics(self) -> ReplicaMetrics:
        return self._metrics.named(self._own())

    async def __call__(self, request: Any) -> str:
        self._served += 1
        return await self._metrics.metrics(self._own())


def test_whichever_replica_is_asked_answers_for_all(address: str) -> None:
    deployment = serve.deployment(
        Counting, name=DEPLOYMENT, num_replicas=3, ray_actor_options={"num_cpus": 0.1}
    )
    serve.run(deployment.bind(), name=METRICS, route_prefix="/metrics")
    found: dict[str, float] = {}
    for _ in range(5):
        with urllib.request.urlopen(f"{address}/metrics", timeout=60) as answer:
            text = answer.read().decode()
        samples = [s for f in text_string_to_metric_families(text) for s in f.samples]
        values = {s.name: s.value for s in samples if "replica" not in s.labels}
        assert values == {"liusheng_scrape_complete": 1}
        found = {s.labels["replica"]: s.value for s in samples if "replica" in s.labels}
        assert len(found) == 3
    assert sum(found.values()) == 5


async def traced(scope: Scope, receive: Receive, send: Send) -> None:
    """An application whose requests are traced as those of the server."""
    if scope["type"] == "lifespan":
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})
    else:
        tracing = open_tracing(ObserveSettings(otlp_endpoint=os.environ[RECEIVER], trace_ratio=0))
        with tracing.begin(scope, RequestKind("GET", "/ours"), RequestRecord("1")):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"traced"})
        tracing.stop()


class Traced:
    """A replica with that application."""

    def __serve_build_asgi_app__(self) -> Any:
        return traced


def test_a_trace_crosses_the_ingress_and_the_replica(address: str, receiver: Receiver) -> None:
    deployment = serve.deployment(
        serve.ingress()(Traced), name=DEPLOYMENT, ray_actor_options={"num_cpus": 0.1}
    )
    serve.run(deployment.bind(), name=TRACES, route_prefix="/traces")
    header = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    request = urllib.request.Request(f"{address}/traces", headers=header)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.read() == b"traced"
    chain: list[str] = []
    for _ in range(600):
        chain = path_to_client(receiver.parents)
        if chain and chain[-1] == PARENT:
            break
        time.sleep(0.1)
    assert chain[0] == "GET /ours"
    assert chain[-1] == PARENT, chain
    assert len(chain) >= 4, "the replica and the ingress of Ray Serve are between"


def path_to_client(parents: dict[str, tuple[str, str]]) -> list[str]:
    """The names of the spans above ours, and the id that the client sent."""
    at = next((key for key, (name, _) in tuple(parents.items()) if name == "GET /ours"), "")
    names = []
    while at in parents:
        name, at = parents[at]
        names.append(name)
    return [*names, at]

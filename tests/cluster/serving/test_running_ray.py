"""A Ray that runs already, as on several machines: `serve deploy`, and `--address`.

Its proxies do not have what `liusheng cluster serve` gives them (`RAY_SERVE_HTTP_PROXY_...`): tasks
that are apart work all the same.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil
import pytest

from liusheng.models.store import default_home
from liusheng.protocol import paths
from tests.cluster.serving.cluster_process import SETTINGS
from tests.support.command_process import environment_of_program, wait_until
from tests.support.short_folder import short_folder

pytest.importorskip("ray", reason="Ray has no wheel for this platform, or is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CLIP = next((Path(__file__).parents[2] / "data" / "tiny").glob("go-*.flac"))
VOICE = "liusheng-zh-en"


@dataclass
class Head:
    """A running Ray.

    gcs, dashboard, service: ports, the last for the proxies.
    process: the first of its processes.
    """

    folder: Path
    gcs: int
    dashboard: int
    service: int
    process: psutil.Process | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            **environment_of_program(),
            "LIUSHENG_SHARED_MODELS": str(default_home()),
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self.folder / "token"),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_worker_niceness": "0",
        }

    def run(self, module: str, *arguments: str) -> str:
        """Run a command, and return what it prints."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(
            command,
            check=False,
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def configure(self, cluster: str) -> Path:
        """Write a settings file, and return where it is. cluster: more of that table."""
        settings = SETTINGS.format(home=self.folder, drain=5, voices=f'"{VOICE}"')
        settings = settings.replace("ports = [0]", f"ports = [{self.service}]")
        settings = settings.replace("[asr]", '[asr]\ndevice = "auto"')
        written = self.folder / "settings.toml"
        written.write_text(settings + cluster)
        return written

    def get(self, path: str) -> httpx2.Response | None:
        with contextlib.suppress(httpx2.HTTPError):
            return httpx2.get(f"http://127.0.0.1:{self.service}{path}", timeout=60)
        return None

    def gpus_of_workers(self, deployment: str) -> set[str]:
        """Return which GPUs the processes below a deployment's replicas see.

        deployment: APPLICATION:DEPLOYMENT.
        """
        assert self.process is not None
        found = set()
        for each in self.process.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if f"ServeReplica:{deployment}" in " ".join(each.cmdline()):
                    below = each.children(recursive=True)
                    found |= {it.environ().get("CUDA_VISIBLE_DEVICES", "all") for it in below}
        return found

    def ready(self) -> bool:
        answer = self.get(paths.READYZ)
        return answer is not None and answer.status_code == 200


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    with short_folder() as folder:
        yield from running_head(folder)


def running_head(folder: Path) -> Iterator[Head]:
    with contextlib.ExitStack() as free:
        sockets = [free.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(5)]
        gcs, dashboard, service, agent, client = (each.getsockname()[1] for each in sockets)
    made = Head(folder, gcs, dashboard, service)
    (made.folder / "token").write_text("0123456789abcdef" * 4)
    options = {
        "port": gcs,
        "dashboard-port": dashboard,
        "dashboard-agent-listen-port": agent,
        "ray-client-server-port": client,
        "min-worker-port": 0,
        "max-worker-port": 0,
        "num-cpus": 2,
        "num-gpus": 1,  # there need not be any
        "object-store-memory": 128 << 20,
        "temp-dir": made.folder / "r",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with (made.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", *arguments],
            env=made.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        made.process = psutil.Process(process.pid)
        log_file = made.folder / "log"
        wait_until(lambda: "Ray runtime started" in log_file.read_text(), "Ray")
        yield made
    finally:
        main = psutil.Process(process.pid)
        for each in (*main.children(recursive=True), main):
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait()


def use_both_tasks(head: Head) -> None:
    """Have a file recognised, and a text spoken."""
    address = f"http://127.0.0.1:{head.service}"
    with CLIP.open("rb") as file:
        answer = httpx2.post(
            address + paths.TRANSCRIPTIONS,
            files={"file": file},
            data={"model": "tiny"},
            timeout=120,
        )
    assert answer.json()["text"].lower() == "go close cancel left yes"
    request = {
        "model": VOICE,
        "voice": "alloy",
        "input": "今天天气很好。",
        "response_format": "pcm",
    }
    spoken = httpx2.post(address + paths.SPEECH, json=request, timeout=120)
    assert spoken.status_code == 200, spoken.text
    assert len(spoken.content) > 24_000


def test_the_configuration_is_deployed(head: Head) -> None:
    settings = head.configure('tasks = "apart"\ngpus = 0.5\n[cluster.synthesis]\ncores = 0.2\n')
    config = head.folder / "serve.yaml"
    config.write_text(head.run("liusheng.cli", "cluster", "config", str(settings)))
    dashboard = f"http://127.0.0.1:{head.dashboard}"
    head.run("ray.serve.scripts", "deploy", str(config), "-a", dashboard)
    try:
        wait_until(head.ready, "replicas of both tasks")
        use_both_tasks(head)
        metrics = head.get(paths.METRICS)
        assert metrics is not None
        began = [line for line in metrics.text.splitlines() if "sessions_started_total{" in line]
        (spoken,) = (line for line in began if 'task="tts"' in line and not line.endswith(" 0.0"))
        assert 'deployment="speech"' in spoken, "the proxies do not know better"
        assert head.gpus_of_workers("liusheng:speech") == {"0"}, "the one that is reserved"
        assert head.gpus_of_workers("liusheng-synthesis:synthesis") == {"all"}
    finally:  # the next test has this Ray, too
        head.run("ray.serve.scripts", "shutdown", "-y", "-a", dashboard)
        wait_until(lambda: head.get("/-/routes") is None, "the end of Ray Serve")


def test_a_cluster_is_joined_and_left_running(head: Head) -> None:
    settings = str(head.configure(""))
    command = [sys.executable, "-m", "liusheng.cli", "cluster", "serve", settings, "--yes"]
    with (head.folder / "joined").open("wb") as log:
        joined = subprocess.Popen(
            [*command, "--address", f"127.0.0.1:{head.gcs}"],
            env=head.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    wait_until(lambda: head.ready() or joined.poll() is not None, "replicas")
    try:
        assert joined.poll() is None, (head.folder / "joined").read_text()
        use_both_tasks(head)
        joined.send_signal(signal.SIGTERM)
        assert joined.wait(120) == 0
    finally:
        if joined.poll() is None:
            joined.kill()
            joined.wait()
    assert head.get(paths.READYZ) is None
    with socket.create_connection(("127.0.0.1", head.gcs), 60):
        pass  # Ray goes on

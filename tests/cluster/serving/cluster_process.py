"""A cluster of one machine, as `liusheng cluster serve` runs it: a real Ray with small replicas."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from liusheng.models.store import default_home
from tests.support.command_process import CommandProcess

SETTINGS = """
ports = [0]
home = "{home}"

[asr]
models = ["tiny"]

[tts]
models = [{voices}]

[access]
keys_file = "{home}/keys.json"

[limits]
max_sessions = 6
first_audio_seconds = 600
idle_seconds = 600

[drain]
seconds = {drain}
final_seconds = 5

[cluster]
cores = 0.2
average_seconds = 2
upscale_seconds = 0
"""


class ClusterProcess(CommandProcess):
    """A running cluster; `address` is its proxy's.

    opened: sessions so far, as whoever opens them counts them.
    """

    def __init__(self, folder: Path, more: str, voice: str = "") -> None:
        self.opened = 0
        self._folder = folder
        self._voice = voice
        self._config = folder / "settings.toml"
        self.configure(more)
        super().__init__(
            folder,
            *("cluster", "serve", str(self._config), "--yes"),
            environment={
                # How often replicas report their load: in tests, nobody waits for 10 s.
                "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
                "RAY_TMPDIR": str(folder),
                "LIUSHENG_SHARED_MODELS": str(default_home()),
            },
        )

    def configure(self, more: str, drain: float = 300) -> None:
        """Write the settings file: SETTINGS and more of the table [cluster].

        drain: drain.seconds.
        """
        voices = f'"{self._voice}"' if self._voice else ""
        settings = SETTINGS.format(home=self._folder, drain=drain, voices=voices)
        self._config.write_text(settings + more)

    def replicas(self) -> list[psutil.Process]:
        """Return the processes of the replicas, those that are being started included."""
        found = psutil.Process(self.process.pid).children(recursive=True)
        return [each for each in found if "ServeReplica:liusheng" in _title(each)]

    def ready(self) -> set[str]:
        """Return the names of the replicas that serve, from the metrics of all; each is asked."""
        samples = self.samples()
        ready = {s.labels["replica"] for s in samples if s.name == "liusheng_ready" and s.value}
        complete = [s.value for s in samples if s.name == "liusheng_scrape_complete"]
        return ready if complete == [1] else set()

    def samples(self) -> list[Sample]:
        """Return the metrics of all replicas."""
        text = httpx2.get(f"http://{self.address}/metrics", timeout=60).text
        return [each for family in text_string_to_metric_families(text) for each in family.samples]

    def draining(self) -> set[int]:
        """Return the processes of the replicas that have begun to drain."""
        return set(map(int, re.findall(r"pid=(\d+)\).* draining: running", self.log())))

    def carried(self) -> int:
        """Return how many recognitions went on on another replica so far."""
        return self.log().count("goes on here")

    def sessions(self) -> Counter[int]:
        """Return how many sessions each replica has served, by its process, from its access log."""
        lines = re.findall(r"pid=(\d+)\).*/paddlespeech/asr/streaming", self.log())
        return Counter(map(int, lines))


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@contextlib.contextmanager
def cluster_process(folder: Path, more: str, voice: str = "") -> Iterator[ClusterProcess]:
    """Run a cluster until the end of the block.

    more: of its settings.
    voice: model of synthesis; "": there is none.
    """
    cluster = ClusterProcess(folder, more, voice)
    try:
        yield cluster
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            main = psutil.Process(cluster.process.pid)
            for each in (*main.children(recursive=True), main):
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
        cluster.close()

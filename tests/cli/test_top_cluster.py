"""`liusheng top` over a cluster: rows of replicas, and what is true of all of them together."""

from __future__ import annotations

import pytest
from rich.console import Console

from liusheng.cli.server_address import open_client
from liusheng.cli.top import ObservedServer, frame
from liusheng.cli.top_figures import Scrape, TopFigures, Total
from liusheng.protocol import paths


def replica(
    name: str, *, load: float, lags: tuple[int, int], errors: int = 0, more: str = ""
) -> str:
    """Samples of a replica. lags: how many were within 1 s, and within 2 s."""
    fast, all_ = lags[0], sum(lags)
    one = f'replica="{name}",deployment="speech"'
    return f"""\
liusheng_build_info{{{one},version="0.1.0"}} 1.0
liusheng_ready{{{one}}} 1.0
liusheng_draining{{{one}}} 0.0
liusheng_sessions{{{one},protocol="websocket",task="asr"}} 2.0
liusheng_recognition_queue_depth{{{one}}} 1.0
liusheng_recognition_load{{{one}}} {load}
liusheng_recognition_partial_lag_seconds_bucket{{{one},le="1.0"}} {fast}
liusheng_recognition_partial_lag_seconds_bucket{{{one},le="2.0"}} {all_}
liusheng_recognition_partial_lag_seconds_bucket{{{one},le="+Inf"}} {all_}
liusheng_errors_total{{{one},code="server_busy",task="asr"}} {errors}
liusheng_memory_bytes{{{one},process="server"}} 1e+09
{more}"""


def scrape(*texts: str) -> Scrape:
    return Scrape.parse("".join(texts))


def total(now: Scrape, before: Scrape | None = None) -> Total:
    old = before.replicas() if before else {}
    parts = [TopFigures(part, old.get(name)) for name, part in now.replicas().items()]
    return Total(now, before, parts)


def test_a_single_server_has_no_replicas() -> None:
    assert Scrape.parse('liusheng_build_info{version="1"} 1\n').replicas() == {}


def test_gauges_are_added_and_shares_averaged() -> None:
    now = scrape(replica("a", load=0.2, lags=(0, 0)), replica("b", load=0.6, lags=(0, 0)))
    assert total(now).now.total("sessions") == 4
    assert total(now).share("recognition_load") == pytest.approx(0.4)
    assert dict(total(now).summary())["state"] == "2 of 2 ready"


def test_quantiles_are_those_of_all_values_together() -> None:
    now = scrape(replica("a", load=0, lags=(90, 0)), replica("b", load=0, lags=(0, 10)))
    assert total(now).quantile("recognition_partial_lag_seconds", 0.95) == pytest.approx(1.5)
    one, two = now.replicas().values()
    assert TopFigures(one).quantile("recognition_partial_lag_seconds", 0.95) == pytest.approx(0.95)
    assert TopFigures(two).quantile("recognition_partial_lag_seconds", 0.95) == pytest.approx(1.95)


def test_counters_of_a_replica_that_has_gone_are_no_restart_of_the_others() -> None:
    before = scrape(
        replica("a", load=0, lags=(100, 0), errors=50), replica("b", load=0, lags=(7, 0), errors=5)
    )
    now = scrape(replica("b", load=0, lags=(7, 2), errors=6), replica("c", load=0, lags=(0, 0)))
    found = total(now, before)
    assert found.growth("errors_total") == 1
    assert found.quantile("recognition_partial_lag_seconds", 0.5) == pytest.approx(1.5)


def test_a_replica_that_was_replaced_under_its_name_counts_from_zero() -> None:
    before = scrape(replica("a", load=0, lags=(0, 0), errors=50))
    now = scrape(replica("a", load=0, lags=(0, 0), errors=3))
    assert total(now, before).growth("errors_total") == 3


class Answering(ObservedServer):
    """A server with these answers."""

    def __init__(self, name: str, *texts: str) -> None:
        super().__init__(name, open_client("ws://127.0.0.1:1", None, None))
        self._texts = list(texts)

    def _get(self, path: str) -> tuple[int, bytes]:
        assert path == paths.METRICS, "/readyz is of whichever replica gets the request"
        return 200, self._texts.pop(0).encode()


def shown(*servers: ObservedServer, failed: dict[ObservedServer, str] | None = None) -> list[str]:
    console = Console(width=200, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(frame(list(servers), failed or {}))
    return captured.get().splitlines()


def test_each_replica_has_a_row_and_all_together_have_one() -> None:
    first = replica("a1", load=0.25, lags=(10, 0)) + replica(
        "b2", load=0.75, lags=(0, 10), errors=4
    )
    server = Answering("ws://cluster:8000", first, first)
    server.read()
    header, one, two, whole = shown(server)
    assert header.split()[:3] == ["state", "sessions", "load"]
    assert one.split()[:5] == ["a1", "ready", "2", "asr", "25%"]
    assert two.split()[:5] == ["b2", "ready", "2", "asr", "75%"]
    assert whole.split()[:7] == ["ws://cluster:8000", "2", "of", "2", "ready", "4", "asr"]
    assert "50%" in whole
    assert "4 server_busy" in two
    server.read()
    assert "4 server_busy" not in shown(server)[2], "that was before"


def test_it_says_that_replicas_do_not_answer() -> None:
    alone = replica("a1", load=0, lags=(0, 0), more="liusheng_scrape_complete 0.0\n")
    server = Answering("ws://cluster:8000", alone)
    server.read()
    assert "1 of 1 ready; others do not answer" in shown(server)[-1]


def test_a_server_beside_a_cluster_that_cannot_be_read() -> None:
    cluster = Answering("ws://cluster:8000", replica("a1", load=0, lags=(0, 0)))
    cluster.read()
    broken = Answering("ws://other:8000")
    rows = shown(cluster, broken, failed={broken: "no answer"})
    assert rows[-1].split()[:3] == ["ws://other:8000", "no", "answer"]


def test_a_replica_that_drains() -> None:
    text = replica("a1", load=0, lags=(0, 0)).replace(
        'liusheng_draining{replica="a1",deployment="speech"} 0.0',
        ('liusheng_draining{replica="a1",deployment="speech"} 1.0'),
    )
    server = Answering("ws://cluster:8000", text)
    server.read()
    assert shown(server)[1].split()[:2] == ["a1", "draining"]

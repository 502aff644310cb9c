"""Metrics of a server that has an engine less, or has only just started."""

from __future__ import annotations

from liusheng.server.observe.observer import Observer
from liusheng.server.observe.process_metrics import loop_metrics
from liusheng.server.observe.recognition_metrics import recognition_metrics
from liusheng.server.observe.synthesis_metrics import synthesis_metrics
from liusheng.server.observe.totals import Totals


def test_engines_that_are_not_there_have_no_metrics() -> None:
    assert list(recognition_metrics(Totals(), [])) == []
    assert list(synthesis_metrics(Totals(), [])) == []


def test_before_the_server_runs_there_is_no_event_loop() -> None:
    assert list(loop_metrics(Observer())) == []

"""File descriptors: the limit of the process, and what is kept back."""

from __future__ import annotations

import resource

import pytest

from liusheng.server.limits import descriptors


def test_the_limit_is_raised_to_what_the_system_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [(256, 4_096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, value: limits.append(value))
    assert descriptors.raise_limit() == 4_096
    assert descriptors.raise_limit() == 4_096
    assert limits == [(256, 4_096), (4_096, 4_096)]


def test_a_system_that_allows_less_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int, value: tuple[int, int]) -> None:
        raise ValueError

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert descriptors.raise_limit() == 256


def test_what_is_kept_back() -> None:
    assert descriptors.last_for_connections(1_024, 6) == 1_023 - 32 - 24
    assert descriptors.last_for_connections(60, 6) == 59 - 20


def test_a_shortage_is_told_with_what_to_do() -> None:
    assert descriptors.shortage(1_024, 6, 256) == ""
    warning = descriptors.shortage(256, 6, 256)
    assert "ulimit -n 568" in warning
    assert "LimitNOFILE=568" in warning


def test_windows_has_no_such_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liusheng.server.limits.descriptors.sys.platform", "win32")
    assert descriptors.raise_limit() == 1 << 20

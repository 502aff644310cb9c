"""Pieces of which none takes long."""

from __future__ import annotations

from liusheng.server.limits.pace import SLICE_SECONDS, Pace


def test_the_size_of_a_piece_follows_the_time_that_it_takes() -> None:
    pace = Pace(least=100, most=1_000, piece=400)
    sizes = []
    for seconds in (0.0, 0.0, SLICE_SECONDS, SLICE_SECONDS, SLICE_SECONDS, SLICE_SECONDS, 0.0):
        pace.took(seconds)
        sizes.append(pace.piece)
    assert sizes == [800, 1_000, 500, 250, 125, 100, 200]

"""What batches cost in a simulation: as measured, by the model that the scheduler itself uses."""

from __future__ import annotations

from collections.abc import Sequence

from liusheng.runtime.recognition.cost_model import PAD, BatchKind, CostModel
from liusheng.runtime.recognition.messages import BatchTest

_REPEATS = 20
"""How often a measurement counts, so that the cost model's first guess does not."""


class BatchCosts:
    """The costs of batches of an offline model.

    tests: measured batches.
    scale: of all costs, by which the simulation agrees with a load that was measured.
    """

    def __init__(self, tests: Sequence[BatchTest], scale: float = 1.0) -> None:
        if any(test.stepwise for test in tests):
            raise ValueError("models that decode step by step cannot be simulated")
        if {test.final for test in tests} != {False, True}:
            raise ValueError("a simulation needs measured batches of partials and of finals")
        model = CostModel()
        for _ in range(_REPEATS):
            for test in tests:
                kind = BatchKind(test.final, stepwise=False)
                model.tested(test.weights, test.seconds, kind)
        self._costs = {final: model.cost(BatchKind(final, False)) for final in (False, True)}
        self._scale = scale
        self.tests = [
            BatchTest(test.weights, scale * test.seconds, test.final, stepwise=False)
            for test in tests
        ]

    def seconds(self, windows: Sequence[float], *, final: bool) -> float:
        """Return for how long a worker is busy with windows of so many seconds."""
        if not windows:
            return 0.0
        padded = [window + PAD for window in windows]
        return self._scale * self._costs[final](max(padded), sum(padded))

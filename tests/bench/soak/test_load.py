from __future__ import annotations

from collections import Counter

from liusheng.bench.soak.load import SoakLoad, tasks
from liusheng.bench.soak.material import Material
from liusheng.bench.soak.sessions import SessionOutcome, SoakTask, Work

from .test_material import clip

MATERIAL = Material([clip("a", 1), clip("b", 1)], [clip("s", 1)], {"t": "文", "u": "字"})


async def held(load: SoakLoad, count: int) -> list[SoakTask]:
    """The first tasks of a load, each of which takes no time."""
    found: list[SoakTask] = []

    async def hold(task: SoakTask) -> SessionOutcome:
        return SessionOutcome(task, 0.0, 0.0)

    await load.run(hold, lambda: len(found) >= count, lambda outcome: found.append(outcome.task))
    return found


async def test_all_kinds_of_sessions_are_held() -> None:
    load = SoakLoad(MATERIAL, 2, True, True, 1)
    assert load.clients == 18
    found = Counter(await held(load, 180))
    assert set(found) == {task for work in Work for task in tasks(MATERIAL, work)}
    assert max(found.values()) <= 40


async def test_a_server_with_one_task() -> None:
    recognition = SoakLoad(MATERIAL, 1, True, False, 1)
    assert (recognition.clients, Work.HTTP in recognition.works) == (6, False)
    synthesis = SoakLoad(Material([], [], {"t": "文"}), 1, False, True, 1)
    assert {task.item for task in await held(synthesis, 9)} == {"t"}


def test_a_resumed_recording_has_the_result_of_one_that_was_not_cut() -> None:
    assert SoakTask(Work.RESUMED, "a").reference == SoakTask(Work.LIVE, "a")
    assert SoakTask(Work.PARTS, "t").reference == SoakTask(Work.PARTS, "t")

from __future__ import annotations

from collections import Counter

from liusheng.bench.soak.load import Load, tasks
from liusheng.bench.soak.material import Material
from liusheng.bench.soak.sessions import Outcome, Task, Work

from .test_material import clip

MATERIAL = Material([clip("a", 1), clip("b", 1)], [clip("s", 1)], {"t": "文", "u": "字"})


async def held(load: Load, count: int) -> list[Task]:
    """The first tasks of a load, each of which takes no time."""
    found: list[Task] = []

    async def hold(task: Task) -> Outcome:
        return Outcome(task, 0.0, 0.0)

    await load.run(hold, lambda: len(found) >= count, lambda outcome: found.append(outcome.task))
    return found


async def test_all_kinds_of_sessions_are_held() -> None:
    load = Load(MATERIAL, 2, True, True, 1)
    assert load.clients == 18
    found = Counter(await held(load, 180))
    assert set(found) == {task for work in Work for task in tasks(MATERIAL, work)}
    assert max(found.values()) <= 40


async def test_a_server_with_one_task() -> None:
    recognition = Load(MATERIAL, 1, True, False, 1)
    assert (recognition.clients, Work.HTTP in recognition.works) == (6, False)
    synthesis = Load(Material([], [], {"t": "文"}), 1, False, True, 1)
    assert {task.item for task in await held(synthesis, 9)} == {"t"}


def test_a_resumed_recording_has_the_result_of_one_that_was_not_cut() -> None:
    assert Task(Work.RESUMED, "a").reference == Task(Work.LIVE, "a")
    assert Task(Work.PARTS, "t").reference == Task(Work.PARTS, "t")

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from liusheng.bench.html_report import render
from liusheng.bench.soak.faults import FaultRecord
from liusheng.bench.soak.observer import SoakSample
from liusheng.bench.soak.report import report
from liusheng.bench.soak.schedule import Fault, FaultKind
from liusheng.bench.soak.sessions import SessionOutcome, SoakTask, Work
from liusheng.bench.soak.soak import SoakResult, recovered
from liusheng.bench.soak.verdict import check, reached
from liusheng.bench.target import ServerExit

MB = 1 << 20
LIVE, RESUMED = SoakTask(Work.LIVE, "a"), SoakTask(Work.RESUMED, "a")
LONG = SoakTask(Work.LONG, "speech 1")
FAULT = Fault(1.0, FaultKind.BROKEN_FILES, 7)


def outcome(task: SoakTask, value: str, failure: str = "") -> SessionOutcome:
    return SessionOutcome(task, 1.0, 2.0, value, 1.0, failure)


def good(**changes: object) -> SoakResult:
    result = SoakResult(
        3,
        quiet=[outcome(LIVE, "你好"), outcome(LONG, "一二三四五六七八九十")],
        loaded=[outcome(LIVE, "你好"), outcome(LONG, "一二三四五六七八九時")],
        faulted=[
            outcome(LIVE, "你好"), outcome(RESUMED, "你好"), outcome(LONG, "一二三四五六七八九X")
        ],
        faults=[FaultRecord(FAULT, "answered with 400")],
        seconds=60.0,
        samples=[SoakSample(float(at), 500 * MB, 40) for at in range(0, 180, 2)],
        delays=[(float(at), 0.01) for at in range(60)],
        idle=SoakSample(0.0, 500 * MB, 30),
        rested=SoakSample(70.0, 550 * MB, 31),
        ending=ServerExit(0, 1.5, ()),
    )  # fmt: skip
    for name, value in changes.items():
        setattr(result, name, value)
    return result


def broken(result: SoakResult) -> list[str]:
    checks = check(result)
    names = [each.name for each in checks if each.passed is False]
    assert reached(checks) is not bool(names)
    return names


def test_all_promises_are_kept() -> None:
    assert broken(good()) == []


@pytest.mark.parametrize(
    ("changes", "promise"),
    [
        ({"interrupted": True}, "run complete"),
        ({"faulted": [outcome(LONG, "一二三四五六七八九十")]}, "each kind of session was held"),
        ({"loaded": [outcome(LIVE, "", "worker_lost"), outcome(LONG, "一二三四五六七八九時")]},
         "no session lost"),
        ({"faulted": [*good().faulted, outcome(LIVE, "", "server_busy")]}, "no session refused"),
        ({"faulted": [*good().faulted, outcome(RESUMED, "你好好")]},
         "results equal to the quiet run"),
        ({"faulted": [*good().faulted, outcome(LONG, "一二三四")]},
         "long speech within the spread"),
        ({"faults": [FaultRecord(FAULT, "", ("500",))]}, "bad input is refused in order"),
        ({"samples": [SoakSample(float(at), (500 + at) * MB, 40) for at in range(180)]},
         "memory flat"),
        ({"samples": [SoakSample(float(at), 500 * MB, 40 + at) for at in range(180)]},
         "descriptors flat"),
        ({"rested": SoakSample(70.0, 700 * MB, 31)}, "memory and descriptors given back"),
        ({"rested": SoakSample(70.0, 500 * MB, 60)}, "memory and descriptors given back"),
        ({"delays": [(0.0, 0.01)] * 50 + [(0.0, 0.5)] * 2}, "small requests answered at once"),
        ({"delays": []}, "small requests answered at once"),
        ({"unanswered": 1}, "small requests answered at once"),
        ({"ending": ServerExit(None, 60.0, ())}, "clean end"),
        ({"ending": ServerExit(-9, 1.0, ())}, "clean end"),
        ({"ending": ServerExit(0, 1.0, ("17 python",))}, "clean end"),
    ],
)  # fmt: skip
def test_a_broken_promise_misses_the_goal(changes: dict[str, object], promise: str) -> None:
    assert broken(good(**changes)) == [promise]


def test_what_cannot_be_checked_is_said() -> None:
    result = good(samples=[], idle=None, rested=None, ending=None)
    names = [each.name for each in check(result) if each.passed is None]
    assert names == ["memory flat", "descriptors flat", "clean end"]
    assert broken(result) == []


def test_a_server_without_recognition_has_no_long_speech() -> None:
    text = outcome(SoakTask(Work.HTTP, "text 1"), "aa")
    result = good(quiet=[text], loaded=[], faulted=[text])
    assert broken(result) == []
    assert "long speech within the spread" not in [each.name for each in check(result)]


def test_a_run_that_was_interrupted_before_the_faults_has_a_report() -> None:
    result = SoakResult(3, interrupted=True, quiet=[outcome(LIVE, "你好"), outcome(LONG, "一")])
    assert "run complete" in broken(result)
    made = report(result, [])
    assert dict(made.facts)["goal"] == "missed"
    assert msgspec.json.encode(made.data)


def test_a_server_that_has_ended_has_not_recovered() -> None:
    sample = SoakSample(0.0, MB, 3)
    assert recovered(None, None)
    assert not recovered(sample, None)


def test_tables_charts_and_data() -> None:
    lost = replace(outcome(LIVE, "", "timeout"), began=12.0)
    result = good(faults_left_out=[FaultKind.RELOAD])
    result.faulted += [lost, outcome(RESUMED, "您好")]
    made = report(result, [("machine", "m")])
    promises, sessions, faults = made.tables
    assert ["no session lost", "BROKEN", "1 of 7 (1 timeout)"] in promises.rows
    assert ["short recordings, live", "1", "1", "2", "0 / 1", "0 / 0", "2.0 / 2.0"] in sessions.rows
    assert faults.rows == [["broken files", "1"]]
    assert len(made.details[0].rows) == 2
    facts = dict(made.facts)
    assert (facts["goal"], facts["left out"]) == ("missed", "settings reloaded (SIGHUP)")
    data = msgspec.json.decode(msgspec.json.encode(made.data))
    assert data["reached"] is False
    assert data["long_speech"] == {"spread": 0.1, "distances": [0.1]}
    assert len(data["sessions"]["with_faults"]) == 5
    assert "Lost, refused and different" in render(made)

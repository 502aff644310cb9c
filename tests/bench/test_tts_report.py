from __future__ import annotations

import json

import msgspec
import pytest

from liusheng.bench.intelligibility import Echo
from liusheng.bench.listener import Gap, TtsResult
from liusheng.bench.processes import Usage
from liusheng.bench.scoring import Errors
from liusheng.bench.tts_report import Goal, Listening, Outcome, report


def said(first: float = 0.04, gaps: tuple[Gap, ...] = ()) -> TtsResult:
    return TtsResult("你好", 0.0, first, took=0.1, seconds=2.0, gaps=gaps, complete=True)


def outcome(alone: TtsResult, *together: TtsResult) -> Outcome:
    many = Listening("many", together, Usage(0.1, 1, 0, 0, 5 << 20, 0, 2), 20) if together else None
    return Outcome({8: Listening("8 characters", [alone])}, many, [])


def test_a_goal_is_held_or_missed() -> None:
    goal = Goal(alone=0.05, together=0.3)
    assert outcome(said(), said(0.2)).holds(goal)
    assert not outcome(said(0.06)).holds(goal)
    assert not outcome(said(), said(0.2), said(0.5)).holds(goal)
    assert not outcome(said(), said(0.2, (Gap(0.5, 0.01),))).holds(goal)
    assert not outcome(said(), said(0.2), TtsResult("", 0.0, failure="server_busy")).holds(goal)
    assert not outcome(TtsResult("", 0.0, failure="no_audio")).holds(goal)


def test_only_what_was_heard_to_the_end_has_a_real_time_factor() -> None:
    hung_up = TtsResult("你好", 0.0, 0.03, took=0.03, seconds=0.1)
    listening = Listening("8 characters", [said(), hung_up])
    assert listening.real_time_factor == pytest.approx(0.05)
    assert listening.first_packet.count == 2


def test_the_report_says_what_was_measured() -> None:
    made = report(
        Outcome(
            {8: Listening("8 characters", [said(), said(0.06)])},
            Listening("20 listeners", [said(0.2, (Gap(1.0, 0.05),))],
                      Usage(0.1, 1.2, 0.05, 0, 5 << 20, 0, 2), 20),
            [Echo("baker", "zh", "你好", "你号。"), Echo("baker", "zh", "再见", "再见。"),
             Echo("heart", "en", "one two", failure="server_busy")],
        ),
        Goal(),
        [],
    )  # fmt: skip
    alone, together, echoes = made.tables
    assert alone.columns == ["characters", "8"]
    assert ["first packet, p50 (ms)", "50"] in alone.rows
    assert ["real-time factor", "0.050"] in alone.rows
    assert ["longest gap (ms)", "50"] in together.rows
    assert ["its workers' cores", "1.20"] in together.rows
    assert echoes.rows == [
        ["baker", "zh", "2", "0", "4 characters", "25.0%"],
        ["heart", "en", "1", "1", "0 words", "–"],
    ]
    assert ("reached", "no") in made.facts
    assert made.details[0].rows[0][0] in {"baker", "heart"}
    data = json.loads(msgspec.json.encode(made.data))
    assert data["together"]["texts"][0]["gaps"] == [{"at": 1.0, "seconds": 0.05}]
    assert data["echoes"][0]["rate"] == 0.5
    assert len(made.charts) == 2


def test_an_echo_counts_its_errors() -> None:
    assert Echo("v", "zh", "一共四百五十块", "一共450块。").errors == Errors(0, 7)

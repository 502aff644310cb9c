"""What the caller of the JavaScript client sees of a recognition that goes on elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import run_in_javascript

RUN = """
import { Progress } from "./progress.js";
const progress = new Progress();
const seen = [];
for (const step of %s) {
  if (typeof step === "string") progress[step]();
  else seen.push(progress.replied(step));
}
console.log(JSON.stringify(seen));
"""

FIRST = {"result": "一。", "utterance": 0, "is_final": True, "final_until": 0.6}


def shown(folder: Path, *steps: Any) -> list[tuple[int, str, bool] | None]:
    """Return what is shown of each reply; a string is the name of a method to call."""
    seen = run_in_javascript(folder, RUN % json.dumps(steps))
    return [each and (each["utterance"], each["result"], each["is_final"]) for each in seen]


@pytest.mark.parametrize("again", ["setBack", "restart"])
def test_an_end_that_is_shorter_than_the_open_text_is_seen(tmp_path: Path, again: str) -> None:
    first, said = (1, "一。") if again == "setBack" else (0, "")
    steps = [
        FIRST,
        {"result": "一。今天很好我们", "utterance": 1, "is_final": False},
        again,
        {"result": f"{said}今天", "utterance": first, "is_final": False},
        {"result": f"{said}今天很好。", "utterance": first, "is_final": True},
        {"result": f"{said}今天很好。我们", "utterance": first + 1, "is_final": False},
    ]
    assert shown(tmp_path, *steps)[2:] == [
        None,
        (1, "一。今天很好。", True),
        (2, "一。今天很好。我们", False),
    ]


def test_an_end_that_was_seen_is_not_shown_again(tmp_path: Path) -> None:
    steps = [
        FIRST,
        {"result": "一。二。三", "utterance": 2, "is_final": False},
        "restart",
        {"result": "二。", "utterance": 0, "is_final": True, "final_until": 1.0},
        {"result": "二。三。", "utterance": 1, "is_final": True, "final_until": 2.0},
    ]
    assert shown(tmp_path, *steps)[2:] == [None, (2, "一。二。三。", True)]


def test_what_a_server_cuts_short_ends_once(tmp_path: Path) -> None:
    """The server that stops reports it as open, and the next one has it again, whole."""
    steps = [
        FIRST,
        {"result": "一。今天天气。", "utterance": 1, "is_final": False, "final_until": 0.6},
        "restart",
        {"result": "今天天气很好。", "utterance": 0, "is_final": True, "final_until": 2.0},
    ]
    assert shown(tmp_path, *steps)[1:] == [
        (1, "一。今天天气。", False),
        (1, "一。今天天气很好。", True),
    ]

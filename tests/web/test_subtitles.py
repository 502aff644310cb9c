"""The page's port of `liusheng.protocol.subtitles` cuts as the original does."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import liusheng
from liusheng.protocol import subtitles
from liusheng.protocol.subtitles import cues, srt, vtt
from tests.support.examples import examples
from tests.support.programs import node
from tests.support.timed_texts import TimedText, timed_texts

PORT = Path(liusheng.__file__).parent / "web/page/subtitles.js"
CASES = Path(__file__).parents[1] / "data/subtitles.json"

RUN = """
import { createInterface } from "node:readline";
import { cues, srt, vtt } from "./subtitles.mjs";
const cut = ([text, tokens]) => {
  let shown;
  try {
    shown = cues(text, tokens);
  } catch (error) {
    return { error: error.message };
  }
  const plain = shown.map(({ start, end, text }) => [start, end, text]);
  return { cues: plain, srt: srt(shown), vtt: vtt(shown) };
};
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(JSON.parse(line).map(cut)));
}
"""

Port = Callable[[Sequence[tuple[str, Any]]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    """Cut texts, each with its tokens, in JavaScript."""
    program = node()
    if program is None:
        pytest.skip("no Node.js that runs, neither Playwright's nor another")
    folder = tmp_path_factory.mktemp("port")
    shutil.copyfile(PORT, folder / "subtitles.mjs")
    (folder / "run.mjs").write_text(RUN, encoding="utf-8")

    # One process for all texts: to start it takes far longer than they do.
    process = subprocess.Popen(
        [program, folder / "run.mjs"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )

    def run(timed: Sequence[tuple[str, Any]]) -> list[dict[str, Any]]:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(timed) + "\n")
        process.stdin.flush()
        found: list[dict[str, Any]] = json.loads(process.stdout.readline())
        return found

    with process:
        yield run


def test_its_constants_are_those_of_the_original() -> None:
    constants = re.findall(r"^const ([A-Z_]+) = ([\d_]+);", PORT.read_text("utf-8"), re.MULTILINE)
    values = {**vars(subtitles), **{name.lstrip("_"): v for name, v in vars(subtitles).items()}}
    assert len(constants) > 10
    assert {name: int(value) for name, value in constants} == {
        name: values[name] for name, _ in constants
    }


def test_table(port: Port) -> None:
    cases = json.loads(CASES.read_text("utf-8"))
    found = port([(case["text"], case["tokens"]) for case in cases])
    assert [cut["cues"] for cut in found] == [case["cues"] for case in cases]


@settings(max_examples=examples(20), deadline=None)
@given(st.lists(timed_texts(), min_size=1, max_size=20))
def test_random_texts(port: Port, timed: list[TimedText]) -> None:
    expected = []
    for text, tokens in timed:
        shown = cues(text, tokens)
        made = [[cue.start, cue.end, cue.text] for cue in shown]
        expected.append({"cues": made, "srt": srt(shown), "vtt": vtt(shown)})
    assert port(timed) == expected


def test_a_text_without_times(port: Port) -> None:
    [cut] = port([("good morning", [])])
    assert "time of each word" in cut["error"]

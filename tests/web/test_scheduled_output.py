"""Playback without an audio worklet, as on pages that are not on https or localhost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.slow

RENDER = """async ([pieces, rate]) => {
  const { ScheduledOutput } = await import("/liusheng/scheduled_output.js");
  const context = new OfflineAudioContext(1, 24000, 24000);
  const output = new ScheduledOutput(context);
  const posted = [];
  output.onmessage = ({ data }) => posted.push(data);
  output.postMessage({ begin: 7, sampleRate: rate, prebuffer: 0.08 });
  for (const piece of pieces) output.postMessage({ piece: Float32Array.from(piece) });
  output.postMessage({ end: true });
  const rendered = await context.startRendering();
  await new Promise((resolve) => setTimeout(resolve, 200));
  return { heard: [...rendered.getChannelData(0)], posted };
}"""

LIVE = """async () => {
  const { ScheduledOutput } = await import("/liusheng/scheduled_output.js");
  const context = new AudioContext({ sampleRate: 24000 });
  const output = new ScheduledOutput(context);
  const posted = [];
  output.onmessage = ({ data }) => posted.push(data);
  const until = async (key) => {
    for (let i = 0; i < 200 && !posted.some((m) => m[key]); i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const piece = (seconds) =>
    output.postMessage({ piece: new Float32Array(24000 * seconds).fill(0.5) });
  await context.resume();
  output.postMessage({ begin: 1, sampleRate: 24000, prebuffer: 0.08 });
  SCRIPT
  return posted;
}"""


def test_pieces_are_played_one_after_another(module_page: Page) -> None:
    rng = np.random.default_rng(3)
    said = rng.uniform(-0.5, 0.5, 6_000).astype(np.float32)
    pieces = [piece.tolist() for piece in np.split(said, [1_000, 1_001, 4_000])]
    result = module_page.evaluate(RENDER, [pieces, 24_000])
    heard = np.array(result["heard"])
    first = int(np.flatnonzero(heard)[0])
    np.testing.assert_allclose(heard[first : first + len(said)], said, atol=1e-6)
    assert not heard[first + len(said) :].any()
    assert result["posted"][0] == {"id": 7, "started": True}
    assert result["posted"][-1] == {"id": 7, "ended": True, "played": 6_000}


def kinds(posted: list[dict[str, Any]]) -> list[str]:
    """The messages without the reports of progress."""
    return [next(key for key in each if key != "id") for each in posted if "level" not in each]


def test_it_waits_for_a_reserve_and_reports_what_was_played(module_page: Page) -> None:
    script = """piece(0.05); await new Promise((r) => setTimeout(r, 150));
      posted.push({ quiet: true }); piece(0.2); output.postMessage({ end: true });
      await until("ended");"""
    posted = module_page.evaluate(LIVE.replace("SCRIPT", script))
    assert kinds(posted) == ["quiet", "started", "ended"]
    progress = [each["played"] for each in posted if "level" in each]
    assert progress == sorted(progress)
    assert any(each.get("level") == 0.5 for each in posted)
    assert posted[-1]["played"] == pytest.approx(6_000)


def test_it_starves_and_goes_on(module_page: Page) -> None:
    script = """piece(0.1); await until("starved"); piece(0.1); output.postMessage({ end: true });
      await until("ended");"""
    posted = module_page.evaluate(LIVE.replace("SCRIPT", script))
    assert kinds(posted) == ["started", "starved", "ended"]
    assert posted[-1]["played"] == pytest.approx(4_800)


def test_stopping_ends_it_at_once(module_page: Page) -> None:
    script = """piece(20); await until("level"); output.postMessage({ stop: true });
      posted.push({ after: true }); piece(1); output.postMessage({ stop: true });
      await new Promise((r) => setTimeout(r, 150));"""
    posted = module_page.evaluate(LIVE.replace("SCRIPT", script))
    assert kinds(posted) == ["started", "ended", "after"]
    ended = next(each for each in posted if "ended" in each)
    assert 0 <= ended["played"] < 20 * 24_000


def test_another_begin_ends_the_first(module_page: Page) -> None:
    script = """piece(5); await until("level");
      output.postMessage({ begin: 2, sampleRate: 24000, prebuffer: 0.08 });
      piece(0.1); output.postMessage({ end: true });
      for (let i = 0; i < 200 && posted.filter((m) => m.ended).length < 2; i += 1) {
        await new Promise((r) => setTimeout(r, 20));
      }"""
    posted = module_page.evaluate(LIVE.replace("SCRIPT", script))
    assert kinds(posted) == ["started", "ended", "started", "ended"]
    assert [each["id"] for each in posted if "ended" in each] == [1, 2]
    assert posted[-1]["played"] == pytest.approx(2_400)

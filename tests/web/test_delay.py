"""The delay of displayed words, measured against the final text."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.slow

# The audio begins at 1000 ms: its first second has arrived at 2000 ms.
MEASURE = """async ([texts, times]) => {
  const { DelayMeter } = await import("/page/delay.js");
  const meter = new DelayMeter();
  meter.addPacket(1, 2000);
  meter.addPacket(2, 3400);
  for (const [text, closed, at] of texts) meter.addText(text, closed, at);
  return meter.delays(times);
}"""


def measure(
    page: Page, texts: list[tuple[str, bool, int]], *words: tuple[str, float, float]
) -> Any:
    """texts: displayed, whether no utterance is open, ms; words: text, begin, end."""
    times = [{"w": w, "bg": bg, "ed": ed} for w, bg, ed in words]
    return page.evaluate(MEASURE, [texts, times])


GOOD = (("good", 0.5, 0.8), ("morning", 0.9, 1.4), ("all", 1.5, 1.7))


def test_each_word_counts_from_its_first_display(module_page: Page) -> None:
    texts = [
        ("Good", False, 2200),
        ("Good morning,", False, 2900),
        ("Good morning, all.", True, 3700),
    ]
    # 400, 500 and 1000 ms after their ends; the first word began at 1500 ms.
    assert measure(module_page, texts, *GOOD) == {"first": 700, "median": 500, "count": 3}


def test_text_that_is_not_in_the_final_text_counts_for_nothing(module_page: Page) -> None:
    texts = [
        ("谷德摩宁", False, 1600),
        ("Gut morgen alle zusammen", False, 2000),
        ("Good", False, 2400),
        ("Good morning all", True, 3000),
    ]
    measured = measure(module_page, texts, *GOOD)
    assert measured == {"first": 900, "median": 600, "count": 3}


def test_a_word_that_is_corrected_leaves_the_others_where_they_were(module_page: Page) -> None:
    texts = [("God morning all", False, 2900), ("Good morning all", True, 5000)]
    assert measure(module_page, texts, *GOOD) == {"first": 3500, "median": 500, "count": 3}


def test_a_word_that_is_displayed_before_its_end_has_no_negative_delay(module_page: Page) -> None:
    texts = [("Good morning", False, 1700), ("Good morning all", True, 2000)]
    assert measure(module_page, texts, *GOOD) == {"first": 200, "median": 0, "count": 3}


def test_the_same_letter_elsewhere_is_another_word(module_page: Page) -> None:
    words = [(w, i * 0.2, i * 0.2 + 0.2) for i, w in enumerate("我的书是你的书")]
    texts = [("我的", False, 1500), ("我的书", False, 1700), ("我的书是你的书", True, 3400)]
    measured = measure(module_page, texts, *words)
    # 是, 你, 的 and 书 are seen at 3400 ms: 1600, 1400, 1200, 1000 ms after their ends.
    assert measured == {"first": 500, "median": 1000, "count": 7}


def test_utterances_are_compared_in_their_places(module_page: Page) -> None:
    words = (("yes", 0.1, 0.3), ("no", 1.0, 1.2), ("yes", 2.0, 2.3))
    texts = [("Yes.", True, 1500), ("Yes. No", False, 2500), ("Yes. No.", True, 2700),
             ("Yes. No. Yes.", True, 3800)]  # fmt: skip
    assert measure(module_page, texts, *words) == {"first": 400, "median": 300, "count": 3}


def test_nothing_displayed_is_nothing_measured(module_page: Page) -> None:
    assert measure(module_page, [], *GOOD) is None
    assert measure(module_page, [("谢谢观看", False, 2000)], *GOOD) is None
    assert measure(module_page, [("Good", True, 2000)]) is None

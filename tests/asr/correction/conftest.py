from __future__ import annotations

from typing import Any

import pytest

from liusheng.asr.correction.lexicon import HomophoneLexicon

READINGS = """
是 shi4
事 shi4
式 shi4
实 shi2
事实 shi4 shi2
时事 shi2 shi4
正式 zheng4 shi4
正是 zheng4 shi4
政 zheng4
府 fu3
政府 zheng4 fu3
真实 zhen1 shi2
正 zheng4
真 zhen1
行 xing2
行 hang2
银 yin2
银行 yin2 hang2
陈 chen2
沉 chen2
取 qu3
曲 qu3
兰 lan2
澜 lan2
浪 lang4
蓝 lan2
曼 man4
慢 man4
暴 bao4
鲍 bao4
普 pu3
莱 lai2
来 lai2
斯 si1
丝 si1
你 ni3
好 hao3
倪 ni2
浩 hao4
"""


class Frequencies:
    """A language model that knows words alone: the more often a word is named, the likelier."""

    def __init__(self, text: str, pairs: dict[tuple[str, str], float] | None = None) -> None:
        self._words = text.split()
        self._pairs = pairs or {}
        self.sentence_start = "<s>"
        self.no_context = ""

    def prior(self, word: str) -> float:
        return self.score(self.no_context, word)[0]

    def score(self, state: Any, word: str) -> tuple[float, Any]:
        if word not in self._words:
            return -7.0, self.no_context
        gain = -5.0 + self._words.count(word) + self._pairs.get((state, word), 0.0)
        return gain, word


def entries() -> list[tuple[str, list[str]]]:
    return [(word, rest) for word, *rest in map(str.split, READINGS.strip().splitlines())]


@pytest.fixture
def lexicon() -> HomophoneLexicon:
    return HomophoneLexicon(entries())

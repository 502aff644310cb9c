"""Measure how loud every voice of some models is, without its gain.

    python tools/voice_levels.py MODEL ...

MODEL is the name of an installed model in the catalogue. Prints LUFS (ITU-R BS.1770-4) for each
voice, as `liusheng/tts/voice_levels.py` has them: over six sentences in the voice's main language.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from liusheng.models.store import Store
from liusheng.tts.load import open_router
from liusheng.tts.loudness import integrated_loudness
from liusheng.tts.text.frontend import FrontEnd
from liusheng.tts.types import SpeechRequest

TEXTS = {
    "zh": (
        "今天下午我们在学校图书馆，讨论了人工智能技术的最新发展。"
        "您好，请问有什么可以帮您？"
        "从前有座山，山里有座庙，庙里有个老和尚，正在给小和尚讲故事。"
        "会议改到星期三上午九点，请大家准时参加！"
        "别担心，我已经把文件发给你了。"
        "这家餐厅的菜很好吃，就是离地铁站有点远。"
    ),
    "en": (
        "This afternoon we met in the library and talked about the newest research. "
        "Hello, how can I help you? "
        "When the first train arrived, nobody who was waiting wanted to get on. "
        "The meeting is now on Wednesday morning, so please be on time! "
        "Don't worry, I have already sent you the file. "
        "The food in this restaurant is very good, but it is far from the station."
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    store = Store()
    models = [store.open(name) for name in parser.parse_args().models]
    router = open_router(models, FrontEnd(), warm_up=False)
    for voice in router.voices:
        text = TEXTS["zh" if "zh" in voice.languages[:1] else "en"]
        blocks = [block.samples for block in router.speak(SpeechRequest(text, voice.name))]
        print(f'    "{voice.name}": {integrated_loudness(np.concatenate(blocks)):.1f},', flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

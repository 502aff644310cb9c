"""Write a page with samples of every voice of some models, all of the same texts.

    python tools/voice_samples.py FOLDER [MODEL ...]

Writes WAV files and index.html into FOLDER. MODEL is a name in the catalogue or a folder, the
default voice's model first; without any, the default models are used. They must be installed.
"""

from __future__ import annotations

import argparse
import html
import sys
from pathlib import Path

from liusheng.audio.pcm import samples_to_pcm
from liusheng.audio.wav import open_wav
from liusheng.models.catalogue import Catalogue
from liusheng.models.store import Store
from liusheng.models.types import InstalledModel, Task
from liusheng.tts.load import load
from liusheng.tts.types import SAMPLE_RATE, SpeechRequest, Voice

TEXTS = {
    "greeting": "你好，欢迎使用流式语音合成。",
    "news": "2024年3月15日下午3:30，北京气温23℃，空气质量良好，适合出行。",
    "story": "从前有座山，山里有座庙，庙里有个老和尚，正在给小和尚讲故事。",
    "erhua": "这儿的花儿真好看，咱们一会儿去公园玩儿吧！",
    "numbers": "手机号码是13800138000，价格是299元，打八折，涨了15.6%。",
    "mixed": "请打开Bluetooth设置，然后连接iPhone。The weather is fine today, isn't it?",
    "english": "When the first train arrived, nobody who was waiting wanted to get on.",
}
SPEEDS = (1.0, 0.7, 1.5)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="*", default=Catalogue.default().defaults(Task.TTS))
    arguments = parser.parse_args()
    store = Store()
    synthesizer = load([open_model(store, name) for name in arguments.models])
    arguments.folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for voice in synthesizer.voices:
        for name, text in TEXTS.items():
            for speed in SPEEDS if name == "greeting" else (1.0,):
                request = SpeechRequest(text, voice.name, speed)
                file = f"{voice.name}-{name}-{speed:g}.wav"
                with open_wav(arguments.folder / file, SAMPLE_RATE) as wav:
                    for block in synthesizer.speak(request):
                        wav.write(samples_to_pcm(block.samples))
                rows.append(table_row(voice, text, speed, file))
    page = arguments.folder / "index.html"
    page.write_text(PAGE.format(rows="\n".join(rows)), "utf-8")
    print(f"{len(rows)} samples; open {page}")
    return 0


def open_model(store: Store, name: str) -> InstalledModel:
    return store.open_folder(name) if "/" in name else store.open(name)


def table_row(voice: Voice, text: str, speed: float, file: str) -> str:
    return (
        f"<tr><td>{html.escape(voice.name)}<td>{html.escape(text)}<td>{speed:g}"
        f'<td><audio controls preload="none" src="{html.escape(file)}"></audio>'
    )


PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Liusheng: voices</title>
<style>body {{ font: 1rem system-ui; margin: 2rem }} td {{ padding: .3rem .8rem }}</style>
<table><tr><th>voice<th>text<th>speed<th></tr>
{rows}
</table>
"""


if __name__ == "__main__":
    sys.exit(main())

"""Live captions: text while it is spoken.

    python examples/live_captions.py                  # microphone: pip install 'liusheng[mic]'
    python examples/live_captions.py --file talk.mp4  # a file, in real time

Stable text is printed once; text that may still change is dimmed and redrawn. Output to a pipe or a
file has stable text only.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

import liusheng
from liusheng.client import DEFAULT_URL, ClientError, Final
from liusheng.client.devices import NoDeviceError, microphone
from sound import from_file

DIM, PLAIN, CLEAR_REST = "\x1b[2m", "\x1b[0m", "\x1b[J"
SAVE_PLACE, RESTORE_PLACE = "\x1b7", "\x1b8"
DIM_CHARACTERS = 20  # few enough for one line, so that they can be redrawn


class Captions:
    """Prints a growing text; `live`: on a terminal, also the part that may still change."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._printed = 0  # characters of stable text

    def show(self, text: str, stable: str) -> None:
        added = stable[self._printed :]
        self._printed += len(added)
        print(added, end="")
        if self._live:
            unstable = text[self._printed :][-DIM_CHARACTERS:]
            print(f"{CLEAR_REST}{SAVE_PLACE}{DIM}{unstable}{PLAIN}{RESTORE_PLACE}", end="")
        sys.stdout.flush()


async def main() -> None:
    options = argparse.ArgumentParser(description="Live captions.")
    options.add_argument("--server", default=DEFAULT_URL)
    options.add_argument("--file", help="audio or video instead of the microphone")
    options.add_argument("--lang", default="auto", help="auto, zh, en, ...")
    chosen = options.parse_args()

    audio = from_file(chosen.file) if chosen.file else microphone()
    captions = Captions(live=sys.stdout.isatty())
    async with liusheng.connect(chosen.server) as client:
        async for update in client.recognize(audio, lang=chosen.lang):
            # The whole final text is stable.
            stable = update.text if isinstance(update, Final) else update.stable
            captions.show(update.text, stable)
    print()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        print()
    except ClientError as problem:
        sys.exit(problem.message)
    except NoDeviceError as problem:
        sys.exit(
            f"{problem}\nOr transcribe a file: python examples/live_captions.py --file talk.mp4"
        )

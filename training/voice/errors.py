"""Round-trip errors of the folders that `say` made: what whisper-base makes of the speech.

    python -m training.voice.errors FOLDER...

heard.tsv in each folder tells what was heard. Mandarin and mixed sentences are counted by
character, English ones by word.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from training.voice.project import Listener, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    listener = Listener()
    for folder in parser.parse_args().folders:
        texts = json.loads((folder / "facts.json").read_text("utf-8"))["texts"]
        totals = {lang: [0, 0] for lang in ("zh", "en", "mixed")}
        lines = []
        for number, text in enumerate(texts):
            lang = language(text)
            code = "en" if lang == "en" else "zh"
            heard = listener.hear(str(folder / f"{number:03d}.wav"), code)
            edits, length = wrong(text, heard, code)
            totals[lang][0] += edits
            totals[lang][1] += length
            lines.append(f"{edits}\t{text}\t{heard}\n")
        (folder / "heard.tsv").write_text("".join(lines), "utf-8")
        rates = [
            f"{lang} {edits} of {length}, {edits / length:.1%}"
            for lang, (edits, length) in totals.items()
            if length
        ]
        print(folder, "; ".join(rates), flush=True)


def language(text: str) -> str:
    """What a sentence is in: "zh", "en" or "mixed"."""
    han, latin = re.search("[\u4e00-\u9fff]", text), re.search("[A-Za-z]", text)
    return "mixed" if han and latin else "zh" if han else "en"


if __name__ == "__main__":
    main()

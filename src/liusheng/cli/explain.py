"""`liusheng tts --explain`: what is made of a text, without a server."""

from __future__ import annotations

import json
import sys

from liusheng.cli import STANDARD_INPUT
from liusheng.cli.terminal import error, say


def explain(text: str, voice: str | None, spk_id: int) -> int:
    """Print as JSON how a text is read, by the voices of the settings that are installed."""
    try:
        from liusheng.models.errors import ModelError
        from liusheng.models.store import Store
        from liusheng.server.config.sources import SettingsError, load
        from liusheng.tts.explain import open_explainer
        from liusheng.tts.load import VoiceLoadError
        from liusheng.tts.text import LexiconError
        from liusheng.tts.types import UnknownVoiceError
    except ModuleNotFoundError as missing:
        error(
            f"--explain reads the text on this machine, for which {missing.name} is missing: "
            "pip install 'liusheng[server]'"
        )
        return 1
    if text == STANDARD_INPUT:
        text = sys.stdin.read()
    try:
        settings = load().settings
        store = Store(settings.home)
        models = []
        for name in settings.tts.models:
            try:
                models.append(store.open_named(name))
            except ModelError as problem:
                say(f"without the voices of {name}: {problem}")
        explainer = open_explainer(models, settings.tts.lexicon)
        explained = explainer.explain(text, explainer.find_voice(voice, spk_id))
    except (SettingsError, VoiceLoadError, LexiconError, UnknownVoiceError) as problem:
        error(str(problem))
        return 1
    sys.stdout.write(json.dumps(explained, ensure_ascii=False, indent=2) + "\n")
    return 0

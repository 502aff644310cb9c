"""`liusheng tts --explain`: prints the analysis of a text, without a server."""

from __future__ import annotations

import json
import sys

from liusheng.cli.constants import FAILED, STANDARD_INPUT
from liusheng.cli.terminal import error, info
from liusheng.cli.translation import translate as tr


def explain(text: str, voice: str | None, spk_id: int) -> int:
    """Print the analysis of a text as JSON, by those voices of the settings that are installed;
    return the exit status."""
    try:
        from liusheng.models.errors import ModelError
        from liusheng.models.store import Store
        from liusheng.server.config.sources import SettingsError, load
        from liusheng.tts.explain import open_explainer
        from liusheng.tts.load import VoiceLoadError
        from liusheng.tts.text.lexicon import LexiconError
        from liusheng.tts.types import UnknownVoiceError
    except ModuleNotFoundError as missing:
        error(
            tr(
                "--explain analyses the text on this machine and needs the package {package}, "
                "which is not installed: in a clone of the repository, run "
                "`pip install '.[server]'`",
                package=missing.name,
            )
        )
        return FAILED
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
                info(tr("without the voices of {name}: {reason}", name=name, reason=problem))
        explainer = open_explainer(models, settings.tts.lexicon)
        analysis = explainer.explain(text, explainer.find_voice(voice, spk_id))
    except (SettingsError, VoiceLoadError, LexiconError, UnknownVoiceError) as problem:
        error(str(problem))
        return FAILED
    sys.stdout.write(json.dumps(analysis, ensure_ascii=False, indent=2) + "\n")
    return 0

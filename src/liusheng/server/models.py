"""The models that the settings ask for, opened; `liusheng.asr.models` decides which they are."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from liusheng.asr.models import open_punctuation_model, open_recognition_models
from liusheng.models.store import Store
from liusheng.models.types import InstalledModel
from liusheng.server.config.settings import Settings

_log = logging.getLogger(__name__)


def recognition_models(
    settings: Settings, names: Sequence[str] | None = None
) -> list[InstalledModel]:
    """Return the models for recognition, and log what works less well than it could.

    names: other models than those of the settings.

    Raises:
        ModelError, ValueError: see `open_recognition_models`.
    """
    opened = open_recognition_models(
        Store(settings.home).open_named,
        settings.asr.models if names is None else names,
        settings.asr_options,
    )
    for warning in opened.warnings:
        _log.warning(warning)
    return list(opened.models)


def punctuation_model(settings: Settings) -> InstalledModel | None:
    """Return the model that punctuates texts; None where the server does not punctuate.

    Raises:
        ModelError, ValueError: see `open_punctuation_model`.
    """
    if not settings.asr.punctuation or not settings.asr.models:
        return None
    return open_punctuation_model(Store(settings.home).open_named, settings.asr.punctuation)

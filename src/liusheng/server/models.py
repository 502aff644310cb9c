"""The models that the settings ask for, opened."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.util import find_spec

from liusheng.models.errors import IncompleteModelError, NotInstalledError
from liusheng.models.store import Store
from liusheng.models.types import ONLINE_KINDS, InstalledModel, Kind, Task
from liusheng.server.config.settings import Settings

_log = logging.getLogger(__name__)


def recognition_models(
    settings: Settings, names: Sequence[str] | None = None
) -> list[InstalledModel]:
    """Return the models for recognition, the one of the second pass where there is one, and the one
    that corrects them where there is one.

    names: other models than those of the settings.

    Raises:
        ModelError: a model for recognition is not there.
    """
    store = Store(settings.home)
    models = [store.open_named(name) for name in (settings.asr.models if names is None else names)]
    second_pass = settings.asr.online.second_pass
    if second_pass and any(model.kind in ONLINE_KINDS for model in models):
        models.append(store.open_named(second_pass))
    name = settings.asr.correction.model
    if name and any(model.kind is Kind.WHISPER for model in models):
        corrector, trouble = correction_model(name, store)
        if trouble:
            _log.warning(trouble)
        if corrector:
            models.append(corrector)
    return models


def punctuation_model(settings: Settings) -> InstalledModel | None:
    """Return the model that punctuates texts; None where the server does without.

    Raises:
        ModelError: it is not there.
        ValueError: it is no model for punctuation.
    """
    name = settings.asr.punctuation
    if not name or not settings.asr.models:
        return None
    model = Store(settings.home).open_named(name)
    if model.task is not Task.PUNCTUATION:
        raise ValueError(f"asr.punctuation: {name} is no model for punctuation")
    return model


def correction_model(name: str, store: Store) -> tuple[InstalledModel | None, str]:
    """Return the model that corrects Mandarin, where it is there, and what is not as it should be,
    "" where all is.

    Raises:
        ModelError: it is not in the catalogue, or no folder.
        ValueError: it is no language model.
    """
    try:
        model = store.open_named(name)
    except (NotInstalledError, IncompleteModelError) as error:
        return None, f"Mandarin is recognised less exactly, and without hotwords: {error}"
    if model.task is not Task.LM:
        raise ValueError(f"asr.correction.model: {name} is no language model")
    if find_spec("kenlm") is None:
        return model, (
            "Mandarin is recognised less exactly: the package camel-kenlm is not installed (it has "
            "no build for every Python)"
        )
    return model, ""

"""Loading models into one recogniser for all of their languages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from liusheng.asr.capabilities import Capabilities, NotSupportedError
from liusheng.asr.live.decoder import LiveRecognizer
from liusheng.asr.models import is_corrected
from liusheng.asr.offline.alignment import HasEngine, align_words
from liusheng.asr.offline.engine import OfflineEngine
from liusheng.asr.options import AsrOptions
from liusheng.asr.recognizer import Outcome, Recognizer, Turn, inner
from liusheng.asr.text.formatter import TextFormatter
from liusheng.asr.types import StreamParams
from liusheng.models.devices import DeviceError, refuse_cuda
from liusheng.models.types import ONLINE_KINDS, InstalledModel, Kind, Task

if TYPE_CHECKING:
    import tokenizers

    from liusheng.asr.correction.corrector import Corrector
    from liusheng.asr.online.second_pass import SecondPass

_SHERPA = "sherpa-onnx, which runs {name},"
_SHERPA_OFFLINE = {Kind.SENSE_VOICE, Kind.OFFLINE_PARAFORMER}


@dataclass(frozen=True)
class RoutedState:
    """A stream's state and the index of its recogniser."""

    route: int
    state: Any


class LanguageRouter:
    """Several recognisers as one: each stream is routed by its language.

    The first recogniser serves "auto" and its languages, except those that the catalogue lists for
    a later one: a small accurate model can serve one language in place of a large one.

    listed: the languages in the catalogue for each recogniser; empty: all that it supports.
    """

    def __init__(self, recognizers: Sequence[Recognizer], listed: Sequence[Sequence[str]]) -> None:
        self._recognizers = tuple(recognizers)
        first = self._recognizers[0]
        self.sticky = any(recognizer.sticky for recognizer in self._recognizers)
        self._routes = dict.fromkeys(first.languages, 0)
        for route, (recognizer, langs) in enumerate(
            zip(self._recognizers[1:], listed[1:], strict=True), 1
        ):
            own = [lang for lang in langs or recognizer.languages if lang in recognizer.languages]
            self._routes.update(dict.fromkeys(own, route))
        self.languages = tuple(self._routes)

    def capabilities(self, lang: str) -> Capabilities:
        """Return the capabilities of the model for `lang`."""
        return self._recognizers[self._routes.get(lang, 0)].capabilities(lang)

    def open(self, params: StreamParams) -> RoutedState:
        """Return the state of a new stream; see `Recognizer.open`."""
        if params.lang != "auto" and params.lang not in self._routes:
            raise NotSupportedError(
                f"no loaded model recognises {params.lang!r}; the languages are: "
                + ", ".join(self.languages)
            )
        route = self._routes.get(params.lang, 0)
        return RoutedState(route, self._recognizers[route].open(params))

    def prepare(self, turn: Turn) -> Turn:
        """Prepare a turn; see `Recognizer.prepare`."""
        recognizer = self._recognizers[turn.state.route]
        return replace(turn, prepared=recognizer.prepare(inner(turn)))

    def advance(self, turns: Sequence[Turn]) -> list[Outcome]:
        """Take a turn for each stream; see `Recognizer.advance`."""
        outcomes: dict[int, Outcome] = {}
        for route, recognizer in enumerate(self._recognizers):
            own = [i for i, turn in enumerate(turns) if turn.state.route == route]
            if not own:
                continue
            results = recognizer.advance([inner(turns[i]) for i in own])
            for i, result in zip(own, results, strict=True):
                outcomes[i] = replace(result, state=RoutedState(route, result.state))
        return [outcomes[i] for i in range(len(turns))]

    def forget(self, states: Sequence[Any]) -> None:
        """Drop what is cached for streams that ended; see `Recognizer.forget`."""
        for route, recognizer in enumerate(self._recognizers):
            own = [s.state for s in states if s.route == route]
            if own:
                recognizer.forget(own)


class Preparation:
    """Models as far as they have no threads: a process that is forked has none of them.

    So forks can share all of this. `finish` loads the rest: CTranslate2 has threads, and the
    libraries of sherpa-onnx keep theirs to themselves.
    """

    def __init__(self, models: Sequence[InstalledModel], options: AsrOptions | None = None) -> None:
        """Prepare models; see `load`."""
        self._models = tuple(models)
        self._options = options = options or AsrOptions()
        self._corrector: Corrector | None = None
        self._moonshine: dict[str, OfflineEngine] = {}
        self._tokenizers: dict[str, tokenizers.Tokenizer] = {}
        if not any(model.task is not Task.LM for model in models):
            raise ValueError("recognition needs at least one model")
        with _named_setting():
            self._prepare(options)

    def _prepare(self, options: AsrOptions) -> None:
        for model in self._models:
            if model.task is Task.LM:
                from liusheng.asr.correction import corrector as correction

                self._corrector = correction.load(model, options.correction)
            elif model.kind is Kind.MOONSHINE:
                from liusheng.asr.offline.moonshine import MoonshineEngine

                self._moonshine[model.name] = MoonshineEngine(
                    model, options.moonshine, options.device
                )
            elif model.kind is Kind.WHISPER:
                from liusheng.asr.offline.whisper import load_tokenizer

                self._tokenizers[model.name] = load_tokenizer(model)

    def finish(self) -> Recognizer:
        """Return the recogniser; see `load`."""
        with _named_setting():
            return self._finish(self._options)

    def _finish(self, options: AsrOptions) -> Recognizer:
        recognizing = [model for model in self._models if model.task is not Task.LM]
        kinds = {model.name: model.kind for model in self._models}
        second_pass = None
        if options.online.second_pass and any(model.kind in ONLINE_KINDS for model in recognizing):
            second_pass = self._second_pass(recognizing)
        recognizers = [
            # The first one serves "auto".
            self._load_one(
                model,
                replace(options, languages=() if at else options.languages),
                second_pass,
            )
            for at, model in enumerate(recognizing)
        ]
        if options.moonshine.align:
            users: list[tuple[Kind, HasEngine]] = [
                (model.kind, recognizer)
                for model, recognizer in zip(recognizing, recognizers, strict=True)
                if isinstance(recognizer, LiveRecognizer)
            ]
            if second_pass:
                users.append((kinds[options.online.second_pass], second_pass))
            align_words(users)
        one = len(recognizers) == 1
        listed = [m.languages for m in recognizing]
        return TextFormatter(recognizers[0] if one else LanguageRouter(recognizers, listed))

    def _second_pass(self, models: list[InstalledModel]) -> SecondPass:
        """Remove the model of the second pass from a list, and load it."""
        from liusheng.asr.online.second_pass import SecondPass
        from liusheng.asr.vad.silero import SileroVad

        name = self._options.online.second_pass
        found = [i for i, model in enumerate(models) if model.name == name]
        if not found:
            raise ValueError(f"asr.online.second_pass: the model {name} is not loaded")
        engine, corrector = self._corrected(models.pop(found[-1]), self._options)
        return SecondPass(engine, corrector, SileroVad())

    def _corrected(
        self, model: InstalledModel, options: AsrOptions
    ) -> tuple[OfflineEngine, Corrector | None]:
        """Load an offline model; return it and its corrector, if it is to be corrected."""
        corrector = self._corrector if is_corrected(model.kind) else None
        if not corrector:
            # Without a language model there is no choosing between two finals.
            options = replace(options, whisper=replace(options.whisper, second_final=False))
        return self._engine(model, options), corrector

    def _engine(self, model: InstalledModel, options: AsrOptions) -> OfflineEngine:
        if model.name in self._moonshine:
            return self._moonshine[model.name]
        if model.kind is Kind.WHISPER:
            from liusheng.asr.offline.whisper import WhisperEngine

            tokenizer = self._tokenizers[model.name]
            return WhisperEngine(model, options.whisper, tokenizer, options.device)
        return load_engine(model, options)

    def _load_one(
        self, model: InstalledModel, options: AsrOptions, second_pass: SecondPass | None
    ) -> Recognizer:
        if model.kind in ONLINE_KINDS:
            refuse_cuda(options.device, _SHERPA.format(name=model.name))
            from liusheng.asr.online import recognizer as sherpa_online

            return sherpa_online.load(model, options.online, second_pass=second_pass)
        if model.task is not Task.ASR:
            raise ValueError(f"{model.name} ({model.kind.value}) is not a model for recognition")
        engine, corrector = self._corrected(model, options)
        return LiveRecognizer(engine, options.live, corrector, options.languages)


@contextmanager
def _named_setting() -> Iterator[None]:
    """Name the setting in the error of a device that cannot be had."""
    try:
        yield
    except DeviceError as error:
        raise DeviceError(f"asr.device: {error}") from error


def load(models: Sequence[InstalledModel], options: AsrOptions | None = None) -> Recognizer:
    """Load models into one recogniser for all of their languages.

    Args:
        models: see `liusheng.asr.models.RecognitionModels`. The first is the default; a later one
            serves the languages that the catalogue lists for it. A language model corrects the
            Mandarin of Whisper models; the last model named `options.online.second_pass` decodes
            the utterances of online models again; a Whisper model aligns Moonshine's words.

    Raises:
        ValueError: there is no model for recognition, or one that is for another task; or the
            device cannot be had (`DeviceError`).
    """
    return Preparation(models, options).finish()


def load_engine(model: InstalledModel, options: AsrOptions | None = None) -> OfflineEngine:
    """Load an offline model.

    Raises:
        ValueError: it is of another kind.
    """
    options = options or AsrOptions()
    # Engines have large libraries: only those of the models in use are imported.
    if model.kind is Kind.WHISPER:
        from liusheng.asr.offline.whisper import WhisperEngine

        return WhisperEngine(model, options.whisper, device=options.device)
    if model.kind is Kind.MOONSHINE:
        from liusheng.asr.offline.moonshine import MoonshineEngine

        return MoonshineEngine(model, options.moonshine, options.device)
    if model.kind in _SHERPA_OFFLINE:
        refuse_cuda(options.device, _SHERPA.format(name=model.name))
        from liusheng.asr.offline import sherpa as sherpa_offline

        return sherpa_offline.load(model, options.sherpa_offline)
    raise ValueError(f"{model.name} ({model.kind.value}) is not an offline model for recognition")

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from liusheng.asr.offline.alignment import AlignedEngine, align_words, without_pauses
from liusheng.asr.offline.engine import Decoded, Effort, OfflineEngine, Window
from liusheng.asr.text.pieces import Piece
from liusheng.models.types import Kind
from tests.support.unprepared import PlainEngine


class Engine(PlainEngine):
    """Hears what it is told, in a language, and does not know where."""

    name = "engine"
    languages: tuple[str, ...] = ("en", "fr")
    max_seconds = 20.0
    punctuates = True
    translates = False

    def __init__(self, lang: str, *texts: str) -> None:
        self._heard = Decoded(tuple(Piece(text, 0.0, 1.0) for text in texts), lang, draft=(7,))

    def decode(self, windows: Sequence[Window], effort: Effort) -> list[Decoded]:
        return [self._heard] * len(windows)


class Aligner(Engine):
    languages: tuple[str, ...] = ("zh", "en")

    def align(self, window: Window, lang: str, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        return tuple(Piece(piece.text, 2.0, 3.0) for piece in pieces)


def decoded(
    engine: Engine,
    *,
    timed: bool = True,
    spare: bool = True,
    certain: tuple[tuple[float, float], ...] | None = None,
) -> Decoded:
    window = Window(np.zeros(16_000, np.float32), "auto", timed, spare=spare, certain=certain)
    (result,) = AlignedEngine(engine, Aligner("en")).decode([window], Effort.FINAL)
    return result


def test_the_aligner_places_the_words() -> None:
    result = decoded(Engine("en", "one", " two"))
    assert result.pieces == (Piece("one", 2.0, 3.0), Piece(" two", 2.0, 3.0))
    assert result.draft == (7,), "the rest is the engine's"


def test_nothing_is_aligned_where_it_would_be_for_nothing_or_wrong() -> None:
    rough = (Piece("one", 0.0, 1.0),)
    assert decoded(Engine("en", "one"), timed=False).pieces == rough
    assert decoded(Engine("en", "one"), spare=False).pieces == rough, "somebody waits"
    assert decoded(Engine("fr", "one")).pieces == rough, "the aligner does not know French"
    assert decoded(Engine("en")).pieces == ()


def test_too_few_words_for_so_much_speech_are_aligned_though_somebody_waits() -> None:
    aligned = (Piece("one", 2.0, 3.0), Piece(" two", 2.0, 3.0))
    engine = Engine("en", "one", " two")
    assert decoded(engine, spare=False, certain=((0.0, 0.4), (0.5, 1.0))).pieces == aligned
    assert decoded(engine, spare=False, certain=((0.0, 0.5),)).pieces != aligned
    assert decoded(engine, spare=False, timed=False, certain=((0.0, 1.0),)).pieces != aligned


def test_it_is_the_engine_otherwise() -> None:
    engine = AlignedEngine(Engine("en"), Aligner("en"))
    assert (engine.name, engine.languages) == ("engine", ("en", "fr"))
    assert (engine.max_seconds, engine.punctuates) == (20.0, True)


def test_pauses_belong_to_no_word() -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, 16_000).astype(np.float32)
    sound[4_800:8_000] *= 0.001
    pieces = [Piece("a", 0.0, 0.3), Piece(" b", 0.3, 0.4), Piece(" c", 0.4, 0.8), Piece("d", 1, 1)]
    a, b, c, d = without_pauses(sound, pieces)
    assert (a, b, d) == (pieces[0], pieces[1], pieces[3]), "all is sound, or none is"
    assert (c.text, c.start, c.end) == (" c", 0.5, 0.8)
    whole = without_pauses(sound, [Piece("a", 0.0, 0.45), Piece("b", 0.45, 1.0)])
    assert [(p.start, p.end) for p in whole] == [(0.0, 0.3), (0.5, 1.0)]


def test_places_in_next_to_no_audio_stay() -> None:
    assert without_pauses(np.zeros(100, np.float32), [Piece("a", 0, 0)]) == (Piece("a", 0, 0),)
    silence = np.zeros(16_000, np.float32)
    assert without_pauses(silence, [Piece("a", 0.2, 0.4)]) == (Piece("a", 0.2, 0.4),)


class Holder:
    def __init__(self, engine: Engine) -> None:
        self.engine: OfflineEngine = engine


def test_whisper_aligns_the_words_of_moonshine_anywhere_in_the_window() -> None:
    moonshine, whisper, other = Holder(Engine("en")), Holder(Aligner("en")), Holder(Engine("en"))
    before = whisper.engine, other.engine
    align_words([(Kind.MOONSHINE, moonshine), (Kind.SENSE_VOICE, other), (Kind.WHISPER, whisper)])
    assert isinstance(moonshine.engine, AlignedEngine)
    assert (whisper.engine, other.engine) == before


def test_without_a_whisper_that_knows_the_language_places_stay_rough() -> None:
    mandarin = Aligner("zh")
    mandarin.languages = ("zh",)
    moonshine, whisper = Holder(Engine("en")), Holder(mandarin)
    align_words([(Kind.WHISPER, whisper), (Kind.MOONSHINE, moonshine)])
    assert not isinstance(moonshine.engine, AlignedEngine)
    align_words([(Kind.MOONSHINE, moonshine)])
    assert not isinstance(moonshine.engine, AlignedEngine)

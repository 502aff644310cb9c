from __future__ import annotations

from dataclasses import replace

from liusheng.asr.live.utterance import OpenUtterance
from liusheng.asr.text.pieces import Piece, split_pieces, spread
from liusheng.asr.types import Partial

FAR = 1e9


def pieces(text: str) -> tuple[Piece, ...]:
    texts = split_pieces(text)
    return spread(texts, 0.0, float(len(texts)))


def heard(
    utterance: OpenUtterance, text: str, horizon: float = FAR, lang: str = "en"
) -> OpenUtterance:
    return utterance.updated(
        pieces(text), lang=lang, decoded_until=512, final=False, horizon=horizon
    )


def test_what_two_decodes_agree_on_is_stable() -> None:
    utterance = heard(heard(OpenUtterance(0), "one too"), "one two three")
    assert utterance.partial(3) == Partial(3, "one two three", stable=3)


def test_nothing_is_stable_after_the_horizon() -> None:
    utterance = heard(heard(OpenUtterance(0), "one two three"), "one two three", horizon=2.0)
    assert utterance.partial(0) == Partial(0, "one two three", stable=7)


def test_a_later_decode_does_not_change_what_is_stable() -> None:
    utterance = heard(heard(OpenUtterance(0), "one two"), "one two")
    utterance = heard(utterance, "won two three four")
    assert utterance.partial(0).text == "one two three four"


def test_punctuation_after_the_last_stable_word_is_open() -> None:
    utterance = heard(heard(OpenUtterance(0), "你好"), "你好，吗")
    assert utterance.partial(0) == Partial(0, "你好，吗", stable=2)
    utterance = heard(utterance, "你好吗")
    assert utterance.partial(0) == Partial(0, "你好吗", stable=3)


def test_words_that_left_the_window_stay_in_the_text() -> None:
    utterance = heard(heard(OpenUtterance(0), "a b c d"), "a b c d")
    trimmed = utterance.trimmed(3.0, lambda at: 0.1 if at == 2.0 else 0.9)
    assert [p.text for p in trimmed.frozen] == ["a", " b"]
    assert trimmed.begin == 32_000
    rest = (Piece(" c", 2.0, 3.0), Piece(" d", 3.0, 4.0), Piece(" e", 4.0, 5.0))
    later = trimmed.updated(rest, lang="en", decoded_until=1024, final=True, horizon=FAR)
    assert later.partial(0).text == "a b c d e"


def test_nothing_leaves_the_window_before_it_is_stable() -> None:
    utterance = heard(OpenUtterance(0), "a b c d")
    assert utterance.trimmed(10.0, lambda at: 0.0) == utterance


def test_stable_words_take_their_places_from_the_newest_decode() -> None:
    utterance = heard(heard(OpenUtterance(0), "a b"), "a b")
    later = utterance.updated(
        [Piece("a", 0.5, 0.7), Piece(" b", 0.8, 0.9)],
        lang="en",
        decoded_until=1024,
        final=True,
        horizon=FAR,
    )
    closed = later.closed(0, 0.5, 1.0, 0.85, cut=False)
    assert closed is not None
    assert [(w.text, w.start, w.end) for w in closed.words] == [("a", 0.5, 0.7), ("b", 0.8, 0.85)]


def lacking(utterance: OpenUtterance, text: str, final: bool) -> OpenUtterance:
    """Take a decode that has no words from 2 to 3 s, where somebody speaks."""
    return utterance.updated(
        pieces(text),
        lang="en",
        decoded_until=512,
        final=final,
        horizon=FAR,
        unheard=[(2.0, 3.0)],
    )


def test_what_follows_unheard_speech_is_not_stable() -> None:
    partial = lacking(heard(OpenUtterance(0), "one two four"), "one two four", final=False)
    assert partial.partial(0).stable == len("one two")
    assert heard(partial, "one two three four").partial(0).text == "one two three four"


def test_speech_that_was_heard_twice_in_vain_holds_nothing_up() -> None:
    utterance = heard(OpenUtterance(0), "one two four")
    final = lacking(utterance, "one two four", final=True)
    assert final.partial(0).stable == len("one two four")
    later = heard(replace(utterance, wordless=final.wordless), "one two four five")
    again = lacking(later, "one two four five", final=False)
    assert again.partial(0).stable == len("one two four five")


def test_an_utterance_without_words_is_none() -> None:
    assert OpenUtterance(0).closed(0, 0.0, 1.0, 1.0, cut=False) is None
    assert heard(OpenUtterance(0), "...").closed(0, 0.0, 1.0, 1.0, cut=False) is None


def test_a_closed_chinese_utterance_ends_in_a_full_stop_unless_it_was_cut() -> None:
    utterance = heard(OpenUtterance(0), "你好", lang="zh")
    ended = utterance.closed(2, 0.0, 1.0, 5.0, cut=False)
    cut = utterance.closed(2, 0.0, 1.0, 5.0, cut=True)
    assert ended is not None
    assert cut is not None
    assert (ended.index, ended.text, cut.text) == (2, "你好。", "你好")

"""Phonemes of English words and of clauses in two languages, with the place of each."""

from __future__ import annotations

import pytest
from hibari.g2p import G2P

from liusheng.tts.misaki import english
from liusheng.tts.misaki.spelling import spell
from liusheng.tts.text.frontend import FrontEnd


def heard(words: list[str], mark: str = ".") -> list[str]:
    phonemes, spans = english.sentence(words, mark)
    return [phonemes[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("words", "phonemes"),
    [
        (["Hello,", "world"], ["həlˈO", "wˈɜɹld"]),
        (["five dollars", "more"], ["fˈIv dˈɑləɹz", "mˈɔɹ"]),
        (["state-of-the-art"], ["stˈAtʌvðiˈɑɹt"]),
        (["It", "isn't"], ["ˌɪt", "ˈɪzᵊnt"]),
        (["A", "(very)", "“good”", "one!"], ["ɐ", "vˈɛɹi", "ɡˈʊd", "wˈʌn"]),
    ],
)
def test_each_word_has_its_phonemes(words: list[str], phonemes: list[str]) -> None:
    assert heard(words) == phonemes


def test_the_phonemes_are_those_of_the_front_end() -> None:
    text = "The quick, brown fox (aged 3) didn't read the U.S. news at 3:30 pm, did it?"
    phonemes, _ = english.sentence(text[:-1].split(), "?")
    assert phonemes == english.front_end()(text)


def test_what_the_front_end_rewrites_stays_with_its_word() -> None:
    """ "3:30" becomes two words, "don’t" gets another apostrophe."""
    assert heard(["at", "3:30", "don’t", "go"]) == [
        "æt",
        "θɹˈi θˈɜɹɾi".replace("ɾ", "T"),
        "dˈOnt",
        "ɡˌO",
    ]


def test_marks_alone_have_no_place() -> None:
    assert heard(["—", "yes"]) == ["", "jˈɛs"]


def test_an_accent_is_loaded_once() -> None:
    assert english.front_end() is english.front_end(british=False)
    assert english.front_end() is not english.front_end(british=True)


@pytest.mark.parametrize("british", [False, True])
def test_the_packed_tables_say_what_the_packages_do(british: bool) -> None:
    package, packed = G2P(british=british), english.front_end(british=british)
    for name in ("golds", "silvers"):
        words = getattr(package.lexicon, name).d
        found = getattr(packed.lexicon, name).d
        assert all(found.get(word) == reading for word, reading in words.items())
        assert found.get("zhqx") is None
    before, after = package.tagger, packed.tagger
    assert all(after.weights.get(each) == weights for each, weights in before.weights.items())
    assert all(after.tagdict.get(word) == tag for word, tag in before.tagdict.items())
    assert all(word in after.vocab for word in before.vocab)
    assert len(after.vocab) == len(before.vocab)
    assert after.tags == before.tags
    text = "I read what you've read: Dr. O'Neill's $5 zhqx record, live, to use the used one."
    assert packed(text) == package(text)


def test_a_british_voice_reads_otherwise() -> None:
    assert english.sentence(["hello"], "", british=True)[0] == "həlˈQ"


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ("用iPad看。", "jʊ↘ŋ ˈIpˌæd kʰa↘n."),
        ("iPad、手机好吗？", "ˈIpˌæd, ʂou↓ʨi→ xau↓ma?"),
    ],
)
def test_a_clause_in_two_languages(text: str, phonemes: str) -> None:
    (clause,) = FrontEnd().clauses(text, mixed=True)
    spelling = spell(clause)
    assert spelling.phonemes == phonemes
    assert len(spelling.spans) == len(clause.units)
    assert "".join(spelling.by_unit()) == "".join(c for c in phonemes if c not in " ,.?")

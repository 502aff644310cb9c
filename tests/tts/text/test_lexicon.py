import os
from pathlib import Path

import pytest

from liusheng.tts.text.lexicon import LexiconError, UserLexicon


def lexicon(tmp_path: Path, text: str) -> UserLexicon:
    path = tmp_path / "words.txt"
    path.write_text(text, encoding="utf-8")
    return UserLexicon(path)


def test_words_comments_and_spellings(tmp_path: Path) -> None:
    text = "\ufeff# mine\n六安 Lu4 an1 # a city\n\n綠色 lü4 se4\nVue you1 yi4\n"
    words = lexicon(tmp_path, text).words
    assert words == {"六安": ("lu4", "an1"), "绿色": ("lv4", "se4"), "Vue": ("you1", "yi4")}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("银行 yin2", "银行 has 2 characters but 1 syllables"),
        ("银行", "银行 has no syllables"),
        ("银行 yin2 hang", "'hang' is not a pinyin syllable"),
        ("银行 yin2 hang6", "'hang6' is not a pinyin syllable"),
        ("银，行 yin2 hang2", "'银，行' is not a word"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(LexiconError, match=r"words\.txt, line 2: .*" + message):
        lexicon(tmp_path, f"好 hao3\n{line}\n")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="Cannot read the lexicon"):
        UserLexicon(tmp_path / "missing.txt")
    path = tmp_path / "latin1.txt"
    path.write_bytes(b"\xe9\xff")
    with pytest.raises(LexiconError, match="not UTF-8"):
        UserLexicon(path)


def test_a_change_is_read_and_a_broken_one_keeps_the_words(tmp_path: Path) -> None:
    words = lexicon(tmp_path, "好 hao4\n")
    path = tmp_path / "words.txt"
    assert not words.refresh()
    path.write_text("好 hao3\n长 chang2\n", encoding="utf-8")
    assert words.refresh()
    assert words.words["长"] == ("chang2",)
    path.write_text("好 hao\n", encoding="utf-8")
    os.utime(path, (1, 1))
    with pytest.raises(LexiconError, match="line 1"):
        words.refresh()
    assert words.words["好"] == ("hao3",)
    assert not words.refresh()


def test_longest_match_and_latin_words(tmp_path: Path) -> None:
    words = lexicon(tmp_path, "长 chang2\n长大 zhang3 da4\nSQL sei1 kou3\n")
    assert words.longest_match("我长大了", 1) == "长大"
    assert words.longest_match("很长", 1) == "长"
    assert words.longest_match("MySQL", 2) == ""
    assert words.longest_match("SQL5", 0) == "SQL"
    assert UserLexicon().longest_match("长", 0) == ""


def test_a_watched_lexicon_never_raises(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "words.txt"
    lexicon = UserLexicon.watching(path)
    assert lexicon.words == {}
    assert "Cannot read the lexicon" in caplog.text
    caplog.clear()
    lexicon.update()
    assert caplog.text == "", "it is told once"
    path.write_text("六安 lu4 an1\n", encoding="utf-8")
    lexicon.update()
    assert lexicon.words == {"六安": ("lu4", "an1")}
    path.write_text("六安 lu4\n", encoding="utf-8")
    lexicon.update()
    assert "line 1: 六安 has 2 characters" in caplog.text
    assert lexicon.words == {"六安": ("lu4", "an1")}
    path.unlink()
    lexicon.update()
    assert lexicon.words == {"六安": ("lu4", "an1")}


def test_no_lexicon_is_watched_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    UserLexicon.watching(None).update()
    assert caplog.text == ""

import pytest

from liusheng.tts.text.clean import clean


def plain(text: str) -> str:
    return clean(text, 0, len(text)).text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ＡＢ１２％", "AB12%"),
        ("３：３０", "3:30"),
        ("你：好", "你：好"),
        ("乾坤乾燥", "乾坤干燥"),
        ("café", "cafe"),
        ("cafe\u0301", "cafe"),
        ("½", "1/2"),
        ("10⁴", "10^4"),
        ("①", "1、"),
        ("Ⅳ", "4"),
        ("㎏㎡", "kgm2"),
        ("你\u200b好\x00", "你好"),
        ("好😀吗", "好 吗"),
        ("٣", "3"),
        ("二〇", "二零"),
        ("㐀𠮷﨎", "㐀𠮷﨎"),
        ("豈\U0002f800", "岂丽"),
        ("一\u2028二", "一\n二"),
    ],
)
def test_plain_forms(written: str, read: str) -> None:
    assert plain(written) == read


def test_spans_follow_the_original() -> None:
    chars = clean("xx½頭", 2, 4)
    assert chars.text == "1/2头"
    assert chars.spans == ((2, 3), (2, 3), (2, 3), (3, 4))

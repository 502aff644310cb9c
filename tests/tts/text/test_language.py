import pytest

from liusheng.tts.text.clean import clean
from liusheng.tts.text.english import english_items
from liusheng.tts.text.language import piece_language
from liusheng.tts.text.rules.addresses import spoken_address


@pytest.mark.parametrize(
    ("text", "before", "language"),
    [
        ("你好 hello", "en", "zh"),
        ("hello", "zh", "en"),
        ("2020", None, None),
        ("2020", "en", "en"),
        ("60km/h", None, None),
        ("www.example.com", "zh", "zh"),
        ("E=mc²", "zh", "zh"),
        ("CEO", "zh", "zh"),
        ("NASA", "zh", "en"),
    ],
)
def test_piece_language(text: str, before: str | None, language: str | None) -> None:
    assert piece_language(text, before) == language  # type: ignore[arg-type]


def test_english_words_keep_their_places() -> None:
    items = list(english_items(clean("xx I'm at a.com, now! ", 2, 22)))
    assert [(item.kind, item.text, item.span) for item in items] == [
        ("english", "I'm", (3, 6)),
        ("english", "at", (7, 9)),
        ("english", "a dot com,", (10, 16)),
        ("english", "now", (17, 20)),
        ("sentence", "!", (20, 22)),
    ]


@pytest.mark.parametrize(
    ("address", "spoken"),
    [
        (
            "https://www.a-b.com/x1?k=v",
            "W W W dot a dash b dot com slash x 1 question mark k equals v",
        ),
        ("foo_1@qq.com", "foo underscore 1 at Q Q dot com"),
        ("README.md", "README dot M D"),
    ],
)
def test_addresses(address: str, spoken: str) -> None:
    assert spoken_address(address) == spoken

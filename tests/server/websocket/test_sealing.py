"""What only servers with the same secret can read, and nobody can change."""

from __future__ import annotations

import base64
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.asr.types import Alternative, Utterance, Word
from liusheng.server.config.resume import ResumeSettings
from liusheng.server.resume_secrets import resume_secrets
from liusheng.server.websocket import sealing
from liusheng.server.websocket.carried_utterance import CarriedUtterance
from liusheng.server.websocket.resume_tokens import open_finals, seal_final
from liusheng.server.websocket.sealing import Sealer

SECRET, OTHER = b"s" * 32, b"o" * 32


@given(value=st.binary(max_size=200), bit=st.integers(0, 8 * 400))
def test_nobody_else_reads_or_changes_it(value: bytes, bit: int) -> None:
    sealed = Sealer([SECRET], "a").seal(value, "token")
    assert Sealer([OTHER, SECRET], "a").open(sealed, "token") == value
    assert Sealer([OTHER], "a").open(sealed, "token") is None
    assert Sealer([SECRET], "b").open(sealed, "token") is None, "of another recognition"
    assert Sealer([SECRET], "a").open(sealed, "final 0") is None, "of another kind"
    data = bytearray(base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)))
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    changed = base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert Sealer([SECRET], "a").open(changed, "token") is None
    assert Sealer([SECRET], "a").open(sealed[:-4], "token") is None
    if len(value) > 3:
        assert value not in data


@given(st.text(max_size=100))
def test_anything_else_is_nothing(text: str) -> None:
    assert Sealer([SECRET], text).open(text, text) is None


def test_the_same_value_looks_different_each_time() -> None:
    sealer = Sealer([SECRET], "a")
    assert sealer.seal(b"one", "token") != sealer.seal(b"one", "token")


def test_a_key_is_derived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also that of a secret which is only still accepted: there may be thousands of finals."""
    finals = [Sealer([OTHER], "a").seal(b"one", "final") for _ in range(5)]
    derived: list[bytes] = []
    key = sealing._key

    def counted(secret: bytes, name: str) -> Any:
        derived.append(secret)
        return key(secret, name)

    monkeypatch.setattr(sealing, "_key", counted)
    sealer = Sealer([SECRET, OTHER], "a")
    assert [sealer.open(each, "final") for each in finals] == [b"one"] * 5
    assert derived == [SECRET, OTHER]


times = st.floats(0, 1e5) | st.integers(0, 10**7).map(lambda n: n / 1000)
words = st.builds(Word, st.text(max_size=3), times, times)


@given(
    utterance=st.builds(
        Utterance,
        st.integers(0, 1000),
        st.text(max_size=20),
        st.lists(words, max_size=5).map(tuple),
        st.just("zh"),
        times,
        times,
        st.lists(st.builds(Alternative, st.text(max_size=5), times), max_size=3).map(tuple),
    )
)
def test_a_final_is_what_was_sealed(utterance: Utterance) -> None:
    sealer = Sealer([SECRET], "a")
    opened = open_finals(sealer, [seal_final(sealer, 0, utterance)])
    assert opened is not None
    [found] = opened
    for name in ("index", "text", "words", "start", "end", "alternatives"):
        assert getattr(found, name) == getattr(utterance, name)


def test_times_in_milliseconds_are_short() -> None:
    spoken = Utterance(0, "一", (Word("一", 3600.001, 3600.2),), "zh", 3600.0, 3601.0)
    assert CarriedUtterance.of(spoken).steps == [3600001, 199]


def test_a_final_for_another_place() -> None:
    sealer = Sealer([SECRET], "a")
    spoken = Utterance(0, "one", (), "en", 0.0, 1.0)
    assert open_finals(sealer, [seal_final(sealer, 1, spoken)]) is None


# The secrets


def test_secrets_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resume_secrets(ResumeSettings()) == ()
    one, two = token_urlsafe(), token_urlsafe()
    monkeypatch.setenv("LIUSHENG_RESUME_SECRETS", f"{one},{two}\n")
    assert resume_secrets(ResumeSettings()) == (one.encode(), two.encode())


def test_secrets_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIUSHENG_RESUME_SECRETS", "x" * 32)
    file = tmp_path / "secret"
    settings = ResumeSettings(secret_file=str(file))
    with pytest.raises(ValueError, match=r"resume\.secret_file .* cannot be read: No such file"):
        resume_secrets(settings)
    one, two = token_urlsafe(), token_urlsafe()
    file.write_text(f"\n {one} \n\n{two}\n")
    assert resume_secrets(settings) == (one.encode(), two.encode())
    file.write_text("\n")
    with pytest.raises(ValueError, match="is empty; it needs a secret: openssl"):
        resume_secrets(settings)
    file.write_text(f"{one}\nshort-one")
    with pytest.raises(ValueError, match="secret 2 has 9 characters, and needs 32") as caught:
        resume_secrets(settings)
    assert "short-one" not in str(caught.value)
    file.write_text(f"{one}\n{'guessable' * 4}")
    with pytest.raises(ValueError, match=r"secret 2 is too easy to guess.* openssl") as caught:
        resume_secrets(settings)
    assert "guessable" not in str(caught.value)
    file.write_bytes(b"\xff" * 40)
    with pytest.raises(ValueError, match="it is not text"):
        resume_secrets(settings)

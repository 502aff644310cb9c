from __future__ import annotations

import asyncio
import hmac
import logging
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from liusheng.protocol.errors import ErrorCode, ProtocolError
from liusheng.server.access.attempts import BURST, MAX_ADDRESSES, MAX_DELAYED, WrongKeys
from liusheng.server.access.key_file import KeyFileError, change_keys, read_keys
from liusheng.server.access.key_limits import KeyLimits
from liusheng.server.access.keyring import Keyring
from liusheng.server.access.keys import (
    ApiKey,
    digest,
    find,
    keys_of_environment,
    new_secret,
    parse_file,
    render_file,
)

NOW = datetime.now(timezone.utc)


def key(name: str, secret: str = "", **fields: Any) -> ApiKey:
    return ApiKey(name=name, sha256=digest(secret or name), created=NOW, **fields)


def test_secrets_are_long_and_differ() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(each.startswith("ls_") and len(each) == 46 for each in made)


def test_every_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    real = hmac.compare_digest

    def compare(stored: str, wanted: str) -> bool:
        compared.append(stored)
        return real(stored, wanted)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    stored = [key("a"), key("b"), key("c")]
    for secret, name in (("a", "a"), ("c", "c"), ("none", None)):
        compared.clear()
        found = find(secret, stored)
        assert (found.name if found else None) == name
        assert compared == [each.sha256 for each in stored]


def test_a_file_is_read_as_it_was_written() -> None:
    stored = (
        key("a"),
        key("b", tasks=("tts",), max_sessions=2, expires=NOW, requests_per_minute=3),
    )
    assert parse_file(render_file(stored)) == stored


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"keys": [{"name": "a"}]}',
        b'{"keyz": []}',
        render_file([key("a b")]),
        render_file([key("a"), key("a")]),
        render_file([key("a", tasks=())]),
        render_file([key("a", max_sessions=0)]),
        render_file([key("a")]).replace(digest("a").encode(), b"plain"),
        render_file([key("a", expires=NOW)]).replace(b"Z", b""),
    ],
)
def test_what_is_no_file_of_keys(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_file(content)


def test_keys_of_the_environment() -> None:
    one, two = new_secret(), new_secret()
    made = keys_of_environment(f" alice={one}, {two},")
    assert [(each.name, each.sha256) for each in made] == [
        ("alice", digest(one)),
        ("environment", digest(two)),
    ]
    assert keys_of_environment("") == ()
    for wrong in ("a=short", f"{one},{two}", f"a b={one}", f"{one}=", f"a={one}=="):
        with pytest.raises(ValueError, match=r"\w") as caught:
            keys_of_environment(wrong)
        assert one not in str(caught.value)
    with pytest.raises(ValueError, match="entry 2 is too easy to guess") as caught:
        keys_of_environment(f"a={one},b={'easy' * 8}")
    assert "easyeasy" not in str(caught.value)


# The file


def write(file: Path, *stored: ApiKey) -> None:
    change_keys(file, lambda _: stored)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    write(file, key("a"))
    inode = file.stat().st_ino
    with pytest.raises(ZeroDivisionError):
        change_keys(file, lambda _: [key("b") for _ in range(1 // 0)])
    assert read_keys(file) == (key("a"),)
    write(file, key("b"))
    assert file.stat().st_ino != inode
    assert {each.name for each in tmp_path.iterdir()} <= {"keys.json", "keys.json.lock"}


def test_a_file_that_cannot_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys.json"
    write(file, key("a"))

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KeyFileError, match="No space left"):
        write(file, key("b"))
    assert read_keys(file) == (key("a"),)
    assert {each.name for each in tmp_path.iterdir()} <= {"keys.json", "keys.json.lock"}


def test_a_link_to_a_file_stays_one(tmp_path: Path) -> None:
    write(tmp_path / "real.json", key("a"))
    (tmp_path / "keys.json").symlink_to(tmp_path / "real.json")
    write(tmp_path / "keys.json", key("b"))
    assert (tmp_path / "keys.json").is_symlink()
    assert read_keys(tmp_path / "real.json") == (key("b"),)


# The keyring


def test_keys_are_read_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "keys.json"
    ring = Keyring(file)
    assert not ring.required
    write(file, key("a"))
    assert ring.refresh()
    assert ring.required
    assert ring.find("a") == key("a")
    assert not ring.refresh()
    write(file)
    assert ring.refresh()
    assert ring.find("a") is None
    assert ring.required, "revoking the last key does not open the server"
    file.unlink()
    caplog.clear()
    assert not ring.refresh()
    assert ring.required
    assert "not there any more" in caplog.text
    assert len(caplog.records) == 1
    ring.refresh()
    assert len(caplog.records) == 1, "it is reported once"


def test_a_broken_file_keeps_the_keys(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "keys.json"
    write(file, key("a"))
    ring = Keyring(file)
    file.write_text("broken")
    assert not ring.refresh()
    assert ring.find("a")
    assert "stay in use" in caplog.text
    with pytest.raises(KeyFileError):
        Keyring(file)


def test_a_file_for_others_to_read_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "keys.json"
    write(file, key("a"))
    Keyring(file)
    assert caplog.text == ""
    file.chmod(0o644)
    Keyring(file)
    assert "chmod 600" in caplog.text


def test_keys_of_the_environment_stay(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    ring = Keyring(file, (key("e"),))
    assert ring.required
    write(file, key("a"))
    ring.refresh()
    assert {each.name for each in ring.keys} == {"a", "e"}
    write(file, key("e"))
    assert not ring.refresh(), "two keys with one name"
    assert {each.name for each in ring.keys} == {"a", "e"}
    with pytest.raises(KeyFileError, match="rename one"):
        Keyring(file, (key("e"),))


def test_what_is_not_accepted_any_more(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    old, past = key("a", "old"), key("p", expires=NOW - timedelta(seconds=1))
    write(file, old, past)
    ring = Keyring(file)
    assert ring.holds(old)
    assert not ring.holds(past)
    write(file, key("a", "new"))
    os.utime(file, ns=(1, 1))
    ring.refresh()
    assert not ring.holds(old)


# Limits


def refused(limits: KeyLimits, *arguments: Any) -> ErrorCode:
    with pytest.raises(ProtocolError) as caught:
        limits.begin(*arguments)
    return caught.value.code


def test_sessions_at_the_same_time() -> None:
    limits, two = KeyLimits(), key("a", max_sessions=2)
    limits.begin(two, "asr", 0)
    limits.begin(two, "tts", 0)
    limits.begin(two, None, 0)  # no session
    assert refused(limits, two, "asr", 0) is ErrorCode.RATE_LIMIT_EXCEEDED
    limits.begin(key("b", max_sessions=1), "asr", 0)
    limits.end(two, "asr")
    limits.begin(two, "asr", 0)
    assert limits.open == {"a": 2, "b": 1}
    limits.end(two, "asr")
    limits.end(two, "tts")
    assert limits.open == {"b": 1}


def test_requests_in_a_minute() -> None:
    limits, ten = KeyLimits(), key("a", requests_per_minute=10)
    for _ in range(10):
        limits.begin(ten, None, 100)
    assert refused(limits, ten, None, 100) is ErrorCode.RATE_LIMIT_EXCEEDED
    assert refused(limits, ten, "asr", 105) is ErrorCode.RATE_LIMIT_EXCEEDED
    assert not limits.open
    limits.begin(ten, None, 106.1)
    assert refused(limits, ten, None, 106.1) is ErrorCode.RATE_LIMIT_EXCEEDED
    limits.retain(())
    limits.begin(ten, None, 106.1)


def test_tasks() -> None:
    limits = KeyLimits()
    limits.begin(key("a", tasks=("tts",)), "tts", 0)
    assert refused(limits, key("a", tasks=("tts",)), "asr", 0) is ErrorCode.NOT_ALLOWED


# Wrong keys


def test_wrong_keys_are_counted_for_each_address() -> None:
    wrong = WrongKeys()
    assert [wrong.presented("a", 0) for _ in range(BURST + 1)] == [True] * BURST + [False]
    assert wrong.presented("b", 0)
    assert not wrong.presented("a", 5)
    assert wrong.presented("a", 10.5)
    assert not wrong.presented("a", 10.5)


def test_addresses_are_forgotten() -> None:
    wrong = WrongKeys()
    for number in range(3 * MAX_ADDRESSES):
        wrong.presented(str(number), 0)
    assert len(wrong._credit) == MAX_ADDRESSES


async def test_few_answers_are_delayed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("liusheng.server.access.attempts.DELAY_SECONDS", 0.05)
    wrong = WrongKeys()
    delayed = await asyncio.gather(*(wrong.delay() for _ in range(MAX_DELAYED + 3)))
    assert sum(delayed) == MAX_DELAYED
    assert await wrong.delay()


@pytest.fixture(autouse=True)
def _logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

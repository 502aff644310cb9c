from __future__ import annotations

from pathlib import Path

import pytest

from liusheng.audio.decode import decode_file
from liusheng.cli.playback import NoPlayerError, Playback, open_player, wav_stream_header

from .conftest import Programs


def test_a_player_that_ends_early(programs: Programs) -> None:
    programs("aplay", "exit 1")

    def play() -> None:
        with Playback(open_player(24_000)) as player:
            for _ in range(1_000):
                player.write(bytes(10_000))

    with pytest.raises(NoPlayerError, match="aplay stopped playing; is there a sound device"):
        play()


def test_an_error_stops_a_player_at_once(programs: Programs) -> None:
    programs("aplay", "exec /bin/sleep 60")

    def play() -> None:
        with Playback(open_player(24_000)) as player:
            player.write(bytes(10))
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        play()


def test_an_error_leaves_a_file_unplayed(programs: Programs, tmp_path: Path) -> None:
    programs("afplay", f"echo > {tmp_path}/played")

    def play() -> None:
        with Playback(open_player(24_000)) as player:
            player.write(bytes(10))
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        play()
    assert not (tmp_path / "played").exists()


def test_ffplay_is_preferred(programs: Programs, tmp_path: Path) -> None:
    for name in ("aplay", "ffplay", "afplay"):
        programs(name, f"echo {name} >> {tmp_path}/played; /bin/cat > /dev/null")
    with Playback(open_player(24_000)) as player:
        player.write(bytes(10))
    assert (tmp_path / "played").read_text() == "ffplay\n"


def test_the_header_of_a_stream_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_stream_header(16_000) + b"\0\x40" * 800)
    assert [len(block) for block in decode_file(path, 16_000)] == [800]

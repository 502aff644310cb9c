"""The sound card, through miniaudio itself and its backend that has no hardware."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any

import pytest

from liusheng.client import devices
from liusheng.client.devices import Loudspeaker, NoDeviceError, microphone

miniaudio = pytest.importorskip("miniaudio")  # there is no wheel for Linux on ARM64


@pytest.fixture
def null_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that records silence, and plays to nobody at the speed of sound."""
    monkeypatch.setattr(devices, "_backends", lambda: [miniaudio.Backend.NULL])


async def test_the_microphone(null_device: None) -> None:
    stop, opened = asyncio.Event(), []
    packets = []
    async for packet in microphone(stop, lambda: opened.append(True)):
        packets.append(packet)
        stop.set()
    assert opened == [True]
    assert all(len(packet) % 2 == 0 for packet in packets)
    assert set(b"".join(packets)) == {0}


async def test_the_microphone_until_the_caller_has_enough(null_device: None) -> None:
    before = threading.active_count()
    packets = microphone()
    assert await anext(packets)
    await packets.aclose()  # type: ignore[attr-defined]
    assert threading.active_count() <= before


def test_the_loudspeaker_plays_to_the_end(
    null_device: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[bytes] = []
    supply = Loudspeaker._supply

    def listened(self: Loudspeaker) -> Any:
        generator = supply(self)
        data = next(generator)
        while True:
            data = generator.send((yield data))
            taken.append(data)

    monkeypatch.setattr(Loudspeaker, "_supply", listened)
    speaker = Loudspeaker(16_000)
    speaker.write(b"\1\2" * 4_000)
    speaker.close()
    assert b"".join(taken).rstrip(b"\0") == b"\1\2" * 4_000


def test_what_waits_can_be_dropped(null_device: None) -> None:
    speaker = Loudspeaker(16_000)
    speaker._waiting += bytes(3_200_000)
    blocked = threading.Thread(target=speaker.write, args=[b"\0\0"])
    blocked.start()
    speaker.clear()
    blocked.join(5)
    assert not blocked.is_alive()
    speaker.write(bytes(3_200_000)[:6_000])
    speaker.abort()


def test_a_loudspeaker_that_is_unplugged(
    null_device: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_STUCK_SECONDS", 0.05)
    speaker = Loudspeaker(16_000)
    speaker._device.close()
    with pytest.raises(NoDeviceError, match="it stopped playing"):
        speaker.write(bytes(100_000))
    speaker.close()


class Broken:
    def __init__(self, *arguments: object, **options: object) -> None:
        assert options["backends"]
        assert miniaudio.Backend.NULL not in options["backends"]  # type: ignore[operator]
        raise miniaudio.MiniaudioError("failed to init device", -401)


class Unstartable(Broken):
    def __init__(self, *arguments: object, **options: object) -> None:
        pass

    def start(self, generator: object) -> None:
        raise miniaudio.MiniaudioError("failed to start audio device", -1)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("device", [Broken, Unstartable])
async def test_devices_that_cannot_be_used(
    device: type[Broken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(miniaudio, "CaptureDevice", device)
    monkeypatch.setattr(miniaudio, "PlaybackDevice", device)
    with pytest.raises(NoDeviceError, match="failed to") as raised:
        await anext(microphone())
    assert (raised.value.device, raised.value.install) == ("microphone", "")
    with pytest.raises(NoDeviceError, match="The loudspeaker cannot be used"):
        Loudspeaker(16_000)


@pytest.mark.parametrize(
    ("machine", "command"),
    [("x86_64", "pip install 'liusheng[mic]'"), ("aarch64", "pip install miniaudio")],
)
async def test_without_the_library(
    machine: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(NoDeviceError) as raised:
        await anext(microphone())
    assert raised.value.install == command
    assert f"run `{command}`" in str(raised.value)

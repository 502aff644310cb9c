"""The microphone and the loudspeaker of this machine, through miniaudio (the extra `mic`).

    async for packet in microphone():          # 16 kHz mono PCM, for `Client.recognize`
        ...

miniaudio brings its own library and finds PulseAudio, ALSA, JACK, Core Audio or WASAPI when it
runs, so that nothing else need be installed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import sys
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, Literal

RATE = 16_000
PACKET_SECONDS = 0.085
"""The packet length of the original server's reference client."""

_SAMPLE_BYTES = 2
_PERIOD_MS = 40
_AHEAD_SECONDS = 0.2
"""Audio that waits for the loudspeaker before `write` blocks."""

_DRAIN_SECONDS = 0.2
"""Silence after the last sample, in which the buffers of the device are played."""

_STUCK_SECONDS = 5.0


class NoDeviceError(RuntimeError):
    """There is no device, or no library to use it; the message says what to do.

    device: which one.
    install: what to run to get the library; "": it is there, and the device is not.
    reason: what the system says.
    """

    def __init__(
        self, device: Literal["microphone", "loudspeaker"], reason: str, install: str = ""
    ) -> None:
        advice = f"run `{install}`" if install else "is one connected, and may programs use it?"
        super().__init__(f"The {device} cannot be used ({reason}): {advice}")
        self.device = device
        self.reason = reason
        self.install = install


async def microphone(
    stop: asyncio.Event | None = None, on_open: Callable[[], None] = lambda: None
) -> AsyncIterator[bytes]:
    """Yield what the microphone records, until `stop` is set: packets of 16-bit PCM, 16 kHz, mono,
    of about 85 ms.

    on_open: called when recording has started.

    Raises:
        NoDeviceError: there is no microphone, or no miniaudio.
    """
    loop = asyncio.get_running_loop()
    recorded: asyncio.Queue[bytes] = asyncio.Queue()

    def receive() -> Generator[None, Any, None]:  # runs in miniaudio's thread
        while True:
            data = yield
            loop.call_soon_threadsafe(recorded.put_nowait, bytes(data))

    device = _open("microphone", RATE, round(1_000 * PACKET_SECONDS))
    stopped = asyncio.create_task((stop or asyncio.Event()).wait())
    try:
        _start(device, "microphone", receive())
        on_open()
        while not stopped.done():
            packet = asyncio.create_task(recorded.get())
            await asyncio.wait({packet, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if packet.done():
                yield packet.result()
            else:
                packet.cancel()
    finally:
        stopped.cancel()
        device.close()
    await asyncio.sleep(0)  # what the thread has handed over
    while not recorded.empty():
        yield recorded.get_nowait()


class Loudspeaker:
    """Plays 16-bit mono PCM at `rate` hertz. Methods may be called from any thread.

    Raises:
        NoDeviceError: there is no loudspeaker, or no miniaudio.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._waiting = bytearray()
        self._changed = threading.Condition()
        self._device = _open("loudspeaker", rate, _PERIOD_MS)
        _start(self._device, "loudspeaker", self._supply())

    def write(self, pcm: bytes) -> None:
        """Play more audio; return when little of it waits.

        Raises:
            NoDeviceError: the loudspeaker takes no more, as when it was unplugged.
        """
        with self._changed:
            self._waiting += pcm
            self._wait(round(_AHEAD_SECONDS * self._rate) * _SAMPLE_BYTES)

    def clear(self) -> None:
        """Drop what waits: silence follows at once, and other audio may."""
        with self._changed:
            self._waiting.clear()
            self._changed.notify_all()

    def close(self) -> None:
        """Play the rest; return when the last sample has been played."""
        with self._changed:
            self._waiting += bytes(round(_DRAIN_SECONDS * self._rate) * _SAMPLE_BYTES)
            try:
                self._wait(0)
            except NoDeviceError:
                self._waiting.clear()
        self._device.close()

    def abort(self) -> None:
        """Stop at once."""
        self.clear()
        self._device.close()

    def _wait(self, size: int) -> None:
        """Wait until at most `size` bytes wait."""
        while len(self._waiting) > size:
            if not self._changed.wait(_STUCK_SECONDS):
                raise NoDeviceError("loudspeaker", "it stopped playing")

    def _supply(self) -> Generator[bytes, int, None]:  # runs in miniaudio's thread
        frames = yield b""
        while True:
            with self._changed:
                size = frames * _SAMPLE_BYTES
                data = bytes(self._waiting[:size])
                del self._waiting[:size]
                self._changed.notify_all()
            frames = yield data


def _open(device: Literal["microphone", "loudspeaker"], rate: int, period_ms: int) -> Any:
    try:
        import miniaudio
    except ImportError as error:
        raise NoDeviceError(device, str(error), _how_to_install()) from error
    kind = miniaudio.CaptureDevice if device == "microphone" else miniaudio.PlaybackDevice
    try:
        with _silenced():
            return kind(
                miniaudio.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=rate,
                buffersize_msec=period_ms,
                backends=_backends(),
                app_name="liusheng",
            )
    except miniaudio.MiniaudioError as error:
        raise NoDeviceError(device, _reason(error)) from error


def _backends() -> list[Any]:
    """All but the one that records silence and plays to nobody, where there is no other."""
    import miniaudio

    return [each for each in miniaudio.Backend if each is not miniaudio.Backend.NULL]


def _start(device: Any, name: Literal["microphone", "loudspeaker"], generator: Any) -> None:
    import miniaudio

    next(generator)
    try:
        with _silenced():
            device.start(generator)
    except miniaudio.MiniaudioError as error:
        device.close()
        raise NoDeviceError(name, _reason(error)) from error


def _reason(error: Exception) -> str:
    return ", ".join(str(part) for part in error.args)


def _how_to_install() -> str:
    if sys.platform == "linux" and platform.machine() == "aarch64":
        return "pip install miniaudio"  # compiles it: there is no wheel for this platform
    return "pip install 'liusheng[mic]'"


@contextlib.contextmanager
def _silenced() -> Iterator[None]:
    """Hide what ALSA's library writes to standard error: dozens of lines for a missing device."""
    sys.stderr.flush()
    with contextlib.ExitStack() as stack:
        null = os.open(os.devnull, os.O_WRONLY)
        stack.callback(os.close, null)
        saved = os.dup(2)
        stack.callback(os.close, saved)
        os.dup2(null, 2)
        stack.callback(os.dup2, saved, 2)
        yield

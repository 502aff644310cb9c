"""Audio that the tests make for themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

MakeFile = Callable[..., Path]


def tone(rate: int, seconds: float, hertz: float = 440.0) -> npt.NDArray[np.float32]:
    """A sine of half the full scale."""
    t = np.arange(round(rate * seconds)) / rate
    return (0.5 * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


@pytest.fixture
def make_file(tmp_path: Path) -> MakeFile:
    """Encode a tone into a file of any container and codec that this PyAV can write."""

    def make(
        name: str,
        *,
        container: str,
        codec: str,
        rate: int,
        layout: str = "mono",
        seconds: float = 1.0,
        video: bool = False,
        channels: npt.NDArray[np.float32] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", format=container) as out:
            sound = out.add_stream(codec, rate=rate, layout=layout) if codec else None
            if video:
                picture = out.add_stream("mpeg4", rate=10)
                picture.width = picture.height = 64
                picture.pix_fmt = "yuv420p"
                for _ in range(3):
                    out.mux(picture.encode(av.VideoFrame(64, 64, "yuv420p")))
                out.mux(picture.encode(None))
            if sound is not None:
                if channels is None:
                    count = sound.codec_context.layout.nb_channels
                    channels = np.stack([tone(rate, seconds)] * count)
                frame = av.AudioFrame.from_ndarray(channels, format="fltp", layout=layout)
                frame.sample_rate = rate
                frame.pts = 0
                out.mux(sound.encode(frame))
                out.mux(sound.encode(None))
        return path

    return make

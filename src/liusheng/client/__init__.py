"""The Python client.

    async with liusheng.connect("ws://127.0.0.1:8090") as client:
        async for update in client.recognize(packets):
            print(update.text)

`liusheng.client.sync` is the same for scripts without async.
"""

from liusheng.client.connection import DEFAULT_URL, Client, connect
from liusheng.client.errors import (
    CannotConnectError,
    ClientError,
    ConnectionLostError,
    ReplyTimeoutError,
    ServerError,
)
from liusheng.client.messages import (
    Alternative,
    AsrReady,
    Final,
    Partial,
    Skipped,
    TtsReady,
    Word,
)
from liusheng.client.options import RecognitionOptions, SynthesisOptions
from liusheng.client.recognition import ConnectionChange, Recognition
from liusheng.client.synthesis import Synthesis
from liusheng.protocol.tts import Mark

__all__ = [
    "DEFAULT_URL",
    "Alternative",
    "AsrReady",
    "CannotConnectError",
    "Client",
    "ClientError",
    "ConnectionChange",
    "ConnectionLostError",
    "Final",
    "Mark",
    "Partial",
    "Recognition",
    "RecognitionOptions",
    "ReplyTimeoutError",
    "ServerError",
    "Skipped",
    "Synthesis",
    "SynthesisOptions",
    "TtsReady",
    "Word",
    "connect",
]

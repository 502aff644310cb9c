"""What the server prints when it is ready: its addresses, and commands to try."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from liusheng import __version__
from liusheng.protocol import paths
from liusheng.runtime.recognition.service import RecognitionService
from liusheng.runtime.synthesis.service import SynthesisService
from liusheng.server.config.settings import Settings

_DEFAULT = "127.0.0.1:8090"


def banner(
    settings: Settings,
    ports: Sequence[int],
    recognition: RecognitionService | None,
    synthesis: SynthesisService | None,
    *,
    keys: bool = False,
) -> str:
    """Return the lines for the person who started the server.

    ports: that the server listens on.
    recognition, synthesis: started; None: the server has none.
    keys: whether clients need one.
    """
    command = _command()
    host = in_url(settings.host)
    address = f"{in_url(reachable(settings))}:{ports[0]}{settings.path_prefix}"
    websocket, http = ("wss", "https") if settings.tls.certificate else ("ws", "http")
    lines = [f"Liusheng {__version__} is listening on {host}, port {', '.join(map(str, ports))}."]
    if recognition:
        models = recognition.description.models
        others = "".join(
            f", {lang}: {model}" for lang, model in models.items() if model != models["auto"]
        )
        lines.append(
            f"  recognition  {websocket}://{address}{paths.ASR_STREAMING}"
            f"  ({models['auto']}{others})"
        )
    if synthesis:
        voices = ", ".join(f"{voice.id} {voice.name}" for voice in synthesis.voices[:4])
        lines.append(
            f"  synthesis    {websocket}://{address}{paths.TTS_STREAMING}  (voices: {voices})"
        )
    lines.append(f"  page         {http}://{address}/")
    is_default = address == _DEFAULT and websocket == "ws"
    server = "" if is_default else f" --server {websocket}://{address}"
    if keys:
        lines.append("  API keys     needed, in $LIUSHENG_API_KEY; this makes one:")
        lines.append(f"    {command} {settings.access.add_arguments}")
    lines.append("Try, in another terminal:")
    if synthesis:
        lines.append(f'  {command} tts{server} "你好，很高兴认识你。" -o hello.wav')
    if recognition:
        lines.append(f"  {command} asr{server} {'hello' if synthesis else 'recording'}.wav")
    lines.append("Stop with Ctrl-C.")
    return "\n".join(lines) + "\n"


def in_url(host: str) -> str:
    """Return a host as it is written in a URL."""
    return f"[{host}]" if ":" in host else host


def reachable(settings: Settings) -> str:
    """Return a name or address that a client on this machine can use.

    0.0.0.0 and :: are all addresses, and none that every client can connect to. No certificate is
    for them, nor, usually, for 127.0.0.1.
    """
    try:
        host = ip_address(settings.host)
    except ValueError:
        return settings.host
    if not host.is_unspecified:
        return settings.host
    if settings.tls.certificate:
        return next((name for name in settings.access.hosts if name != "*"), socket.gethostname())
    return "127.0.0.1" if host.version == 4 else "::1"


def _command() -> str:
    """Return what a shell in the same folder finds the command line by: `make serve` starts it from
    an environment that is not active."""
    started = sys.argv[0]
    if Path(started).name == "liusheng" and not shutil.which("liusheng"):
        return started
    return "liusheng"

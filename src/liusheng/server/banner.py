"""What the server says when it is ready: where it is, and what to try next."""

from __future__ import annotations

from collections.abc import Sequence

from liusheng import __version__
from liusheng.runtime.recognition.service import Recognition
from liusheng.runtime.synthesis.service import Synthesis
from liusheng.server.app import ASR_PATH, TTS_PATH
from liusheng.server.config.settings import Settings

_DEFAULT = "127.0.0.1:8090"


def greeting(
    settings: Settings,
    ports: Sequence[int],
    recognition: Recognition | None,
    synthesis: Synthesis | None,
) -> str:
    """Return the lines that a person who started the server reads."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"{host}:{ports[0]}{settings.path_prefix}"
    lines = [f"Liusheng {__version__} is listening on {host}, port {', '.join(map(str, ports))}."]
    if recognition:
        models = recognition.description.models
        special = "".join(
            f", {lang}: {model}" for lang, model in models.items() if model != models["auto"]
        )
        lines.append(f"  recognition  ws://{address}{ASR_PATH}  ({models['auto']}{special})")
    if synthesis:
        voices = ", ".join(f"{voice.id} {voice.name}" for voice in synthesis.voices[:4])
        lines.append(f"  synthesis    ws://{address}{TTS_PATH}  (voices: {voices})")
    lines.append(f"  page         http://{address}/")
    server = "" if address == _DEFAULT else f" --server ws://{address}"
    lines.append("Try, in another terminal:")
    if recognition:
        lines.append(f"  liusheng asr{server} recording.wav")
    if synthesis:
        lines.append(f'  liusheng tts{server} "你好，欢迎使用流式语音合成。" -o hello.wav')
    lines.append("Stop with Ctrl-C.")
    return "\n".join(lines) + "\n"

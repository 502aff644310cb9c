"""What `liusheng cluster serve` prints when it is ready."""

from __future__ import annotations

from liusheng import __version__
from liusheng.cluster.serving.parts import parts
from liusheng.protocol import paths
from liusheng.server.banner import in_url, reachable
from liusheng.server.config.cluster import ReplicaSettings
from liusheng.server.config.settings import Settings


def banner(settings: Settings, port: int) -> str:
    """Return the lines for the person who started it. port: that the proxies listen on."""
    address = f"{in_url(reachable(settings))}:{port}{settings.path_prefix}"
    websocket, http = ("wss", "https") if settings.tls.certificate else ("ws", "http")
    sizes = " and ".join(
        f"{size.min_replicas} to {size.max_replicas} replicas of {size.cores:g} cores{use}"
        for use, size in _sizes(settings)
    )
    lines = [
        f"Liusheng {__version__} is served by Ray Serve on {in_url(settings.host)}, port {port}, "
        f"by {sizes}."
    ]
    if settings.asr.models:
        models = ", ".join(settings.asr.models)
        lines.append(f"  recognition  {websocket}://{address}{paths.ASR_STREAMING}  ({models})")
    if settings.tts.models:
        models = ", ".join(settings.tts.models)
        lines.append(f"  synthesis    {websocket}://{address}{paths.TTS_STREAMING}  ({models})")
    lines += [f"  page         {http}://{address}/", "Stop with Ctrl-C."]
    return "\n".join(lines) + "\n"


def _sizes(settings: Settings) -> list[tuple[str, ReplicaSettings]]:
    """Return what the replicas of each deployment are for, as words, and their sizes."""
    uses = {None: "", "asr": " for recognition", "tts": " for synthesis"}
    return [(uses[each.task], each.size(settings)) for each in reversed(parts(settings))]

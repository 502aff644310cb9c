"""Which settings a cluster can serve."""

from __future__ import annotations

from typing import Any

from liusheng.cluster.serving.parts import WHOLE, Part, parts
from liusheng.server.config.settings import Settings


def check_servable(settings: Settings) -> None:
    """Refuse settings that have no meaning behind Ray Serve's proxies.

    Raises:
        ValueError: it says which, and what to do.
    """
    if settings.wyoming.port:
        raise ValueError(
            f"wyoming.port = {settings.wyoming.port}: Ray Serve passes on HTTP and WebSockets "
            "only; set it to 0, and run `liusheng serve` for Wyoming's clients"
        )
    if len(settings.ports) > 1:
        raise ValueError(f"ports = {settings.ports}: Ray Serve listens on one port; name one")
    for name in ("asr", "tts"):
        if settings.cluster.tasks == "apart" and not getattr(settings, name).models:
            raise ValueError(
                f'cluster.tasks = "apart", but {name}.models is empty: there is one task only; set '
                'cluster.tasks = "together"'
            )
    for part in parts(settings):
        _check_gpus(settings, part)


def _check_gpus(settings: Settings, part: Part) -> None:
    """Refuse a device without a reserved GPU, and a reserved GPU without a device.

    Raises:
        ValueError: as above.
    """
    setting = "cluster.synthesis.gpus" if part.task == "tts" else "cluster.gpus"
    gpus, devices = part.size(settings).gpus, part.devices(settings)
    if gpus and all(device == "cpu" for device in devices.values()):
        named = " or ".join(f"{task}.device" for task in devices)
        raise ValueError(
            f"{setting} = {gpus:g} reserves a GPU that no model uses; set {named} to "
            f'"cuda", or {setting} to 0'
        )
    for task, device in devices.items():
        if device == "cuda" and not gpus:
            raise ValueError(
                f'{task}.device = "cuda", but {setting} = 0: a replica computes on a GPU only if '
                f"Ray reserves it; set {setting} to 1, or to 0.5 for two replicas on one"
            )


def check_port(settings: Settings) -> None:
    """Refuse settings that leave the port open, where Ray runs already.

    Raises:
        ValueError: there is no port.
    """
    if settings.ports == [0]:
        raise ValueError("ports = [0]: Ray Serve looks for no free port; name one")


def set_values(settings: Settings) -> dict[str, Any]:
    """Return the settings that somebody has set, as nested tables of JSON's types."""
    values: dict[str, Any] = settings.model_dump(mode="json", exclude_unset=True)
    return values


IMPORT_PATH = "liusheng.cluster.serving.ray_application:app"


def serve_config(settings: Settings) -> dict[str, Any]:
    """Return the configuration file of Ray Serve, for `serve deploy`.

    Raises:
        ValueError: a cluster cannot serve these settings.
    """
    check_servable(settings)
    check_port(settings)
    return {
        "proxy_location": "EveryNode",
        "http_options": http_options(settings),
        "applications": [_application(settings, each) for each in parts(settings)],
    }


def _application(settings: Settings, part: Part) -> dict[str, Any]:
    """Return an entry of that file, whose `args` are those of `ray_application.app`."""
    named = {} if part is WHOLE else {"application": part.application}
    return {
        "name": part.application,
        "route_prefix": part.route_prefix(settings),
        "import_path": IMPORT_PATH,
        "args": {**named, "settings": set_values(settings)},
    }


def http_options(settings: Settings) -> dict[str, Any]:
    """Return the options of Ray Serve's proxies."""
    options: dict[str, Any] = {"host": settings.host, "port": settings.ports[0]}
    if settings.tls.certificate:
        options |= {
            "ssl_certfile": settings.tls.certificate,
            "ssl_keyfile": settings.tls.key or settings.tls.certificate,
        }
    return options

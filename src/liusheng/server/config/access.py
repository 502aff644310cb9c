"""The settings of access and of TLS."""

from __future__ import annotations

import shlex
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from liusheng.server.config.group import Group, split
from liusheng.server.config.origins import normal_host, normal_origin


def default_keys_file() -> Path:
    """Return where the keys are, unless `access.keys_file` says otherwise."""
    return platformdirs.user_config_path("liusheng") / "keys.json"


def _path(text: str) -> str:
    if not text.startswith("/") or any(c in text for c in "?#%"):
        raise ValueError(f'{text!r} is not a path; write it as in "/metrics"')
    return text


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise ValueError(
            f'{text!r} is not an address or network; write it as in "10.0.0.7" or "10.0.0.0/8"'
        ) from None


Origins = Annotated[list[Annotated[str, AfterValidator(normal_origin)]], BeforeValidator(split)]
Hosts = Annotated[list[Annotated[str, AfterValidator(normal_host)]], BeforeValidator(split)]
Networks = Annotated[list[Annotated[str, AfterValidator(_network)]], BeforeValidator(split)]
OpenPaths = Annotated[list[Annotated[str, AfterValidator(_path)]], BeforeValidator(split)]


class AccessSettings(Group):
    """Who may use the server."""

    no_auth: bool = Field(
        default=False,
        description="Serve everyone who can reach the server, without keys, on any address.",
    )
    keys_file: Annotated[Path, AfterValidator(Path.expanduser)] = Field(
        default_factory=default_keys_file,
        description="File of the API keys, which `liusheng keys` writes and the server reads again "
        "when it changes. If it exists, every client needs a key.",
    )
    allow_query_key: bool = Field(
        default=False,
        description="Accept a key as the query parameter api_key, too. Proxies write it into logs.",
    )
    open_paths: OpenPaths = Field(
        default=[],
        description="Paths that can be read without a key, besides the page and the description of "
        "the API.",
    )
    origins: Origins = Field(
        default=[],
        description='Origins of other web pages that may use the server: "https://app.example.org";'
        ' "*": all.',
    )
    hosts: Hosts = Field(
        default=[],
        description="Names of this server that browsers may use, besides addresses, localhost and "
        '`host`: "speech.example.org"; "*": all.',
    )
    trusted_proxies: Networks = Field(
        default=[],
        description="Addresses or networks of reverse proxies whose X-Forwarded-For and "
        "X-Forwarded-Proto are believed.",
    )

    @property
    def add_arguments(self) -> str:
        """The arguments of `liusheng` that make a key for this server."""
        if self.keys_file == default_keys_file():
            return "keys add NAME"
        return f"keys add NAME --keys-file {shlex.quote(str(self.keys_file))}"


class TlsSettings(Group):
    """TLS without a reverse proxy."""

    certificate: str = Field(
        default="", description="File of the certificate and its chain (PEM); empty: no TLS."
    )
    key: str = Field(
        default="", description="File of the private key (PEM); empty: it is in `certificate`."
    )

    @model_validator(mode="after")
    def _certificate_of_the_key(self) -> TlsSettings:
        if self.key and not self.certificate:
            raise ValueError("tls.key is set, but tls.certificate is not")
        return self

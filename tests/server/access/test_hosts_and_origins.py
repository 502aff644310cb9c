from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liusheng.server.access.hosts import HostPolicy
from liusheng.server.access.origins import OriginPolicy
from liusheng.server.config.origins import host_of_origin, normal_host, normal_origin, split_host


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.0.0.1:8090", "192.168.1.7:8090", "[::1]:8090", "[fe80::1]",
        "localhost", "LocalHost:8090", "localhost.:8090", "page.localhost",
        "speech.example.org", "SPEECH.example.org.:443", "server",
    ],
)  # fmt: skip
def test_own_names_and_addresses_are_allowed(host: str) -> None:
    assert HostPolicy(["server", "speech.example.org"]).allows(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8090", "127.0.0.1.evil.example", "localhost.evil.example",
        "notlocalhost", "speech.example.org.evil.example", "x.speech.example.org", "",
        "speech.example.org@evil.example", "speech.example.org:80:80", "localhost:99999",
        "localhost/x", " localhost", "localhost, evil.example", "[::1", "[speech.example.org]",
        "localhost\t", "lócalhost",
    ],
)  # fmt: skip
def test_other_names_are_refused(host: str) -> None:
    assert not HostPolicy(["speech.example.org"]).allows(host)


def test_any_name_can_be_allowed() -> None:
    assert HostPolicy(["*"]).allows("evil.example")


@given(st.text(max_size=30))
def test_no_host_is_an_error(text: str) -> None:
    assert HostPolicy(["server"]).allows(text) in (True, False)
    assert OriginPolicy(["https://a.example"]).allows(text, text) in (True, False)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:8090", "127.0.0.1:8090"),
        ("http://localhost", "localhost"),
        ("http://localhost", "localhost:80"),
        ("https://speech.example.org", "speech.example.org"),  # TLS ends at a proxy
        ("https://speech.example.org", "speech.example.org:443"),
        ("http://[::1]:8090", "[0:0:0:0:0:0:0:1]:8090"),
        ("HTTP://Speech.Example.org:8090", "speech.example.org:8090"),
        ("https://app.example.org", "speech.example.org"),
        ("https://app.example.org:443", "speech.example.org"),
        ("http://localhost:3000", "127.0.0.1:8090"),
    ],
)
def test_own_pages_and_listed_ones_are_allowed(origin: str, host: str) -> None:
    listed = [normal_origin(each) for each in ("https://App.example.org/", "http://localhost:3000")]
    assert OriginPolicy(listed).allows(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", "127.0.0.1:8090"),
        ("null", "null"),
        ("", ""),
        ("http://evil.example", "127.0.0.1:8090"),
        ("http://127.0.0.1:9000", "127.0.0.1:8090"),
        ("http://localhost:8090", "127.0.0.1:8090"),
        ("http://127.0.0.1", "127.0.0.1:8090"),
        ("https://speech.example.org:8443", "speech.example.org"),
        ("http://app.example.org", "speech.example.org"),  # listed with https
        ("https://app.example.org.evil.example", "speech.example.org"),
        ("https://app.example.org@evil.example", "speech.example.org"),
        ("https://evil.example/https://app.example.org", "speech.example.org"),
        ("https://app.example.org https://evil.example", "speech.example.org"),
        ("chrome-extension://abcdef", "127.0.0.1:8090"),
        ("file://", "127.0.0.1:8090"),
    ],
)
def test_other_pages_are_refused(origin: str, host: str) -> None:
    assert not OriginPolicy(["https://app.example.org"]).allows(origin, host)


def test_any_page_can_be_allowed() -> None:
    assert OriginPolicy(["*"]).allows("null", "127.0.0.1:8090")


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("https://App.Example.org:443/", "https://app.example.org"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://流声.example", "https://xn--q0w48s.example"),
        ("*", "*"),
    ],
)
def test_origins_of_settings(text: str, normal: str) -> None:
    if "流" in text:
        normal = "https://" + "流声".encode("idna").decode() + ".example"
    assert normal_origin(text) == normal


@pytest.mark.parametrize(
    "text", ["null", "app.example.org", "https://", "https://a/b", "https://a?b"]
)
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        normal_origin(text)


@pytest.mark.parametrize("text", ["speech.example.org:443", "https://a", "", "a b"])
def test_what_is_no_host(text: str) -> None:
    with pytest.raises(ValueError, match="not a host name"):
        normal_host(text)


def test_hosts_of_settings() -> None:
    assert [normal_host(each) for each in ("A.example.", "::1", "[::1]", "*")] == [
        "a.example", "::1", "::1", "*",
    ]  # fmt: skip
    assert split_host("[::1]:80") == ("::1", 80)


def test_the_port_of_an_origin_is_that_of_its_scheme() -> None:
    assert host_of_origin("https://a.example") == ("a.example", 443)
    assert host_of_origin("http://a.example:8090") == ("a.example", 8090)
    with pytest.raises(ValueError, match="not an origin"):
        host_of_origin("null")

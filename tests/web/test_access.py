"""The page under its security policy, and with a server that needs a key; in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from liusheng.server.access.keys import new_secret
from tests.conftest import served

pytestmark = pytest.mark.slow

VIOLATIONS = """
globalThis.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


def test_the_page_works_without_a_violation_of_its_policy(
    browser: Any, open_page: Callable[..., Page], origin: str, peer: Any, console_errors: list[str]
) -> None:
    page = open_page(browser)
    page.add_init_script(VIOLATIONS)
    peer(page, "asr")
    page.goto(f"{origin}/#/speak")
    page.wait_for_selector("body[data-ready]")
    for tab in ("listen", "talk", "speak"):
        page.click(f"#tab-{tab}")
    page.click("#wire-toggle")
    page.click("#theme")
    page.click("#language")
    assert page.evaluate("violations") == []
    assert console_errors == []
    refused = page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "globalThis.injected = true";
          document.body.append(script);
          const button = document.createElement("button");
          button.setAttribute("onclick", "globalThis.injected = true");
          document.body.append(button);
          button.click();
          return globalThis.injected === undefined;
        }"""
    )
    assert refused
    assert all("Content Security Policy" in each for each in console_errors)
    assert len(console_errors) == 2
    console_errors.clear()


@pytest.fixture(scope="module")
def keyed() -> Iterator[tuple[str, str]]:
    """The address and the key of a server with the model of the package."""
    key = new_secret()
    with served("--asr", "tiny", "--no-tts", LIUSHENG_API_KEYS=f"alice={key}") as where:
        yield f"http://{where}/", key


def test_the_page_asks_for_a_key_and_uses_it(
    browser: Any,
    open_page: Callable[..., Page],
    keyed: tuple[str, str],
    console_errors: list[str],
) -> None:
    address, key = keyed
    page = open_page(browser)
    page.goto(address)
    expect(page.locator("#health")).to_contain_text("needs an API key")
    expect(page.locator("#key-input")).to_be_focused()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    page.fill("#key-input", "ls_wrong")
    page.press("#key-input", "Enter")
    expect(page.locator("#key-wrong")).to_contain_text("does not accept this key")
    assert all("401" in each for each in console_errors)
    console_errors.clear()
    page.fill("#key-input", key)
    page.click("#key button")
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#key")).to_be_hidden()
    assert page.evaluate("JSON.stringify(localStorage)").count(key) == 0
    assert key not in page.content()
    page.reload()
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#key")).to_be_hidden()
    final = page.evaluate(
        """async (apiKey) => {
          const { Liusheng } = await import("./liusheng/liusheng.js");
          const recognition = new Liusheng(undefined, { apiKey }).recognize();
          recognition.send(new Int16Array(1600));
          return recognition.finish();
        }""",
        key,
    )
    assert final["signal"] == "finished"
    assert console_errors == []
    refused = page.evaluate(
        """async () => {
          const { Liusheng } = await import("./liusheng/liusheng.js");
          const recognition = new Liusheng(undefined, { apiKey: "ls_wrong" }).recognize();
          return recognition.final.catch(({ code, message }) => [code, message]);
        }"""
    )
    assert refused[0] == "invalid_api_key"
    assert "mistyped" in refused[1]
    console_errors.clear()  # of the handshake and of the question why it was refused


def test_a_page_of_another_origin_opens_no_socket(
    browser: Any,
    open_page: Callable[..., Page],
    origin: str,
    keyed: tuple[str, str],
    console_errors: list[str],
) -> None:
    address, key = keyed
    page = open_page(browser, bypass_csp=True)  # a page that allows itself everything
    page.goto(f"{origin}/icon.svg")
    opened = page.evaluate(
        """([url, key]) => new Promise((resolve) => {
          const socket = new WebSocket(url, ["liusheng", `liusheng.key.${key}`]);
          socket.onopen = () => resolve(true);
          socket.onclose = () => resolve(false);
        })""",
        [f"{address.replace('http', 'ws', 1)}paddlespeech/asr/streaming", key],
    )
    assert opened is False
    read = page.evaluate("(url) => fetch(url).then(() => true, () => false)", f"{address}docs")
    assert read is False
    console_errors.clear()  # Chromium reports both

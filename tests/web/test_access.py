"""The page under its security policy, and with a server that needs a key; in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

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

"""The documents as the server shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.web.test_access import VIOLATIONS

pytestmark = pytest.mark.slow


def test_documents_are_read_in_two_languages(
    browser: Any, open_page: Callable[..., Page], origin: str
) -> None:
    page = open_page(browser, viewport={"width": 320, "height": 700})
    page.add_init_script(VIOLATIONS)
    page.goto(f"{origin}/documents")
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("h1")).to_have_text("The page")
    broken = page.evaluate(
        "Promise.all([...document.images].map((i) => i.decode().then(() => '', () => i.src)))"
    )
    assert {each for each in broken if each} == set()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.click("#list >> text=JavaScript client")
    expect(page.locator("h1")).to_have_text("The JavaScript client")
    page.click("main a >> text=the protocol")
    expect(page.locator("#resuming-a-broken-connection")).to_be_in_viewport()
    page.click("#language")
    expect(page.locator("h1")).to_have_text("WebSocket 协议")
    expect(page.locator("#list [aria-current]")).to_have_text("WebSocket 协议")
    assert page.url.endswith("#/zh/protocol.md")
    assert page.evaluate("violations") == []
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_document_that_is_not_there(
    browser: Any, open_page: Callable[..., Page], origin: str, console_errors: list[str]
) -> None:
    page = open_page(browser)
    for path in ("nothing.md", "../api/info", "//example.org/x.md"):
        page.goto(f"{origin}/documents#/{path}")
        page.reload()
        page.wait_for_selector("body[data-ready]")
        expect(page.locator("h1")).to_have_text("There is no such document")
    console_errors.clear()

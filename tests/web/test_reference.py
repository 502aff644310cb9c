"""The reference of the API at /docs, in a real browser with a server that needs a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from liusheng.server.access.keys import new_secret
from tests.conftest import served
from tests.web.test_access import VIOLATIONS

pytestmark = pytest.mark.slow

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def keyed() -> Iterator[tuple[str, str]]:
    """The address and the key of a server under a prefix, with the model of the package."""
    key = new_secret()
    environment = {"LIUSHENG_API_KEYS": f"alice={key}", "LIUSHENG_PATH_PREFIX": "/speech"}
    with served("--asr", "tiny", "--no-tts", **environment) as where:
        yield f"http://{where}", key


@pytest.fixture
def reference(browser: Any, open_page: Open, keyed: tuple[str, str]) -> Open:
    """Open the reference; all that it requests is in `page.requested`."""

    def open_(hash_: str = "", **options: Any) -> Page:
        page = open_page(browser, **options)
        page.add_init_script(VIOLATIONS)
        page.goto(f"{keyed[0]}/docs{hash_}")
        page.wait_for_selector("body[data-ready]")
        page.wait_for_selector(".opblock")
        return page

    return open_


def operation(page: Page, path: str) -> Any:
    return page.locator(".opblock").filter(has=page.locator(f"[data-path='{path}']"))


def test_an_operation_is_tried_within_the_policy(
    reference: Open, keyed: tuple[str, str], console_errors: list[str]
) -> None:
    page = reference()
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    models = operation(page, "/v1/models")
    models.locator(".opblock-summary-control").click()
    models.get_by_role("button", name="Execute").click()
    expect(models.locator(".live-responses-table .response-col_status").last).to_contain_text("401")
    assert len(console_errors) == 1
    assert "401" in console_errors.pop()  # Chromium reports it.
    page.evaluate("key => sessionStorage.setItem('liusheng.key', key)", keyed[1])
    page.reload()
    page.wait_for_selector(".opblock")
    models.locator(".opblock-summary-control").click()
    models.get_by_role("button", name="Execute").click()
    expect(models.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    expect(models.locator(".live-responses-table .response-col_description").last).to_contain_text(
        "tiny"
    )
    expect(models.locator(".request-url")).to_contain_text("/speech/v1/models")
    assert page.evaluate("violations") == []
    assert len(hosts) == 1


def test_it_is_in_two_languages(reference: Open) -> None:
    page = reference(locale="zh-CN")
    expect(page.locator("h1")).to_have_text("接口文档")
    asr = operation(page, "/v1/audio/transcriptions")
    expect(asr).to_contain_text("识别一个文件（OpenAI 接口）。")
    asr.locator(".opblock-summary-control").click()
    expect(asr.get_by_role("button", name="执行")).to_be_visible()
    expect(asr).to_contain_text("请求体")
    channel = page.locator("#channels summary").first
    expect(channel).to_contain_text("流式识别")
    page.click("#language")
    expect(page.locator("h1")).to_have_text("API reference")
    expect(asr).to_contain_text("Recognise a file (OpenAI's API).")
    asr.locator(".opblock-summary-control").click()
    expect(asr.get_by_role("button", name="Execute")).to_be_visible()
    expect(channel).to_contain_text("Streaming recognition")


def test_messages_lead_to_their_types(reference: Open) -> None:
    page = reference()
    page.click("#channels summary >> nth=0")
    page.click("#channels dd a >> text=ServerReady")
    ready = page.locator("#message-ServerReady")
    expect(ready).to_have_attribute("open", "")
    expect(ready.locator("th")).to_contain_text(["session", "model"])
    expect(reference("#message-Resume").locator("#message-Resume")).to_have_attribute("open", "")


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_it_fits_and_is_accessible(reference: Open, width: int, scheme: str) -> None:
    page = reference(viewport={"width": width, "height": 800}, color_scheme=scheme)
    block = operation(page, "/v1/audio/transcriptions")
    block.locator(".opblock-summary-control").click()
    page.click("#channels summary >> nth=0")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # What is ours: Swagger UI has faults of its own.
    results = Axe().run(page, context={"exclude": [["#viewer"]]})
    assert results.violations_count == 0, results.generate_report()


def test_a_server_that_is_gone_is_reported(
    browser: Any, open_page: Open, keyed: tuple[str, str], console_errors: list[str]
) -> None:
    page = open_page(browser)
    page.route("**/openapi.json", lambda route: route.abort())
    page.goto(f"{keyed[0]}/docs")
    expect(page.locator("#failed")).to_contain_text("cannot be read")
    console_errors.clear()

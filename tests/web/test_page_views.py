"""The views in a real browser: the gallery, keys alone, light and dark, narrow and wide."""

import gzip
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .browsing import LITERAL, ROOT, assert_accessible, photo, upload


def test_the_gallery_is_searched_filtered_and_opened(page: Page) -> None:
    upload(page, photo(8))
    page.goto("/gallery")
    expect(page.get_by_test_id("gallery-item").first).to_be_visible()
    assert_accessible(page)
    page.get_by_test_id("gallery-search").fill("no such words")
    expect(page.get_by_test_id("gallery-item")).to_have_count(0)
    assert_accessible(page)
    page.get_by_test_id("gallery-search").fill("brown dog")
    expect(page.get_by_test_id("gallery-item").first).to_be_visible()
    assert "q=" in page.url
    page.get_by_test_id("gallery-item").first.locator("a").or_(page.get_by_test_id("gallery-item").first).first.click()
    expect(page).to_have_url(re.compile(r"/gallery/[\w-]{22}"))
    expect(page.get_by_test_id("literal")).to_contain_text(LITERAL)
    assert_accessible(page)
    page.reload()
    expect(page.get_by_test_id("literal")).to_contain_text(LITERAL)


def test_keys_alone_suffice(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_test_id("file-input").first).to_be_attached()
    page.keyboard.press("Tab")
    assert "skip" in (page.evaluate("document.activeElement.textContent") or "").lower()
    page.get_by_test_id("file-input").first.set_input_files([photo(9)])
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement?.dataset?.testid ?? ''"))
    wanted = {"copy-alt", "copy-caption", "edit-caption", "rate-good", "rate-bad", "download", "delete", "intensity"}
    assert wanted <= reached


def brightness(page: Page, selector: str) -> int:
    """The sum of the three colours behind an element, 0 to 765."""
    color = f"getComputedStyle(document.querySelector('{selector}')).backgroundColor"
    return sum(page.evaluate(f"{color}.match(/\\d+/g).slice(0, 3).map(Number)"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_every_view_is_accessible_and_fits(browser: Browser, page_address: str, scheme: Any, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, base_url=page_address, reduced_motion="reduce"
    )
    page = context.new_page()
    for path in ("/", "/gallery", "/nowhere"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        if path != "/nowhere":
            assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    upload(page, photo(10))
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (brightness(page, "body") > 384) == (scheme == "light")
    context.close()


def test_the_theme_is_chosen_and_kept(page: Page) -> None:
    page.goto("/")
    color = "getComputedStyle(document.body).backgroundColor"
    seen = {page.evaluate(color)}
    for _ in range(2):
        page.get_by_test_id("theme-toggle").click()
        page.wait_for_timeout(200)
        seen.add(page.evaluate(color))
    assert len(seen) == 2
    last = page.evaluate(color)
    page.reload()
    page.get_by_test_id("theme-toggle").wait_for()
    assert page.evaluate(color) == last


def test_nothing_jumps_while_a_caption_comes(page: Page) -> None:
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) "
        "if (!e.hadRecentInput) window.shift += e.value }).observe({type: 'layout-shift', buffered: true})"
    )
    page.goto("/")
    page.get_by_test_id("file-input").first.set_input_files([photo(11)])
    page.get_by_test_id("card").wait_for()
    page.evaluate("window.shift = 0")  # that the page makes room for a card is what was asked for
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")
    assert page.evaluate("window.shift") < 0.05, "half of what web.dev calls good"


def test_the_docs_of_the_api_can_be_browsed(page: Page) -> None:
    page.goto("/docs")
    expect(page.get_by_text("Caption a photo").first).to_be_visible()
    assert brightness(page, "html") > 384
    page.goto("/")
    while "dark" not in (page.get_by_test_id("theme-toggle").get_attribute("title") or ""):
        page.get_by_test_id("theme-toggle").click()
    page.goto("/docs")
    expect(page.get_by_text("Caption a photo").first).to_be_visible()
    assert brightness(page, "html") < 384
    page.emulate_media(color_scheme="dark")
    page.evaluate("localStorage.clear()")
    page.reload()
    assert brightness(page, "html") < 384
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).not_to_have_class(re.compile("dark-mode"))


def test_without_accounts_nobody_signs_in(page: Page) -> None:
    for path, end in (("/sign-in", "/"), ("/settings/tokens", "/settings"), ("/settings/account", "/settings")):
        page.goto(path)
        expect(page).to_have_url(re.compile(f"[0-9]{end}$"))
    expect(page.locator(".settings-link")).to_have_count(3)
    for path in ("/settings", "/settings/learnt", "/settings/data"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert_accessible(page)
    assert page.get_by_test_id("sign-out").count() == 0


def test_a_photo_that_is_not_kept_is_said_to_be_gone(page: Page) -> None:
    page.goto("/settings")
    page.get_by_test_id("keep-photos").uncheck()
    expect(page.get_by_test_id("saved")).to_have_text("Saved")
    upload(page, photo(13))
    expect(page.get_by_test_id("download")).to_have_count(0)
    page.goto("/gallery")
    expect(page.get_by_test_id("gallery-item").first).to_contain_text("The photo was not kept")
    page.get_by_test_id("gallery-item").first.locator("a").click()
    expect(page.get_by_test_id("card")).to_contain_text("The photo was not kept")
    assert_accessible(page)
    page.goto("/settings")
    page.get_by_test_id("keep-photos").check()
    expect(page.get_by_test_id("saved")).to_have_text("Saved")


def test_the_script_is_small() -> None:
    scripts = list((ROOT / "static/dist/assets").glob("*.js"))
    assert scripts
    assert sum(len(gzip.compress(path.read_bytes())) for path in scripts) < 150_000

"""The page in a real browser: from a photo to its caption, moods, errors, the gallery, keys alone, light and dark."""

import gzip
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.photos import draw_photo, encoded

from .served import served

ROOT = Path(__file__).parents[2]
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
LITERAL = "A brown dog runs through the snow."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as the machine has it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not program:
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over doubles."""
    assert (ROOT / "static/dist/index.html").exists(), "the page is not built: pip install -e . builds it"
    with served(tmp_path_factory.mktemp("page") / "data", 0.1, threads=32, max_bytes=200_000) as (address, _):
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page of a new visitor; whatever the browser complains of fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=address, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    yield page
    context.close()
    assert complaints == []


def is_complaint(message: ConsoleMessage) -> bool:
    """Whether the browser says that something is wrong; answers of 4xx and 5xx are what tests ask for."""
    return message.type in ("error", "warning") and "Failed to load resource" not in message.text


def photo(seed: int = 0) -> Any:
    """A file to upload."""
    return {"name": f"photo-{seed}.jpg", "mimeType": "image/jpeg", "buffer": encoded(draw_photo(seed, (300, 200)))}


def upload(page: Page, *files: Any, path: str = "/") -> None:
    """Open the page and hand it files, then wait until each has come to an end."""
    page.goto(path)
    page.get_by_test_id("file-input").first.set_input_files(list(files))
    for number in range(len(files)):
        expect(page.get_by_test_id("card").nth(number)).to_have_attribute("data-status", re.compile("done|failed"))


def assert_accessible(page: Page) -> None:
    """No violation of any rule of axe-core."""
    page.wait_for_timeout(100)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_photo_becomes_a_caption(page: Page) -> None:
    upload(page, photo())
    expect(page.get_by_test_id("literal")).to_contain_text(LITERAL)
    expect(page.get_by_test_id("mood-caption")).to_contain_text("brown dog")
    chart = page.get_by_test_id("emotion-chart")
    for emotion in ("amusement", "awe", "sadness", "neutral"):
        expect(chart).to_contain_text(emotion)
    assert_accessible(page)


def test_many_photos_queue_up(page: Page) -> None:
    upload(page, *(photo(seed) for seed in range(5)))
    expect(page.get_by_test_id("card")).to_have_count(5)
    expect(page.get_by_test_id("literal")).to_have_count(5)


def test_a_mood_is_changed_without_uploading_again(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    upload(page, photo(1))
    chip = page.get_by_test_id("chip-melancholy").or_(page.locator("[data-testid^=chip-]").nth(1)).first
    chip.click()
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")
    page.wait_for_timeout(300)
    expect(page.get_by_test_id("mood-caption")).to_contain_text("brown dog")
    assert [url.rpartition("/")[2] for url in asked] == ["captions", "rewrites"]


def test_a_mood_is_searched_by_keys_and_blended(page: Page) -> None:
    upload(page, photo(2))
    search = page.get_by_test_id("card").get_by_test_id("mood-search").first
    search.focus()
    search.press_sequentially("grat")
    with page.expect_request("**/rewrites") as asked:
        search.press("ArrowDown")
        search.press("Enter")
    assert asked.value.post_data_json["mood"] == "gratitude"
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")
    page.get_by_test_id("blend-toggle").check()
    second = page.get_by_test_id("blend-search")
    with page.expect_request("**/rewrites") as asked:
        second.fill("hope")
        second.press("ArrowDown")
        second.press("Enter")
    sent: Any = asked.value.post_data_json
    assert (sent["mood"], sent["blend"]) == ("gratitude", "hope")
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")
    assert_accessible(page)


def test_intensity_asks_for_a_rewrite(page: Page) -> None:
    upload(page, photo(3))
    with page.expect_request("**/rewrites") as asked:
        page.get_by_test_id("intensity").focus()
        page.get_by_test_id("intensity").press("Home")
    assert asked.value.post_data_json["intensity"] == 0
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")


def test_a_fallback_says_that_it_is_one(page: Page) -> None:
    upload(page, photo(4))
    search = page.get_by_test_id("card").get_by_test_id("mood-search").first
    search.fill("anger")
    search.press("ArrowDown")
    search.press("Enter")
    expect(page.get_by_test_id("fallback-note")).to_be_visible()
    expect(page.get_by_test_id("mood-caption")).to_contain_text(LITERAL)
    assert_accessible(page)


def test_a_caption_is_edited_rated_copied_downloaded_and_deleted(page: Page) -> None:
    upload(page, photo(5))
    page.get_by_test_id("edit-caption").click()
    page.keyboard.press("Control+a")
    page.keyboard.type('Snow & <b>"dog"</b>')
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("mood-caption")).to_contain_text('Snow & <b>"dog"</b>')
    page.get_by_test_id("rate-good").click()
    expect(page.get_by_test_id("rate-good")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("copy-caption").click()
    page.wait_for_timeout(100)
    assert page.evaluate("navigator.clipboard.readText()") == 'Snow & <b>"dog"</b>'
    page.get_by_test_id("copy-alt").click()
    page.wait_for_timeout(100)
    assert page.evaluate("navigator.clipboard.readText()") == LITERAL
    with page.expect_download() as download:
        page.get_by_test_id("download").click()
    assert b"Snow &amp; &lt;b&gt;" in Path(download.value.path()).read_bytes()
    page.get_by_test_id("delete").click()
    assert_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name=re.compile("delete", re.IGNORECASE)).click()
    expect(page.get_by_test_id("card")).to_have_count(0)


def test_errors_are_told_and_can_be_tried_again(page: Page) -> None:
    upload(page, {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"})
    expect(page.get_by_test_id("error")).to_contain_text("no photo of a known format")
    assert_accessible(page)
    upload(page, {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8" + b"0" * 300_000})
    expect(page.get_by_test_id("error")).to_be_visible()


def test_a_server_that_cannot_be_reached_is_told_and_tried_again(page: Page) -> None:
    page.goto("/")
    page.route("**/api/v1/captions", lambda route: route.abort())
    page.get_by_test_id("file-input").first.set_input_files([photo(6)])
    expect(page.get_by_test_id("error")).to_be_visible()
    page.unroute("**/api/v1/captions")
    page.get_by_test_id("retry").first.click()
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")


def test_a_busy_server_is_waited_for(page: Page) -> None:
    page.goto("/")
    problem = {"status": 503, "code": "busy", "title": "", "detail": "Too many photos are waiting.", "type": ""}
    answers = iter([True])

    def answer(route: Any) -> None:
        if next(answers, False):
            route.fulfill(
                status=503, json=problem, headers={"Retry-After": "1", "Content-Type": "application/problem+json"}
            )
        else:
            route.continue_()

    page.route("**/api/v1/captions", answer)
    page.get_by_test_id("file-input").first.set_input_files([photo(7)])
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done", timeout=15_000)


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_every_view_is_accessible_and_fits(browser: Browser, address: str, scheme: Any, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, base_url=address, reduced_motion="reduce"
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
    light = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
    assert (sum(light) > 384) == (scheme == "light")
    context.close()


def test_the_theme_is_chosen_and_kept(page: Page) -> None:
    page.goto("/")
    color = "getComputedStyle(document.body).backgroundColor"
    seen = {page.evaluate(color)}
    for _ in range(2):
        page.get_by_test_id("theme-toggle").click()
        seen.add(page.evaluate(color))
    assert len(seen) == 2
    last = page.evaluate(color)
    page.reload()
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


def test_the_script_is_small() -> None:
    scripts = list((ROOT / "static/dist/assets").glob("*.js"))
    assert scripts
    assert sum(len(gzip.compress(path.read_bytes())) for path in scripts) < 150_000
